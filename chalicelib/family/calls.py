"""Which call for help supporters may hear of: the one with which a crisis began that isn't over."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.crisis.domain import Crisis, Door, Event, Press, What
from chalicelib.family.domain import Tie


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Since when a crisis is to be told of: the line of its log with which it began, or began anew."""

    crisis_id: str
    number: int
    at: datetime


class Crises(Protocol):
    """Crises and their logs."""

    def present_of(self, caller: str) -> Crisis | None:
        """Return a caller's crisis that isn't closed, as it is now."""
        ...

    def log(self, crisis_id: str) -> list[Event]:
        """Return a crisis's log, in order."""
        ...


class Ties(Protocol):
    """What ties supporters to people."""

    def of_person(self, person_id: str) -> list[Tie]:
        """Return all that a person ever had, as they are now."""
        ...


class HeardCalls:
    """Implements ``seeing.Calls`` by the crisis itself, as it is stored: no drill is anybody's; no hold is asked."""

    def __init__(self, crises: Crises, ties: Ties) -> None:
        self._crises = crises
        self._ties = ties

    def of(self, person_id: str) -> Call | None:
        """Return the call that a person's supporters may hear of now; None if there is no crisis, or it is over."""
        crisis = self._crises.present_of(person_id)
        if crisis is None or crisis.person_id is None or not crisis.holds:
            return None
        event = begun(self._crises.log(crisis.id), self._ties.of_person(person_id))
        return Call(crisis_id=crisis.id, number=event.number, at=event.at) if event else None


def begun(log: Sequence[Event], ties: Iterable[Tie]) -> Event | None:
    """
    Return the line with which a crisis began that isn't over, or began anew after it had been; None if it is over.

    What a supporter calls whom the person had removed by then begins none, nor what nobody signed: it is for staff,
    and no word of anybody who merely names the person reaches those at home.
    """
    ties = list(ties)
    first, was_told = None, False
    for event in log:
        if event.what in {What.DISPOSITION, What.CLOSE}:
            first = None
        elif first is None:
            is_word = _may_tell(event.press, ties) if event.what is What.PRESS else was_told and _goes_on(event)
            first = event if is_word else None
            was_told |= is_word
    return first


def _goes_on(event: Event) -> bool:
    return event.what is What.REOPEN or (event.what is What.REVIEW and event.agreed is False)


def _may_tell(press: Press | None, ties: Iterable[Tie]) -> bool:
    if press is None or press.door is Door.UNSIGNED:
        return False
    if press.door is not Door.SUPPORTER:
        return True
    return any(tie.account == press.by and tie.was_active(at=press.at) for tie in ties)
