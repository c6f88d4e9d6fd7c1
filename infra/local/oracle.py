"""
Who should be reached, worked out from the roster file alone, to hold against what Cairn did.

It shares no code with Cairn on purpose, and knows only what the demo's roster can say.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

ROSTER = Path(__file__).parent / "data" / "roster.csv"
REFUSED_LINES = frozenset({13, 25, 39, 54, 70, 83, 99, 115, 133, 151, 168})
"""As its README says."""

QUIET_FROM, QUIET_TO = "21:00", "08:00"
"""What a programme's quiet hours are unless it says otherwise."""

REACHABLE = frozenset({"active", "step_down"})
"""An alumnus needs a consent that a roster can't give."""

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Expected:
    """An occurrence: whose, on which local date, when it should go out, and whether it should go out at all."""

    external_id: str
    address: str
    on: date
    due_at: datetime
    sent_at: datetime
    reached: bool


def rows() -> Iterator[dict[str, str]]:
    """Give the roster's rows that must be taken."""
    with ROSTER.open(encoding="utf-8-sig", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            if line not in REFUSED_LINES:
                yield row


def expected(start: datetime, end: datetime, *, with_device: frozenset[str] | None = None) -> list[Expected]:
    """
    Return the check-ins that fall due from ``start`` to before ``end``.

    ``with_device``: external ids that can get a push; None for everybody who agreed to push.
    """
    found = []
    for row in rows():
        zone = ZoneInfo(row["time_zone"])
        pushed = row["push_consent"] == "yes" and (with_device is None or row["external_id"] in with_device)
        reached = row["status"] in REACHABLE and (row["email_consent"] == "yes" or pushed)
        days = row["check_in_days"].replace(",", " ").split()
        on = start.astimezone(zone).date() - timedelta(days=1)
        while on <= end.astimezone(zone).date() + timedelta(days=1):
            due_at = _instant(on, row["check_in_time"], zone)
            if start <= due_at < end and (days == ["daily"] or _DAYS[on.weekday()] in days):
                sent_at = _after_quiet(on, row, zone)
                found.append(Expected(row["external_id"], row["email"], on, due_at, sent_at, reached))
            on += timedelta(days=1)
    return found


def differences(
    wanted: Iterable[Expected], messages: Iterable[dict[str, Any]], *, may_be: Iterable[Expected] = ()
) -> list[str]:
    """
    Compare with the inbox and say what is wrong, a line each: reached twice, missed, or reached although not wanted.

    ``may_be``: what may have been sent as well. ``messages`` are check-ins only. A person's two
    channels have one address, so two messages for it on one local date are one too many.
    """
    wanted = list(wanted)
    zones = {row["email"].lower(): ZoneInfo(row["time_zone"]) for row in rows()}
    got: Counter[tuple[str, date]] = Counter()
    for message in messages:
        address = message["to"].lower()
        # The small hours belong to the day before, as check-in windows do.
        local = datetime.fromisoformat(message["at"]).astimezone(zones[address]) - timedelta(hours=2)
        got[address, local.date()] += 1
    due = {(one.address.lower(), one.on): one for one in wanted}
    allowed = {(one.address.lower(), one.on) for one in may_be if one.reached}
    wrong = [f"{number} messages for {a} on {on}" for (a, on), number in got.items() if number > 1]
    wrong += [f"missed: {one.external_id} on {one.on}" for key, one in due.items() if one.reached and not got[key]]
    wrong += [
        f"reached without cause: {address} on {on}"
        for address, on in +got
        if (address, on) not in allowed and ((address, on) not in due or not due[address, on].reached)
    ]
    return wrong


def _instant(on: date, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(on, time.fromisoformat(clock), tzinfo=zone).astimezone(UTC)


def _after_quiet(on: date, row: dict[str, str], zone: ZoneInfo) -> datetime:
    begins, ends = row["quiet_from"] or QUIET_FROM, row["quiet_to"] or QUIET_TO
    clock = row["check_in_time"]
    if begins > ends and (clock >= begins or clock < ends):
        return _instant(on + timedelta(days=clock >= begins), ends, zone)
    return _instant(on, clock, zone)
