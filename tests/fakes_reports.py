"""In-memory reports, their queue, and what else a report asks; tests/contract holds them to the table."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from chalicelib.caseload.domain import Contact
from chalicelib.enrollment.changing import Change
from chalicelib.milestones.domain import Award, Streak
from chalicelib.reports.domain import Report, Stage
from chalicelib.reports.tally import Tally
from chalicelib.routine.attendance import Attendance


@dataclass
class FakeReports:
    kept: dict[str, Report] = field(default_factory=dict)
    written: dict[tuple[str, int], tuple[Tally, str | None]] = field(default_factory=dict)

    def add(self, report: Report) -> Report:
        return self.kept.setdefault(report.id, report)

    def find(self, report_id: str) -> Report | None:
        return self.kept.get(report_id)

    def keep_page(self, report: Report, tally: Tally, *, after: str | None) -> tuple[Tally, str | None]:
        return self.written.setdefault((report.id, report.pages), (tally, after))

    def pages(self, report_id: str) -> Iterator[Tally]:
        return iter(
            [
                tally
                for (name, _), (tally, _) in sorted(self.written.items(), key=lambda one: one[0])
                if name == report_id
            ]
        )

    def advance(self, report: Report, *, pages: int) -> bool:
        present = self.kept.get(report.id)
        if present is None or present.stage is not Stage.OPEN or present.pages != pages:
            return False
        self.kept[report.id] = report
        return True

    def tidy(self, report_id: str) -> None:
        for name in [name for name in self.written if name[0] == report_id]:
            del self.written[name]


@dataclass
class FakeReportQueue:
    waiting: deque[tuple[str, int]] = field(default_factory=deque)

    def put(self, report_id: str, page: int) -> None:
        self.waiting.append((report_id, page))


@dataclass
class FakeAwards:
    kept: dict[str, list[Award]] = field(default_factory=dict)

    def of_person(self, person_id: str) -> list[Award]:
        return self.kept.get(person_id, [])


class NoStreaks:
    """Nobody counts days."""

    def of_person(self, person_id: str) -> tuple[Streak, ...]:
        del person_id
        return ()

    def write(self, change: Change, streaks: Iterable[Streak]) -> None:
        raise NotImplementedError


@dataclass
class FakeContacts:
    kept: dict[str, list[Contact]] = field(default_factory=dict)

    def newest(self, person_id: str) -> Iterator[Contact]:
        return iter(sorted(self.kept.get(person_id, []), key=lambda one: one.at, reverse=True))


@dataclass
class FakeAttendances:
    kept: dict[str, list[Attendance]] = field(default_factory=dict)

    def between(self, person_id: str, first: date, last: date) -> list[Attendance]:
        return [one for one in self.kept.get(person_id, []) if first <= one.on <= last]
