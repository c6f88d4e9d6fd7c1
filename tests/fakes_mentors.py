"""In-memory ports of mentoring. tests/contract runs one suite on these and on the table, so that they can't lie."""

from dataclasses import replace

from chalicelib.enrollment.domain import Record
from chalicelib.mentors.domain import Mentor, Mentorship, Note, Seeker
from chalicelib.partners.domain import Side


class FakeFamilies:
    """``close`` are those who are, each by two ids."""

    def __init__(self) -> None:
        self.close: set[frozenset[str]] = set()

    def are_close(self, one: Record, other: Record) -> bool:
        return frozenset({one.person.id, other.person.id}) in self.close


class FakeMentors:
    def __init__(self) -> None:
        self.kept_mentors: dict[tuple[str, str], Mentor] = {}
        self.kept_seekers: dict[tuple[str, str], Seeker] = {}
        self.kept: dict[tuple[Side, Side], Mentorship] = {}
        self.kept_notes: dict[tuple[str, str], Note] = {}

    def mentor(self, programme_id: str, person_id: str) -> Mentor | None:
        return self.kept_mentors.get((programme_id, person_id))

    def mentors(self, programme_id: str) -> list[Mentor]:
        return [one for (programme, _), one in sorted(self.kept_mentors.items()) if programme == programme_id]

    def save_mentor(self, mentor: Mentor) -> bool:
        key = (mentor.programme_id, mentor.person_id)
        if self._version(self.kept_mentors.get(key)) != mentor.version:
            return False
        self.kept_mentors[key] = replace(mentor, version=mentor.version + 1)
        return True

    def seeker(self, programme_id: str, person_id: str) -> Seeker | None:
        return self.kept_seekers.get((programme_id, person_id))

    def seekers(self, programme_id: str) -> list[Seeker]:
        return [one for (programme, _), one in sorted(self.kept_seekers.items()) if programme == programme_id]

    def save_seeker(self, seeker: Seeker) -> bool:
        key = (seeker.programme_id, seeker.person_id)
        if self._version(self.kept_seekers.get(key)) != seeker.version:
            return False
        self.kept_seekers[key] = replace(seeker, version=seeker.version + 1)
        return True

    def of(self, person_id: str) -> list[Mentorship]:
        return [one for _, one in sorted(self.kept.items()) if person_id in {one.mentor_id, one.mentee_id}]

    def propose(self, mentorship: Mentorship, *, mentor: Mentor, seeker: Seeker) -> bool:
        present = self.kept.get(mentorship.pair.sides)
        if (present.pair.version if present else 0) != mentorship.pair.version:
            return False
        known = self.mentor(mentor.programme_id, mentor.person_id), self.seeker(seeker.programme_id, seeker.person_id)
        if [self._version(one) for one in known] != [mentor.version, seeker.version]:
            return False
        assert self.save(mentorship)
        assert self.save_mentor(mentor)
        return self.save_seeker(seeker)

    def save(self, mentorship: Mentorship) -> bool:
        pair = mentorship.pair
        present = self.kept.get(pair.sides)
        if (present.pair.version if present else 0) != pair.version:
            return False
        self.kept[pair.sides] = replace(mentorship, pair=replace(pair, version=pair.version + 1))
        return True

    def note(self, note: Note) -> None:
        self.kept_notes.setdefault((note.mentorship_id, note.id), note)

    def notes(self, mentorship_id: str) -> list[Note]:
        found = [note for (mentorship, _), note in self.kept_notes.items() if mentorship == mentorship_id]
        return sorted(found, key=lambda note: (note.at, note.id))

    @staticmethod
    def _version(one: Mentor | Seeker | None) -> int:
        return one.version if one else 0
