"""In-memory weeks. tests/contract runs one suite on these and on the table, so that they can't lie."""

from collections.abc import Sequence
from datetime import date

from chalicelib.errors import Stale
from chalicelib.routine.attendance import Attendance
from chalicelib.routine.domain import Completion, Departure, Own, Template
from chalicelib.routine.feeding import Feed
from chalicelib.routine.goals import Adjustment, Goal
from chalicelib.tasks.domain import Task
from tests.fakes_tasks import FakeTasks


class FakeRoutines:
    def __init__(self) -> None:
        self.templates: dict[tuple[str, int], Template] = {}
        self.departed: dict[tuple[str, date, str], Departure] = {}
        self.owned: dict[str, Own] = {}
        self.said: dict[tuple[str, date, str], Completion] = {}

    def template(self, programme_id: str, version: int | None = None) -> Template | None:
        versions = [number for programme, number in self.templates if programme == programme_id]
        return self.templates.get((programme_id, version or max(versions, default=0)))

    def add_template(self, template: Template) -> None:
        key = (template.programme_id, template.version)
        if key in self.templates:
            raise Stale("this was changed meanwhile")
        self.templates[key] = template

    def departures(self, programme_id: str, between: tuple[date, date] | None = None) -> list[Departure]:
        first, last = between or (date.min, date.max)
        return [
            departure
            for (programme, on, _), departure in sorted(self.departed.items())
            if programme == programme_id and first <= on <= last
        ]

    def put_departure(self, departure: Departure) -> None:
        key = (departure.programme_id, departure.on, departure.item_id)
        present = self.departed.get(key)
        if departure.version != (present.version + 1 if present else 1):
            raise Stale("this was changed meanwhile")
        self.departed[key] = departure

    def own(self, person_id: str) -> Own:
        return self.owned.get(person_id, Own(person_id=person_id))

    def save_own(self, own: Own) -> None:
        if own.version != self.own(own.person_id).version + 1:
            raise Stale("this was changed meanwhile")
        self.owned[own.person_id] = own

    def completions(self, person_id: str, first: date, last: date) -> list[Completion]:
        return [
            said for (person, on, _), said in sorted(self.said.items()) if person == person_id and first <= on <= last
        ]

    def save_completion(self, completion: Completion) -> None:
        key = (completion.person_id, completion.on, completion.item_id)
        present = self.said.get(key)
        if completion.version != (present.version + 1 if present else 1):
            raise Stale("this was changed meanwhile")
        self.said[key] = completion


class FakeFeeds:
    def __init__(self) -> None:
        self.kept: dict[str, Feed] = {}

    def feed(self, person_id: str) -> Feed:
        return self.kept.get(person_id, Feed(person_id=person_id))

    def save_feed(self, feed: Feed) -> None:
        if feed.revision != self.feed(feed.person_id).revision + 1:
            raise Stale("this was changed meanwhile")
        self.kept[feed.person_id] = feed


class FakePlans:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Goal] = {}
        self.lines: list[Adjustment] = []

    def goals(self, person_id: str) -> list[Goal]:
        return [goal for (person, _), goal in sorted(self.kept.items()) if person == person_id]

    def goal(self, person_id: str, goal_id: str) -> Goal | None:
        return self.kept.get((person_id, goal_id))

    def save_goal(self, goal: Goal, adjustment: Adjustment) -> None:
        present = self.goal(goal.person_id, goal.id)
        if goal.version != (present.version + 1 if present else 1):
            raise Stale("the goal was changed meanwhile")
        self.kept[goal.person_id, goal.id] = goal
        self.adjust(adjustment)

    def adjust(self, adjustment: Adjustment) -> None:
        self.lines.append(adjustment)

    def history(self, person_id: str, *, after: str | None, limit: int) -> tuple[list[Adjustment], str | None]:
        found = {
            f"HISTORY#{line.at:%Y-%m-%dT%H:%M:%S.%fZ}#{line.id}": line
            for line in self.lines
            if line.person_id == person_id
        }
        keys = [key for key in sorted(found, reverse=True) if after is None or key < after]
        return [found[key] for key in keys[:limit]], keys[limit - 1] if len(keys) > limit else None


class FakeAttendances:
    def __init__(self, tasks: FakeTasks | None = None) -> None:
        self.tasks = tasks or FakeTasks()
        self.kept: dict[tuple[str, date, str], Attendance] = {}

    def between(self, person_id: str, first: date, last: date) -> list[Attendance]:
        return [
            one for (person, on, _), one in sorted(self.kept.items()) if person == person_id and first <= on <= last
        ]

    def save(self, attendance: Attendance, flags: Sequence[Task] = ()) -> None:
        key = (attendance.person_id, attendance.on, attendance.item_id)
        present = self.kept.get(key)
        if attendance.version != (present.version + 1 if present else 1):
            raise Stale("this was changed meanwhile")
        if any(self.tasks.find(flag.person_id, flag.id) for flag in flags):
            raise Stale("this was changed meanwhile")
        for flag in flags:
            self.tasks.open(flag)
        self.kept[key] = attendance
