"""
Every zone, every change of clocks from 2020 to 2037, every quarter hour from 00:00 to 03:30: Cairn against the oracle.

``make dst`` runs all of it and prints what it counted. ``--walk-all`` walks the minutes of each change of each zone;
without it the walk of one change stands for others with the same offsets and local time.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from time import perf_counter
from zoneinfo import ZoneInfo, available_timezones

from chalicelib.outreach.recurrence import Occurrence, Recurrence, When, is_zone, next_occurrence
from tests.dst.oracle import AROUND, WALL_TIMES, Change, Fires, changes, walk

_CHANGES: dict[bytes, tuple[Change, ...]] = {}


def changes_of(name: str) -> tuple[Change, ...]:
    """Return a zone's changes; a link's are those of the zone that it has the data of."""
    data = _data(name)
    if data not in _CHANGES:
        _CHANGES[data] = tuple(changes(ZoneInfo(name)))
    return _CHANGES[data]


def _data(name: str) -> bytes:
    return files("tzdata").joinpath("zoneinfo", *name.split("/")).read_bytes()


NextOf = Callable[[When, datetime], Occurrence | None]


@dataclass(kw_only=True)
class Report:
    """What was counted. A case is a daily reminder of one zone and wall time over one change of clocks."""

    zones: int = 0
    with_changes: int = 0
    changes: int = 0
    cases: int = 0
    fired: int = 0
    walked: int = 0
    patterns: set[tuple[timedelta, timedelta, time]] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        self.zones += other.zones
        self.with_changes += other.with_changes
        self.changes += other.changes
        self.cases += other.cases
        self.fired += other.fired
        self.walked += other.walked
        self.patterns |= other.patterns
        self.wrong += other.wrong


def zones() -> list[str]:
    """Return every zone and link of the database."""
    return sorted(name for name in available_timezones() if is_zone(name))


def _next(when: When, after: datetime) -> Occurrence | None:
    return next_occurrence(when, after=after)


def check(names: Sequence[str], *, walk_all: bool = False, next_of: NextOf = _next) -> Report:
    """Hold what Cairn does in these zones against the oracle."""
    report = Report(zones=len(names))
    walks: dict[tuple[timedelta, timedelta, time], Fires] = {}
    for name in names:
        zone = ZoneInfo(name)
        found = changes_of(name)
        report.with_changes += bool(found)
        for change in found:
            alone = all(abs(change.at - other.at) > 2 * AROUND for other in found if other != change)
            expected = walks.get(change.pattern)
            if expected is None or walk_all or not alone:
                expected = walks[change.pattern] = walk(zone, change)
                report.walked += 1
            report.changes += 1
            report.patterns.add(change.pattern)
            for wall in WALL_TIMES:
                _check_case(name, change, wall, expected, report, next_of)
    return report


def _check_case(name: str, change: Change, wall: time, expected: Fires, report: Report, next_of: NextOf) -> None:
    dates = change.dates
    due = [(on, change.at + expected[day, wall]) for day, on in enumerate(dates) if (day, wall) in expected]
    when = Recurrence(at=wall, rule="FREQ=DAILY", zone=name, starts_on=dates[0])
    fired: list[tuple[date, datetime]] = []
    occurrence = next_of(when, change.at - timedelta(days=5))
    while occurrence and occurrence.on <= dates[-1] and len(fired) <= len(dates):
        fired.append((occurrence.on, occurrence.at))
        occurrence = next_of(when, occurrence.at)
    report.cases += 1
    report.fired += len(fired)
    if fired != due:
        report.wrong.append(f"{name} {wall:%H:%M} around {change.at:%Y-%m-%d %H:%M} UTC: {fired} is not {due}")


@cache
def sample() -> tuple[str, ...]:
    """Return the zones with the oddest changes, and each twentieth of all."""
    odd = {
        "Africa/Cairo",
        "Africa/Casablanca",
        "America/Asuncion",
        "America/Godthab",
        "America/Havana",
        "America/New_York",
        "America/Santiago",
        "Antarctica/Troll",
        "Asia/Beirut",
        "Asia/Gaza",
        "Australia/Lord_Howe",
        "Europe/Dublin",
        "Europe/London",
        "Pacific/Chatham",
        "Pacific/Easter",
    }
    return tuple(sorted(odd | set(zones()[::20])))


def main() -> int:
    """Run the whole corpus on every core and print what was counted; 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description="hold daily reminders around every change of clocks to an oracle")
    parser.add_argument("--walk-all", action="store_true", help="walk the minutes of every change of every zone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()
    started, names = perf_counter(), zones()
    report = Report()
    with ProcessPoolExecutor(options.jobs) as pool:
        # Links go with the zone that they are links to, whose changes are looked for once.
        together = sorted(names, key=_data)
        parts = [
            together[part * len(names) // options.jobs : (part + 1) * len(names) // options.jobs]
            for part in range(options.jobs)
        ]
        for part in pool.map(_checked, parts, [options.walk_all] * len(parts)):
            report.add(part)
    for line in report.wrong[:20]:
        sys.stdout.write(f"  wrong: {line}\n")
    sys.stdout.write(
        f"  {report.cases:,} cases: {report.zones} zones ({report.with_changes} of them with changes), "
        f"{report.changes:,} changes of clocks, {len(WALL_TIMES)} wall times\n"
        f"  {report.fired:,} reminders fired and compared; {report.walked:,} changes walked minute by minute, "
        f"{len(report.patterns)} kinds of change\n"
        f"  {len(report.wrong):,} wrong, {sum(os.times()[:4]):.1f} s of processor time, "
        f"{perf_counter() - started:.1f} s by the clock, {options.jobs} processes\n"
    )
    return 1 if report.wrong or not report.cases else 0


def _checked(names: list[str], walk_all: bool) -> Report:  # noqa: FBT001 (pool.map passes by position)
    return check(names, walk_all=walk_all)


if __name__ == "__main__":
    sys.exit(main())
