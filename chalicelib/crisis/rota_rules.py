"""What makes no sense in a rota: little, since half a rota has to be storable too."""

import re
from collections.abc import Collection
from datetime import datetime, timedelta

from chalicelib.crisis.rota import Rota, Shift, Span
from chalicelib.enrollment.showable import line_fault
from chalicelib.errors import Fault
from chalicelib.outreach.recurrence import DAYS, Recurrence, is_zone
from chalicelib.outreach.rrule import NotARule, parse

MOST_SHIFTS, MOST_IN_TURN, MOST_HOLIDAYS, MOST_HOURS = 60, 52, 200, 21
"""How much of each a rota may hold: an item of the table has 400 KB."""
SHORTEST = timedelta(hours=1)
"""A shift is no shorter than what a change of clocks takes away, so that none is lost in it and none is doubled."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_DAY = timedelta(days=1)


def faults_of(rota: Rota, *, accounts: Collection[str]) -> list[Fault]:
    """
    Return everything that makes no sense. ``accounts`` are all who are, or were, members of the programme's staff.

    Whoever left is no fault: it is a gap, of which the programme is told.
    """
    faults = []
    if not is_zone(rota.zone):
        faults.append(Fault(field="timeZone", reason="is not a zone of the IANA database"))
    for name, there, most in (
        ("shifts", rota.shifts, MOST_SHIFTS),
        ("holidays", rota.holidays, MOST_HOLIDAYS),
        ("hours", rota.hours, MOST_HOURS),
    ):
        if len(there) > most:
            faults.append(Fault(field=name, reason=f"must be {most} at most"))
    if faults:
        return faults
    if rota.drills is not None:
        faults += _faults_of_drills(rota.drills)
    for index, shift in enumerate(rota.shifts):
        faults += _faults_of_shift(shift, f"shifts.{index}", accounts=accounts)
    for index, span in enumerate(rota.hours):
        faults += _faults_of_span(span, f"hours.{index}")
    return faults + _doubled(rota) + _faults_of_holidays(rota, accounts=accounts)


def _faults_of_drills(drills: Recurrence) -> list[Fault]:
    try:
        rule = parse(drills.rule)
    except NotARule as error:
        return [Fault(field="drills.rule", reason=str(error))]
    often = rule.freq in {"DAILY", "WEEKLY"} and rule.interval == 1
    return [Fault(field="drills.rule", reason="may come every two weeks at most")] if often else []


def _faults_of_shift(shift: Shift, at: str, *, accounts: Collection[str]) -> list[Fault]:
    faults = _faults_of_span(shift.span, at)
    if not _ID.fullmatch(shift.id):
        faults.append(Fault(field=f"{at}.id", reason="must be 1 to 40 letters, digits, - and _"))
    if shift.zone is not None and not is_zone(shift.zone):
        faults.append(Fault(field=f"{at}.timeZone", reason="is not a zone of the IANA database"))
    if len(shift.members) > MOST_IN_TURN:
        faults.append(Fault(field=f"{at}.members", reason=f"must be {MOST_IN_TURN} at most"))
    faults += [
        Fault(field=f"{at}.members.{place}", reason="is no member of this programme's staff")
        for place, account in enumerate(shift.members)
        if account not in accounts
    ]
    return faults


def _faults_of_span(span: Span, at: str) -> list[Fault]:
    faults = []
    if not span.days or not span.days <= frozenset(DAYS):
        faults.append(Fault(field=f"{at}.days", reason="must hold at least one day"))
    any_date = datetime(2000, 1, 1)
    starts, ends = datetime.combine(any_date, span.start), datetime.combine(any_date, span.end)
    if (ends if ends > starts else ends + _DAY) - starts < SHORTEST:
        faults.append(Fault(field=f"{at}.to", reason="must be an hour later at least"))
    return faults


def _doubled(rota: Rota) -> list[Fault]:
    seen: set[str] = set()
    faults = []
    for index, shift in enumerate(rota.shifts):
        if shift.id in seen:
            faults.append(Fault(field=f"shifts.{index}.id", reason="is another shift's too"))
        seen.add(shift.id)
    return faults


def _faults_of_holidays(rota: Rota, *, accounts: Collection[str]) -> list[Fault]:
    shifts = {shift.id for shift in rota.shifts}
    seen: set[tuple[object, str]] = set()
    faults = []
    for index, holiday in enumerate(rota.holidays):
        at = f"holidays.{index}"
        if holiday.shift_id not in shifts:
            faults.append(Fault(field=f"{at}.shiftId", reason="is no shift of this rota"))
        if holiday.account is not None and holiday.account not in accounts:
            faults.append(Fault(field=f"{at}.account", reason="is no member of this programme's staff"))
        if (holiday.on, holiday.shift_id) in seen:
            faults.append(Fault(field=f"{at}.on", reason="is there twice for this shift"))
        if holiday.why and (fault := line_fault(holiday.why)):
            faults.append(Fault(field=f"{at}.why", reason=fault))
        seen.add((holiday.on, holiday.shift_id))
    return faults
