"""
What outreach needs of a record, as one text: written with every change, so that one read tells how to reach someone.

It says nothing of its own: ``domain.recipient_of`` reads the same out of it as out of the whole record. What outreach
has no use for is left out: past episodes, all but the last word on a consent, who cares for them, their other names.
"""

import json
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

from chalicelib.enrollment.changing import Change
from chalicelib.enrollment.changing import after as record_after
from chalicelib.enrollment.channels import Channel, Verification
from chalicelib.enrollment.consents import SUPPORTER, Action, Consent, Via
from chalicelib.enrollment.domain import Person, Record
from chalicelib.enrollment.episodes import Episode, State
from chalicelib.enrollment.preferences import Preference
from chalicelib.outreach import written as whens
from chalicelib.outreach.domain import ChannelKind, DetailLevel, Schedule

FORM = 1
"""Which form a text has; one of another form is read by nobody, and replaced. Raise it when the form changes."""


def written(record: Record) -> str:
    """Return the text for a record."""
    person, episode = record.person, record.episode
    whole = [
        FORM,
        [
            person.version,
            person.first_name,
            person.language,
            person.zone,
            _text(person.quiet_from),
            _text(person.quiet_to),
            int(person.calendar_invites),
        ],
        [
            episode.number,
            episode.programme_id,
            episode.state.value,
            _text(episode.admitted_on),
            _text(episode.changed_at),
        ],
        [_written_channel(channel) for channel in record.channels],
        [
            [row.scope, row.action.value, row.via.value, _text(row.at), _text(row.expires_at), row.value]
            for row in _last_of_each(record.consents)
        ],
        [
            [
                each.kind,
                each.version,
                whens.written(each.when),
                each.title,
                int(each.keeps_zone),
                int(each.paused),
                # To the second, as the schedule's own item has it.
                _text(each.since.replace(microsecond=0) if each.since else None),
                *([whens.written_occurrence(each.fell_due)] if each.fell_due else []),
            ]
            for each in record.schedules
        ],
        [
            [one.category, sorted(kind.value if kind else "" for kind in one.off), _text(one.changed_at), one.via.value]
            for one in record.preferences
            if one.off
        ],
    ]
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def read(person_id: str, text: str) -> Record | None:
    """Return as much of the record as the text has; None if it is of another form."""
    form, *parts = json.loads(text)
    if form != FORM:
        return None
    person, episode, channels, consents, schedules, preferences = parts
    return Record(
        person=_person(person_id, *person),
        episodes=(_episode(*episode),),
        channels=tuple(_channel(*each) for each in channels),
        consents=tuple(_consent(person_id, *each) for each in consents),
        schedules=tuple(_schedule(person_id, *each) for each in schedules),
        preferences=tuple(_preference(*each) for each in preferences),
    )


def after(change: Change) -> str | None:
    """
    Return the text for a record as a change leaves it, from the text before; None where that can't be known.

    Not from what the change was decided on: a query can see half of another's transaction, a text is of one version.
    """
    if change.marker:
        return written(record_after(Record(person=change.person, episodes=()), change))
    before = read(change.person.id, change.copy) if change.copy else None
    if before is None or before.person.version != change.person.version - 1:
        return None
    return written(record_after(before, change))


def _last_of_each(consents: Iterable[Consent]) -> list[Consent]:
    """
    Return the row of each scope that decides: nobody reads the text as of a time before it was written.

    None of those about supporters: they say nothing of how to reach the person, and could make the text long.
    """
    last: dict[str, Consent] = {}
    for row in consents:
        if row.scope.startswith(SUPPORTER):
            continue
        if row.scope not in last or last[row.scope].at < row.at:
            last[row.scope] = row
    return [last[scope] for scope in sorted(last)]


def _text(value: date | time | None) -> str | None:
    return value.isoformat() if value is not None else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _time(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None


def _person(
    person_id: str,
    version: int,
    first_name: str,
    language: str,
    zone: str,
    quiet_from: str | None,
    quiet_to: str | None,
    calendar_invites: int,
) -> Person:
    return Person(
        id=person_id,
        external_id="",
        given_name=first_name,
        family_name="",
        language=language,
        zone=zone,
        quiet_from=_time(quiet_from),
        quiet_to=_time(quiet_to),
        calendar_invites=bool(calendar_invites),
        version=version,
    )


def _episode(number: int, programme_id: str, state: str, admitted_on: str, changed_at: str) -> Episode:
    return Episode(
        number=number,
        programme_id=programme_id,
        state=State(state),
        admitted_on=date.fromisoformat(admitted_on),
        changed_at=datetime.fromisoformat(changed_at),
    )


def _written_channel(channel: Channel) -> list[Any]:
    return [
        channel.id,
        channel.kind.value,
        channel.address,
        channel.revision,
        channel.verification.value,
        channel.detail.value,
        _text(channel.added_at),
        _text(channel.heartbeat_at),
        _text(channel.gone_at),
        _text(channel.complained_at),
        _text(channel.ends_at),
        channel.push_key,
        channel.push_auth,
    ]


def _channel(
    channel_id: str,
    kind: str,
    address: str,
    revision: int,
    verification: str,
    detail: str,
    added_at: str,
    heartbeat_at: str | None,
    gone_at: str | None,
    complained_at: str | None,
    ends_at: str | None,
    push_key: str,
    push_auth: str,
) -> Channel:
    return Channel(
        id=channel_id,
        kind=ChannelKind(kind),
        address=address,
        revision=revision,
        verification=Verification(verification),
        detail=DetailLevel(detail),
        added_at=datetime.fromisoformat(added_at),
        heartbeat_at=_instant(heartbeat_at),
        gone_at=_instant(gone_at),
        complained_at=_instant(complained_at),
        ends_at=_instant(ends_at),
        push_key=push_key,
        push_auth=push_auth,
    )


def _consent(
    person_id: str, scope: str, action: str, via: str, at: str, expires_at: str | None, value: str | None
) -> Consent:
    return Consent(
        person_id=person_id,
        scope=scope,
        action=Action(action),
        at=datetime.fromisoformat(at),
        via=Via(via),
        by="",
        expires_at=_instant(expires_at),
        value=value,
    )


def _schedule(
    person_id: str,
    kind: str,
    version: int,
    when: dict[str, Any],
    title: str,
    keeps_zone: int,
    paused: int,
    since: str | None,
    fell_due: str | None = None,
) -> Schedule:
    return Schedule(
        person_id=person_id,
        kind=kind,
        version=version,
        when=whens.read(when),
        title=title,
        keeps_zone=bool(keeps_zone),
        paused=bool(paused),
        since=_instant(since),
        fell_due=whens.read_occurrence(fell_due),
    )


def _preference(category: str, off: list[str], changed_at: str, via: str) -> Preference:
    return Preference(
        category=category,
        off=frozenset(ChannelKind(kind) if kind else None for kind in off),
        changed_at=datetime.fromisoformat(changed_at),
        via=Via(via),
    )
