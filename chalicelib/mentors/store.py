"""Mentors, seekers, mentorships and what the two write for staff, in the table. The only place for their keys."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError, TransactWriteError
from pynamodb.expressions.condition import Condition

from chalicelib.edge.table import Item, in_conflict, lost_the_race, transaction
from chalicelib.enrollment.items import InstantAttribute
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.mentors.domain import About, Approval, Mentor, Mentorship, Note, Said, Seeker, Standing
from chalicelib.mentors.walking import mentors_of
from chalicelib.partners import store as partners
from chalicelib.partners.domain import person
from chalicelib.privacy.domain import Tie


class SelfItem(Item):
    """pk ``MENTORS#{programme}``: what somebody says of themselves. Sets are lines of words."""

    languages = UnicodeAttribute()
    interests = UnicodeAttribute(null=True)
    times = UnicodeAttribute(null=True)
    note = UnicodeAttribute(null=True)
    apart = UnicodeAttribute(null=True)
    at = InstantAttribute()
    version = NumberAttribute()


class MentorItem(SelfItem, discriminator="mentor"):
    """pk ``MENTORS#{programme}``, sk ``MENTOR#{person}``."""

    standing = UnicodeAttribute()
    approved_by = UnicodeAttribute(null=True)
    approved_at = InstantAttribute(null=True)
    trained_on = UnicodeAttribute(null=True)
    capacity = NumberAttribute(null=True)
    approval_note = UnicodeAttribute(null=True)


class SeekerItem(SelfItem, discriminator="seeker"):
    """pk ``MENTORS#{programme}``, sk ``SEEKER#{person}``."""

    wants = BooleanAttribute()


class MentorshipItem(partners.PairItem, discriminator="mentorship"):
    """pk ``WALKS#{person}``, sk ``WITH#{other person}``: the whole mentorship under each of the two, as pairs are."""

    mentor_id = UnicodeAttribute()
    every_days = NumberAttribute()
    met_on = UnicodeAttribute(null=True)
    last_on = UnicodeAttribute(null=True)


class MentorNoteItem(Item, discriminator="mentor_note"):
    """pk ``WALKNOTES#{mentorship}``, sk ``{id}``: what one of the two wrote for staff; never changed."""

    at = InstantAttribute()
    by = UnicodeAttribute()
    said = UnicodeAttribute()
    text = UnicodeAttribute()


class DynamoMentors:
    """Implements ``ports.Mentors``."""

    def mentor(self, programme_id: str, person_id: str) -> Mentor | None:
        """Return somebody as a mentor."""
        try:
            return _mentor_of(MentorItem.get(f"MENTORS#{programme_id}", f"MENTOR#{person_id}", consistent_read=True))
        except MentorItem.DoesNotExist:
            return None

    def mentors(self, programme_id: str) -> list[Mentor]:
        """Return all of a programme's: one query."""
        found = MentorItem.query(f"MENTORS#{programme_id}", MentorItem.sk.startswith("MENTOR#"), consistent_read=True)
        return [_mentor_of(item) for item in found]

    def save_mentor(self, mentor: Mentor) -> bool:
        """Put it as the next version; False if it was changed since it was read."""
        return _put(_mentor_item(mentor), mentor.version)

    def seeker(self, programme_id: str, person_id: str) -> Seeker | None:
        """Return what somebody asked for."""
        try:
            return _seeker_of(SeekerItem.get(f"MENTORS#{programme_id}", f"SEEKER#{person_id}", consistent_read=True))
        except SeekerItem.DoesNotExist:
            return None

    def seekers(self, programme_id: str) -> list[Seeker]:
        """Return all of a programme's: one query."""
        found = SeekerItem.query(f"MENTORS#{programme_id}", SeekerItem.sk.startswith("SEEKER#"), consistent_read=True)
        return [_seeker_of(item) for item in found]

    def save_seeker(self, seeker: Seeker) -> bool:
        """Put it as the next version; False if it was changed since it was read."""
        return _put(_seeker_item(seeker), seeker.version)

    def of(self, person_id: str) -> list[Mentorship]:
        """Return all that somebody was ever part of: one consistent query."""
        found = MentorshipItem.query(f"WALKS#{person_id}", MentorshipItem.sk.startswith("WITH#"), consistent_read=True)
        return [_mentorship_of(item) for item in found]

    def propose(self, mentorship: Mentorship, *, mentor: Mentor, seeker: Seeker) -> bool:
        """Put a proposal; the mentor's and the seeker's next versions keep another one out."""
        items = (_mentor_item(mentor), mentor.version), (_seeker_item(seeker), seeker.version)
        return _write_all([*_sides_of(mentorship), *((item, _unchanged(item, version)) for item, version in items)])

    def save(self, mentorship: Mentorship) -> bool:
        """Put it as the next version under both; False if it was changed since it was read."""
        return _write_all(_sides_of(mentorship))

    def note(self, note: Note) -> None:
        """Keep a note unless it is there."""
        item = MentorNoteItem(
            f"WALKNOTES#{note.mentorship_id}", note.id, at=note.at, by=note.by, said=note.said.value, text=note.text
        )
        try:
            item.save(MentorNoteItem.pk.does_not_exist())
        except PutError as error:
            if not lost_the_race(error):
                raise

    def notes(self, mentorship_id: str) -> list[Note]:
        """Return what was written about a mentorship, oldest first."""
        found = [_note_of(item) for item in MentorNoteItem.query(f"WALKNOTES#{mentorship_id}")]
        return sorted(found, key=lambda note: (note.at, note.id))


