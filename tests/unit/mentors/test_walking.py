"""Two on their way over fakes: offered, approved, proposed, agreed, kept up, parted; and the last place taken once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from chalicelib.enrollment.consents import Action, Consent, Via
from chalicelib.enrollment.domain import Person, Record
from chalicelib.enrollment.episodes import Episode
from chalicelib.enrollment.episodes import State as EpisodeState
from chalicelib.errors import Conflict, Invalid
from chalicelib.mentors import service, telling, walking
from chalicelib.mentors.domain import (
    CONSENT,
    About,
    Approval,
    Mentor,
    Mentorship,
    NoSuchMentor,
    Note,
    NotPossible,
    Said,
    Seeker,
    Standing,
    faults_of,
)
from chalicelib.mentors.looking import open_task, tell_staff
from chalicelib.mentors.ports import Desk
from chalicelib.outreach.domain import Due, Hold, Reason, Recipient
from chalicelib.outreach.domain import Standing as Reached
from chalicelib.outreach.kinds import MENTOR_ENDED, MENTOR_HELLO, MENTOR_PROPOSED
from chalicelib.outreach.quiet import QuietHours
from chalicelib.partners.domain import LAPSES_AFTER, State, person, proposed
from chalicelib.tasks.domain import Kind
from tests.fakes_enrollment import Ids
from tests.fakes_mentors import FakeFamilies, FakeMentors
from tests.fakes_partners import FakePairs
from tests.fakes_tasks import FakeTasks

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
DAY = timedelta(days=1)
EN = About(languages=frozenset({"en"}), interests=frozenset({"music"}))


class World:
    """A programme with mentors m1, m2 and newcomers n1, n2."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.holds: dict[str, frozenset[Hold]] = {}
        self.mentors = FakeMentors()
        self.tasks = FakeTasks()
        self.pairs = FakePairs()
        self.families = FakeFamilies()
        self.desk = Desk(mentors=self.mentors, records=self, tasks=self.tasks, pairs=self.pairs, families=self.families)
        self.new_id = Ids()
        for each in ("m1", "m2"):
            self.stands(each, EpisodeState.ALUMNI)
        for each in ("n1", "n2"):
            self.stands(each, EpisodeState.ACTIVE)

    def record(self, person_id: str) -> Record | None:
        return self.records.get(person_id)

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:
        del now
        record = self.records[person_id]
        return Recipient(
            person_id=person_id,
            programme_id="iop",
            first_name=record.person.first_name,
            language="en",
            zone=record.person.zone,
            standing=Reached.REACHABLE,
            quiet_hours=QuietHours(start=NOW.time(), end=NOW.time()),
            consents=frozenset(),
            channels=(),
            holds=self.holds.get(person_id, frozenset()),
        )

    def stands(self, person_id: str, state: EpisodeState, *scopes: str, programme: str = "iop") -> None:
        who = Person(
            id=person_id, external_id=person_id, given_name="A", family_name="B", language="en", zone="America/New_York"
        )
        episode = Episode(
            number=1, programme_id=programme, state=state, admitted_on=date(2026, 1, 1), changed_at=NOW - DAY
        )
        consents = tuple(
            Consent(person_id=person_id, scope=scope, action=Action.GRANTED, at=NOW - DAY, via=Via.WEB, by=person_id)
            for scope in scopes or ((CONSENT, "alumni_contact") if state is EpisodeState.ALUMNI else (CONSENT,))
        )
        self.records[person_id] = Record(person=who, episodes=(episode,), consents=consents)

    def a_mentor(self, person_id: str = "m1", *, capacity: int = 1, about: About = EN) -> None:
        service.offer(person_id, about, now=NOW, desk=self.desk)
        approval = Approval(by="eva", at=NOW, trained_on=date(2026, 11, 1), capacity=capacity)
        service.approve(person_id, approval, now=NOW, desk=self.desk)

    def propose(self, mentee: str = "n1", mentor: str = "m1", *, now: datetime = NOW) -> Mentorship:
        return walking.propose(mentee, mentor, by="eva", now=now, desk=self.desk, new_id=self.new_id)

    def matched(self, mentee: str = "n1", mentor: str = "m1") -> Mentorship:
        service.seek(mentee, EN, now=NOW, desk=self.desk)
        one = self.propose(mentee, mentor)
        walking.agree(mentee, one.id, now=NOW, desk=self.desk)
        return walking.agree(mentor, one.id, now=NOW, desk=self.desk)

    def mentors_of(self, mentee: str, *, now: datetime = NOW) -> frozenset[str]:
        return walking.mentors_of(mentee, now=now, records=self, mentors=self.mentors)


