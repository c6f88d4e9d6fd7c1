"""
Change what a person gets: by themselves or staff, who may choose all of it, or by a link, which only ever takes away.

What is stored holds from the next send on: delivery reads it at the moment of sending.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from chalicelib.enrollment.changing import Change, People, change_record, edited, in_calendars, next_of
from chalicelib.enrollment.channels import Channel
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import NoSuchPerson, Record
from chalicelib.enrollment.preferences import (
    Choices,
    Less,
    Preference,
    can_be_switched_off,
    canonical,
    longer,
    with_less,
)
from chalicelib.enrollment.service import Programmes, find_programme
from chalicelib.errors import Fault, refuse
from chalicelib.outreach.categories import category_name
from chalicelib.outreach.domain import ChannelKind, DetailLevel
from chalicelib.outreach.kinds import APPOINTMENT
from chalicelib.outreach.links import Claims


def unsubscribe(claims: Claims, *, via: Via, now: datetime, people: People, programmes: Programmes) -> bool:
    """
    Stop the e-mails of the kind that a link came with (RFC 8058); again changes nothing. Say whether the link holds.

    Push messages of the same kind stay: the list that was left is one of e-mails.
    """
    asked = Less(off=frozenset({(category_name(claims.kind), ChannelKind.EMAIL)}))
    return take_less(claims, asked, via=via, now=now, people=people, programmes=programmes)


def take_less(claims: Claims, asked: Less, *, via: Via, now: datetime, people: People, programmes: Programmes) -> bool:
    """
    Do what the bearer of a link asked for; again changes nothing.

    Say whether the link holds: it ends with the address it was sent to, to which nothing goes any more anyway.
    """
    record = people.record(claims.person_id)
    if record is None or not _holds(record, claims):
        return False

    def decide(present: Record) -> Change:
        return _lessened(present, asked, via=via, now=now, programmes=programmes) or next_of(present)

    if _lessened(record, asked, via=via, now=now, programmes=programmes):
        change_record(claims.person_id, decide, people=people)
    return True


def in_programme(claims: Claims, programme_id: str, *, people: People) -> None:
    """
    Make sure that the person of a link is, or was, in a programme.

    :raises NoSuchPerson: if not
    """
    record = people.record(claims.person_id)
    if record is None or all(episode.programme_id != programme_id for episode in record.episodes):
        raise NoSuchPerson("there is no such person in this programme")


def prefer(person_id: str, chosen: Choices, *, will: Will, version: int, now: datetime, people: People) -> Record:
    """
    Put a person's choices in place of those before.

    Switching on is no consent: what needs one is sent only while there is one.

    :raises Stale: if ``version`` isn't the present one
    :raises Invalid: names what can't be chosen
    """
    refuse(_category_faults(chosen.off))

    def decide(record: Record) -> Change:
        record.must_be_alive()
        refuse(_channel_faults(chosen.details, record))
        person = replace(
            record.person,
            quiet_from=chosen.quiet_from,
            quiet_to=chosen.quiet_to,
            calendar_invites=chosen.calendar_invites,
        )
        before = {one.category: one.off for one in record.preferences}
        after = {category: canonical(kinds) for category, kinds in chosen.off.items()}
        change = replace(
            next_of(record, person=person),
            preferences=tuple(
                Preference(category=category, off=off, changed_at=now, via=will.via, by=will.by)
                for category, off in sorted(after.items())
                if off != before.get(category, frozenset())
            ),
            channels=tuple(
                replace(channel, detail=chosen.details[channel.id])
                for channel in record.channels
                if chosen.details.get(channel.id, channel.detail) is not channel.detail
            ),
        )
        if chosen.calendar_invites is not record.person.calendar_invites:
            change = _renewed(record, change, now=now)
        return in_calendars(record, change, now=now)

    return change_record(person_id, decide, version=version, people=people)


def _renewed(record: Record, change: Change, *, now: datetime) -> Change:
    """Give each appointment another version: its entry has to be newer than the one that a calendar may hold."""
    for schedule in record.schedules:
        if category_name(schedule.kind) == APPOINTMENT:
            change = edited(change, schedule, replace(schedule, version=schedule.version + 1), now=now)
    return change


def _category_faults(off: Mapping[str, object]) -> list[Fault]:
    known = can_be_switched_off()
    faults = []
    if off.keys() - set(known):
        faults.append(Fault(field="categories", reason="names one that can't be switched off, or doesn't exist"))
    # Left out must not mean switched on: a caller may not know of a category that came later.
    missing = ", ".join(category for category in known if category not in off)
    return faults + ([Fault(field="categories", reason=f"leaves out {missing}")] if missing else [])


def _channel_faults(details: Mapping[str, DetailLevel], record: Record) -> list[Fault]:
    known = {channel.id for channel in record.channels}
    return [Fault(field="channels", reason="names one that the person hasn't")] if details.keys() - known else []


def _holds(record: Record, claims: Claims) -> bool:
    return any(channel.id == claims.channel_id and channel.revision == claims.revision for channel in record.channels)


def _lessened(record: Record, asked: Less, *, via: Via, now: datetime, programmes: Programmes) -> Change | None:
    """Return the change that does what was asked; None if it is so already."""
    person = record.person
    if asked.quiet:
        default = find_programme(record.episode.programme_id, programmes=programmes).quiet_hours
        before = person.quiet_hours(default)
        after = longer(before, asked.quiet)
        if after != before:
            person = replace(person, quiet_from=after.start, quiet_to=after.end)
    channels: tuple[Channel, ...] = tuple(
        replace(channel, detail=DetailLevel.DISCREET)
        for channel in record.channels
        if channel.kind in asked.discreet and channel.detail is not DetailLevel.DISCREET
    )
    preferences = with_less(record.preferences, asked.off, via=via, now=now)
    if person == record.person and not channels and not preferences:
        return None
    return replace(next_of(record, person=person), channels=channels, preferences=preferences)
