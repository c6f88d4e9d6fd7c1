"""What is wrong with a ``When`` that somebody asks for: every fault with its field, found with bounded work."""

from datetime import date, datetime, timedelta

from chalicelib.errors import Fault
from chalicelib.outreach.recurrence import (
    Anniversaries,
    Elapsed,
    Once,
    OnDay,
    Recurrence,
    When,
    is_zone,
    local_date,
    next_occurrence,
    shifted,
)
from chalicelib.outreach.rrule import NotARule, parse

EARLIEST = date(1900, 1, 1)
"""No date that something is counted from is earlier."""

FURTHEST = timedelta(days=3660)
"""Nothing is planned more than ten years ahead."""

LONGEST_OFFSET_DAYS = 3660
LONGEST_OFFSET_MONTHS = 120
LONGEST_ELAPSED = timedelta(days=366)
LONGEST_ZONE = 64


def when_faults(when: When, *, now: datetime, field: str = "when") -> list[Fault]:
    """
    Return everything that is wrong with it; nothing is wrong if it falls due at least once later than ``now``.

    ``field`` is what the caller calls it; a fault's field is a part of it: ``when.rule``, ``when.of.date``.
    """
    faults = _form_faults(when, now=now, field=field)
    if faults:
        return faults
    try:
        occurrence = next_occurrence(when, after=now)
    except OverflowError:
        occurrence = None
    if occurrence is None:
        return [Fault(field=_never_field(when, field), reason=_never(when))]
    if occurrence.at > now + FURTHEST:
        return [Fault(field=_never_field(when, field), reason="is more than ten years ahead")]
    return []


def _form_faults(when: When | date, *, now: datetime, field: str) -> list[Fault]:
    match when:
        case Recurrence():
            return [
                *_zone_faults(when.zone, field),
                *_rule_faults(when.rule, field),
                *_date_faults(when.starts_on, now=now, field=f"{field}.startsOn"),
            ]
        case Once():
            return [*_zone_faults(when.zone, field), *_date_faults(when.on, now=now, field=f"{field}.date")]
        case Elapsed():
            faults = _form_faults(when.of, now=now, field=f"{field}.of")
            if abs(when.by) > LONGEST_ELAPSED:
                faults.append(Fault(field=f"{field}.minutes", reason="is more than a year"))
            return [*_zone_faults(when.zone, field), *faults]
        case OnDay():
            return [
                *_zone_faults(when.zone, field),
                *_form_faults(when.of, now=now, field=f"{field}.of"),
                *_shift_faults(when, field),
            ]
        case Anniversaries():
            return [*_zone_faults(when.zone, field), *_date_faults(when.of, now=now, field=f"{field}.of.date")]
        case _:
            return _date_faults(when, now=now, field=f"{field}.date")


def _shift_faults(when: OnDay, field: str) -> list[Fault]:
    if abs(when.days) > LONGEST_OFFSET_DAYS:
        return [Fault(field=f"{field}.days", reason=f"is not from -{LONGEST_OFFSET_DAYS} to {LONGEST_OFFSET_DAYS}")]
    if abs(when.months) > LONGEST_OFFSET_MONTHS:
        most = LONGEST_OFFSET_MONTHS
        return [Fault(field=f"{field}.months", reason=f"is not from -{most} to {most}")]
    if when.months and isinstance(when.of, Recurrence):
        return [Fault(field=f"{field}.months", reason="goes with a single date only; a series takes days")]
    try:
        _ = isinstance(when.of, date) and shifted(when.of, months=when.months, days=when.days)
    except OverflowError:
        return [Fault(field=f"{field}.days", reason="leads beyond the calendar")]
    return []


def _zone_faults(zone: str, field: str) -> list[Fault]:
    if len(zone) <= LONGEST_ZONE and is_zone(zone):
        return []
    return [Fault(field=f"{field}.timeZone", reason="is not a zone of the IANA database")]


def _rule_faults(rule: str, field: str) -> list[Fault]:
    try:
        parse(rule)
    except NotARule as fault:
        return [Fault(field=f"{field}.rule", reason=str(fault))]
    return []


def _date_faults(on: date, *, now: datetime, field: str) -> list[Fault]:
    if EARLIEST <= on <= local_date(now, "UTC") + FURTHEST:
        return []
    return [Fault(field=field, reason="must be a date from 1900 to ten years from now")]


def _never_field(when: When, field: str) -> str:
    match when:
        case Recurrence():
            return f"{field}.rule"
        case Once():
            return f"{field}.date"
        case Elapsed() | OnDay() | Anniversaries():
            return f"{field}.of"


def _never(when: When) -> str:
    match when:
        case Recurrence():
            return "never falls on a date within ten years from now"
        case Once():
            return "lies in the past, or is a date that the zone never had"
        case Elapsed() | OnDay() | Anniversaries():
            return "gives nothing that is still to come"
