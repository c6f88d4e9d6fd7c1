"""How people stand to each other by what slices above this one keep: nobody does, until those put it in."""

from collections.abc import Collection, Mapping
from datetime import datetime


class Nobody:
    """The part of ``privacy.service.Standings`` that isn't kept here."""

    def partners_of(self, person_id: str, *, now: datetime) -> Mapping[str, bool]:  # noqa: ARG002 (nobody is one)
        """Return nobody: pairs are kept by ``partners``."""
        return {}

    def mentors_of(self, person_id: str, *, now: datetime) -> Collection[str]:  # noqa: ARG002 (as above)
        """Return nobody: mentorships are kept by ``mentors``."""
        return ()

    def is_on_call(self, subject: str, programme_id: str, *, now: datetime) -> bool:  # noqa: ARG002 (as above)
        """Return no: rotas are kept by ``crisis``."""
        return False