@pytest.fixture
def world() -> World:
    return World()


def test_both_agree_each_for_themselves_before_anything_is_seen(world: World) -> None:
    world.a_mentor()
    service.seek("n1", EN, now=NOW, desk=world.desk)
    one = world.propose()
    assert world.propose().id == one.id
    assert world.mentors_of("n1") == frozenset()

    walking.agree("n1", one.id, now=NOW, desk=world.desk)
    assert world.mentors_of("n1") == frozenset()
    agreed = walking.agree("m1", one.id, now=NOW, desk=world.desk)

    assert agreed.pair.state is State.ACTIVE
    assert world.mentors_of("n1") == {"m1"}
    assert world.mentors_of("m1") == frozenset()
    assert walking.agree("m1", one.id, now=NOW + DAY, desk=world.desk) == walking.find("m1", one.id, desk=world.desk)


@pytest.mark.parametrize(
    "change",
    [
        lambda world: world.stands("n1", EpisodeState.DISCHARGED_EARLY),
        lambda world: world.stands("n1", EpisodeState.ACTIVE, "contact_email"),
        lambda world: world.stands("n1", EpisodeState.ACTIVE, programme="other"),
        lambda world: world.stands("m1", EpisodeState.ALUMNI, "contact_email"),
        lambda world: world.stands("m1", EpisodeState.ENROLLED),
        lambda world: world.records.pop("m1"),
    ],
)
def test_what_either_takes_back_or_leaves_ends_what_is_seen_at_once(
    world: World, change: Callable[[World], object]
) -> None:
    world.a_mentor()
    world.matched()
    change(world)

    assert world.mentors_of("n1") == frozenset()


def test_two_who_propose_the_last_place_at_once_fill_it_once(world: World) -> None:
    world.a_mentor(capacity=1)
    service.seek("n1", EN, now=NOW, desk=world.desk)
    service.seek("n2", EN, now=NOW, desk=world.desk)

    class Between(FakeMentors):
        """Lets somebody else propose after the first looked and before they write."""

        def propose(self, mentorship: Mentorship, *, mentor: Mentor, seeker: Seeker) -> bool:
            if mentorship.mentee_id == "n1" and not self.kept:
                world.desk = replace(world.desk, mentors=world.mentors)
                world.propose("n2")
            return super().propose(mentorship, mentor=mentor, seeker=seeker)

    between = Between()
    between.__dict__ = world.mentors.__dict__
    world.desk = replace(world.desk, mentors=between)
    with pytest.raises(NotPossible, match="full"):
        world.propose("n1")

    assert walking.load_of("m1", now=NOW, desk=world.desk) == 1


def test_one_newcomer_has_one_mentor_and_a_lapsed_proposal_frees_the_place(world: World) -> None:
    world.a_mentor("m1")
    world.a_mentor("m2")
    service.seek("n1", EN, now=NOW, desk=world.desk)
    service.seek("n2", EN, now=NOW, desk=world.desk)
    world.propose("n1", "m1")
    with pytest.raises(NotPossible):
        world.propose("n1", "m2")
    with pytest.raises(NotPossible, match="full"):
        world.propose("n2", "m1")

    later = NOW + LAPSES_AFTER
    assert [match.mentor.person_id for match in walking.matches("n1", now=later, desk=world.desk)] == ["m1", "m2"]
    assert world.propose("n2", "m1", now=later).pair.state is State.PROPOSED


