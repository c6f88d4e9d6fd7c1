"""Rows are worked out anew, so that neither order nor haste matters: what is older never comes over what is newer."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.caseload.attention import NotReachable, Why, reasons
from chalicelib.caseload.domain import Cadence, Contact, How, Outcome, contact_id
from chalicelib.caseload.following import (
    LOOKS_BACK,
    MOST_TASKS,
    Row,
    Sources,
    keep_up,
    keep_up_in,
    keep_up_programme,
    run_of,
    work_out,
)
from chalicelib.checkins.domain import CheckIn
from chalicelib.checkins.silence import silence
from chalicelib.enrollment.channels import HEARTBEAT_LASTS, Channel
from chalicelib.enrollment.consents import Action, Consent, Via
from chalicelib.enrollment.domain import Carer, Person, Record, member_of
from chalicelib.enrollment.episodes import Episode, State
from chalicelib.errors import Conflict
from chalicelib.outreach.domain import ChannelKind, Entry, Status
from chalicelib.outreach.kinds import CHECK_IN, WEEKLY_CHECK_IN
from chalicelib.privacy.domain import Role
from chalicelib.tasks.domain import Kind, task_for
from tests.build import utc
from tests.fakes import FakeLedger
from tests.fakes_caseload import FakeCadences, FakeContacts, FakeRows
from tests.fakes_enrollment import FakePeople
from tests.fakes_tasks import FakeTasks

NOW = utc("2026-11-24T18:00")
ZONE = "America/New_York"
DAY = timedelta(days=1)


@dataclass
class FakeAnswers:
    latest: dict[str, CheckIn] = field(default_factory=dict)

    def latest_answered(self, person_id: str) -> CheckIn | None:
        return self.latest.get(person_id)


class Ledger(FakeLedger):
    def between(
        self, person_id: str, first: date, last: date, *, limit: int = 1000, consistent: bool = False
    ) -> list[Entry]:
        assert consistent, "who looks because something was sent has to find it"
        return super().between(person_id, first, last, limit=limit)


class FakeCalls:
    def __init__(self) -> None:
        self.at: dict[str, datetime] = {}

    def called_at(self, person_id: str) -> datetime | None:
        return self.at.get(person_id)


@dataclass
class Desk:
    people: FakePeople = field(default_factory=FakePeople)
    contacts: FakeContacts = field(default_factory=FakeContacts)
    cadences: FakeCadences = field(default_factory=FakeCadences)
    answers: FakeAnswers = field(default_factory=FakeAnswers)
    asked: Ledger = field(default_factory=Ledger)
    tasks: FakeTasks = field(default_factory=FakeTasks)
    calls: FakeCalls = field(default_factory=FakeCalls)
    rows: FakeRows = field(default_factory=FakeRows)

    @property
    def sources(self) -> Sources:
        return Sources(
            people=self.people,
            contacts=self.contacts,
            cadences=self.cadences,
            answers=self.answers,
            asked=self.asked,
            tasks=self.tasks,
            calls=self.calls,
            rows=self.rows,
        )

    def put(self, record: Record) -> None:
        self.people.records[record.person.id] = record
        for episode in record.episodes:
            self.people.lists[episode.programme_id, record.person.id] = member_of(record.person, episode)

    def keep_up(self, at: datetime = NOW) -> int:
        return keep_up("p", now=at, sources=self.sources)

    def row(self, programme: str = "iop") -> Row:
        return self.rows.kept.get((programme, "p"), Row(version=0, facts=None))


def a_record(*, state: State = State.ACTIVE, programme: str = "iop", person: str = "p") -> Record:
    return Record(
        person=Person(id=person, external_id="TBH-1", given_name="Ana", family_name="Lee", language="en", zone=ZONE),
        episodes=(
            Episode(
                number=1,
                programme_id=programme,
                state=state,
                admitted_on=date(2026, 11, 1),
                changed_at=NOW - 20 * DAY,
            ),
        ),
        care_team=(Carer(subject="cam", since=NOW, added_by="admin"),),
    )


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.put(a_record())
    return desk


def an_entry(days_ago: int, *, kind: str = CHECK_IN, status: Status = Status.SENT, bounced: bool = False) -> Entry:
    at = NOW.replace(hour=14) - days_ago * DAY
    return Entry(
        person_id="p",
        kind=kind,
        on=at.date(),
        due_at=at,
        status=status,
        attempt=1,
        claimed_at=at,
        bounced_at=at if bounced else None,
    )


def a_contact(at: datetime = NOW, role: Role = Role.CASE_MANAGER) -> Contact:
    return Contact(
        id=contact_id(at, "1"),
        person_id="p",
        programme_id="iop",
        at=at,
        how=How.CALL,
        outcome=Outcome.REACHED,
        role=role,
        by="cam",
        noted_at=at,
    )


def test_a_row_is_written_once_for_one_change_however_often_one_hears_of_it(desk: Desk) -> None:
    assert [desk.keep_up() for _ in range(3)] == [1, 0, 0]
    desk.contacts.add(a_contact())

    assert [desk.keep_up() for _ in range(3)] == [1, 0, 0]
    assert (desk.row().version, desk.rows.writes) == (2, 2)


def test_time_alone_writes_nothing(desk: Desk) -> None:
    desk.cadences.put(
        Cadence(person_id="p", role=Role.CLINICIAN, every_days=7, starts_on=date(2026, 11, 25), by="dr", set_at=NOW)
    )
    desk.asked.add([an_entry(0), an_entry(1)])
    desk.tasks.open(task_for(Kind.TALK_TODAY, "x", programme_id="iop", person_id="p", at=NOW))
    desk.keep_up()
    facts = desk.row().facts
    assert facts

    assert [desk.keep_up(NOW + days * DAY) for days in range(9)] == [0] * 9
    assert [one.why for one in reasons(facts, at=NOW)] == [Why.URGENT_OPEN, Why.UNREACHABLE, Why.MISSED]
    later = [one.why for one in reasons(facts, at=NOW + 2 * DAY)]
    assert later == [Why.URGENT_OVERDUE, Why.UNREACHABLE, Why.CADENCE_OVERDUE, Why.MISSED]


def test_what_was_worked_out_from_older_facts_never_comes_over_newer_ones(desk: Desk) -> None:
    """The slow one read its row and is overtaken by one that knows more; it works out anew what it would have lost."""
    desk.keep_up()

    def overtake() -> None:
        desk.contacts.add(a_contact())
        assert desk.keep_up() == 1
        # What the slow one read meanwhile is as old as its row: it sees the contact only if it reads again.
        desk.rows.meanwhile = None

    desk.tasks.open(task_for(Kind.TALK_TODAY, "x", programme_id="iop", person_id="p", at=NOW))
    desk.rows.meanwhile = overtake
    desk.keep_up()

    assert desk.row().facts == work_out("iop", "p", now=NOW, sources=desk.sources)
    assert desk.row().version == 2


def test_an_older_computation_is_refused_and_begins_anew(desk: Desk) -> None:
    stale = work_out("iop", "p", now=NOW, sources=desk.sources)
    real = desk.sources

    class Slow(FakeContacts):
        """Reads the log before the newer one is there, once."""

        def newest(self, person_id: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
            found = list(real.contacts.newest(person_id))
            if not desk.row().version:
                desk.contacts.add(a_contact())
                assert keep_up_in("iop", "p", now=NOW, sources=real)
            return iter(found)

    assert not keep_up_in("iop", "p", now=NOW, sources=replace(real, contacts=Slow()))
    facts = desk.row().facts
    assert facts != stale
    assert facts
    assert facts.last_contact is not None
    assert desk.rows.writes == 1


def test_whoever_keeps_being_overtaken_gives_up_loudly(desk: Desk) -> None:
    class Busy(FakeRows):
        def put(self, programme_id: str, person_id: str, row: Row, *, now: datetime) -> bool:
            del programme_id, person_id, row, now
            return False

    with pytest.raises(Conflict):
        keep_up_in("iop", "p", now=NOW, sources=replace(desk.sources, rows=Busy()))


@pytest.mark.parametrize("state", list(State))
def test_only_who_is_in_care_has_a_row(desk: Desk, state: State) -> None:
    desk.put(a_record(state=state))
    desk.keep_up()

    in_care = {State.ENROLLED, State.ACTIVE, State.STEP_DOWN, State.ON_HOLD}
    assert (desk.row().facts is not None) == (state in in_care)


def test_who_goes_to_another_programme_leaves_the_list_of_the_first(desk: Desk) -> None:
    desk.keep_up()
    first = a_record(state=State.TRANSFERRED)
    second = replace(a_record(programme="other").episode, number=2)
    desk.put(replace(first, episodes=(*first.episodes, second)))

    assert desk.keep_up() == 2
    assert (desk.row().facts, desk.row().version) == (None, 2)
    assert desk.row("other").facts is not None


def test_nobody_is_no_row() -> None:
    assert Desk().keep_up() == 0


def test_a_programme_is_gone_through_page_by_page() -> None:
    desk = Desk()
    for number in range(5):
        desk.put(a_record(person=f"p{number}", state=State.ALUMNI if number == 3 else State.ACTIVE))
    sources = desk.sources

    first = keep_up_programme("iop", after=None, limit=3, now=NOW, sources=sources)
    rest = keep_up_programme("iop", after=first[2], limit=3, now=NOW, sources=sources)

    assert (first[:2], rest) == ((3, 3), (2, 1, None))
    again = keep_up_programme("iop", after=None, limit=9, now=NOW, sources=sources)
    assert again == (5, 0, None)


def test_a_row_has_the_most_pressing_tasks_and_the_number_of_the_others(desk: Desk) -> None:
    for number in range(MOST_TASKS + 3):
        kind = Kind.TALK_TODAY if number == MOST_TASKS + 2 else Kind.MAIL_TROUBLE
        desk.tasks.open(task_for(kind, f"{number:02}", programme_id="iop", person_id="p", at=NOW + number * DAY))
    desk.tasks.open(task_for(Kind.TALK_TODAY, "else", programme_id="other", person_id="p", at=NOW))
    desk.keep_up()

    facts = desk.row().facts
    assert facts
    assert (len(facts.tasks), facts.more_tasks) == (MOST_TASKS, 3)
    assert [task.id for task in facts.tasks[:2]] == ["talk_today-14", "mail_trouble-00"]


def test_a_done_task_is_none(desk: Desk) -> None:
    task = task_for(Kind.TALK_TODAY, "x", programme_id="iop", person_id="p", at=NOW)
    desk.tasks.open(task)
    desk.tasks.finish(task.done(by="cam", action="Called.", at=NOW))
    desk.keep_up()

    assert desk.row().facts
    assert desk.row().facts.tasks == ()  # type: ignore[union-attr]


@pytest.mark.parametrize(("days", "counts"), [(1, True), (28, True), (29, False)])
def test_a_call_for_help_counts_for_28_days(desk: Desk, days: int, *, counts: bool) -> None:
    desk.calls.at["p"] = NOW - timedelta(days=days)
    desk.keep_up()

    assert desk.row().facts
    assert (desk.row().facts.help_asked_at is not None) == counts  # type: ignore[union-attr]


CONSENT = Consent(person_id="p", scope="contact_email", action=Action.GRANTED, at=NOW - DAY, via=Via.STAFF, by="staff")
MAIL = Channel(id="m", kind=ChannelKind.EMAIL, address="a@example.com", added_at=NOW - DAY)
PHONE = Channel(id="d", kind=ChannelKind.PUSH, address="https://push.example/1", added_at=NOW - DAY)


def test_a_person_is_reachable_until_the_last_of_what_works_and_is_agreed_to_ends(desk: Desk) -> None:
    def reach(*channels: Channel, consents: tuple[Consent, ...] = (CONSENT,)) -> tuple[datetime | None, object]:
        desk.put(replace(a_record(), channels=channels, consents=consents))
        facts = work_out("iop", "p", now=NOW, sources=desk.sources)
        assert facts
        return facts.reach.until, facts.reach.why

    confirmed = MAIL.confirmed(revision=1, at=NOW - DAY)
    device = PHONE.confirmed(revision=1, at=NOW - DAY)
    push = replace(CONSENT, scope="contact_push", expires_at=NOW + 3 * DAY)
    assert reach() == (None, NotReachable.NO_CHANNEL)
    assert reach(MAIL) == (None, NotReachable.NONE_WORKS)
    assert reach(confirmed.given_up(why="bounced", at=NOW)) == (None, NotReachable.NONE_WORKS)
    assert reach(confirmed, consents=()) == (None, NotReachable.NO_CONSENT)
    assert reach(device) == (None, NotReachable.NO_CONSENT)
    assert reach(device, consents=(push,)) == (NOW + 3 * DAY, None)
    assert reach(device, consents=(replace(push, expires_at=None),)) == (NOW - DAY + HEARTBEAT_LASTS, None)
    until, _ = reach(confirmed, device, consents=(CONSENT, push))
    assert until is not None
    assert until.year == 9999


sent = st.lists(
    st.builds(
        an_entry,
        st.integers(0, 27),
        kind=st.sampled_from([CHECK_IN, CHECK_IN, WEEKLY_CHECK_IN]),
        status=st.sampled_from([Status.SENT, Status.SENT, Status.FAILED, Status.SKIPPED, Status.CLAIMED]),
        bounced=st.sampled_from([False, False, True]),
    ),
    max_size=28,
    unique_by=lambda entry: (entry.on, entry.kind),
)


@given(sent, st.none() | st.integers(0, 27), st.integers(0, 48))
def test_missed_is_what_the_rule_over_silence_calls_so(entries: list[Entry], answered: int | None, hours: int) -> None:
    at = NOW + timedelta(hours=hours)
    on = (NOW - answered * DAY).date() if answered is not None else None

    run = run_of(entries, on, zone=ZONE)

    by_rule = silence(entries, frozenset([on] if on else []), zone=ZONE, now=at)
    assert (run.missed(at=at) if run else 0) == by_rule.missed
    if run and by_rule.missed:
        assert run.since == by_rule.since


def test_silence_is_looked_for_no_further_back_than_the_last_answer(desk: Desk) -> None:
    looked: list[tuple[date, date]] = []

    class Watched(Ledger):
        def between(
            self, person_id: str, first: date, last: date, *, limit: int = 1000, consistent: bool = False
        ) -> list[Entry]:
            looked.append((first, last))
            return super().between(person_id, first, last, limit=limit, consistent=consistent)

    sources = replace(desk.sources, asked=Watched())
    work_out("iop", "p", now=NOW, sources=sources)
    desk.answers.latest["p"] = CheckIn(person_id="p", on=date(2026, 11, 22))
    work_out("iop", "p", now=NOW, sources=sources)

    assert looked == [(NOW.date() - LOOKS_BACK, date(2026, 11, 25)), (date(2026, 11, 22), date(2026, 11, 25))]


def test_what_is_worked_out_says_outcome_and_role_of_the_last_contact(desk: Desk) -> None:
    desk.contacts.add(replace(a_contact(NOW - DAY), outcome=Outcome.LEFT_MESSAGE))
    desk.contacts.add(a_contact(NOW - 2 * DAY, role=Role.CLINICIAN))
    desk.keep_up()

    facts = desk.row().facts
    assert facts
    assert facts.last_contact
    assert (facts.last_contact.outcome, facts.last_contact.role) == (Outcome.LEFT_MESSAGE, Role.CASE_MANAGER)
    assert facts.reached_at == NOW - 2 * DAY
