"""Addresses and devices of a person, who may act for them, and who cares for them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.enrollment.changing import Change, People, change_record, find_person, next_of
from chalicelib.enrollment.channels import (
    Channel,
    ConfirmLinkExpired,
    email_address,
)
from chalicelib.enrollment.domain import Carer, Member, Person, Record
from chalicelib.errors import Conflict, Fault, Invalid, TooSoon
from chalicelib.outreach.categories import confirm_kind
from chalicelib.outreach.domain import ChannelKind, DetailLevel, Due
from chalicelib.outreach.service import at_once

MOST_CHANNELS = 10
"""How many addresses and devices a person may have."""


MOST_ASKED, ASKED_WITHIN = 5, timedelta(hours=24)
"""How many e-mails a person may have sent to addresses that may be a stranger's, and in what time."""


class TooManyChannels(Conflict):
    """The person has as many channels as anyone may."""


class ChannelTaken(Conflict):
    """The person has this address already."""


class AskedTooOften(TooSoon):
    """Enough e-mails went to addresses that may not be the person's."""


def ask(person: Person, channel: Channel, *, now: datetime) -> Due:
    """Return what makes outreach ask over the channel itself whether it is the person's."""
    return at_once(person.id, confirm_kind(channel.id, channel.revision), zone=person.zone, now=now)


def asked_by_mail(person: Person, *, now: datetime) -> Person:
    """
    Count an e-mail that asks whether an address is the person's. What is removed afterwards stays counted.

    :raises AskedTooOften: if that is one too many
    """
    lately = tuple(at for at in person.asked_at if at > now - ASKED_WITHIN)
    if len(lately) >= MOST_ASKED:
        again_at = lately[-MOST_ASKED] + ASKED_WITHIN
        text = f"too many addresses were to be confirmed; try again at {again_at.isoformat(timespec='seconds')}"
        raise AskedTooOften(text, again_at=again_at)
    return replace(person, asked_at=(*lately, now))


def add_email(
    person_id: str, address: str, *, detail: DetailLevel, now: datetime, people: People, new_id: Callable[[], str]
) -> Channel:
    """
    Add an email address, and ask over it whether it is theirs.

    :raises Invalid: if mail can't be sent there
    """
    try:
        address = email_address(address)
    except ValueError as error:
        raise Invalid(Fault(field="address", reason=str(error))) from error
    channel = Channel(id=new_id(), kind=ChannelKind.EMAIL, address=address, added_at=now, detail=detail)
    return add_channel(person_id, channel, now=now, people=people)


def change_channel(
    person_id: str, channel_id: str, *, address: str | None, detail: DetailLevel | None, now: datetime, people: People
) -> Channel:
    """
    Give an email channel another address, to be confirmed anew, or a channel another level of detail.

    :raises NoSuchChannel: if it isn't the person's
    :raises Invalid: if it can't have that address
    :raises AskedTooOften: if too many addresses were to be confirmed lately
    """

    def decide(record: Record) -> Change:
        record.must_be_alive()
        channel = record.channel(channel_id)
        moved = channel
        if channel.kind is ChannelKind.MOBILE and detail not in {None, DetailLevel.DISCREET}:
            raise Invalid(Fault(field="detail", reason="an app's messages are always discreet: they are not encrypted"))
        if address is not None:
            if channel.kind is not ChannelKind.EMAIL:
                raise Invalid(Fault(field="address", reason="a device's subscription is replaced, not changed"))
            try:
                moved = channel.moved_to(email_address(address))
            except ValueError as error:
                raise Invalid(Fault(field="address", reason=str(error))) from error
            _must_be_new(record, moved)
        moved, person, dues = replace(moved, detail=detail or moved.detail), record.person, tuple[Due, ...]()
        if moved.revision != channel.revision:
            person, dues = asked_by_mail(person, now=now), (ask(person, moved, now=now),)
        return replace(next_of(record, person=person), channels=(moved,), dues=dues)

    return change_record(person_id, decide, people=people).channel(channel_id)


