"""A partner is told once a run of silence, and only while the person shares it, is silent and is in no crisis."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.checkins.domain import CheckIn, Source
from chalicelib.checkins.silence import look
from chalicelib.flags.nudges import Nudge, To
from chalicelib.outreach.domain import Due, Entry, Hold, Reason, Recipient, Standing, Status
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.partners.domain import Pair, Side, person, proposed, staff
from chalicelib.partners.telling import dues_for, objection
from tests.build import PERSON, a_recipient, said, utc
from tests.fakes import FakeCheckIns, FakeLedger
from tests.fakes_partners import FakePairs

FIRST = date(2026, 11, 2)
NINE = utc("2026-11-02T14:00")
RULE = Nudge(to=To.PARTNERS, missed=2, after=timedelta())
ANA, BEN = person(PERSON), person("1b" * 16)
SHARED = frozenset({"contact_email", "partner_share:checkin_done"})


def on(day: int) -> date:
    return FIRST + timedelta(days=day)


def nine(day: int) -> datetime:
    return NINE + timedelta(days=day)


def a_pair(other: Side = BEN, pair_id: str = "p1") -> Pair:
    pair = proposed(None, (ANA, other), pair_id=pair_id, programme_id="iop-evening", by="x", as_side=ANA, at=NINE)
    return pair.agreed_by(other, at=NINE)


@dataclass
class World:
    """A person whose check-ins come at nine each day, and their partner."""

    who: Recipient = field(default_factory=lambda: a_recipient(consents=SHARED))
    partner: Recipient = field(default_factory=lambda: a_recipient(person=BEN.id))
    ledger: FakeLedger = field(default_factory=FakeLedger)
    check_ins: FakeCheckIns = field(default_factory=FakeCheckIns)
    pairs: FakePairs = field(default_factory=lambda: FakePairs(a_pair()))

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:
        del now
        return {PERSON: self.who, BEN.id: self.partner}.get(person_id)

    def note(
        self, day: int, status: Status = Status.SENT, *, of: str = PERSON, kind: str = CHECK_IN, on_: date | None = None
    ) -> None:
        at = nine(day)
        self.ledger.add(
            [
                Entry(
                    person_id=of,
                    kind=kind,
                    on=on_ or on(day),
                    due_at=at,
                    status=status,
                    attempt=1,
                    claimed_at=at,
                    ended_at=at,
                )
            ]
        )

    def answer(self, day: int) -> None:
        self.check_ins.save(
            CheckIn(person_id=PERSON, on=on(day)).answered(said(mood=5), at=nine(day), source=Source.APP)
        )

    def dues(self, day: int, *, hours: float = 0) -> list[Due]:
        now = nine(day) + timedelta(hours=hours)
        looked = look(self.who, on(day), now=now, ledger=self.ledger, check_ins=self.check_ins)
        return dues_for(self.who, looked, rule=RULE, now=now, pairs=self.pairs, ledger=self.ledger)

    def objection(self, due: Due, now: datetime) -> Reason | None:
        return objection(due, people=self, pairs=self.pairs, ledger=self.ledger, dates=self.check_ins, now=now)


@pytest.fixture
def world() -> World:
    """Return somebody who missed two, and was sent the third."""
    world = World()
    for day in range(3):
        world.note(day)
    return world


@pytest.fixture
def due(world: World) -> Due:
    [due] = world.dues(2)
    return due


def test_after_two_missed_each_partner_is_told_and_named_by_the_run(world: World, due: Due) -> None:
    assert due == Due(person_id=BEN.id, kind="nudge-pair-p1", on=on(0), at=nine(2), due_at=nine(2), version=1)
    assert world.objection(due, nine(2)) is None
    assert world.dues(1) == []
    # The name of a pair says nothing of who is quiet.
    assert PERSON not in due.name


def test_looking_again_makes_no_other_nor_does_the_next_day(world: World, due: Due) -> None:
    assert world.dues(2, hours=3) == [replace(due, at=nine(2) + timedelta(hours=3))]
    world.note(2, Status.MERGED, of=BEN.id, kind=due.kind, on_=due.on)
    world.note(3)

    assert world.dues(2) == world.dues(3) == []


def test_staff_are_sent_nothing(world: World) -> None:
    world.pairs = FakePairs(a_pair(staff("eva")))

    assert world.dues(2) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda pair: pair.ended_by(ANA, at=NINE),
        lambda pair: pair.ended_by(BEN, at=NINE),
        lambda pair: pair.pausing(ANA, paused=True),
    ],
)
def test_what_ended_or_is_paused_tells_nobody(world: World, due: Due, change: object) -> None:
    assert callable(change)
    world.pairs = FakePairs(change(a_pair()))

    assert world.dues(2) == []
    assert world.objection(due, nine(2)) in {Reason.CANCELLED, Reason.NO_CONSENT}


def test_what_the_partner_pauses_of_their_own_is_no_matter(world: World, due: Due) -> None:
    world.pairs = FakePairs(a_pair().pausing(BEN, paused=True))

    assert world.dues(2) == [due]


def test_a_new_pair_of_the_same_two_is_another_one(world: World, due: Due) -> None:
    world.pairs = FakePairs(a_pair(pair_id="p2"))

    assert world.objection(due, nine(2)) is Reason.CANCELLED


def test_without_consent_nobody_is_told(world: World, due: Due) -> None:
    world.who = a_recipient(consents=SHARED - {"partner_share:checkin_done"})

    assert world.dues(2) == []
    assert world.objection(due, nine(2)) is Reason.NO_CONSENT


def test_who_answered_meanwhile_is_quiet_no_more(world: World, due: Due) -> None:
    world.answer(2)

    assert world.dues(2) == []
    assert world.objection(due, nine(2)) is Reason.CANCELLED


def test_nobody_is_sent_into_a_crisis_and_a_conversation_is_none(world: World, due: Due) -> None:
    world.who = replace(world.who, holds=frozenset({Hold.CRISIS}))
    assert world.dues(2) == []
    assert world.objection(due, nine(2)) is Reason.HELD

    world.who = replace(world.who, holds=frozenset({Hold.CONVERSATION}))
    assert world.objection(due, nine(2)) is None


@pytest.mark.parametrize("standing", [Standing.ON_HOLD, Standing.ENDED, Standing.NONE, Standing.ALUMNI])
def test_who_is_in_care_no_more_is_not_quiet(world: World, due: Due, standing: Standing) -> None:
    world.who = replace(world.who, standing=standing)

    assert world.objection(due, nine(2)) is Reason.CANCELLED


def test_who_moved_on_to_another_programme_is_no_partner(world: World, due: Due) -> None:
    world.partner = replace(world.partner, programme_id="iop-morning")
    assert world.objection(due, nine(2)) is Reason.CANCELLED

    world.partner, world.who = a_recipient(person=BEN.id), replace(world.who, programme_id="iop-morning")
    assert world.objection(due, nine(2)) is Reason.CANCELLED


def test_a_check_in_that_bounced_later_makes_no_second_run(world: World, due: Due) -> None:
    world.note(2, Status.MERGED, of=BEN.id, kind=due.kind, on_=due.on)
    first = world.ledger.entries[PERSON, CHECK_IN, on(0)]
    world.ledger.entries[PERSON, CHECK_IN, on(0)] = replace(first, bounced_at=nine(2))
    world.note(3)

    assert world.dues(3) == []
    assert world.objection(replace(due, on=on(1)), nine(3)) is Reason.CANCELLED


def test_of_other_occurrences_there_is_nothing_to_say(world: World, due: Due) -> None:
    world.pairs = FakePairs()
    for kind in ("nudge-1", "nudge-check_in", CHECK_IN, "nudge-pairs"):
        assert world.objection(replace(due, kind=kind), nine(2)) is None


@given(
    days=st.lists(
        st.tuples(st.sampled_from(["answer", "late", "miss", "lost"]), st.booleans(), st.booleans()), max_size=27
    )
)
def test_a_partner_is_told_once_a_run_at_most_and_only_while_it_is_shared(days: list[tuple[str, bool, bool]]) -> None:
    """Whatever is answered, sent, consented to and taken back, and whenever one looks and sends."""
    world = World()
    told: list[list[date]] = [[]]
    for day, (what, consented, still) in enumerate(days):
        world.note(day, Status.FAILED if what == "lost" else Status.SENT)
        if what == "answer":
            world.answer(day)
            told.append([])
        world.who = replace(world.who, consents=SHARED if consented else frozenset({"contact_email"}))
        dues = [*world.dues(day), *world.dues(day, hours=2)]
        assert consented or not dues
        world.who = replace(world.who, consents=SHARED if still else frozenset({"contact_email"}))
        for due in dues:
            if world.objection(due, max(due.at, nine(day))) is not None:
                continue
            assert consented
            assert still
            if (due.person_id, due.kind, due.on) not in world.ledger.entries:
                told[-1].append(due.on)
            world.note(day, Status.MERGED, of=BEN.id, kind=due.kind, on_=due.on)
        if what == "late":
            world.answer(day)
            told.append([])
    assert max(map(len, told)) <= 1
    # And they are told: two missed and the third sent, shared all the while.
    if [what for what, _, _ in days[:3]] == ["miss"] * 3 and days[2][1] and days[2][2]:
        assert on(0) in told[0]
