"""In-memory contacts, cadences and rows. tests/contract runs one suite on these and on the table: they can't lie."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.caseload.attention import Facts
from chalicelib.caseload.domain import AlreadyCorrected, Cadence, Contact
from chalicelib.caseload.following import Row
from chalicelib.caseload.store import LINE
from chalicelib.enrollment.domain import Record
from chalicelib.privacy.domain import Role


class FakeContacts:
    def __init__(self) -> None:
        self.lines: dict[tuple[str, str], Contact] = {}
        self.marks: dict[tuple[str, str], str] = {}

    def add(self, contact: Contact) -> None:
        if contact.corrects is not None:
            key = (contact.person_id, contact.corrects)
            if key in self.marks:
                raise AlreadyCorrected("another line stands in the place of this one already")
            self.marks[key] = contact.id
        self.lines[contact.person_id, contact.id] = contact

    def find(self, person_id: str, contact_id: str) -> Contact | None:
        return self.lines.get((person_id, contact_id))

    def page(self, person_id: str, *, before: str | None, limit: int) -> tuple[list[Contact], str | None]:
        found = [one for one in self.newest(person_id) if before is None or f"{LINE}{one.id}" < before]
        return found[:limit], f"{LINE}{found[limit - 1].id}" if len(found) > limit else None

    def newest(self, person_id: str) -> Iterator[Contact]:
        for key in sorted((key for key in self.lines if key[0] == person_id), reverse=True):
            yield replace(self.lines[key], corrected_by=self.marks.get(key))


class FakeCadences:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, Role], Cadence] = {}

    def of_person(self, person_id: str) -> list[Cadence]:
        return [one for one in self.kept.values() if one.person_id == person_id]

    def put(self, cadence: Cadence) -> None:
        self.kept[cadence.person_id, cadence.role] = cadence

    def remove(self, person_id: str, role: Role) -> None:
        self.kept.pop((person_id, role), None)


class FakeRows:
    """``meanwhile`` happens once, after a row was read: another process."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Row] = {}
        self.writes = 0
        self.meanwhile: Callable[[], object] | None = None

    def find(self, programme_id: str, person_id: str) -> Row:
        row = self.kept.get((programme_id, person_id), Row(version=0, facts=None))
        if self.meanwhile:
            happen, self.meanwhile = self.meanwhile, None
            happen()
        return row

    def put(self, programme_id: str, person_id: str, row: Row, *, now: datetime) -> bool:
        del now
        present = self.kept.get((programme_id, person_id), Row(version=0, facts=None))
        if present.version != row.version - 1:
            return False
        self.kept[programme_id, person_id] = row
        self.writes += 1
        return True

    def of_programme(self, programme_id: str) -> Iterator[Facts]:
        for (programme, _), row in self.kept.items():
            if programme == programme_id and row.facts:
                yield row.facts


@dataclass
class FakeCopies:
    people: dict[str, Record] = field(default_factory=dict)
    teams: dict[str, frozenset[str]] = field(default_factory=dict)

    def records(self, person_ids: Iterable[str]) -> Mapping[str, Record]:
        return {person_id: self.people[person_id] for person_id in person_ids if person_id in self.people}

    def held(self, person_ids: Iterable[str], subject: str) -> frozenset[str]:
        return frozenset(one for one in person_ids if subject in self.teams.get(one, frozenset()))
