"""
The counts of days that a person makes, how they end, and what was reached on the way (domain rules 2).

A count is no score: it ends by a word of the person's own, never by silence, and what was reached in it stays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum

from chalicelib.errors import Fault, Forbidden, Invalid, refuse
from chalicelib.outreach.anniversaries import Anniversaries

LONGEST_NAME = 40


class Goal(StrEnum):
    """What is counted. Medication that is prescribed breaks neither."""

    ABSTINENCE = "abstinence"
    ON_PLAN = "on_plan"
    """Days on the person's own plan, whatever that is."""


class End(StrEnum):
    """Why a count ended. One that was corrected was never right, and counts no more."""

    LAPSE = "lapse"
    CORRECTION = "correction"
    GOAL_CHANGE = "goal_change"


class NotTheirWord(Forbidden):
    """Only the person themselves, or a clinician with them, says when a count begins or ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A milestone (``d30``) and the local date on which it was reached."""

    name: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """A milestone of a ``run``: there is one of each name, however often the run's date was corrected."""

    run: int
    name: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """Whose word something goes by: the account that said it, when, and whether a clinician said it with the person."""

    by: str
    at: datetime
    with_person: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """
    A count of days from a date. ``number`` counts a person's streaks from 1.

    ``run``: corrections of its date stay within one run, and each milestone is celebrated once in a run. ``name`` is
    what the person calls the date, never in a message. ``earned`` is what was reached by the time it ended.
    """

    number: int
    run: int
    starts_on: date
    goal: Goal
    began: Word
    name: str | None = None
    ends_on: date | None = None
    end: End | None = None
    ended: Word | None = None
    earned: tuple[Reached, ...] = ()

    def days(self, today: date) -> int:
        """Return how many days it has lasted."""
        return max(0, ((self.ends_on or today) - self.starts_on).days)

    def ending(self, end: End, *, on: date, earned: Iterable[Reached], word: Word) -> "Streak":
        """Return it as ended."""
        return replace(self, ends_on=on, end=end, ended=word, earned=tuple(earned))


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """How many days: of the present count, of the longest, of all together."""

    current: int
    longest: int
    total: int


def running(streaks: Sequence[Streak]) -> Streak | None:
    """Return the one that goes on, if any: it is the last."""
    return streaks[-1] if streaks and streaks[-1].ends_on is None else None


def days_of(streaks: Sequence[Streak], *, today: date) -> Days:
    """Return the days of these streaks; those that were corrected count for nothing."""
    present = running(streaks)
    counted = [streak for streak in streaks if streak.end is not End.CORRECTION]
    return Days(
        current=present.days(today) if present else 0,
        longest=max((streak.days(today) for streak in counted), default=0),
        total=_days_in_any(counted, today),
    )


def _days_in_any(streaks: Iterable[Streak], today: date) -> int:
    # A day that two goals were counted on is one day.
    total, until = 0, date.min
    for starts_on, ends_on in sorted((streak.starts_on, streak.ends_on or today) for streak in streaks):
        total += max(0, (ends_on - max(starts_on, until)).days)
        until = max(until, ends_on)
    return total


def reached(of: date, each: tuple[str, ...], *, today: date) -> tuple[Reached, ...]:
    """Return what has been reached by now, counted from a date."""
    dates = Anniversaries(of=of, each=each, at=time(), zone="UTC").until(today)
    return tuple(Reached(name=name, on=on) for name, on in dates)


def next_milestone(streaks: Sequence[Streak], each: tuple[str, ...], *, today: date) -> Reached | None:
    """Return the milestone that comes next, if a count goes on."""
    present = running(streaks)
    dates = present and Anniversaries(
        of=present.starts_on, each=each, at=time(), zone="UTC", but=celebrated(streaks, present.run)
    )
    found = dates.following(today) if dates else None
    return Reached(name=found[0], on=found[1]) if found else None


