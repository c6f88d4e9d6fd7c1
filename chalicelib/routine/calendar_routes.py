"""The doors to the address of a person's calendar, and the one that calendar programs open with it."""

from datetime import datetime
from hashlib import sha256
from http import HTTPStatus

from chalicelib.edge.config import config
from chalicelib.edge.http import Answer, Asked, Wire
from chalicelib.edge.keys import keys
from chalicelib.edge.log import count
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Forbidden
from chalicelib.outreach.links import LinkForged, Purpose, Signer
from chalicelib.outreach.recurrence import local_date
from chalicelib.privacy.domain import Act, Field, Public, Relationship, Rule
from chalicelib.routine.calendar import feed as written
from chalicelib.routine.doors import doors
from chalicelib.routine.feed_store import DynamoFeeds
from chalicelib.routine.feeding import Feed, NoSuchCalendar, claims_of, close_feed, open_feed, read_feed
from chalicelib.routine.store import DynamoRoutines

_CHANGE = Rule(
    act=Act.WRITE, field=Field.CARE_PLAN, subject="person_id", purpose="change who reads somebody's calendar"
)


class ShownFeed(Wire):
    """Whether the week can be read by an address, since when; the address itself is shown to the person only."""

    active: bool
    since: datetime | None
    url: str | None


@doors.door(
    "GET",
    "/people/{person_id}/calendar-feed",
    summary="The address from which a calendar program reads a person's week, if there is one",
    rule=Rule(act=Act.READ, field=Field.CARE_PLAN, subject="person_id", purpose="see who reads somebody's calendar"),
    answer=ShownFeed,
)
def show_feed(asked: Asked, person_id: str) -> Answer:
    """Show it."""
    return Answer(body=_shown(asked, DynamoFeeds().feed(person_id)))


@doors.door(
    "POST",
    "/people/{person_id}/calendar-feed",
    summary="Give one's week an address for calendar programs; the one before leads nowhere from then on",
    rule=_CHANGE,
    answer=ShownFeed,
    status=HTTPStatus.CREATED,
)
def make_feed(asked: Asked, person_id: str) -> Answer:
    """Make it; only for oneself."""
    if asked.granted.relationship is not Relationship.SELF:
        raise Forbidden("Only the person can let their calendar be read.")
    feed = open_feed(person_id, people=DynamoPeople(), feeds=DynamoFeeds(), now=asked.now)
    return Answer(body=_shown(asked, feed))


@doors.door(
    "DELETE",
    "/people/{person_id}/calendar-feed",
    summary="Let the address lead nowhere; again changes nothing",
    rule=_CHANGE,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def revoke_feed(asked: Asked, person_id: str) -> Answer:
    """Revoke it."""
    close_feed(person_id, feeds=DynamoFeeds(), now=asked.now)
    return Answer()


@doors.door(
    "GET",
    "/calendar/{token}",
    summary="A person's week as iCalendar (RFC 5545), for calendar programs: discreet, with ETag",
    rule=Public(reason="Calendar programs can't sign in: the signed address, revocable by its person, is the right."),
    answer=None,
)
def read_calendar(asked: Asked, token: str) -> Answer:
    """Give it, or say that it is the same as before."""
    try:
        claims = Signer(keys().links).open(Purpose.CALENDAR, token)
    except LinkForged:
        raise NoSuchCalendar("there is no such calendar") from None
    view = read_feed(claims, people=DynamoPeople(), feeds=DynamoFeeds(), routines=DynamoRoutines(), now=asked.now)
    text = written(view, domain=config().reply_to.rpartition("@")[2], today=local_date(asked.now, view.zone))
    etag = f'"{sha256(text.encode()).hexdigest()[:32]}"'
    # May be kept, by this reader alone, and asked again each time: what RFC 9111 means by these two.
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    count("CalendarsRead")
    if etag in _tags(asked.headers.get("if-none-match", "")):
        return Answer(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Answer(body=text, media_type="text/calendar; charset=utf-8", headers=headers)


def _tags(if_none_match: str) -> set[str]:
    # Compared weakly (RFC 9110 13.1.2).
    return {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}


def _shown(asked: Asked, feed: Feed) -> ShownFeed:
    url = None
    if feed.is_open and asked.granted.relationship is Relationship.SELF:
        token = Signer(keys().links).token(Purpose.CALENDAR, claims_of(feed))
        url = f"{config().public_url}/calendar/{token}"
    return ShownFeed(active=feed.is_open, since=feed.made_at if feed.is_open else None, url=url)