def test_who_parted_or_said_no_or_was_a_partner_is_never_proposed_again(world: World) -> None:
    world.a_mentor("m1", capacity=3)
    one = world.matched()
    walking.end("n1", one.id, now=NOW, desk=world.desk)
    with pytest.raises(NotPossible, match="before"):
        world.propose("n1", "m1", now=NOW + 400 * DAY)

    world.a_mentor("m2")
    service.seek("n2", EN, now=NOW, desk=world.desk)
    said_no = world.propose("n2", "m2")
    walking.decline("m2", said_no.id, now=NOW, desk=world.desk)
    with pytest.raises(NotPossible, match="before"):
        world.propose("n2", "m2")
    sides = (person("n2"), person("m1"))
    pair = proposed(None, sides, pair_id="p", programme_id="iop", by="n2", as_side=person("n2"), at=NOW)
    world.pairs.save(pair.agreed_by(person("m1"), at=NOW))
    assert walking.matches("n2", now=NOW, desk=world.desk) == []


def test_no_looks_like_no_answer_to_who_said_yes(world: World) -> None:
    world.a_mentor()
    service.seek("n1", EN, now=NOW, desk=world.desk)
    one = world.propose()
    walking.agree("n1", one.id, now=NOW, desk=world.desk)
    before = [each.pair.seen_as(person("n1"), at=NOW) for each in world.mentors.of("n1")]

    walking.decline("m1", one.id, now=NOW, desk=world.desk)

    assert [each.pair.seen_as(person("n1"), at=NOW) for each in world.mentors.of("n1")] == before
    assert walking.seen_by("m1", world.mentors.of("m1"), now=NOW) == []


def test_only_alumni_who_agreed_offer_and_only_the_programme_approves(world: World) -> None:
    for person_id in ("n1", "m2"):
        world.stands("m2", EpisodeState.ALUMNI, "contact_email")
        with pytest.raises(NotPossible):
            service.offer(person_id, EN, now=NOW, desk=world.desk)
    approval = Approval(by="eva", at=NOW, trained_on=date(2026, 11, 1), capacity=1)
    with pytest.raises(NoSuchMentor):
        service.approve("m1", approval, now=NOW, desk=world.desk)
    service.offer("m1", EN, now=NOW, desk=world.desk)
    service.seek("n1", EN, now=NOW, desk=world.desk)
    assert walking.matches("n1", now=NOW, desk=world.desk) == []

    bad = replace(approval, capacity=4, trained_on=date(2026, 11, 25))
    with pytest.raises(Invalid) as refused:
        service.approve("m1", bad, now=NOW, desk=world.desk)
    assert {fault.field for fault in refused.value.faults} == {"capacity", "trainedOn"}
    service.approve("m1", approval, now=NOW, desk=world.desk)
    assert [match.mentor.person_id for match in walking.matches("n1", now=NOW, desk=world.desk)] == ["m1"]


def test_nothing_of_a_suspended_mentor_stands_and_who_withdrew_is_approved_anew(world: World) -> None:
    world.a_mentor()
    world.matched()

    assert service.suspend("m1", desk=world.desk).standing is Standing.SUSPENDED
    assert world.mentors_of("n1") == frozenset()
    assert service.withdraw("m1", desk=world.desk).standing is Standing.WITHDRAWN
    with pytest.raises(NotPossible):
        service.suspend("m1", desk=world.desk)
    again = service.offer("m1", EN, now=NOW, desk=world.desk)
    assert (again.standing, again.approval) == (Standing.OFFERED, None)


def test_what_is_said_of_oneself_is_from_the_lists() -> None:
    wrong = About(
        languages=frozenset({"fr"}),
        interests=frozenset({"drinking"}),
        times=frozenset({"always"}),
        apart=frozenset(map(str, range(51))),
    )
    assert {fault.field for fault in faults_of(wrong, languages=["en"])} == {
        "languages",
        "interests",
        "times",
        "apart",
    }
    assert faults_of(EN, languages=["en"]) == []


def test_a_hello_counts_once_a_date_and_the_first_is_kept(world: World) -> None:
    world.a_mentor()
    one = world.matched()
    first, later = date(2026, 11, 25), date(2026, 12, 2)
    for on in (first, first, later, first):
        walking.said_hello("m1", one.id, on=on, desk=world.desk)

    kept = walking.find("n1", one.id, desk=world.desk)
    assert (kept.met_on, kept.last_on) == (first, later)
    with pytest.raises(NoSuchMentor):
        walking.said_hello("m2", one.id, on=first, desk=world.desk)
    for days in (2, 31):
        with pytest.raises(Invalid):
            walking.keep_up("m1", one.id, every_days=days, desk=world.desk)