def awards(streaks: Sequence[Streak], each: tuple[str, ...], *, today: date) -> tuple[Award, ...]:
    """Return everything that was ever reached, oldest first: each milestone once in a run, and none ever goes."""
    found: dict[tuple[int, str], Award] = {}
    for streak in streaks:
        for one in streak.earned if streak.end else reached(streak.starts_on, each, today=today):
            found.setdefault((streak.run, one.name), Award(run=streak.run, name=one.name, on=one.on))
    return tuple(sorted(found.values(), key=lambda award: (award.on, award.run, award.name)))


def celebrated(streaks: Iterable[Streak], run: int) -> tuple[str, ...]:
    """Return what was celebrated in a run before its date was corrected: it is not celebrated again."""
    return tuple(dict.fromkeys(one.name for streak in streaks if streak.run == run for one in streak.earned))


def counting_from(
    streaks: Sequence[Streak],
    on: date,
    *,
    goal: Goal,
    name: str | None,
    told: Iterable[Reached],
    each: tuple[str, ...],
    today: date,
    word: Word,
) -> tuple[Streak, ...]:
    """
    Return the streaks that change when a person counts from another date, or for another goal; none for the same again.

    The present one ends as corrected, and keeps only what was ``told``: what was reached by a wrong date and never told
    was not reached. A date before the end of an earlier count says that that one did not end, so its run goes on.

    :raises Invalid: if another goal would begin before the present one
    """
    present = running(streaks)
    if present and (present.starts_on, present.goal) == (on, goal):
        return () if present.name == name else (replace(present, name=name),)
    changed, run = [], max((streak.run for streak in streaks), default=0) + 1
    did_not_end = [
        replace(streak, end=End.CORRECTION, ended=word)
        for streak in streaks
        if streak.ends_on and streak.end is End.LAPSE and streak.ends_on > on
    ]
    if present and present.goal is not goal:
        if on < present.starts_on:
            raise Invalid(Fault(field="date", reason="is before the present one, and another goal begins later"))
        earned = reached(present.starts_on, each, today=today)
        changed.append(present.ending(End.GOAL_CHANGE, on=on, earned=earned, word=word))
    else:
        changed += did_not_end
        if present:
            changed.append(present.ending(End.CORRECTION, on=today, earned=told, word=word))
        run = min((streak.run for streak in changed), default=run)
    new = Streak(number=len(streaks) + 1, run=run, starts_on=on, goal=goal, began=word, name=name)
    return (*changed, new)


def lapsed(
    streaks: Sequence[Streak], on: date, *, starts_on: date | None, each: tuple[str, ...], today: date, word: Word
) -> tuple[Streak, ...]:
    """
    Return the streaks that change by a return to use on a date; the same report again changes none.

    Everything that was reached by the time of the report stays. ``starts_on``: the person counts anew from there.

    :raises Invalid: if the dates can't be
    """
    present, before = running(streaks), [streak for streak in streaks if streak.end is End.LAPSE]
    is_known = bool(before) and before[-1].ends_on == on
    if is_known and (present.starts_on if present else None) == starts_on:
        return ()
    faults = []
    if on > today:
        faults.append(Fault(field="on", reason="is in the future"))
    elif present and on < present.starts_on:
        faults.append(Fault(field="on", reason="is before the date that is counted from; set that date instead"))
    if starts_on and not on <= starts_on <= today:
        faults.append(Fault(field="startsOn", reason="is not from that date to today"))
    refuse(faults)
    changed = []
    if present:
        earned = reached(present.starts_on, each, today=today)
        changed.append(present.ending(End.LAPSE, on=on, earned=earned, word=word))
    if starts_on:
        last = streaks[-1] if streaks else None
        new = Streak(
            number=len(streaks) + 1,
            run=max((streak.run for streak in streaks), default=0) + 1,
            starts_on=starts_on,
            goal=last.goal if last else Goal.ABSTINENCE,
            began=word,
            name=last.name if last else None,
        )
        changed.append(new)
    return tuple(changed)
