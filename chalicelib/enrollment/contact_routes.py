"""The doors to a person's channels, their sign-in, and who cares for them."""

from collections.abc import Callable
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path

from chalicelib.edge import pages
from chalicelib.edge.config import config
from chalicelib.edge.http import Answer, Asked
from chalicelib.edge.ids import new_id
from chalicelib.edge.keys import keys
from chalicelib.edge.pages.answers import answer_with, language_of
from chalicelib.enrollment import devices, reaching
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.channels import Channel, ConfirmLinkExpired
from chalicelib.enrollment.doors import doors
from chalicelib.enrollment.shapes import (
    CareTeam,
    ChannelEdit,
    ChannelList,
    NewChannel,
    ShownCarer,
    ShownChannel,
    SignIn,
)
from chalicelib.enrollment.showing import shown_channel
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Conflict, Fault, Invalid, NotFound
from chalicelib.helplines.domain import resources
from chalicelib.outreach.domain import ChannelKind, DetailLevel
from chalicelib.outreach.links import Claims, LinkForged, Purpose, Signer
from chalicelib.outreach.platforms import Platform
from chalicelib.outreach.sns import SnsDevices
from chalicelib.outreach.sorts import Sort, sort_of
from chalicelib.privacy.domain import Act, Field, Public, Rule, View

FORM = "application/x-www-form-urlencoded"
_PAGES = Path(__file__).parent / "pages"
_BY_LINK = Public(reason="The signed link is the right to confirm one address; it opens nothing to read.")


@doors.door(
    "GET",
    "/people/{person_id}/channels",
    summary="A person's addresses and devices",
    rule=Rule(
        act=Act.LIST,
        field=Field.PROFILE,
        subject="person_id",
        purpose="see how to reach somebody",
        views=frozenset({View.FULL, View.CONTACT_ONLY}),
    ),
    answer=ChannelList,
)
def list_channels(asked: Asked, person_id: str) -> Answer:
    """List them."""
    record = find_person(person_id, people=DynamoPeople())
    return Answer(body=ChannelList(items=[shown_channel(channel, now=asked.now) for channel in record.channels]))


@doors.door(
    "POST",
    "/people/{person_id}/channels",
    summary="Add an address or a device; it is used once it is confirmed over itself",
    rule=Rule(act=Act.WRITE, field=Field.PREFERENCES, subject="person_id", purpose="add a way to reach somebody"),
    body=NewChannel,
    answer=ShownChannel,
    status=HTTPStatus.CREATED,
    created=True,
)
def add_channel(asked: Asked, person_id: str) -> Answer:
    """Add it, and ask over it."""
    channel = _added(asked, person_id, asked.body)
    return Answer(
        body=shown_channel(channel, now=asked.now), headers={"Location": f"/people/{person_id}/channels/{channel.id}"}
    )


_PARTS = {ChannelKind.EMAIL: "address", ChannelKind.PUSH: "subscription", ChannelKind.MOBILE: "app"}


def _added(asked: Asked, person_id: str, sent: NewChannel) -> Channel:
    wanted = _PARTS[sent.kind]
    given = {name for name in _PARTS.values() if getattr(sent, name) is not None}
    if given != {wanted}:
        raise Invalid(Fault(field=wanted, reason="is what this kind needs, and nothing else"))
    if sent.app is not None:
        if sent.detail is not DetailLevel.DISCREET:
            raise Invalid(Fault(field="detail", reason="an app's messages are always discreet: they are not encrypted"))
        return devices.add_app(
            person_id,
            sent.app.platform,
            sent.app.token,
            device_id=sent.app.device_id,
            now=asked.now,
            people=DynamoPeople(),
            devices=_apps(),
            new_id=new_id,
        )
    if sent.subscription is None:
        return reaching.add_email(
            person_id, sent.address or "", detail=sent.detail, now=asked.now, people=DynamoPeople(), new_id=new_id
        )
    return devices.add_browser(
        person_id,
        devices.Browser(
            endpoint=sent.subscription.endpoint,
            key=sent.subscription.keys.p256dh,
            auth=sent.subscription.keys.auth,
            expires=sent.subscription.expiration_time,
        ),
        detail=sent.detail,
        origins=config().push_origins,
        now=asked.now,
        people=DynamoPeople(),
        new_id=new_id,
    )


@cache
def _apps() -> SnsDevices:
    settings = config()
    applications = {Platform.FCM: settings.fcm_application, Platform.APNS: settings.apns_application}
    return SnsDevices({platform: arn for platform, arn in applications.items() if arn})


@doors.door(
    "PATCH",
    "/people/{person_id}/channels/{channel_id}",
    summary="Change an address, which is then confirmed anew, or how much its messages say",
    rule=Rule(act=Act.WRITE, field=Field.PREFERENCES, subject="person_id", purpose="change a way to reach somebody"),
    body=ChannelEdit,
    answer=ShownChannel,
)
def edit_channel(asked: Asked, person_id: str, channel_id: str) -> Answer:
    """Change what was sent."""
    channel = reaching.change_channel(
        person_id,
        channel_id,
        address=asked.body.address,
        detail=asked.body.detail,
        now=asked.now,
        people=DynamoPeople(),
    )
    return Answer(body=shown_channel(channel, now=asked.now))


