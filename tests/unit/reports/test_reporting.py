"""A report as a job: whatever dies and comes twice, everybody is counted once, and recounting gives the same."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from statistics import median_high
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.caseload.domain import Contact, How, Outcome
from chalicelib.checkins.domain import Answer, CheckIn, Revision, Source
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State
from chalicelib.milestones.domain import Award
from chalicelib.outreach.domain import Entry, Status
from chalicelib.outreach.recurrence import resolve
from chalicelib.privacy.domain import Role
from chalicelib.reports import service
from chalicelib.reports.domain import PAGE, STUCK_AFTER, NoSuchReport, NotYet, Report, ReportTaken, Stage
from chalicelib.reports.service import Sources, Step
from chalicelib.routine.attendance import Attendance, Presence
from chalicelib.routine.domain import Kind as Group
from chalicelib.tasks.domain import Kind, Task
from tests.build import NEW_YORK, utc
from tests.fakes import Crashed, FakeCheckIns, FakeLedger, Moments, Mortal
from tests.fakes_notices import FakeMembers, SomeMember
from tests.fakes_progress import a_record
from tests.fakes_reports import FakeAttendances, FakeAwards, FakeContacts, FakeReportQueue, FakeReports, NoStreaks
from tests.fakes_tasks import FakeTasks

NOW = utc("2026-11-24T18:00")
FIRST, LAST = date(2026, 5, 1), date(2026, 10, 31)
PROGRAMME = "iop-evening"
DAY = timedelta(days=1)


class KnownPeople:
    def __init__(self) -> None:
        self.records: dict[str, Record] = {}

    def record(self, person_id: str) -> Record | None:
        return self.records.get(person_id)


@dataclass
class Office:
    """Everything that a report touches."""

    reports: FakeReports = field(default_factory=FakeReports)
    queue: FakeReportQueue = field(default_factory=FakeReportQueue)
    people: KnownPeople = field(default_factory=KnownPeople)
    members: FakeMembers = field(default_factory=FakeMembers)
    check_ins: FakeCheckIns = field(default_factory=FakeCheckIns)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    tasks: FakeTasks = field(default_factory=FakeTasks)
    awards: FakeAwards = field(default_factory=FakeAwards)
    contacts: FakeContacts = field(default_factory=FakeContacts)
    attendances: FakeAttendances = field(default_factory=FakeAttendances)

    def start(self, moments: Moments | None = None, *, last: date = LAST) -> Report:
        dying = moments or Moments()
        return service.start_report(
            FIRST,
            last,
            report_id="r" * 32,
            programme_id=PROGRAMME,
            by="admin",
            now=NOW,
            reports=Mortal(self.reports, dying),  # type: ignore[arg-type]
            queue=Mortal(self.queue, dying),  # type: ignore[arg-type]
        )

    def page(self, report_id: str, number: int, moments: Moments | None = None) -> Step:
        dying = moments or Moments()
        return service.make_page(
            report_id,
            number,
            now=NOW,
            reports=Mortal(self.reports, dying),  # type: ignore[arg-type]
            queue=Mortal(self.queue, dying),  # type: ignore[arg-type]
            sources=Sources(
                people=self.people,  # type: ignore[arg-type]
                members=Mortal(self.members, dying),  # type: ignore[arg-type]
                check_ins=self.check_ins,
                ledger=self.ledger,
                tasks=self.tasks,
                awards=self.awards,
                streaks=NoStreaks(),
                contacts=self.contacts,
                attendances=self.attendances,
            ),
        )

    def work(self) -> list[Step]:
        """Take messages until there are none."""
        steps = []
        while self.queue.waiting:
            steps.append(self.page(*self.queue.waiting.popleft()))
        return steps

    def figures(self, report_id: str = "r" * 32) -> dict[str, Any]:
        found: dict[str, Any] = service.figures_of(self.reports.kept[report_id])
        return found


def an_office(number: int, *, seed: int = 1) -> Office:
    """Return an office with so many people, of whom each did what chance says."""
    office, chance = Office(), Random(seed)  # noqa: S311 (cases)
    for place in range(number):
        live(office, f"{place:032x}", chance)
    return office


def fresh(office: Office) -> Office:
    """Return an office with the same people and no report."""
    return replace(office, reports=FakeReports(), queue=FakeReportQueue())


def live(office: Office, person_id: str, chance: Random) -> None:
    admitted = FIRST - 60 * DAY + chance.randrange(240) * DAY
    state, changed = State.ACTIVE, admitted
    if chance.random() < 0.4:
        state = chance.choice([State.DISCHARGED_EARLY, State.GRADUATED, State.DECEASED, State.ON_HOLD])
        changed = admitted + chance.randrange(1, 150) * DAY
    record = a_record(person_id=person_id)
    stay = replace(record.episodes[0], admitted_on=admitted, state=state, changed_at=at(changed, 15))
    office.people.records[person_id] = replace(record, episodes=(stay,))
    office.members.join(SomeMember(person_id=person_id))
    keenness = chance.choice([0.1, 0.6, 0.9])
    for back in range(190):
        on = FIRST + back * DAY
        if on < admitted or on > LAST or (state not in {State.ACTIVE, State.ON_HOLD} and on >= changed):
            continue
        sent = chance.random() < 0.9
        entry = Entry(
            person_id=person_id,
            kind="check_in",
            on=on,
            due_at=at(on, 9),
            status=Status.SENT if sent else Status.SKIPPED,
            attempt=1,
            claimed_at=at(on, 9),
        )
        office.ledger.entries[person_id, "check_in", on] = entry
        if sent and chance.random() < keenness:
            revision = Revision(
                answer=Answer(form_version=1, values={"mood": 5}),
                at=at(on, chance.randrange(10, 20)),
                source=Source.APP,
            )
            check_in = CheckIn(person_id=person_id, on=on, revisions=(revision,))
            office.check_ins.found[person_id, on, "daily"] = check_in
    office.contacts.kept[person_id] = [
        a_contact(person_id, at(FIRST + chance.randrange(180) * DAY, 11), chance.choice(list(Outcome)))
        for _ in range(chance.randrange(12))
    ]
    office.attendances.kept[person_id] = [
        a_session(person_id, FIRST + chance.randrange(180) * DAY, chance.choice([*Presence, None]))
        for _ in range(chance.randrange(12))
    ]
    for number in range(chance.randrange(4)):
        rule = chance.choice(["craving_severe", "silent", "risk_high"])
        opened = at(FIRST + chance.randrange(-10, 190) * DAY, 12)
        task = Task(
            programme_id=PROGRAMME,
            person_id=person_id,
            kind=Kind.FLAG,
            about=f"{rule}-{opened.date()}-{number}",
            owner=Role.CASE_MANAGER,
            opened_at=opened,
            due_at=opened,
            because="missed=3" if rule == "silent" else "craving=9",
            done_at=opened + timedelta(hours=chance.randrange(1, 200)) if chance.random() < 0.7 else None,
        )
        office.tasks.kept[person_id, task.id] = task
    office.awards.kept[person_id] = [
        Award(run=1, name=name, on=admitted + days * DAY) for name, days in (("checkins_3", 5), ("checkins_7", 20))
    ]


def a_contact(person_id: str, when: datetime, outcome: Outcome) -> Contact:
    return Contact(
        id=f"{when:%Y%m%d}",
        person_id=person_id,
        programme_id=PROGRAMME,
        at=when,
        how=How.CALL,
        outcome=outcome,
        role=Role.CASE_MANAGER,
        by="eva",
        noted_at=when,
        # What was corrected by another line never counts.
        corrected_by="another" if when.day == 1 else None,
    )


def a_session(person_id: str, on: date, presence: Presence | None) -> Attendance:
    return Attendance(
        person_id=person_id,
        item_id="group",
        on=on,
        kind=Group.GROUP,
        at=at(on, 18),
        planned=180,
        presence=presence,
        minutes=180,
        noted_at=at(on, 21),
        by="eva",
    )


def at(on: date, hour: int) -> datetime:
    return resolve(on, time(hour), NEW_YORK)


def test_a_report_is_made_page_by_page() -> None:
    office = an_office(2 * PAGE + 1)

    report = office.start()
    steps = office.work()

    assert (report.stage, steps) == (Stage.OPEN, [Step.MOVED, Step.MOVED, Step.COMPLETED])
    done = office.reports.kept[report.id]
    assert (done.stage, done.pages) == (Stage.COMPLETE, 3)
    assert office.reports.written == {}, "what pages add up to is let go"
    assert office.figures()["people"] == 50


def test_there_are_no_figures_before_the_end() -> None:
    office = an_office(3)

    with pytest.raises(NotYet):
        service.figures_of(office.start())


def test_a_programme_without_people_has_a_report() -> None:
    office = Office()
    office.start()

    assert office.work() == [Step.COMPLETED]
    assert office.figures()["people"] is None


def _boundaries(office: Office) -> int:
    moments = Moments()
    office.start(moments)
    total = moments.passed
    while office.queue.waiting:
        moments = Moments()
        office.page(*office.queue.waiting.popleft(), moments)
        total = max(total, moments.passed)
    return total


def test_a_crash_at_any_moment_counts_nobody_twice_and_nobody_out() -> None:
    expected = an_office(PAGE + 3)
    expected.start()
    expected.work()
    boundaries = _boundaries(fresh(expected))
    assert boundaries > 10

    for fatal in range(boundaries):
        office = fresh(expected)
        for number in (0, 1):
            _die_at(office, fatal, number)
        assert office.figures() == expected.figures(), fatal
        assert office.reports.written == {} or office.reports.kept["r" * 32].stage is Stage.COMPLETE


def _die_at(office: Office, fatal: int, number: int) -> None:
    """Die at one moment of the start or of a page, be brought again, and then be asked on."""
    try:
        office.start(Moments(frozenset({fatal})) if number == 0 else None)
    except Crashed:
        office.start()
    message = ("r" * 32, number)
    for _ in range(2):
        try:
            office.page(*message, Moments(frozenset({fatal})))
        except Crashed:
            office.page(*message)
    office.start()
    office.work()


TWO_PAGES = an_office(PAGE + 3)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 3), max_size=12))
def test_messages_that_come_twice_late_or_out_of_order_change_nothing(numbers: list[int]) -> None:
    expected, office = fresh(TWO_PAGES), fresh(TWO_PAGES)
    expected.start()
    expected.work()

    office.start()
    for number in numbers:
        office.page("r" * 32, number)
    office.work()

    assert office.figures() == expected.figures()
    assert office.page("r" * 32, 0) is Step.STALE
    assert office.page("x" * 32, 0) is Step.STALE


def test_the_same_again_is_the_same_report_and_another_time_with_its_key_is_refused() -> None:
    office = an_office(3)
    first = office.start()

    assert office.start() == first
    with pytest.raises(ReportTaken):
        office.start(last=date(2026, 9, 30))


def test_who_asks_for_a_report_that_is_stuck_asks_it_on() -> None:
    office = an_office(3)
    report = office.start()
    office.queue.waiting.clear()

    def look(now: datetime, programme_id: str = PROGRAMME) -> Report:
        return service.find_report(
            report.id, programme_id=programme_id, now=now, reports=office.reports, queue=office.queue
        )

    look(NOW + STUCK_AFTER - timedelta(seconds=1))
    assert not office.queue.waiting
    look(NOW + STUCK_AFTER)
    assert list(office.queue.waiting) == [(report.id, 0)]
    with pytest.raises(NoSuchReport):
        look(NOW, programme_id="other")


def shown(people: int) -> int | None:
    """Return a count as a report shows it, said in another way."""
    if people <= 10:
        return None
    return max(15, 5 * round((people + 0.01) / 5))


@pytest.mark.parametrize("seed", range(6))
def test_counting_all_over_in_a_simple_way_gives_the_same(seed: int) -> None:
    office = an_office(70, seed=seed)
    office.start()
    office.work()
    found = office.figures()

    assert found["people"] == 70
    _weeks_are_right(office, found)
    _cohorts_are_right(office, found)
    _silences_are_right(office, found)
    _flags_and_milestones_are_right(office, found)
    assert json.loads(json.dumps(found)) == found


def _weeks_are_right(office: Office, found: dict[str, Any]) -> None:
    for week in found["weeks"]:
        monday = date.fromisoformat(week["monday"])
        answered = unanswered = not_sent = 0
        people = set()
        for (person, _, on), entry in office.ledger.entries.items():
            if monday <= on <= monday + 6 * DAY:
                if entry.status is Status.SKIPPED:
                    not_sent += 1
                    continue
                people.add(person)
                if (person, on, "daily") in office.check_ins.found:
                    answered += 1
                else:
                    unanswered += 1
        assert week["people"] == shown(len(people))
        if len(people) > 10:
            assert abs(week["answered"] - 100 * answered / (answered + unanswered)) <= 2.5
            assert abs(week["not_sent"] - 100 * not_sent / (answered + unanswered + not_sent)) <= 2.5


def _cohorts_are_right(office: Office, found: dict[str, Any]) -> None:
    members = defaultdict(list)
    for record in office.people.records.values():
        admitted = record.episode.admitted_on
        if FIRST <= admitted <= LAST:
            members[f"{admitted:%Y-%m}"].append(record)
    everybody = [record for group in members.values() for record in group]
    for cohort in (*found["cohorts"], found["everybody"]):
        group = members[cohort["month"]] if cohort["month"] else everybody
        if cohort["people"] is not None:
            assert cohort["people"] == shown(len(group))
        for day in cohort["days"]:
            if day["people"] is None:
                assert day["in_care"] is None
                continue
            come, stayed, engaged = _on_day(office, group, day["day"])
            assert day["people"] == shown(come)
            for share, some in ((day["in_care"], stayed), (day["engaged"], engaged)):
                if share and share["percent"] is not None:
                    assert share["percent"] == round(100 * some / come)
                    assert min(some, come - some) >= 11


def _on_day(office: Office, group: list[Record], days: int) -> tuple[int, int, int]:
    come = stayed = engaged = 0
    for record in group:
        stay = record.episode
        on = stay.admitted_on + days * DAY
        over = None if stay.state in {State.ACTIVE, State.ON_HOLD} else stay.changed_at.date()
        if on > LAST or (stay.state is State.DECEASED and over and on >= over):
            continue
        come += 1
        if over is None or on < over:
            stayed += 1
            dates = [on - back * DAY for back in range(14)]
            came = {one.on for one in office.attendances.kept[record.person.id] if one.presence is Presence.ATTENDED}
            engaged += any(
                each in came or (record.person.id, each, "daily") in office.check_ins.found for each in dates
            )
    return come, stayed, engaged


def _silences_are_right(office: Office, found: dict[str, Any]) -> None:
    hours = []
    for person_id in office.people.records:
        first = _first_silence(office, person_id)
        if first:
            since, contact = first
            hours.append((contact - since).total_seconds() / 3600 if contact else float("inf"))
    assert found["silences"]["people"] == shown(len(hours))
    if len(hours) > 10:
        middle = median_high(hours)
        assert found["silences"]["to_contact"]["hours"] == (None if middle == float("inf") else round(middle))


def _first_silence(office: Office, person_id: str) -> tuple[datetime, datetime | None] | None:
    contacts = [one.revisions[0].at for key, one in office.check_ins.found.items() if key[0] == person_id]
    contacts += [
        one.at for one in office.contacts.kept[person_id] if one.outcome.value == "reached" and one.at.day != 1
    ]
    contacts += [one.at for one in office.attendances.kept[person_id] if one.presence is Presence.ATTENDED]
    contacts += [
        task.done_at
        for (person, _), task in office.tasks.kept.items()
        if person == person_id and task.about.startswith("silent") and task.done_at
    ]
    run = 0
    last: datetime | None = None
    on = FIRST
    while on <= LAST:
        entry = office.ledger.entries.get((person_id, "check_in", on))
        if entry and entry.status is Status.SENT and (person_id, on, "daily") not in office.check_ins.found:
            # A check-in can be answered until four in the morning.
            over = at(on + DAY, 4)
            if last and any(last < contact <= over for contact in contacts):
                run = 0
            run, last = run + 1, over
            if run == 3 and over.astimezone(at(LAST, 12).tzinfo) < at(LAST + DAY, 0):
                later = [contact for contact in contacts if contact > over]
                return over, min(later, default=None)
        on += DAY
    return None


def _flags_and_milestones_are_right(office: Office, found: dict[str, Any]) -> None:
    people = defaultdict(set)
    number: Counter[str] = Counter()
    for (person_id, _), task in office.tasks.kept.items():
        if at(FIRST, 0) <= task.opened_at < at(LAST + DAY, 0):
            rule = task.about.split("-")[0]
            people[rule].add(person_id)
            number[rule] += 1
    for rule, those in people.items():
        row = next((one for one in found["flags"] if one["rule"] == rule), None)
        assert (row["people"] if row else None) == shown(len(those))
        if row:
            assert row["flags"] == shown(number[rule])
    reached = Counter(
        award.name for awards in office.awards.kept.values() for award in awards if FIRST <= award.on <= LAST
    )
    assert {one["kind"]: one["people"] for one in found["milestones"]} == {
        name: shown(many) for name, many in reached.items() if many > 10
    }


def test_utc_is_where_reports_are_kept_in() -> None:
    assert Office().start().created_at.tzinfo is UTC
