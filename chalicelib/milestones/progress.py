"""What a person reached so far, worked out from their counts and their record."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from chalicelib.enrollment.celebrating import ALUMNI, MILESTONES, alumni_times
from chalicelib.enrollment.changing import Change, People, find_person
from chalicelib.enrollment.domain import Record
from chalicelib.milestones.domain import (
    Award,
    Days,
    Goal,
    Reached,
    Streak,
    Word,
    awards,
    days_of,
    next_milestone,
    reached,
    running,
)
from chalicelib.outreach.anniversaries import Anniversaries
from chalicelib.outreach.kinds import DAYS
from chalicelib.outreach.recurrence import local_date


class Streaks(Protocol):
    """Where people's counts are kept."""

    def of_person(self, person_id: str) -> tuple[Streak, ...]:
        """Return a person's streaks as they are now, first to last."""
        ...

    def write(self, change: Change, streaks: Iterable[Streak]) -> None:
        """
        Write a change of the person and these streaks, or nothing.

        :raises Stale: if the person was changed meanwhile
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """
    What a person reached by their own ``today``.

    ``since_enrolment``: days since they were admitted. ``as_alumni``: awards of episodes, whose numbers are their runs.
    """

    record: Record
    streaks: tuple[Streak, ...]
    today: date
    days: Days
    since_enrolment: int
    awards: tuple[Award, ...]
    next: Reached | None
    as_alumni: tuple[Award, ...]

    @property
    def present(self) -> Streak | None:
        """The count that goes on, if any."""
        return running(self.streaks)


def progress(person_id: str, *, now: datetime, people: People, streaks: Streaks) -> Progress:
    """
    Return what a person reached so far, as of their own today.

    :raises NoSuchPerson: if there is none
    """
    record = find_person(person_id, people=people)
    return progress_of(record, known_streaks(record, streaks), now=now)


def progress_of(record: Record, streaks: tuple[Streak, ...], *, now: datetime) -> Progress:
    """Return the same from what is known already."""
    today = local_date(now, record.person.zone)
    return Progress(
        record=record,
        streaks=streaks,
        today=today,
        days=days_of(streaks, today=today),
        since_enrolment=max(0, (today - record.episode.admitted_on).days),
        awards=awards(streaks, each_of(record), today=today),
        next=next_milestone(streaks, each_of(record), today=today),
        as_alumni=tuple(
            Award(run=number, name=one.name, on=one.on)
            for number, since, until in alumni_times(record, today=today)
            for one in reached(since, ALUMNI, today=until)
        ),
    )


def known_streaks(record: Record, streaks: Streaks) -> tuple[Streak, ...]:
    """Return a person's streaks; where none is written down, the one from the date that they were enrolled with."""
    kept = streaks.of_person(record.person.id)
    if kept or record.person.recovery_on is None:
        return kept
    began = Word(by="", at=record.episodes[0].opened_at or record.episodes[0].changed_at)
    return (Streak(number=1, run=1, starts_on=record.person.recovery_on, goal=Goal.ABSTINENCE, began=began),)


def each_of(record: Record) -> tuple[str, ...]:
    """Return the milestones that the person's schedule brings: those that there were when their date was set."""
    when = next((one.when for one in record.schedules if one.kind == DAYS), None)
    return when.each if isinstance(when, Anniversaries) else MILESTONES
