"""
What happens to a record when care ends as planned and the person wants to stay in touch, and when they come back.

Hellos taper: each week, each month, each quarter, or never, as the person chooses and may change at any time. Care's
own check-ins rest meanwhile.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.enrollment.celebrating import as_alumni, hour_of
from chalicelib.enrollment.changing import Change, edited, next_of, restarted, scheduled
from chalicelib.enrollment.consents import Consent, Will, following, revoked
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import Episode, State
from chalicelib.errors import Conflict
from chalicelib.outreach.anniversaries import shifted
from chalicelib.outreach.categories import category_name
from chalicelib.outreach.domain import Schedule
from chalicelib.outreach.kinds import APPOINTMENT, CHECK_IN, HELLO
from chalicelib.outreach.recurrence import DAYS, Recurrence, local_date, next_occurrence

CONTACT = "alumni_contact"
"""The consent without which nobody is reached after care."""

AFTER_CARE = (CONTACT, "mentor_match", "mentor_share:milestones")
"""Consents to what comes after care, or goes with it: whoever comes back is asked anew, and not for old times' sake."""

MONTHLY_AFTER = timedelta(days=90)
QUARTERLY_AFTER = timedelta(days=365)
"""Since when after graduation fewer hellos are suggested (a default of this project)."""

LAST_DAY = 28
"""No hello is on a later day of a month, so that each month has exactly one."""

_OF_THE_WEEK = f"{APPOINTMENT}-item-"
"""What the reminders of a programme's week begin with (``routine``): that week is over."""


class NotAgreed(Conflict):
    """Nobody becomes an alumnus without their own word that they want to stay in touch."""


class NotAfterCare(Conflict):
    """It is for people who left care as planned."""