def mentor_ties(person_id: str, now: datetime) -> dict[str, Tie]:
    """Return what ties a person's mentors to them, by their own ids."""
    found = mentors_of(person_id, now=now, records=DynamoPeople(), mentors=DynamoMentors())
    return {mentor_id: Tie() for mentor_id in found}


def _put(item: SelfItem, version: int) -> bool:
    try:
        item.save(_unchanged(item, version))
    except PutError as error:
        if lost_the_race(error) or in_conflict(error):
            return False
        raise
    return True


def _unchanged(item: Item, version: int) -> Condition:
    kind = type(item)
    return kind.version == version if version else kind.pk.does_not_exist()  # type: ignore[attr-defined]


def _sides_of(one: Mentorship) -> list[tuple[Item, Condition]]:
    after = replace(one.pair, version=one.pair.version + 1)
    items: list[tuple[Item, Condition]] = []
    for side in after.sides:
        item = partners.pair_item(MentorshipItem, (f"WALKS#{side.id}", f"WITH#{after.other(side).id}"), after)
        item.mentor_id, item.every_days = one.mentor_id, one.every.days
        item.met_on = one.met_on.isoformat() if one.met_on else None
        item.last_on = one.last_on.isoformat() if one.last_on else None
        items.append((item, _unchanged(item, one.pair.version)))
    return items


def _write_all(items: list[tuple[Item, Condition]]) -> bool:
    try:
        with transaction() as write:
            for item, condition in items:
                write.save(item, condition=condition)
    except TransactWriteError as error:
        if lost_the_race(error) or in_conflict(error):
            return False
        raise
    return True


def _mentorship_of(item: MentorshipItem) -> Mentorship:
    both = (person(item.pk.removeprefix("WALKS#")), person(item.sk.removeprefix("WITH#")))
    return Mentorship(
        pair=partners.pair_of(item, both),
        mentor_id=item.mentor_id,
        every=timedelta(days=int(item.every_days)),
        met_on=date.fromisoformat(item.met_on) if item.met_on else None,
        last_on=date.fromisoformat(item.last_on) if item.last_on else None,
    )


def _said(about: About) -> dict[str, Any]:
    return {
        "languages": _line(about.languages),
        "interests": _line(about.interests),
        "times": _line(about.times),
        "note": about.note or None,
        "apart": _line(about.apart),
    }


def _line(words: frozenset[str]) -> str | None:
    return " ".join(sorted(words)) or None


def _about_of(item: SelfItem) -> About:
    languages, interests, times, apart = (
        frozenset((line or "").split()) for line in (item.languages, item.interests, item.times, item.apart)
    )
    return About(languages=languages, interests=interests, times=times, note=item.note or "", apart=apart)


def _mentor_item(mentor: Mentor) -> MentorItem:
    approval = mentor.approval
    return MentorItem(
        f"MENTORS#{mentor.programme_id}",
        f"MENTOR#{mentor.person_id}",
        **_said(mentor.about),
        at=mentor.offered_at,
        version=mentor.version + 1,
        standing=mentor.standing.value,
        approved_by=approval.by if approval else None,
        approved_at=approval.at if approval else None,
        trained_on=approval.trained_on.isoformat() if approval else None,
        capacity=approval.capacity if approval else None,
        approval_note=(approval.note or None) if approval else None,
    )


def _mentor_of(item: MentorItem) -> Mentor:
    approval = None
    if item.approved_by is not None:
        approval = Approval(
            by=item.approved_by,
            at=item.approved_at,
            trained_on=date.fromisoformat(item.trained_on),
            capacity=int(item.capacity),
            note=item.approval_note or "",
        )
    return Mentor(
        person_id=item.sk.removeprefix("MENTOR#"),
        programme_id=item.pk.removeprefix("MENTORS#"),
        about=_about_of(item),
        offered_at=item.at,
        standing=Standing(item.standing),
        approval=approval,
        version=int(item.version),
    )


def _seeker_item(seeker: Seeker) -> SeekerItem:
    return SeekerItem(
        f"MENTORS#{seeker.programme_id}",
        f"SEEKER#{seeker.person_id}",
        **_said(seeker.about),
        at=seeker.asked_at,
        version=seeker.version + 1,
        wants=seeker.wants,
    )


def _seeker_of(item: SeekerItem) -> Seeker:
    return Seeker(
        person_id=item.sk.removeprefix("SEEKER#"),
        programme_id=item.pk.removeprefix("MENTORS#"),
        about=_about_of(item),
        asked_at=item.at,
        wants=bool(item.wants),
        version=int(item.version),
    )


def _note_of(item: MentorNoteItem) -> Note:
    return Note(
        id=item.sk,
        mentorship_id=item.pk.removeprefix("WALKNOTES#"),
        by=item.by,
        said=Said(item.said),
        text=item.text,
        at=item.at,
    )