def hello(on: date) -> Due:
    at = datetime(on.year, on.month, on.day, 15, tzinfo=UTC)
    return Due(person_id="m1", kind=MENTOR_HELLO, on=on, at=at, due_at=at, version=1)


def objection(world: World, due: Due, *, now: datetime) -> Reason | None:
    return telling.objection(due, people=world, records=world, mentors=world.mentors, now=now)  # type: ignore[arg-type]


def test_a_mentor_is_reminded_twice_and_then_staff_look(world: World) -> None:
    world.a_mentor()
    one = world.matched()
    dues = telling.hellos(one, zone="America/New_York", now=NOW)

    assert [(due.person_id, str(due.on), due.at.isoformat()) for due in dues] == [
        ("m1", "2026-12-01", "2026-12-01T15:00:00+00:00"),
        ("m1", "2026-12-08", "2026-12-08T15:00:00+00:00"),
    ]
    assert [objection(world, due, now=due.at) for due in dues] == [None, None]
    assert [one.is_quiet(today=due.on) for due in dues] == [False, True]

    said = walking.said_hello("m1", one.id, on=date(2026, 12, 2), desk=world.desk)
    assert objection(world, dues[1], now=dues[1].at) is Reason.CANCELLED
    assert telling.quiet_name(said) != telling.quiet_name(one)


@pytest.mark.parametrize("hold", list(Hold))
def test_nobody_is_sent_to_somebody_with_whom_a_crisis_or_conversation_is_open(world: World, hold: Hold) -> None:
    world.a_mentor()
    world.matched()
    due = hello(date(2026, 12, 1))
    world.holds["n1"] = frozenset({hold})

    assert objection(world, due, now=due.at) is Reason.HELD
    world.holds.clear()
    assert objection(world, due, now=due.at) is None
    world.stands("n1", EpisodeState.ACTIVE, "contact_email")
    assert objection(world, due, now=due.at) is Reason.CANCELLED


def test_a_proposal_is_told_to_both_and_to_nobody_who_answered(world: World) -> None:
    world.a_mentor()
    service.seek("n1", EN, now=NOW, desk=world.desk)
    one = world.propose()
    dues = telling.proposed(one, records=world, now=NOW)

    assert [(due.person_id, due.kind) for due in dues] == [("m1", MENTOR_PROPOSED), ("n1", MENTOR_PROPOSED)]
    assert [objection(world, due, now=NOW) for due in dues] == [None, None]
    walking.agree("m1", one.id, now=NOW, desk=world.desk)
    assert [objection(world, due, now=NOW) for due in dues] == [Reason.CANCELLED, None]
    assert telling.ended(one, records=world, now=NOW) == []


def test_both_are_thanked_in_the_same_words_whoever_ended_it(world: World) -> None:
    world.a_mentor()
    one = world.matched()
    told = set()
    for by_staff in (True, False):
        ended = walking.end("n1", one.id, by_staff=by_staff, now=NOW, desk=world.desk)
        told.add(tuple((due.person_id, due.kind) for due in telling.ended(ended, records=world, now=NOW)))

    assert told == {(("m1", MENTOR_ENDED), ("n1", MENTOR_ENDED))}


def test_a_worry_is_a_task_and_what_the_time_was_like_is_none(world: World) -> None:
    world.a_mentor()
    one = world.matched()
    for note_id, said in (("a", Said.CONCERN), ("a", Said.CONCERN), ("b", Said.REFLECTION)):
        note = Note(id=note_id, mentorship_id=one.id, by="m1", said=said, text="…", at=NOW)
        tell_staff(note, now=NOW, desk=world.desk)

    assert [(task.kind, task.person_id) for task in world.tasks.kept.values()] == [(Kind.MENTOR_CONCERN, "n1")]
    assert [note.id for note in world.mentors.notes(one.id)] == ["a", "b"]
    with pytest.raises(NoSuchMentor):
        tell_staff(replace(note, by="m2"), now=NOW, desk=world.desk)


