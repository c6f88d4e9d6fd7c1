"""Who fits whom: what rules two out, the same order each time, and that the last place is never taken twice."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.mentors.domain import (
    INTERESTS,
    MOST_AT_ONCE,
    TIMES,
    About,
    Approval,
    Mentor,
    Seeker,
    Standing,
)
from chalicelib.mentors.matching import FURTHEST, Known, clocks_apart, ranked, ruled_out

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
APPROVAL = Approval(by="eva", at=NOW, trained_on=date(2026, 11, 1), capacity=2)
EN = About(languages=frozenset({"en"}))
ZONES = ("America/New_York", "America/Chicago", "America/Los_Angeles", "Europe/Madrid", "Asia/Kolkata")


def a_mentor(person_id: str = "m", about: About = EN, **changes: object) -> Mentor:
    mentor = Mentor(
        person_id=person_id,
        programme_id="iop",
        about=about,
        offered_at=NOW,
        standing=Standing.APPROVED,
        approval=APPROVAL,
    )
    return replace(mentor, **changes)  # type: ignore[arg-type]


def a_seeker(about: About = EN, **changes: object) -> Seeker:
    return replace(
        Seeker(person_id="s", programme_id="iop", about=about, asked_at=NOW),
        **changes,  # type: ignore[arg-type]
    )


def known(*ids: str, zone: str = "America/New_York", agreed: bool = True) -> dict[str, Known]:
    return {each: Known(zone=zone, language="en", agreed=agreed) for each in ids}


abouts = st.builds(
    About,
    languages=st.frozensets(st.sampled_from(["en", "es"]), min_size=1),
    interests=st.frozensets(st.sampled_from(sorted(INTERESTS)), max_size=5),
    times=st.frozensets(st.sampled_from(sorted(TIMES)), max_size=4),
    apart=st.frozensets(st.sampled_from([*"abcdefs"]), max_size=3),
)
approvals = st.builds(
    Approval, by=st.just("eva"), at=st.just(NOW), trained_on=st.just(date(2026, 11, 1)), capacity=st.integers(1, 3)
)
mentors = st.lists(
    st.builds(
        Mentor,
        person_id=st.sampled_from([*"abcdef"]),
        programme_id=st.sampled_from(["iop", "iop", "iop", "other"]),
        about=abouts,
        offered_at=st.sampled_from([NOW, NOW - timedelta(days=1)]),
        standing=st.sampled_from([Standing.APPROVED, Standing.APPROVED, *Standing]),
        approval=approvals,
    ),
    max_size=6,
    unique_by=lambda mentor: mentor.person_id,
)


@given(
    about=abouts,
    found=mentors,
    zones=st.lists(st.sampled_from(ZONES), min_size=7, max_size=7),
    loads=st.dictionaries(st.sampled_from([*"abcdef"]), st.integers(0, 3)),
    before=st.frozensets(st.sampled_from([*"abcdef"]), max_size=2),
    chance=st.randoms(),
)
def test_nobody_is_proposed_who_must_not_be_and_the_order_is_always_the_same(
    about: About,
    found: list[Mentor],
    zones: list[str],
    loads: dict[str, int],
    before: frozenset[str],
    chance: object,
) -> None:
    people = {
        each: Known(zone=zone, language="en", agreed=each != "f") for each, zone in zip("sabcdef", zones, strict=True)
    }
    seeker = a_seeker(about)
    shuffled = list(found)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    first = ranked(seeker, found, known=people, loads=loads, before=before, now=NOW)

    assert ranked(seeker, shuffled, known=people, loads=loads, before=before, now=NOW) == first
    assert [match.points for match in first] == sorted((match.points for match in first), reverse=True)
    for match in first:
        mentor = match.mentor
        assert match.points == sum(points for _, points in match.reasons)
        assert mentor.standing is Standing.APPROVED
        assert mentor.programme_id == "iop"
        assert mentor.person_id not in before | about.apart | {"f"}
        assert "s" not in mentor.about.apart
        assert mentor.about.languages & about.languages
        assert clocks_apart(people["s"].zone, people[mentor.person_id].zone, now=NOW) <= FURTHEST
        assert loads.get(mentor.person_id, 0) < mentor.capacity <= MOST_AT_ONCE


@given(one=abouts, other=abouts)
def test_it_does_not_matter_which_of_the_two_shut_the_other_out(one: About, other: About) -> None:
    both = known("s", "a")

    there = ruled_out(a_seeker(one), a_mentor("a", other), known=both, load=0, before=(), now=NOW)
    back = ruled_out(a_seeker(other, person_id="a"), a_mentor("s", one), known=both, load=0, before=(), now=NOW)

    assert (there == "apart") == (back == "apart") == ("a" in one.apart or "s" in other.apart)


@pytest.mark.parametrize(
    ("seeker", "mentor", "reason"),
    [
        (a_seeker(), a_mentor("s"), "themselves"),
        (a_seeker(), a_mentor(programme_id="other"), "programme"),
        (a_seeker(), a_mentor(standing=Standing.SUSPENDED), "standing"),
        (a_seeker(wants=False), a_mentor(), "standing"),
        (a_seeker(About(languages=frozenset({"es"}))), a_mentor(), "language"),
        (a_seeker(replace(EN, apart=frozenset({"m"}))), a_mentor(), "apart"),
        (a_seeker(), a_mentor(about=replace(EN, apart=frozenset({"s"}))), "apart"),
        (a_seeker(), a_mentor(), None),
    ],
)
def test_what_rules_two_out_has_a_name(seeker: Seeker, mentor: Mentor, reason: str | None) -> None:
    assert ruled_out(seeker, mentor, known=known("s", "m"), load=0, before=(), now=NOW) == reason


def test_a_full_mentor_a_former_one_and_a_faraway_one_are_ruled_out() -> None:
    seeker, mentor = a_seeker(), a_mentor()
    far = {**known("s"), **known("m", zone="Asia/Kolkata")}

    assert ruled_out(seeker, mentor, known=known("s", "m"), load=2, before=(), now=NOW) == "full"
    assert ruled_out(seeker, mentor, known=known("s", "m"), load=1, before={"m"}, now=NOW) == "before"
    assert ruled_out(seeker, mentor, known=far, load=0, before=(), now=NOW) == "clock"
    assert ruled_out(seeker, mentor, known=known("s", "m", agreed=False), load=0, before=(), now=NOW) == "consent"
    assert ruled_out(seeker, mentor, known={}, load=0, before=(), now=NOW) == "consent"


def test_reasons_say_what_two_share_and_how_free_the_mentor_is() -> None:
    about = About(
        languages=frozenset({"en", "es"}),
        interests=frozenset({"music", "walking"}),
        times=frozenset({"weekday_evening"}),
    )
    (match,) = ranked(
        a_seeker(about), [a_mentor(about=about)], known=known("s", "m"), loads={"m": 1}, before=(), now=NOW
    )

    assert match.reasons == (
        ("interest:music", 3),
        ("interest:walking", 3),
        ("time:weekday_evening", 2),
        ("language:en", 4),
        ("clock:same", 2),
        ("free:1", 2),
    )
