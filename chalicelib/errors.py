"""The few kinds of failure that a caller can act on. A slice's own errors are one of these, named for the fact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


class DomainError(Exception):
    """A rule of the programme says no. The message is fit for the caller and holds no health data."""


class NotFound(DomainError):
    """What was asked for does not exist, or not for this caller."""


class Conflict(DomainError):
    """The request doesn't fit the present state."""


class Forbidden(DomainError):
    """The caller may not do this."""


class Stale(DomainError):
    """The caller edits a version that is no longer the present one (RFC 9110 13.1.1, If-Match)."""


class TooSoon(DomainError):
    """It was done as often as it may be for now; ``again_at`` is when it may be done again."""

    def __init__(self, message: str, *, again_at: datetime) -> None:
        super().__init__(message)
        self.again_at = again_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with input: ``field`` as the caller named it, ``reason`` in plain words without the value."""

    field: str
    reason: str


class Invalid(DomainError):
    """Input that breaks a rule, with every fault named."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.reason}" for fault in faults))
        self.faults = faults


def refuse(faults: Sequence[Fault]) -> None:
    """
    Stop if anything is wrong.

    :raises Invalid: with every fault
    """
    if faults:
        raise Invalid(*faults)