def test_nobody_is_matched_with_their_own_family_and_who_proposes_learns_of_no_tie(world: World) -> None:
    for mentor in ("m1", "m2"):
        world.a_mentor(mentor)
    service.seek("n1", EN, now=NOW, desk=world.desk)
    world.families.close.add(frozenset({"m1", "n1"}))

    assert [match.mentor.person_id for match in walking.matches("n1", now=NOW, desk=world.desk)] == ["m2"]
    with pytest.raises(NotPossible) as refused:
        world.propose(mentor="m1")
    service.offer("m2", replace(EN, apart=frozenset({"n1"})), now=NOW, desk=world.desk)
    with pytest.raises(NotPossible) as apart:
        world.propose(mentor="m2")
    assert str(refused.value) == str(apart.value)


@pytest.mark.parametrize("shut_out", [("m1", "n1"), ("n1", "m1")])
def test_who_is_shut_out_after_the_proposal_or_on_the_way_walks_with_them_no_more(
    world: World, shut_out: tuple[str, str]
) -> None:
    def say(by: str, whom: str) -> None:
        about = replace(EN, apart=frozenset({whom}))
        if by == "m1":
            service.offer(by, about, now=NOW, desk=world.desk)
        else:
            service.seek(by, about, now=NOW, desk=world.desk)

    world.a_mentor(capacity=2)
    service.seek("n1", EN, now=NOW, desk=world.desk)
    one = world.propose()
    walking.agree("m1", one.id, now=NOW, desk=world.desk)
    say(*shut_out)
    with pytest.raises(NotPossible):
        walking.agree("n1", one.id, now=NOW, desk=world.desk)

    two = world.matched("n2")
    assert world.mentors_of("n2") == frozenset({"m1"})
    say(shut_out[0].replace("n1", "n2"), shut_out[1].replace("n1", "n2"))
    assert world.mentors_of("n2") == frozenset()
    assert not walking.stands(two, records=world, mentors=world.mentors, now=NOW)


def test_a_mentor_whom_nothing_reaches_any_more_walks_with_nobody(world: World) -> None:
    world.a_mentor()
    world.matched()
    world.stands("m1", EpisodeState.ALUMNI, CONSENT)

    assert world.mentors_of("n1") == frozenset()
    service.seek("n2", EN, now=NOW, desk=world.desk)
    assert walking.matches("n2", now=NOW, desk=world.desk) == []


@pytest.mark.parametrize(
    ("state", "programme"), [(EpisodeState.DECEASED, "iop"), (EpisodeState.ACTIVE, "iop-elsewhere")]
)
def test_a_worry_is_heard_by_the_programme_of_the_walk_also_when_the_newcomer_is_no_longer_there(
    world: World, state: EpisodeState, programme: str
) -> None:
    world.a_mentor()
    one = world.matched()
    world.stands("n1", state, programme=programme)
    note = Note(id="a", mentorship_id=one.id, by="m1", said=Said.CONCERN, text="…", at=NOW)
    tell_staff(note, now=NOW, desk=world.desk)

    assert [(task.person_id, task.programme_id) for task in world.tasks.kept.values()] == [("m1", "iop")]
    # Nothing of it goes to another programme, and nothing is taken that nobody would read.
    assert not open_task(Kind.MENTOR_WANTED, one, one.id, now=NOW, desk=world.desk)
    world.stands("m1", EpisodeState.ACTIVE, programme="iop-elsewhere")
    with pytest.raises(NotPossible):
        tell_staff(replace(note, id="b"), now=NOW, desk=world.desk)
    assert [kept.id for kept in world.mentors.notes(one.id)] == ["a"]


def test_what_others_keep_changing_is_said_to_be(world: World) -> None:
    class Busy(FakeMentors):
        def save_mentor(self, mentor: Mentor) -> bool:
            del mentor
            return False

        def save(self, mentorship: Mentorship) -> bool:
            del mentorship
            return False

    world.a_mentor()
    one = world.matched()
    busy = Busy()
    busy.__dict__ = world.mentors.__dict__
    desk = replace(world.desk, mentors=busy)
    with pytest.raises(Conflict):
        service.offer("m1", replace(EN, note="x"), now=NOW, desk=desk)
    with pytest.raises(Conflict):
        walking.end("m1", one.id, now=NOW, desk=desk)
