"""Episodes of care and their state machine (domain rules 1.1): transitions as data. A re-admission is a new episode."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from chalicelib.errors import Conflict
from chalicelib.outreach.domain import Standing


class State(StrEnum):
    """Where an episode of care stands. Every move is an act of staff, never of a timer."""

    REFERRED = "referred"
    ENROLLED = "enrolled"
    ACTIVE = "active"
    STEP_DOWN = "step_down"
    GRADUATED = "graduated"
    ALUMNI = "alumni"
    ON_HOLD = "on_hold"
    TRANSFERRED = "transferred"
    DISCHARGED_EARLY = "discharged_early"
    DECEASED = "deceased"


IN_CARE = frozenset({State.ENROLLED, State.ACTIVE, State.STEP_DOWN, State.ON_HOLD})
"""Of an episode that has begun and isn't over."""

_ENDINGS = frozenset({State.TRANSFERRED, State.DISCHARGED_EARLY, State.DECEASED})

TRANSITIONS: dict[State, frozenset[State]] = {
    State.REFERRED: frozenset({State.ENROLLED}) | _ENDINGS,
    State.ENROLLED: frozenset({State.ACTIVE, State.ON_HOLD}) | _ENDINGS,
    State.ACTIVE: frozenset({State.STEP_DOWN, State.GRADUATED, State.ON_HOLD}) | _ENDINGS,
    # Levels follow re-assessment, so a person may also step up again.
    State.STEP_DOWN: frozenset({State.ACTIVE, State.GRADUATED, State.ON_HOLD}) | _ENDINGS,
    # And back to the state that it was held from.
    State.ON_HOLD: _ENDINGS,
    State.GRADUATED: frozenset({State.ALUMNI, State.DECEASED}),
    State.ALUMNI: frozenset({State.DECEASED}),
    # A death that becomes known later still stops everything.
    State.TRANSFERRED: frozenset({State.DECEASED}),
    State.DISCHARGED_EARLY: frozenset({State.DECEASED}),
    State.DECEASED: frozenset(),
}

_LEFT = frozenset({State.GRADUATED, State.TRANSFERRED, State.DISCHARGED_EARLY})
"""States in which somebody is alive and no longer in care here."""

OVER = frozenset({State.GRADUATED, State.ALUMNI, State.TRANSFERRED, State.DISCHARGED_EARLY})
"""States after which the person may be admitted again."""

_STANDING: dict[State, Standing] = {
    State.REFERRED: Standing.NONE,
    State.ENROLLED: Standing.REACHABLE,
    State.ACTIVE: Standing.REACHABLE,
    State.STEP_DOWN: Standing.REACHABLE,
    State.GRADUATED: Standing.ENDED,
    State.ALUMNI: Standing.ALUMNI,
    State.ON_HOLD: Standing.ON_HOLD,
    State.TRANSFERRED: Standing.ENDED,
    State.DISCHARGED_EARLY: Standing.ENDED,
    State.DECEASED: Standing.ENDED,
}


class TransitionNotAllowed(Conflict):
    """The episode can't go from its state to that one."""


class EpisodeStillOpen(Conflict):
    """A new episode can begin only when the one before is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """
    One stay in one programme. ``number`` counts a person's episodes from 1.

    ``held_from`` is the state to come back to from ``on_hold``; ``changed_at`` is when ``state`` began, ``opened_at``
    when the episode was written down (None: before that was kept). ``graduated_at`` stays, whatever comes after.
    """

    number: int
    programme_id: str
    state: State
    admitted_on: date
    changed_at: datetime
    held_from: State | None = None
    opened_at: datetime | None = None
    graduated_at: datetime | None = None

    @property
    def may_become(self) -> frozenset[State]:
        """The states that it can go to from here."""
        back = {self.held_from} if self.state is State.ON_HOLD and self.held_from else frozenset[State]()
        return TRANSITIONS[self.state] | back

    def to(self, state: State, *, at: datetime) -> "Episode":
        """
        Return the episode moved to ``state``.

        :raises TransitionNotAllowed: if there is no such way from where it stands
        """
        if state not in self.may_become:
            raise TransitionNotAllowed(f"an episode that is {self.state} can't become {state}")
        held_from = self.state if state is State.ON_HOLD else None
        graduated_at = at if state is State.GRADUATED else self.graduated_at
        return replace(self, state=state, changed_at=at, held_from=held_from, graduated_at=graduated_at)


def open_episode(*, number: int, programme_id: str, state: State, admitted_on: date, at: datetime) -> Episode:
    """Return a new episode that begins in ``state``: a roster brings people who are long under way."""
    held_from = State.ACTIVE if state is State.ON_HOLD else None
    return Episode(
        number=number,
        programme_id=programme_id,
        state=state,
        admitted_on=admitted_on,
        changed_at=at,
        held_from=held_from,
        opened_at=at,
    )


def readmitted(last: Episode, *, programme_id: str, admitted_on: date, at: datetime) -> Episode:
    """
    Return the episode that follows ``last``, newly enrolled.

    :raises EpisodeStillOpen: if ``last`` isn't over, or the person has died
    """
    if last.state not in OVER:
        raise EpisodeStillOpen(f"the present episode is {last.state}")
    return open_episode(
        number=last.number + 1, programme_id=programme_id, state=State.ENROLLED, admitted_on=admitted_on, at=at
    )


def former_programmes(episodes: Sequence[Episode]) -> frozenset[str]:
    """Return the programmes of earlier episodes that another one took the person over from, for as long as it has."""
    present = episodes[-1]
    if _STANDING[present.state] is Standing.ENDED:
        return frozenset()
    return frozenset(episode.programme_id for episode in episodes) - {present.programme_id}


def standing(episode: Episode | None, consents: frozenset[str]) -> Standing:
    """
    Return what the episode means for outreach.

    A graduate, like an alumnus, is reached by an opt-in of its own, and whoever left by the one to caring contacts.
    """
    if episode is None:
        return Standing.NONE
    if episode.state is State.GRADUATED and "alumni_contact" in consents:
        return Standing.ALUMNI
    if episode.state in _LEFT and "caring_contacts" in consents:
        return Standing.AFTERCARE
    return _STANDING[episode.state]
