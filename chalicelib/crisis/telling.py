"""What whoever called is told: what will happen, truthfully for the hour, and how far it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.crisis.domain import REVIEWED, Event, What
from chalicelib.crisis.duty import Duty
from chalicelib.crisis.ladder import Minutes


class Stage(StrEnum):
    """How far a call for help is, in words that whoever called may know."""

    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    CONTACTED = "contacted"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """
    What may truthfully be said of the hour of a call.

    ``is_covered``: somebody is on duty, who is being alerted. Otherwise ``next_from`` is when somebody will be, None
    where that isn't known. ``call_by``: whoever wasn't reached by then calls the line.
    """

    is_covered: bool
    call_by: datetime
    next_from: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far one call is, since when, and the account of who has it."""

    stage: Stage
    at: datetime
    by: str | None = None


def promise(duty: Duty, minutes: Minutes, *, at: datetime) -> Promise:
    """Return what may be said of a call at this instant; never more than the rota bears out (domain rules 3.2)."""
    return Promise(
        is_covered=duty.is_covered,
        call_by=at + timedelta(minutes=minutes.promise),
        next_from=None if duty.is_covered else duty.next_from,
    )


def progress(called_at: datetime, number: int, log: Sequence[Event]) -> Progress:
    """
    Return how far a call is, from the lines of the log that came after its own.

    Of what was there before it tells nothing: its bearer may know of this call, and of nothing else. Nobody is said to
    have it who didn't say so: whom it was handed to has it once they did something about it. An end that a second
    person has to agree with is none before, and what is opened again isn't over.
    """
    now = Progress(stage=Stage.SENT, at=called_at)
    for event in log:
        if event.number <= number:
            continue
        match event.what:
            case What.ACK if now.stage in {Stage.SENT, Stage.ACKNOWLEDGED}:
                now = Progress(stage=Stage.ACKNOWLEDGED, at=event.at, by=event.by)
            case What.ATTEMPT if now.stage is Stage.ACKNOWLEDGED and event.by != now.by:
                now = Progress(stage=Stage.ACKNOWLEDGED, at=event.at, by=event.by)
            case What.CONTACT:
                now = Progress(stage=Stage.CONTACTED, at=event.at, by=event.by)
            case What.DISPOSITION if event.disposition not in REVIEWED:
                now = Progress(stage=Stage.OVER, at=event.at, by=event.by)
            case What.CLOSE:
                now = Progress(stage=Stage.OVER, at=event.at, by=event.by)
            case What.REVIEW if event.agreed:
                now = Progress(stage=Stage.OVER, at=event.at, by=event.by)
            case What.REVIEW | What.REOPEN:
                now = Progress(stage=Stage.SENT, at=called_at)
            case _:
                pass
    return now
