"""Builders: a person, a schedule and a due occurrence, with only what a case is about said out loud."""

from datetime import UTC, date, datetime, time

from chalicelib.checkins.domain import Answer, answer_to
from chalicelib.checkins.forms import DAILY, form
from chalicelib.outreach.domain import Channel, ChannelKind, DetailLevel, Due, Recipient, Schedule, Standing
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.moments import Moment
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.recurrence import Recurrence, next_occurrence

PERSON = "0f" * 16
NEW_YORK = "America/New_York"
A_KEY = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"
"""A device's public key: the base point of P-256, for which anybody knows the private key."""


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def a_schedule(
    *, at: str = "09:00", rule: str = "FREQ=DAILY", zone: str = NEW_YORK, version: int = 1, person: str = PERSON
) -> Schedule:
    recurrence = Recurrence(at=time.fromisoformat(at), rule=rule, zone=zone, starts_on=date(2026, 11, 1))
    return Schedule(person_id=person, kind=CHECK_IN, version=version, when=recurrence)


def an_email(*, usable: bool = True, detail: DetailLevel = DetailLevel.DISCREET) -> Channel:
    return Channel(
        id="mail", kind=ChannelKind.EMAIL, address="ana@example.com", revision=1, usable=usable, detail=detail
    )


def a_device(*, usable: bool = True) -> Channel:
    return Channel(id="phone", kind=ChannelKind.PUSH, address="https://push.example/1", revision=1, usable=usable)


def a_recipient(
    *,
    person: str = PERSON,
    zone: str = NEW_YORK,
    standing: Standing = Standing.REACHABLE,
    quiet: tuple[str, str] = ("21:00", "08:00"),
    consents: frozenset[str] = frozenset({"contact_email", "contact_push"}),
    channels: tuple[Channel, ...] | None = None,
    schedule: Schedule | None = None,
    first_name: str = "Ana",
    language: str = "en",
) -> Recipient:
    return Recipient(
        person_id=person,
        programme_id="iop-evening",
        first_name=first_name,
        language=language,
        zone=zone,
        standing=standing,
        quiet_hours=QuietHours(start=time.fromisoformat(quiet[0]), end=time.fromisoformat(quiet[1])),
        consents=consents,
        channels=(an_email(),) if channels is None else channels,
        schedules=(schedule or a_schedule(zone=zone, person=person),),
        moment=Moment(at=utc("2026-11-26T18:00")),
    )


def a_due(schedule: Schedule | None = None, *, after: str = "2026-11-25T00:00") -> Due:
    schedule = schedule or a_schedule()
    occurrence = next_occurrence(schedule.when, after=utc(after))
    assert occurrence
    return Due(
        person_id=schedule.person_id,
        kind=schedule.kind,
        on=occurrence.on,
        at=occurrence.at,
        due_at=occurrence.at,
        version=schedule.version,
    )


def said(**values: int | str) -> Answer:
    """Return an answer to the daily check-in."""
    return answer_to(form(DAILY), values)
