"""What the doors to milestones show."""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge import pages
from chalicelib.edge.http import Wire
from chalicelib.milestones.domain import Award, End, Goal, Reached, Streak
from chalicelib.milestones.entering import Entered, Sort
from chalicelib.milestones.progress import Progress
from chalicelib.outreach.wording import milestone_name

CalendarDate = date
_ACHIEVEMENTS = Path(__file__).parent / "achievements.json"


class ShownDays(Wire):
    """How many days: of the present count, of the longest, in all, and since the person was admitted."""

    current: int
    longest: int
    total: int
    since_enrolment: int


class ShownMilestone(Wire):
    """A milestone, in words of the person's language. ``on`` and ``run`` are null for who is told only which."""

    which: str
    text: str
    on: CalendarDate | None = None
    run: Annotated[
        int | None, Described(description="Which count it belongs to: one that is reached again counts.")
    ] = None


class ShownStreak(Wire):
    """A count of days and how it ended. ``by`` are sign-ins; empty: the date that the person was enrolled with."""

    number: int
    run: int
    starts_on: date
    goal: Goal
    name: str | None
    set_by: str
    set_at: datetime
    set_with_person: Annotated[bool, Described(description="A clinician said it, with the person.")]
    ends_on: date | None
    end: End | None
    ended_by: str | None
    ended_at: datetime | None
    days: int


class NewEntered(Wire):
    """Something reached, in words. ``on``: today if left out. It is told to nobody, and no message holds it."""

    sort: Sort
    on: CalendarDate | None = None
    text: Annotated[str, Described(max_length=2000, description="At most 500 characters.")]


class ShownEntered(Wire):
    """What was entered. ``own``: by the person themselves."""

    id: str
    sort: Sort
    on: CalendarDate
    text: str
    by: Annotated[str, Described(description="The sign-in's id.")]
    own: bool
    at: datetime


class ShownProgress(Wire):
    """What a person reached. Nothing in ``earned`` ever goes; days are null for who is told only which."""

    recovery_date: date | None
    goal: Goal | None
    name: Annotated[str | None, Described(description="What the person calls the date.")]
    days: ShownDays | None
    earned: list[ShownMilestone]
    next: ShownMilestone | None
    achieved: Annotated[list[ShownMilestone], Described(description="By what they did; `run` is the episode.")]
    as_alumni: Annotated[list[ShownMilestone], Described(description="Since they became alumni; `run` is the episode.")]
    streaks: list[ShownStreak]


def shown_progress(found: Progress, achieved: Iterable[Award], *, in_full: bool = True) -> ShownProgress:
    """Show it; unless ``in_full``, only which milestones were ever reached, each once."""
    language = found.record.person.language
    if not in_full:
        names = dict.fromkeys(award.name for award in found.awards)
        earned = [ShownMilestone(which=name, text=milestone_name(name, language=language)) for name in names]
        return ShownProgress(
            recovery_date=None,
            goal=None,
            name=None,
            days=None,
            earned=earned,
            next=None,
            achieved=[],
            as_alumni=[],
            streaks=[],
        )
    present = found.present
    return ShownProgress(
        recovery_date=present.starts_on if present else None,
        goal=present.goal if present else None,
        name=present.name if present else None,
        days=ShownDays(
            current=found.days.current,
            longest=found.days.longest,
            total=found.days.total,
            since_enrolment=found.since_enrolment,
        ),
        earned=[
            _shown(Reached(name=award.name, on=award.on), run=award.run, language=language) for award in found.awards
        ],
        next=_shown(found.next, run=present.run, language=language) if found.next and present else None,
        achieved=[
            ShownMilestone(
                which=award.name, text=_achievement(award.name, language=language), on=award.on, run=award.run
            )
            for award in sorted(achieved, key=lambda award: (award.on, award.name))
        ],
        as_alumni=[
            _shown(Reached(name=award.name, on=award.on), run=award.run, language=language) for award in found.as_alumni
        ],
        streaks=[_shown_streak(streak, today=found.today) for streak in found.streaks],
    )


def _achievement(name: str, *, language: str) -> str:
    words = pages.words(_ACHIEVEMENTS, language)
    rule, _, number = name.partition("_")
    return str(words.get(name) or words[rule]).format(number=number)


def _shown(one: Reached, *, run: int, language: str) -> ShownMilestone:
    return ShownMilestone(which=one.name, text=milestone_name(one.name, language=language), on=one.on, run=run)


def _shown_streak(streak: Streak, *, today: date) -> ShownStreak:
    return ShownStreak(
        number=streak.number,
        run=streak.run,
        starts_on=streak.starts_on,
        goal=streak.goal,
        name=streak.name,
        set_by=streak.began.by,
        set_at=streak.began.at,
        set_with_person=streak.began.with_person,
        ends_on=streak.ends_on,
        end=streak.end,
        ended_by=streak.ended.by if streak.ended else None,
        ended_at=streak.ended.at if streak.ended else None,
        days=streak.days(today),
    )


def shown_entered(entry: Entered) -> ShownEntered:
    """Show what was entered."""
    return ShownEntered(
        id=entry.id, sort=entry.sort, on=entry.on, text=entry.text, by=entry.by, own=entry.own, at=entry.at
    )