@doors.door(
    "DELETE",
    "/people/{person_id}/channels/{channel_id}",
    summary="Forget an address or a device",
    rule=Rule(act=Act.WRITE, field=Field.PREFERENCES, subject="person_id", purpose="remove a way to reach somebody"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def remove_channel(_asked: Asked, person_id: str, channel_id: str) -> Answer:
    """Forget it."""
    channel = reaching.remove_channel(person_id, channel_id, people=DynamoPeople())
    if channel.kind is ChannelKind.MOBILE:
        # Nobody sends there any more; an endpoint that stays after a crash here costs nothing.
        _apps().forget(channel.address)
    return Answer()


@doors.door(
    "GET", "/confirm/{token}", summary="Ask whether an address is theirs. Changes nothing.", rule=_BY_LINK, answer=None
)
def show_confirmation(asked: Asked, token: str) -> Answer:
    """Show the question; a mail scanner follows links too."""
    try:
        claims = Signer(keys().links).open(Purpose.CONFIRM, token)
    except LinkForged:
        return _page(asked, "unknown", status=HTTPStatus.NOT_FOUND)
    if asked.now >= claims.expires_at:
        return _page(asked, "expired", status=HTTPStatus.GONE)
    return _page(asked, "ask", offer=True)


@doors.door("POST", "/confirm/{token}", summary="Confirm an address or a device.", rule=_BY_LINK, raw=FORM, answer=None)
def confirm_channel(asked: Asked, token: str) -> Answer:
    """Confirm it; again changes nothing."""
    try:
        claims = Signer(keys().links).open(Purpose.CONFIRM, token)
        _confirm(claims)(
            claims.person_id,
            claims.channel_id,
            revision=claims.revision,
            expires_at=claims.expires_at,
            now=asked.now,
        )
    except ConfirmLinkExpired:
        return _page(asked, "expired", status=HTTPStatus.GONE)
    except (LinkForged, NotFound):
        return _page(asked, "unknown", status=HTTPStatus.NOT_FOUND)
    except Conflict:
        return _page(asked, "unknown", status=HTTPStatus.CONFLICT)
    return _page(asked, "done")


def _confirm(claims: Claims) -> Callable[..., object]:
    """Return who takes the address for its holder's own: of other sorts than people other slices know."""
    sort = sort_of(claims.person_id)
    if sort is Sort.PERSON:
        return partial(reaching.confirm_channel, people=DynamoPeople())
    if sort not in doors.wiring.holders:
        raise NotFound("there are none of this sort here")
    return doors.wiring.holders[sort].confirm


def _page(asked: Asked, name: str, *, status: HTTPStatus = HTTPStatus.OK, offer: bool = False) -> Answer:
    language = language_of(asked)
    say = pages.words(_PAGES / "words.json", language)
    heading, *lines = say[name]
    html = pages.render(
        _PAGES,
        "confirm.html",
        language=language,
        numbers=resources(),
        title=say["title"],
        say=say,
        heading=heading,
        lines=lines,
        offer=offer,
    )
    return answer_with(pages.Shown(html=html, status=status))


@doors.door(
    "PUT",
    "/people/{person_id}/sign-in",
    summary="Make an account the person's own sign-in",
    rule=Rule(act=Act.WRITE, field=Field.SIGN_IN, subject="person_id", purpose="give somebody their sign-in"),
    body=SignIn,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def put_sign_in(asked: Asked, person_id: str) -> Answer:
    """Tie it."""
    reaching.tie_sign_in(person_id, asked.body.subject, people=DynamoPeople())
    return Answer()


@doors.door(
    "GET",
    "/people/{person_id}/care-team",
    summary="Who cares for a person",
    rule=Rule(act=Act.LIST, field=Field.CARE_TEAM, subject="person_id", purpose="see who cares for somebody"),
    answer=CareTeam,
)
def list_care_team(_asked: Asked, person_id: str) -> Answer:
    """List them."""
    record = find_person(person_id, people=DynamoPeople())
    return Answer(body=CareTeam(items=[ShownCarer(subject=one.subject, since=one.since) for one in record.care_team]))


@doors.door(
    "PUT",
    "/people/{person_id}/care-team/{account}",
    summary="Put an account on a person's care team",
    rule=Rule(act=Act.WRITE, field=Field.CARE_TEAM, subject="person_id", purpose="change who cares for somebody"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def join_care_team(asked: Asked, person_id: str, account: str) -> Answer:
    """Put them on."""
    reaching.join_care_team(person_id, account, by=asked.who.subject, now=asked.now, people=DynamoPeople())
    return Answer()


@doors.door(
    "DELETE",
    "/people/{person_id}/care-team/{account}",
    summary="Take an account off a person's care team",
    rule=Rule(act=Act.WRITE, field=Field.CARE_TEAM, subject="person_id", purpose="change who cares for somebody"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def leave_care_team(_asked: Asked, person_id: str, account: str) -> Answer:
    """Take them off."""
    reaching.leave_care_team(person_id, account, people=DynamoPeople())
    return Answer()
