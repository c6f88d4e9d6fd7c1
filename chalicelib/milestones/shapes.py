"""What the doors to milestones show."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Wire
from chalicelib.milestones.domain import End, Goal, Reached, Streak
from chalicelib.milestones.service import Progress
from chalicelib.outreach.wording import milestone_name

CalendarDate = date


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


class ShownProgress(Wire):
    """What a person reached. Nothing in ``earned`` ever goes; days are null for who is told only which."""

    recovery_date: date | None
    goal: Goal | None
    name: Annotated[str | None, Described(description="What the person calls the date.")]
    days: ShownDays | None
    earned: list[ShownMilestone]
    next: ShownMilestone | None
    streaks: list[ShownStreak]


def shown_progress(found: Progress, *, in_full: bool = True) -> ShownProgress:
    """Show it; unless ``in_full``, only which milestones were ever reached, each once."""
    language = found.record.person.language
    if not in_full:
        names = dict.fromkeys(award.name for award in found.awards)
        earned = [ShownMilestone(which=name, text=milestone_name(name, language=language)) for name in names]
        return ShownProgress(recovery_date=None, goal=None, name=None, days=None, earned=earned, next=None, streaks=[])
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
        streaks=[_shown_streak(streak, today=found.today) for streak in found.streaks],
    )


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
