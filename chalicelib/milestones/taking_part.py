"""What a person achieved by taking part: sessions, homework, goals, and the steps of their care, by name and date."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import chain

from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State
from chalicelib.outreach.recurrence import local_date
from chalicelib.routine.attendance import Attendance, Presence, held
from chalicelib.routine.domain import Completion, Kind
from chalicelib.routine.goals import State as GoalState
from chalicelib.routine.planning import Plans
from chalicelib.routine.service import SAID_AHEAD, Attendances, Routines, find_template

SESSIONS = (1, 5, 10, 25, 50)
HOMEWORK = (1, 5, 10, 25)
"""So many are worth a word (domain rules 2)."""

STEPS = {State.STEP_DOWN: "step_down", State.GRADUATED: "graduation"}


def sessions(record: Record, *, now: datetime, attendances: Attendances, routines: Routines) -> dict[str, date]:
    """Return what the sessions attended in the present episode achieved; one that the programme took off is none."""
    last = local_date(now, record.person.zone) + timedelta(days=1)
    first = record.episode.admitted_on
    noted = attendances.between(record.person.id, first, last)
    if not noted:
        return {}
    attended = attended_of(held(noted, routines.departures(record.episode.programme_id, (first, last)), before=now))
    return reached("sessions", SESSIONS, [one.on for one in attended])


def attended_of(noted: Iterable[Attendance]) -> list[Attendance]:
    """Return those to which the person came."""
    return [one for one in noted if one.presence is Presence.ATTENDED]


def homework(record: Record, *, now: datetime, routines: Routines) -> dict[str, date]:
    """Return what the homework done in the present episode achieved: when it was said to be done, late or not."""
    last = local_date(now, record.person.zone) + SAID_AHEAD
    completions = routines.completions(record.person.id, record.episode.admitted_on, last)
    if not any(one.is_done for one in completions):
        return {}
    template = find_template(record.episode.programme_id, routines=routines)
    # Items that are over stay in both, for longer than an episode lasts.
    items = chain(template.items, routines.own(record.person.id).items)
    return homework_done(completions, {item.id: item.kind for item in items})


def homework_done(completions: Iterable[Completion], kinds: Mapping[str, Kind]) -> dict[str, date]:
    """Return what was achieved by homework that stands as done, of items of these kinds."""
    done = [one for one in completions if one.is_done and kinds.get(one.item_id) is Kind.HOMEWORK]
    done.sort(key=lambda one: (one.said_on, one.said_at))
    return reached("homework", HOMEWORK, [one.said_on for one in done])


def goals(record: Record, *, plans: Plans) -> dict[str, date]:
    """Return which goals were reached in the present episode: each is an achievement of its own."""
    found = {
        f"goal_{goal.id}": local_date(goal.changed_at, record.person.zone)
        for goal in plans.goals(record.person.id)
        if goal.state is GoalState.MET
    }
    return {name: on for name, on in found.items() if on >= record.episode.admitted_on}


def steps(record: Record) -> dict[str, date]:
    """Return the step of care that the person took; who was written down as that far took it at a time unknown."""
    episode = record.episode
    if episode.graduated_at:
        return {STEPS[State.GRADUATED]: local_date(episode.graduated_at, record.person.zone)}
    if episode.state not in STEPS or episode.changed_at == episode.opened_at:
        return {}
    return {STEPS[episode.state]: local_date(episode.changed_at, record.person.zone)}


def reached(name: str, counts: Iterable[int], dates: Sequence[date]) -> dict[str, date]:
    """Return which of these counts were reached, with the date of the one that made it so many."""
    return {f"{name}_{count}": dates[count - 1] for count in counts if count <= len(dates)}
