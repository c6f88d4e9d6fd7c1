"""One occurrence on its way through a batch of deliveries, and what came of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from chalicelib.outreach.deciding import Verdict
from chalicelib.outreach.domain import Channel, Due, Entry, Recipient
from chalicelib.outreach.ports import Letter


class Outcome(StrEnum):
    """What one delivery attempt did. After all but the last five the due row is gone."""

    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    DEFERRED = "deferred"
    COLLECTED = "collected"
    SUPERSEDED = "superseded"
    ALREADY_ENDED = "already_ended"
    UNSETTLED = "unsettled"
    NOT_ACCEPTED = "not_accepted"
    EARLY = "early"
    PAUSED = "paused"
    ERROR = "error"


STAYS = frozenset({Outcome.UNSETTLED, Outcome.NOT_ACCEPTED, Outcome.EARLY, Outcome.PAUSED, Outcome.ERROR})
"""Outcomes that leave the due row where it is, for a later look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The result for one due occurrence: the outcome, the ledger entry where there is one, and what went wrong."""

    due: Due
    outcome: Outcome
    entry: Entry | None = None
    error: Exception | None = None


@dataclass(slots=True)
class Case:
    """One occurrence on its way through a batch: what each step found out about it. Open until it has an outcome."""

    due: Due
    outcome: Outcome | None = None
    error: Exception | None = None
    recipient: Recipient | None = None
    verdict: Verdict | None = None
    entry: Entry | None = None
    before: Entry | None = None
    channels: tuple[Channel, ...] = ()
    letter: Letter | None = None
    gone: list[Channel] = field(default_factory=list)

    @property
    def person(self) -> Recipient:
        """The recipient; only after loading."""
        assert self.recipient is not None  # noqa: S101 (an open case has been loaded)
        return self.recipient

    @property
    def claim(self) -> Entry:
        """The entry that it is claimed with; only after composing."""
        assert self.entry is not None  # noqa: S101 (a sending case has an entry)
        return self.entry


def open_cases(cases: Iterable[Case]) -> list[Case]:
    """Return those without an outcome yet."""
    return [case for case in cases if case.outcome is None]


def each_open(cases: Iterable[Case], step: Callable[[Case], None]) -> None:
    """Take a step with each open case; what goes wrong for one ends that one with an error."""
    for case in open_cases(cases):
        try:
            step(case)
        except Exception as error:  # noqa: BLE001 (one occurrence's fault must not hold up the others)
            case.outcome, case.error = Outcome.ERROR, error
