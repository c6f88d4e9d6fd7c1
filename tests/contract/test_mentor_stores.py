"""One suite for the fake and for DynamoDB: everything comes back as it went, and of two at once one looks again."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.mentors.domain import About, Approval, Mentor, Mentorship, Note, Said, Seeker, Standing, sides
from chalicelib.mentors.ports import Mentors
from chalicelib.mentors.store import DynamoMentors
from chalicelib.partners.domain import State, person, proposed
from tests.build import utc
from tests.fakes_mentors import FakeMentors

pytestmark = pytest.mark.usefixtures("aws")

NOON = utc("2026-11-25T17:00")
ANA, BEN = "0a" * 16, "0b" * 16
ABOUT = About(
    languages=frozenset({"en", "es"}),
    interests=frozenset({"music"}),
    times=frozenset({"weekday_evening"}),
    note="likes long walks",
    apart=frozenset({"0c" * 16}),
)
MENTOR = Mentor(
    person_id=BEN,
    programme_id="iop",
    about=ABOUT,
    offered_at=NOON,
    standing=Standing.APPROVED,
    approval=Approval(by="eva", at=NOON, trained_on=date(2026, 11, 1), capacity=2, note="calm"),
)
SEEKER = Seeker(person_id=ANA, programme_id="iop", about=replace(ABOUT, note="", apart=frozenset()), asked_at=NOON)


@pytest.fixture(params=[FakeMentors, DynamoMentors])
def mentors(request: pytest.FixtureRequest) -> Mentors:
    found: Mentors = request.param()
    assert found.save_mentor(MENTOR)
    assert found.save_seeker(SEEKER)
    return found


def a_mentorship(mentorship_id: str = "w1") -> Mentorship:
    pair = proposed(None, sides(BEN, ANA), pair_id=mentorship_id, programme_id="iop", by="eva", as_side=None, at=NOON)
    return Mentorship(pair=pair, mentor_id=BEN)


def propose(mentors: Mentors, one: Mentorship) -> bool:
    mentor, seeker = mentors.mentor("iop", BEN), mentors.seeker("iop", ANA)
    assert mentor
    assert seeker
    return mentors.propose(one, mentor=mentor, seeker=seeker)


def test_people_come_back_as_they_went(mentors: Mentors) -> None:
    bare = Mentor(person_id=ANA, programme_id="iop", about=About(languages=frozenset({"en"})), offered_at=NOON)
    assert mentors.save_mentor(bare)

    assert mentors.mentor("iop", BEN) == replace(MENTOR, version=1)
    assert mentors.mentors("iop") == [replace(bare, version=1), replace(MENTOR, version=1)]
    assert mentors.seekers("iop") == [replace(SEEKER, version=1)]
    assert (mentors.mentor("other", BEN), mentors.seeker("iop", BEN), mentors.mentors("other")) == (None, None, [])


def test_of_two_edits_at_once_one_has_to_look_again(mentors: Mentors) -> None:
    seen = replace(MENTOR, version=1)

    assert mentors.save_mentor(seen.suspended())
    assert not mentors.save_mentor(seen)
    assert not mentors.save_mentor(MENTOR)
    assert not mentors.save_seeker(SEEKER)
    kept = mentors.mentor("iop", BEN)
    assert kept
    assert kept.standing is Standing.SUSPENDED


def test_a_mentorship_is_the_same_from_either_side(mentors: Mentors) -> None:
    one = a_mentorship()
    assert propose(mentors, one)
    (kept,) = mentors.of(ANA)
    assert kept == replace(one, pair=replace(one.pair, version=1))

    pair = kept.pair.agreed_by(person(ANA), at=NOON).agreed_by(person(BEN), at=NOON)
    after = replace(kept, pair=pair, every=timedelta(days=5)).said_hello(date(2026, 11, 26))
    assert mentors.save(after)

    assert mentors.of(ANA) == mentors.of(BEN) == [replace(after, pair=replace(pair, version=2))]
    assert not mentors.save(after)
    assert mentors.of("0d" * 16) == []


def test_a_proposal_takes_the_place_of_both_in_the_same_write(mentors: Mentors) -> None:
    mentor, seeker = replace(MENTOR, version=1), replace(SEEKER, version=1)

    assert mentors.propose(a_mentorship(), mentor=mentor, seeker=seeker)

    other = replace(SEEKER, person_id="0d" * 16)
    assert mentors.save_seeker(other)
    pair = proposed(
        None, sides(BEN, other.person_id), pair_id="w2", programme_id="iop", by="eva", as_side=None, at=NOON
    )
    stale = Mentorship(pair=pair, mentor_id=BEN)
    assert not mentors.propose(stale, mentor=mentor, seeker=replace(other, version=1))
    assert mentors.of(other.person_id) == []
    assert mentors.propose(stale, mentor=replace(mentor, version=2), seeker=replace(other, version=1))
    assert [one.pair.state for one in mentors.of(BEN)] == [State.PROPOSED] * 2


def test_notes_are_kept_once_oldest_first(mentors: Mentors) -> None:
    late = Note(id="a", mentorship_id="w1", by=ANA, said=Said.CONCERN, text="…", at=NOON + timedelta(hours=1))
    early = Note(id="b", mentorship_id="w1", by=BEN, said=Said.REFLECTION, text="¡Bien!", at=NOON)
    for note in (late, early, replace(late, text="else")):
        mentors.note(note)

    assert mentors.notes("w1") == [early, late]
    assert mentors.notes("w2") == []
