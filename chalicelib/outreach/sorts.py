"""The sorts of recipients, which their ids tell apart."""

from enum import StrEnum


class Sort(StrEnum):
    """What sort of recipient somebody is. Each is kept by a slice of its own; ids begin with the sort and a hyphen."""

    PERSON = "person"
    """In care, or was: the one sort whose ids hold no hyphen, and no sort."""
    STAFF = "staff"
    KIN = "kin"
    """A supporter, or whoever is invited as one."""


def sort_of(recipient_id: str) -> Sort:
    """Return what sort of recipient an id is of."""
    sort, hyphen, _ = recipient_id.partition("-")
    return next((one for one in Sort if hyphen and one == sort), Sort.PERSON)
