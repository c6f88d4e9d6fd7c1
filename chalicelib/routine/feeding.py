"""Give a person the address of their calendar, take it back, and open the calendar to who has it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from chalicelib.enrollment.changing import People, find_person
from chalicelib.enrollment.episodes import State
from chalicelib.errors import Conflict, NotFound, Stale
from chalicelib.outreach.links import NO_END, Claims
from chalicelib.outreach.recurrence import local_date
from chalicelib.routine.service import TRIES, Routines, View, view_of

KIND = "calendar"


class NoSuchCalendar(NotFound):
    """There is no such calendar, or not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """Whether a person's week can be read by its address, which changes with ``revision``, since ``made_at``."""

    person_id: str
    revision: int = 0
    is_open: bool = False
    made_at: datetime | None = None


class Feeds(Protocol):
    """Whose week can be read by an address."""

    def feed(self, person_id: str) -> Feed:
        """Return how a person's feed stands."""
        ...

    def save_feed(self, feed: Feed) -> None:
        """
        Put a feed over the revision before it.

        :raises Stale: if that isn't the present one
        """
        ...


def open_feed(person_id: str, *, people: People, feeds: Feeds, now: datetime) -> Feed:
    """
    Give a person's week a new address; the one before leads nowhere from now on.

    :raises HasDied: if the person has
    :raises Conflict: if others keep changing it
    """
    find_person(person_id, people=people).must_be_alive()
    return _changed(person_id, is_open=True, feeds=feeds, now=now)


def close_feed(person_id: str, *, feeds: Feeds, now: datetime) -> None:
    """
    Let the address lead nowhere; again changes nothing.

    :raises Conflict: if others keep changing it
    """
    if feeds.feed(person_id).is_open:
        _changed(person_id, is_open=False, feeds=feeds, now=now)


def _changed(person_id: str, *, is_open: bool, feeds: Feeds, now: datetime) -> Feed:
    for _ in range(TRIES):
        present = feeds.feed(person_id)
        feed = replace(present, revision=present.revision + 1, is_open=is_open, made_at=now)
        try:
            feeds.save_feed(feed)
        except Stale:
            continue
        return feed
    raise Conflict("the calendar is being changed by others; try again")


def claims_of(feed: Feed) -> Claims:
    """Return what the address of a feed says; it has no end but its revocation."""
    made_on = local_date(feed.made_at or NO_END, "UTC")
    return Claims(
        person_id=feed.person_id, kind=KIND, on=made_on, channel_id="", revision=feed.revision, expires_at=NO_END
    )


def read_feed(claims: Claims, *, people: People, feeds: Feeds, routines: Routines, now: datetime) -> View:
    """
    Return what the calendar behind an address is made of.

    :raises NoSuchCalendar: if it was revoked, got another address, or the person is not there any more
    """
    feed = feeds.feed(claims.person_id)
    if not feed.is_open or feed.revision != claims.revision:
        raise NoSuchCalendar("there is no such calendar")
    try:
        view = view_of(claims.person_id, between=None, people=people, routines=routines, now=now)
    except NotFound:
        raise NoSuchCalendar("there is no such calendar") from None
    if view.record.episode.state is State.DECEASED:
        raise NoSuchCalendar("there is no such calendar")
    return view
