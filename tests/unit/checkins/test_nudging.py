"""One gentle word a run of silence at most, and none to whoever answered, is on hold or in a crisis."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.checkins.domain import CheckIn, Source
from chalicelib.checkins.nudging import nudge_of, objection
from chalicelib.checkins.silence import look
from chalicelib.flags.domain import CareRules
from chalicelib.flags.nudges import Nudge, To, defaults, written
from chalicelib.flags.nudges import nudge_of as nudge_rule_of
from chalicelib.outreach.domain import Due, Entry, Hold, Reason, Recipient, Standing, Status
from chalicelib.outreach.kinds import CHECK_IN, CHECK_IN_NUDGE
from tests.build import PERSON, a_recipient, said, utc
from tests.fakes import FakeCheckIns, FakeLedger

FIRST = date(2026, 11, 2)
NINE = utc("2026-11-02T14:00")
RULE = Nudge(to=To.PARTICIPANT, missed=1, after=timedelta(hours=4))


@dataclass
class World:
    """A person whose check-ins come at nine each day, and what they do about them."""

    who: Recipient = field(default_factory=a_recipient)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    check_ins: FakeCheckIns = field(default_factory=FakeCheckIns)

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:
        del now
        return self.who if person_id == PERSON else None

    def ask(
        self, day: int, status: Status = Status.SENT, *, kind: str = CHECK_IN, reason: Reason | None = None
    ) -> None:
        at = nine(day)
        self.ledger.add(
            [
                Entry(
                    person_id=PERSON,
                    kind=kind,
                    on=on(day),
                    due_at=at,
                    status=status,
                    attempt=1,
                    claimed_at=at,
                    ended_at=at,
                    reason=reason,
                )
            ]
        )

    def answer(self, day: int) -> None:
        self.check_ins.save(
            CheckIn(person_id=PERSON, on=on(day)).answered(said(mood=5), at=nine(day), source=Source.APP)
        )

    def nudge(self, day: int, *, hours: float = 0) -> Due | None:
        now = nine(day) + timedelta(hours=hours)
        looked = look(self.who, on(day), now=now, ledger=self.ledger, check_ins=self.check_ins)
        return nudge_of(self.who, looked, rule=RULE, now=now)

    def objection(self, due: Due, now: datetime) -> Reason | None:
        return objection(due, people=self, ledger=self.ledger, dates=self.check_ins, now=now)


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


def nine(day: int) -> datetime:
    return NINE + timedelta(days=day)


@pytest.fixture
def world() -> World:
    """Return somebody who missed one check-in, and was sent the next."""
    world = World()
    world.ask(0)
    world.ask(1)
    return world


def test_after_one_missed_and_the_next_unanswered_for_four_hours_there_is_one(world: World) -> None:
    at = nine(1) + timedelta(hours=4)

    assert world.nudge(1) == Due(person_id=PERSON, kind=CHECK_IN_NUDGE, on=on(1), at=at, due_at=at, version=1)
    assert world.objection(a_nudge(1), at) is None


def a_nudge(day: int) -> Due:
    at = nine(day) + timedelta(hours=4)
    return Due(person_id=PERSON, kind=CHECK_IN_NUDGE, on=on(day), at=at, due_at=at, version=1)


@pytest.mark.parametrize(
    ("quiet", "hours"),
    [
        (("12:30", "08:00"), 3),  # half an hour before the quiet hours
        (("10:15", "08:00"), 1),  # an hour after the question at the soonest: then quiet hours hold it back
        (("13:30", "08:00"), 4),
        (("09:00", "08:00"), 4),  # they began with the question itself: what follows is theirs to say
        (("00:00", "00:00"), 4),
    ],
)
def test_one_that_would_fall_into_quiet_hours_comes_before_them(quiet: tuple[str, str], hours: float) -> None:
    world = World(who=a_recipient(quiet=quiet))
    world.ask(0)
    world.ask(1)

    due = world.nudge(1)

    assert due
    assert due.at == nine(1) + timedelta(hours=hours)


def test_looked_at_late_it_falls_due_now(world: World) -> None:
    due = world.nudge(1, hours=6)

    assert due is not None
    assert (due.at, due.due_at) == (nine(1) + timedelta(hours=6), nine(1) + timedelta(hours=4))


@pytest.mark.parametrize("status", [Status.SKIPPED, Status.FAILED, Status.CLAIMED])
def test_what_was_not_sent_is_nobodys_miss(status: Status) -> None:
    world = World()
    world.ask(0, status)
    world.ask(1)

    assert world.nudge(1) is None


def test_while_the_first_is_still_open_nothing_was_missed() -> None:
    world = World()
    world.ask(0)

    assert world.nudge(0) is None


def test_the_next_one_has_to_have_gone_out(world: World) -> None:
    world.ledger.entries[PERSON, CHECK_IN, on(1)] = replace(
        world.ledger.entries[PERSON, CHECK_IN, on(1)], status=Status.SKIPPED
    )

    assert world.nudge(1) is None


def test_none_comes_after_its_check_in_is_over(world: World) -> None:
    world.who = a_recipient(zone="Pacific/Auckland")
    for day in (0, 1):
        # Three in the morning in Auckland.
        world.ledger.entries[PERSON, CHECK_IN, on(day)] = replace(
            world.ledger.entries[PERSON, CHECK_IN, on(day)], ended_at=utc(f"2026-11-0{2 + day}T14:00")
        )

    assert world.nudge(1) is None


def test_whoever_answered_meanwhile_gets_none(world: World) -> None:
    world.answer(1)

    assert world.objection(a_nudge(1), nine(1) + timedelta(hours=4)) is Reason.CANCELLED
    assert world.nudge(1) is None


def test_an_answer_for_another_date_counts_too(world: World) -> None:
    world.answer(2)

    assert world.objection(a_nudge(1), nine(1) + timedelta(hours=4)) is Reason.CANCELLED


def test_a_link_that_reached_somebody_else_is_nudged_over_by_nobody(world: World) -> None:
    world.check_ins.save(CheckIn(person_id=PERSON, on=on(1), disputed_at=nine(1)))

    assert world.objection(a_nudge(1), nine(1) + timedelta(hours=4)) is Reason.CANCELLED


@pytest.mark.parametrize("hold", list(Hold))
def test_while_a_crisis_or_a_conversation_is_open_none_goes_out(world: World, hold: Hold) -> None:
    world.who = replace(world.who, holds=frozenset({hold}))

    assert world.objection(a_nudge(1), nine(1) + timedelta(hours=4)) is Reason.HELD


def test_what_quiet_hours_kept_until_its_check_in_was_over_is_late(world: World) -> None:
    assert world.objection(a_nudge(1), nine(1) + timedelta(hours=19)) is Reason.LATE


@pytest.mark.parametrize(
    ("standing", "reason"),
    [
        (Standing.ALUMNI, Reason.CANCELLED),
        # Of these outreach has its own reason.
        (Standing.ON_HOLD, None),
        (Standing.ENDED, None),
        (Standing.NONE, None),
    ],
)
def test_whoever_is_no_longer_in_care_gets_none(world: World, standing: Standing, reason: Reason | None) -> None:
    world.who = replace(world.who, standing=standing)

    assert world.objection(a_nudge(1), nine(1) + timedelta(hours=4)) is reason


def test_of_other_occurrences_there_is_nothing_to_say(world: World) -> None:
    world.answer(1)
    for kind in ("nudge-1", "nudge-pair-1", CHECK_IN, "milestone-d30"):
        assert world.objection(replace(a_nudge(1), kind=kind), nine(1)) is None


def test_one_that_was_skipped_leaves_room_for_another_and_one_of_unknown_end_does_not(world: World) -> None:
    world.ask(1, Status.SKIPPED, kind=CHECK_IN_NUDGE, reason=Reason.OVER_BUDGET)
    world.ask(2)
    assert world.nudge(2) is not None

    entry = world.ledger.entries[PERSON, CHECK_IN_NUDGE, on(1)]
    world.ledger.entries[PERSON, CHECK_IN_NUDGE, on(1)] = replace(entry, status=Status.FAILED, reason=Reason.UNKNOWN)
    assert world.nudge(2) is None


def test_a_silence_of_many_weeks_brings_no_second_one() -> None:
    """After four weeks the first lies further back than is looked at."""
    world = World()
    nudged = []
    for day in range(60):
        world.ask(day)
        due = world.nudge(day)
        if due:
            nudged.append(due.on)
            world.ask((due.on - FIRST).days, Status.MERGED, kind=CHECK_IN_NUDGE)

    assert nudged == [on(1)]


@given(
    days=st.lists(st.sampled_from(["answer", "late", "miss", "lost"]), max_size=28),
    looks=st.lists(st.floats(0, 18), min_size=1, max_size=3),
    ends=st.lists(st.sampled_from([Status.MERGED, Status.WAITING, Status.CLAIMED, Status.SENT]), min_size=28),
)
def test_a_run_of_silence_has_one_nudge_at_most_and_a_check_in_never_two(
    days: list[str], looks: list[float], ends: list[Status]
) -> None:
    """Whatever was answered, late, or never sent, and however often and late one looks."""
    world = World()
    runs: list[list[date]] = [[]]
    for day, what in enumerate(days):
        world.ask(day, Status.FAILED if what == "lost" else Status.SENT)
        if what == "answer":
            world.answer(day)
            runs.append([])
        for hours in sorted(looks):
            due = world.nudge(day, hours=hours)
            if due is None:
                continue
            assert what != "answer"
            assert due.kind == CHECK_IN_NUDGE
            if due.at <= nine(day) + timedelta(hours=18) and world.objection(due, max(due.at, nine(day))) is None:
                if (PERSON, CHECK_IN_NUDGE, due.on) not in world.ledger.entries:
                    runs[-1].append(due.on)
                world.ask((due.on - FIRST).days, ends[day], kind=CHECK_IN_NUDGE)
        if what == "late":
            world.answer(day)
            runs.append([])
    assert max(map(len, runs)) <= 1
    nudged = [one for run in runs for one in run]
    assert len(nudged) == len(set(nudged))
    # And it does come: the second of two that were sent and not answered has one.
    silent = [
        day for day in range(1, len(days)) if days[day - 1] == days[day] == "miss" and "miss" not in days[: day - 1]
    ]
    for day in silent[:1]:
        assert on(day) in nudged


def test_programmes_begin_with_four_hours_for_the_person_and_two_missed_for_partners() -> None:
    assert [written(nudge) for nudge in defaults()] == [
        {"to": "participant", "missed": 1, "after_hours": 4.0},
        {"to": "partners", "missed": 2, "after_hours": 0.0},
        {"to": "alumni", "missed": 2, "after_hours": 24.0},
        {"to": "alumni_less", "missed": 3, "after_hours": 24.0},
    ]
    assert tuple(nudge_rule_of(written(nudge)) for nudge in defaults()) == defaults()
    assert CareRules(programme_id="iop", nudges=()).nudge(To.PARTICIPANT) is None
