from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.enrollment.episodes import (
    OVER,
    TRANSITIONS,
    Episode,
    EpisodeStillOpen,
    State,
    TransitionNotAllowed,
    former_programmes,
    open_episode,
    readmitted,
    standing,
)
from chalicelib.outreach.domain import Standing

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def an_episode(state: State, *, number: int = 1) -> Episode:
    return open_episode(number=number, programme_id="iop-evening", state=state, admitted_on=date(2026, 11, 1), at=START)


class Care(RuleBasedStateMachine):
    """Any staff, doing anything that the rules allow and much that they don't."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.past: list[Episode] = []

    @initialize(state=st.sampled_from(State))
    def begin(self, state: State) -> None:
        self.episode = an_episode(state)

    @rule(state=st.sampled_from(State))
    def try_to_move(self, state: State) -> None:
        self.now += timedelta(days=1)
        before = self.episode
        try:
            self.episode = before.to(state, at=self.now)
        except TransitionNotAllowed:
            assert state not in before.may_become
        else:
            assert before.state is not State.DECEASED
            assert not (before.state in OVER and self.episode.state not in {State.ALUMNI, State.DECEASED})
            assert self.episode.changed_at == self.now

    @rule()
    def try_to_admit_again(self) -> None:
        try:
            after = readmitted(self.episode, programme_id="iop-morning", admitted_on=date(2026, 12, 1), at=self.now)
        except EpisodeStillOpen:
            assert self.episode.state not in OVER
        else:
            self.past.append(self.episode)
            assert (after.number, after.state) == (len(self.past) + 1, State.ENROLLED)
            self.episode = after

    @precondition(lambda self: self.episode.state is State.ON_HOLD)
    @rule()
    def come_back(self) -> None:
        held_from = self.episode.held_from
        assert held_from is not None
        self.episode = self.episode.to(held_from, at=self.now)

    @invariant()
    def who_has_died_is_never_reached(self) -> None:
        if self.episode.state is State.DECEASED:
            assert self.episode.may_become == frozenset()
            assert standing(self.episode, frozenset({"contact_email", "alumni_contact"})) is Standing.ENDED

    @invariant()
    def only_a_hold_remembers_where_it_came_from(self) -> None:
        assert (self.episode.held_from is not None) == (self.episode.state is State.ON_HOLD)


TestCare = Care.TestCase


@pytest.mark.parametrize("state", State)
def test_every_state_but_death_has_a_way_on_and_none_leads_to_itself(state: State) -> None:
    assert state not in TRANSITIONS[state]
    assert (TRANSITIONS[state] == frozenset()) == (state is State.DECEASED)
    assert state is State.DECEASED or State.DECEASED in TRANSITIONS[state]


@pytest.mark.parametrize(
    ("state", "consents", "expected"),
    [
        (State.REFERRED, set(), Standing.NONE),
        (State.ENROLLED, set(), Standing.REACHABLE),
        (State.ACTIVE, set(), Standing.REACHABLE),
        (State.STEP_DOWN, set(), Standing.REACHABLE),
        (State.ON_HOLD, {"alumni_contact"}, Standing.ON_HOLD),
        (State.GRADUATED, set(), Standing.ENDED),
        (State.GRADUATED, {"alumni_contact"}, Standing.ALUMNI),
        (State.ALUMNI, set(), Standing.ALUMNI),
        (State.TRANSFERRED, {"alumni_contact"}, Standing.ENDED),
        (State.DISCHARGED_EARLY, {"alumni_contact"}, Standing.ENDED),
    ],
)
def test_an_episode_says_whether_its_person_may_be_reached(
    state: State, consents: set[str], expected: Standing
) -> None:
    assert standing(an_episode(state), frozenset(consents)) is expected


@pytest.mark.parametrize(
    ("present", "former"),
    [(State.ACTIVE, {"iop-morning"}), (State.ALUMNI, {"iop-morning"}), (State.DISCHARGED_EARLY, set())],
)
def test_a_programme_is_former_while_another_holds_the_person(present: State, former: set[str]) -> None:
    first = replace(an_episode(State.TRANSFERRED), programme_id="iop-morning")

    assert former_programmes((first, an_episode(present, number=2))) == former
    assert former_programmes((an_episode(State.GRADUATED), an_episode(present, number=2))) == frozenset()


def test_nobody_is_reached_without_an_episode() -> None:
    assert standing(None, frozenset({"contact_email"})) is Standing.NONE


@given(st.sampled_from([state for state in State if State.ON_HOLD in TRANSITIONS[state]]))
def test_a_hold_ends_where_it_began(state: State) -> None:
    held = an_episode(state).to(State.ON_HOLD, at=START)

    assert held.may_become & {State.ENROLLED, State.ACTIVE, State.STEP_DOWN} == {state}
