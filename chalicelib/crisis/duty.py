"""Who is on duty at an instant, as the ladder of pages asks for it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Tier(StrEnum):
    """Who is paged first, and who after them (domain rules 3.3)."""

    PRIMARY = "primary"
    SECONDARY = "secondary"
    SUPERVISOR = "supervisor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """
    Who answers for a programme at one instant, as recipients of outreach (``staff.domain.Member.id``).

    ``everybody``: all who are rostered then, and the program admins. ``next_from``: the first later instant at which
    anybody is on duty; None where none is known. Who is nowhere here is not on duty: then everybody who can be reached
    is paged all the same (``paging.paged_by``).
    """

    primary: tuple[str, ...] = ()
    secondary: tuple[str, ...] = ()
    supervisor: tuple[str, ...] = ()
    everybody: tuple[str, ...] = ()
    next_from: datetime | None = None

    def of(self, tier: Tier) -> tuple[str, ...]:
        """Return who answers in a tier."""
        return {Tier.PRIMARY: self.primary, Tier.SECONDARY: self.secondary, Tier.SUPERVISOR: self.supervisor}[tier]

    @property
    def is_covered(self) -> bool:
        """Whether somebody is on duty who would answer now."""
        return bool(self.primary or self.secondary)


class OnCall(Protocol):
    """The rota of every programme."""

    def on_duty(self, programme_id: str, *, at: datetime) -> Duty:
        """Return who is on duty at an instant; nobody where there is no rota, or none for then."""
        ...


class Pager(Protocol):
    """A way to wake somebody beside e-mail and push, for example text messages."""

    def page(self, member_id: str, reference: str, *, at: datetime) -> bool:
        """
        Hand a page over, which says nothing but the reference; return whether anything took it.

        Never raises: a page over another way must not wait for it.
        """
        ...


class NoPager:
    """Implements ``Pager`` where none is set up."""

    def page(self, member_id: str, reference: str, *, at: datetime) -> bool:  # noqa: ARG002 (nothing takes it)
        """Take nothing."""
        return False