class Pace(StrEnum):
    """How often an alumnus wants to be asked how they are."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    NONE = "none"


_MONTHS = {Pace.MONTHLY: 1, Pace.QUARTERLY: 3}


def suggested(graduated_on: date, *, today: date) -> Pace:
    """Return the pace that is suggested so long after graduation; the person may always choose another."""
    since = today - graduated_on
    if since < MONTHLY_AFTER:
        return Pace.WEEKLY
    return Pace.MONTHLY if since < QUARTERLY_AFTER else Pace.QUARTERLY


def pace_of(schedules: Iterable[Schedule]) -> Pace:
    """Return how often somebody with these schedules is asked."""
    found = next((one for one in schedules if one.kind == HELLO and not one.paused), None)
    if found is None or not isinstance(found.when, Recurrence):
        return Pace.NONE
    if found.when.rule.startswith("FREQ=WEEKLY"):
        return Pace.WEEKLY
    return Pace.QUARTERLY if ";INTERVAL=3" in found.when.rule else Pace.MONTHLY


def rule_of(pace: Pace, *, after: date) -> tuple[str, date]:
    """
    Return the rule (RFC 5545) of a pace and the date that it begins on: a whole period after another date.

    So no two hellos ever lie closer than the period that the later one goes by.
    """
    if pace is Pace.WEEKLY:
        begins = after + timedelta(days=7)
        return f"FREQ=WEEKLY;BYDAY={DAYS[begins.weekday()]}", begins
    begins = shifted(after, months=_MONTHS[pace], days=0)
    if begins.day > LAST_DAY:  # rather a day or three late than a day early
        begins = shifted(begins.replace(day=1), months=1, days=0)
    interval = ";INTERVAL=3" if pace is Pace.QUARTERLY else ""
    return f"FREQ=MONTHLY{interval};BYMONTHDAY={begins.day}", begins


def paced(record: Record, change: Change, pace: Pace, *, now: datetime) -> Change:
    """Have the person asked at this pace from now on; the same pace again changes nothing."""
    present = next((one for one in record.schedules if one.kind == HELLO), None)
    if pace is pace_of(record.schedules):
        return change
    if pace is Pace.NONE:
        return replace(change, no_schedules=(*change.no_schedules, HELLO))
    zone = change.person.zone
    rule, begins = rule_of(pace, after=_asked_last(present, now=now) or local_date(now, zone))
    when = Recurrence(at=hour_of(record.check_in), rule=rule, zone=zone, starts_on=begins)
    # The version is the person's, which grows even while there is no schedule: what waits of one before is void.
    new = Schedule(person_id=change.person.id, kind=HELLO, version=change.person.version, when=when, since=now)
    return edited(change, present, new, now=now) if present else scheduled(change, new, now=now)


def _asked_last(schedule: Schedule | None, *, now: datetime) -> date | None:
    """Return the last date on which a hello fell due."""
    if schedule is None or schedule.since is None:
        return None
    last, at = schedule.fell_due.on if schedule.fell_due else None, schedule.since
    while (found := next_occurrence(schedule.when, after=at)) and found.at <= now:
        last, at = found.on, found.at
    if last is None and isinstance(schedule.when, Recurrence):
        # None came yet by this pace: it began a whole period after the one before, or after the choice.
        return local_date(schedule.since, schedule.when.zone)
    return last


def staying(record: Record, change: Change, *, pace: Pace | None, now: datetime) -> Change:
    """
    Make who graduated, and agreed by this change or before, an alumnus: all of it in one write.

    Care's check-ins pause and the reminders of its week go; hellos come at ``pace``, or else at the suggested one.
    """
    change = replace(change, episode=change.episode.to(State.ALUMNI, at=now))
    over = tuple(one.kind for one in record.schedules if one.kind.startswith(_OF_THE_WEEK))
    change = replace(_resting(record, change, now=now), no_schedules=(*change.no_schedules, *over))
    gone = {*over, *(one.kind for one in record.schedules if category_name(one.kind) == CHECK_IN), HELLO}
    others = replace(record, schedules=tuple(one for one in record.schedules if one.kind not in gone))
    change = as_alumni(record, restarted(others, change, now=now), now=now)
    wanted = pace or suggested(
        graduated_on(change.episode, change.person.zone), today=local_date(now, record.person.zone)
    )
    return paced(record, change, wanted, now=now)


def chosen(record: Record, change: Change, pace: Pace, *, now: datetime) -> Change:
    """
    Have an alumnus asked at this pace from now on, and by nothing of care's own.

    :raises NotAfterCare: if they are none
    """
    if record.episode.state is not State.ALUMNI:
        raise NotAfterCare("this is for the time after care")
    return paced(record, _resting(record, change, now=now), pace, now=now)


def _resting(record: Record, change: Change, *, now: datetime) -> Change:
    resting = (
        replace(one, paused=True, version=one.version + 1, since=now)
        for one in record.schedules
        if category_name(one.kind) == CHECK_IN and not one.paused
    )
    return replace(change, schedules=(*change.schedules, *resting))


def graduated_on(episode: Episode, zone: str) -> date:
    """Return the local date of graduation; of who was written down as graduated, of that."""
    return local_date(episode.graduated_at or episode.changed_at, zone)


def moved(record: Record, state: State, *, now: datetime) -> Change:
    """
    Return the change that moves the present episode on.

    Who graduates and agreed before to stay in touch is an alumnus at once.

    :raises TransitionNotAllowed: if there is no such way
    :raises NotAgreed: if somebody would become an alumnus who didn't agree to it
    """
    agreed = CONTACT in record.live_consents(at=following(record.consents, CONTACT, now))
    if state is State.ALUMNI and not agreed and state in record.episode.may_become:
        raise NotAgreed(f"this takes the person's own agreement ({CONTACT})")
    change = next_of(record, episode=record.episode.to(state, at=now))
    if state is State.GRADUATED and agreed:
        return staying(record, change, pace=None, now=now)
    if state is State.ALUMNI:
        return staying(record, next_of(record), pace=None, now=now)
    return restarted(record, change, now=now)


def back_in_care(record: Record, change: Change, *, will: Will, now: datetime) -> Change:
    """
    Add what a new episode of somebody's ends and takes up again.

    Hellos and celebrations of the time after care go, check-ins that rested for it are asked again, consents to what
    comes after care end, and so does the care team of another programme. Counts of days and what was reached stay.
    """
    was_one = record.episode.state is State.ALUMNI
    rested = [one for one in record.schedules if category_name(one.kind) == CHECK_IN and one.paused and was_one]
    hello = tuple(one.kind for one in record.schedules if one.kind == HELLO)
    others = replace(
        record, schedules=tuple(one for one in record.schedules if one not in rested and one.kind != HELLO)
    )
    change = as_alumni(record, restarted(others, change, now=now), now=now)
    for one in rested:
        resumed = replace(one, paused=False, version=one.version + 1, since=now, fell_due=None)
        change = scheduled(change, resumed, now=now)
    moved_on = change.episode.programme_id != record.episode.programme_id
    return replace(
        change,
        no_schedules=(*change.no_schedules, *hello),
        consents=(*change.consents, *_ended(record, will=will, episode=change.episode.number, now=now)),
        no_carers=tuple(carer.subject for carer in record.care_team) if moved_on else (),
    )


def _ended(record: Record, *, will: Will, episode: int, now: datetime) -> tuple[Consent, ...]:
    found = []
    for scope in AFTER_CARE:
        at = following(record.consents, scope, now)
        given = record.live_consents(at=at).get(scope)
        if given:
            found.append(revoked(given, episode=episode, will=will, at=at))
    return tuple(found)
