"""What access depends on: people as enrolment keeps them, and who is tied to them, as slices above say."""

from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.enrollment.store import DynamoPeople
from chalicelib.privacy.domain import Relationship, Tie

Ties = Callable[[str, datetime], Mapping[str, Tie]]
"""Gives who stands in one relationship to a person at an instant, by account or by their own person's id."""


OnCall = Callable[[str, str, datetime], bool]
"""Says whether an account is on call for a programme at an instant."""


def _nobody(_subject: str, _programme_id: str, _at: datetime) -> bool:
    return False


class Standings(DynamoPeople):
    """
    Implements ``privacy.service.Standings``, with what slices above this one keep.

    ``ties``: who says so, of each relationship that an agreement makes; ``on_call``: who says who is on call.
    """

    def __init__(self, ties: Mapping[Relationship, Ties], on_call: OnCall = _nobody) -> None:
        super().__init__()
        self._ties = ties
        self._on_call = on_call

    def ties_of(self, person_id: str, relationship: Relationship, *, now: datetime) -> Mapping[str, Tie]:
        """Return who stands so to a person; nobody where no slice says who does."""
        return self._ties[relationship](person_id, now) if relationship in self._ties else {}

    def is_on_call(self, subject: str, programme_id: str, *, now: datetime) -> bool:
        """Say whether an account is on call for a programme at this instant."""
        return self._on_call(subject, programme_id, now)
