"""Copies of people's records, and who holds them, for lists: many people in one call."""

from collections.abc import Iterable
from dataclasses import replace

from chalicelib.edge.table import read_all
from chalicelib.enrollment import reach, reach_store
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.items import partition
from chalicelib.enrollment.store import DynamoPeople


class DynamoCopies:
    """Reads consistently, 100 a call: a unit for each person."""

    def records(self, person_ids: Iterable[str]) -> dict[str, Record]:
        """Return those of these people by their copies, with their holds; who has no copy is read whole."""
        person_ids = list(person_ids)
        items = read_all((partition(person_id), reach_store.KEY) for person_id in person_ids)
        found = {}
        for person_id in person_ids:
            item = items.get(partition(person_id), {})
            copied = reach.read(person_id, item["record"]["S"]) if "record" in item else None
            record = replace(copied, **reach_store.kept_raw(item)) if copied else DynamoPeople().record(person_id)
            if record:
                found[person_id] = record
        return found

    def held(self, person_ids: Iterable[str], subject: str) -> frozenset[str]:
        """Return those of these people whose care team names this account."""
        person_ids = list(person_ids)
        found = read_all((partition(person_id), f"CARETEAM#{subject}") for person_id in person_ids)
        return frozenset(person_id for person_id in person_ids if partition(person_id) in found)
