"""What the doors to mentors take and show."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Wire
from chalicelib.mentors.domain import (
    EVERY_DAYS,
    LONGEST_NOTE,
    MOST_AT_ONCE,
    About,
    Match,
    Mentor,
    Mentorship,
    Note,
    Said,
    Seeker,
    Standing,
)
from chalicelib.partners.domain import State, person

Id = Annotated[str, Described(pattern=r"^[0-9A-Za-z-]{1,64}$")]
Words = Annotated[list[Annotated[str, Described(max_length=40)]], Described(max_length=40)]


class AboutSent(Wire):
    """
    What somebody says of themselves for a match; interests and times are from lists, which a refusal names.

    ``note`` is for staff only. ``apart`` are people not to be matched with, and only staff say who.
    """

    languages: Words
    interests: Words = Described(default_factory=list)
    times: Words = Described(default_factory=list)
    note: Annotated[str, Described(max_length=LONGEST_NOTE)] = ""
    apart: Annotated[list[Id] | None, Described(max_length=50)] = None


class ApprovalSent(Wire):
    """The programme's yes to a mentor."""

    trained_on: date
    capacity: Annotated[int, Described(ge=1, le=MOST_AT_ONCE)] = 1
    note: Annotated[str, Described(max_length=LONGEST_NOTE)] = ""


class ShownAbout(Wire):
    """The same; ``apart`` is null to all but staff."""

    languages: list[str]
    interests: list[str]
    times: list[str]
    note: str
    apart: list[str] | None


class ShownApproval(Wire):
    """The programme's yes; the note is for staff."""

    by: str
    at: datetime
    trained_on: date
    capacity: int
    note: str | None


class ShownMentor(Wire):
    """Somebody as a mentor. ``load``: with how many they walk, or are asked to; null where that isn't looked up."""

    person_id: str
    name: str | None
    standing: Standing
    about: ShownAbout
    approval: ShownApproval | None
    load: int | None


class ShownSeeker(Wire):
    """Somebody who would like a mentor, or doesn't any more."""

    person_id: str
    name: str | None
    wants: bool
    about: ShownAbout
    asked_at: datetime


class MentorList(Wire):
    """A programme's mentors, who would like one, and the words that there are for interests and times."""

    mentors: list[ShownMentor]
    seekers: list[ShownSeeker]
    interests: list[str]
    times: list[str]


class Reason(Wire):
    """Something that speaks for a match (`interest:music`, `language:es`, `free:2`), and its points."""

    what: str
    points: int


class ShownMatch(Wire):
    """A mentor who fits, and why."""

    mentor_id: str
    name: str | None
    points: int
    reasons: list[Reason]


class MatchList(Wire):
    """Who fits, the best first. Nothing matches by itself: staff propose, and both agree."""

    items: list[ShownMatch]


class NewMentorship(Wire):
    """Whom to propose as the mentor."""

    mentor_id: Id


class ShownOther(Wire):
    """The other one. Who they are is shown once they agreed for themselves; what both like, once both did."""

    agreed: bool
    person_id: str | None
    name: str | None
    interests: list[str]


class ShownMentorship(Wire):
    """A mentorship as one of the two sees it. What was declined or ended isn't there, and nothing says why."""

    id: str
    state: State
    is_mentor: Annotated[bool, Described(description="Whether the person of this path is the mentor of the two.")]
    other: ShownOther
    agreed: bool
    since: datetime | None
    every_days: int
    met_on: date | None
    last_on: date | None


class MentorshipList(Wire):
    """Somebody's mentorships: active ones first, then what is proposed."""

    items: list[ShownMentorship]


class Hello(Wire):
    """The date on which the two were in touch; left out: today."""

    on: date | None = None


class Cadence(Wire):
    """How often the two mean to be in touch."""

    every_days: Annotated[int, Described(ge=EVERY_DAYS[0], le=EVERY_DAYS[1])]


