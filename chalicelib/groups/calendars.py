"""How a series of meetings stands in a member's own calendar: the part that a meeting belongs to, under one name."""

from dataclasses import replace
from datetime import date, time, timedelta

from chalicelib.groups.series import Change, Part, Series
from chalicelib.outreach.moments import InSeries
from chalicelib.outreach.recurrence import Recurrence, next_occurrence, resolve


def entry_of(series: Series, on: date) -> InSeries | None:
    """
    Return how the meeting of a date stands in calendars, and the series around it; None where no part gives it.

    A calendar has one part at a time: the message about a meeting of the next one puts that in its place.
    """
    for part, ends in series.spans():
        meeting = series.meeting(on) if part.since <= on and (ends is None or on < ends) else None
        if meeting is None:
            continue
        others = [one for one in series.changes if part.since <= one.on and (ends is None or one.on < ends)]
        return InSeries(
            name=f"meeting-{series.id}",
            sequence=series.version - 1,
            when=_until(part, ends),
            lasts=meeting.lasts,
            on=on,
            is_off=meeting.off is not None,
            without=tuple(one.on for one in others if one.off),
            moved=tuple((one.on, one.at) for one in others if one.at and _is_moved(one, series)),
        )
    return None


def _is_moved(change: Change, series: Series) -> bool:
    meeting = series.meeting(change.on)
    return meeting is not None and not meeting.off and meeting.at != meeting.planned


def _until(part: Part, ends: date | None) -> Recurrence:
    """Return a part's rule as it goes up to the one that begins on ``ends``; None: none follows."""
    if ends is None or next_occurrence(part.when, after=resolve(ends, time(), part.when.zone)) is None:
        return part.when
    kept = [one for one in part.when.rule.split(";") if one.partition("=")[0] not in {"COUNT", "UNTIL"}]
    return replace(part.when, rule=";".join([*kept, f"UNTIL={ends - timedelta(days=1):%Y%m%d}"]))
