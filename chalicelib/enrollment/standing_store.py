"""What access depends on: people as enrolment keeps them, and who is tied to them, as slices above say."""

from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.enrollment.store import DynamoPeople
from chalicelib.privacy.domain import Relationship, Tie

Ties = Callable[[str], Mapping[str, Tie]]
"""Gives, for a person's id, who stands in one relationship to them, by account or by their own person's id."""


class Standings(DynamoPeople):
    """Implements ``privacy.service.Standings``. ``ties``: who says so, of each relationship that an agreement makes."""

    def __init__(self, ties: Mapping[Relationship, Ties]) -> None:
        super().__init__()
        self._ties = ties

    def ties_of(self, person_id: str, relationship: Relationship, *, now: datetime) -> Mapping[str, Tie]:
        """Return who stands so to a person; nobody where no slice says who does."""
        del now
        return self._ties[relationship](person_id) if relationship in self._ties else {}