def confirm_channel(
    person_id: str, channel_id: str, *, revision: int, expires_at: datetime, now: datetime, people: People
) -> Channel:
    """
    Take a channel for the person's own, since its holder followed the link sent there. Again changes nothing.

    :raises ConfirmLinkExpired: if the link is too old
    :raises ChannelChanged: if the address was changed since
    :raises NoSuchChannel: if it was removed
    """
    channel = find_person(person_id, people=people).channel(channel_id)
    confirmed = channel.confirmed(revision=revision, at=now)
    if confirmed == channel:
        return channel
    if now >= expires_at:
        raise ConfirmLinkExpired("this link has expired; ask for another")
    record = change_record(
        person_id,
        lambda record: replace(
            next_of(record), channels=(record.channel(channel_id).confirmed(revision=revision, at=now),)
        ),
        people=people,
    )
    return record.channel(channel_id)


def remove_channel(person_id: str, channel_id: str, *, people: People) -> Channel:
    """
    Forget an address or a device, and return what it was.

    :raises NoSuchChannel: if it isn't the person's
    """
    channel = find_person(person_id, people=people).channel(channel_id)
    change_record(
        person_id,
        lambda record: replace(next_of(record), no_channels=(record.channel(channel_id).id,)),
        people=people,
    )
    return channel


def tie_sign_in(person_id: str, subject: str, *, people: People) -> None:
    """
    Make an account the person's own sign-in; the one before, if any, is theirs no more.

    :raises SignInTaken: if it is another person's
    """

    def decide(record: Record) -> Change:
        before = record.person.sign_in
        change = next_of(record, person=replace(record.person, sign_in=subject))
        return replace(change, sign_in=subject, no_sign_in=before if before != subject else None)

    change_record(person_id, decide, people=people)


def join_care_team(person_id: str, subject: str, *, by: str, now: datetime, people: People) -> None:
    """Put a member of staff on the person's care team. Again changes nothing."""
    record = find_person(person_id, people=people)
    if any(carer.subject == subject for carer in record.care_team):
        return
    carer = Carer(subject=subject, since=now, added_by=by)
    change_record(person_id, lambda record: replace(next_of(record), carers=(carer,)), people=people)


def leave_care_team(person_id: str, subject: str, *, people: People) -> None:
    """Take a member of staff off the person's care team. Again changes nothing."""
    record = find_person(person_id, people=people)
    if any(carer.subject == subject for carer in record.care_team):
        change_record(person_id, lambda record: replace(next_of(record), no_carers=(subject,)), people=people)


def held_by(members: list[Member], *, subject: str, people: People) -> list[Member]:
    """Return those of the members whose care team names this account."""
    held = []
    for member in members:
        record = people.record(member.person_id)
        if record and any(carer.subject == subject for carer in record.care_team):
            held.append(member)
    return held


def add_channel(person_id: str, channel: Channel, *, now: datetime, people: People) -> Channel:
    """
    Add a channel, and ask over it whether it is the person's.

    :raises TooManyChannels: if they have as many as anyone may
    :raises ChannelTaken: if they have the address already
    :raises AskedTooOften: if it is an e-mail address, and too many were to be confirmed lately
    """

    def decide(record: Record) -> Change:
        record.must_be_alive()
        must_have_room(record)
        _must_be_new(record, channel)
        person = record.person
        if channel.kind is ChannelKind.EMAIL:
            person = asked_by_mail(person, now=now)
        return replace(next_of(record, person=person), channels=(channel,), dues=(ask(person, channel, now=now),))

    return change_record(person_id, decide, people=people).channel(channel.id)


def must_have_room(record: Record) -> None:
    """
    Refuse another channel where there are enough.

    :raises TooManyChannels: if there are
    """
    if len(record.channels) >= MOST_CHANNELS:
        raise TooManyChannels(f"a person has at most {MOST_CHANNELS} channels")


def _must_be_new(record: Record, channel: Channel) -> None:
    if any(other.address == channel.address and other.id != channel.id for other in record.channels):
        raise ChannelTaken("the person has this address already")