class NewNote(Wire):
    """A worry, which staff look at within a working day, or what the time was like. The other never sees it."""

    said: Said
    text: Annotated[str, Described(min_length=1, max_length=LONGEST_NOTE)]


class ShownNote(Wire):
    """What one of the two wrote for staff."""

    id: str
    by: str
    said: Said
    text: str
    at: datetime


class NoteList(Wire):
    """What was written about a mentorship, oldest first."""

    items: list[ShownNote]


class ShownShared(Wire):
    """A milestone that was reached, in the person's own language."""

    which: str
    text: str


class ShownMentee(Wire):
    """What a mentor sees. Null: not shared right now."""

    person_id: str
    name: str
    milestones: list[ShownShared] | None


def about_of(sent: AboutSent, *, apart: frozenset[str]) -> About:
    """Return what was sent; ``apart`` as it stays where nobody may change it."""
    return About(
        languages=frozenset(sent.languages),
        interests=frozenset(sent.interests),
        times=frozenset(sent.times),
        note=sent.note.strip(),
        apart=apart if sent.apart is None else frozenset(sent.apart),
    )


def shown_about(about: About, *, to_staff: bool) -> ShownAbout:
    """Show it."""
    return ShownAbout(
        languages=sorted(about.languages),
        interests=sorted(about.interests),
        times=sorted(about.times),
        note=about.note,
        apart=sorted(about.apart) if to_staff else None,
    )


def shown_mentor(
    mentor: Mentor, *, to_staff: bool, names: Mapping[str, str] | None = None, load: int | None = None
) -> ShownMentor:
    """Show somebody as a mentor."""
    approval = mentor.approval
    return ShownMentor(
        person_id=mentor.person_id,
        name=(names or {}).get(mentor.person_id),
        standing=mentor.standing,
        about=shown_about(mentor.about, to_staff=to_staff),
        approval=ShownApproval(
            by=approval.by,
            at=approval.at,
            trained_on=approval.trained_on,
            capacity=approval.capacity,
            note=approval.note if to_staff else None,
        )
        if approval
        else None,
        load=load,
    )


def shown_seeker(seeker: Seeker, *, to_staff: bool, names: Mapping[str, str] | None = None) -> ShownSeeker:
    """Show somebody who would like a mentor."""
    return ShownSeeker(
        person_id=seeker.person_id,
        name=(names or {}).get(seeker.person_id),
        wants=seeker.wants,
        about=shown_about(seeker.about, to_staff=to_staff),
        asked_at=seeker.asked_at,
    )


def shown_match(match: Match, names: Mapping[str, str]) -> ShownMatch:
    """Show who fits, and why."""
    mentor_id = match.mentor.person_id
    reasons = [Reason(what=what, points=points) for what, points in match.reasons]
    return ShownMatch(mentor_id=mentor_id, name=names.get(mentor_id), points=match.points, reasons=reasons)


def shown_mentorship(
    one: Mentorship, person_id: str, *, names: Mapping[str, str], interests: list[str], at: datetime
) -> ShownMentorship:
    """Show a mentorship to one of the two."""
    side, other_id = person(person_id), one.other_than(person_id)
    agreed = person(other_id) in one.pair.agreed
    return ShownMentorship(
        id=one.id,
        state=one.pair.seen_as(side, at=at) or State.ENDED,
        is_mentor=person_id == one.mentor_id,
        other=ShownOther(
            agreed=agreed,
            person_id=other_id if agreed else None,
            name=names.get(other_id) if agreed else None,
            interests=interests if one.pair.state is State.ACTIVE else [],
        ),
        agreed=side in one.pair.agreed,
        since=one.pair.since,
        every_days=one.every.days,
        met_on=one.met_on,
        last_on=one.last_on,
    )


def shown_note(note: Note) -> ShownNote:
    """Show what one of the two wrote."""
    return ShownNote(id=note.id, by=note.by, said=note.said, text=note.text, at=note.at)
