"""Set up groups and their meetings, and change them; what members are told of it is bells.py's."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from chalicelib.errors import Conflict, Fault, Stale, refuse
from chalicelib.groups.bells import next_look
from chalicelib.groups.checking import lasts_faults, link_faults, must_be_ahead, must_be_soon, part_faults
from chalicelib.groups.domain import (
    MOST_SERIES,
    Group,
    GroupFull,
    NoSuchGroup,
    group_faults,
)
from chalicelib.groups.series import (
    Cause,
    Change,
    Meeting,
    NoSuchMeeting,
    Part,
    Series,
    named,
)
from chalicelib.outreach.recurrence import local_date

TRIES = 4


class ChangedMeanwhile(Conflict):
    """The same keeps being changed by somebody else at the same moment."""


class Groups(Protocol):
    """Where groups and their series of meetings are kept."""

    def find(self, group_id: str) -> Group | None:
        """Return it as it is now."""
        ...

    def of_programme(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Group], str | None]:
        """Return a programme's groups, and the key to go on after."""
        ...

    def add(self, group: Group) -> Group:
        """Keep a new group; return the one that is kept under its id, which may have been there already."""
        ...

    def save(self, group: Group) -> None:
        """
        Put it as the next version over the one that it was read as.

        :raises Stale: if it was changed since
        """
        ...

    def series(self, series_id: str) -> Series | None:
        """Return a series as it is now."""
        ...

    def add_series(self, series: Series, group: Group, *, look_at: datetime | None) -> None:
        """
        Keep a new series, and the group as its next version, and when to look at it first.

        :raises Stale: if the group was changed since
        """
        ...

    def save_series(self, series: Series, *, look_at: datetime | None) -> None:
        """
        Put it over the version before it, with when to look at it next.

        :raises Stale: if that isn't the present one
        """
        ...


def add_group(group: Group, *, languages: tuple[str, ...], groups: Groups) -> Group:
    """
    Set up a group. Again with the same id is the same group.

    :raises Invalid: names everything that is wrong
    """
    refuse(group_faults(group, languages=languages))
    return groups.add(group)


def find_group(group_id: str, *, programme_id: str, groups: Groups) -> Group:
    """
    Return a group of a programme.

    :raises NoSuchGroup: if it has none of this id
    """
    group = groups.find(group_id)
    if group is None or group.programme_id != programme_id:
        raise NoSuchGroup("there is no such group")
    return group


def edit_group(after: Group, *, version: int, languages: tuple[str, ...], groups: Groups) -> Group:
    """
    Change a group's name, language, facilitators, whether it is open, or close it.

    :raises Stale: if ``version`` isn't the present one
    :raises Invalid: names everything that is wrong
    """
    if after.version != version:
        raise Stale("the group was changed meanwhile")
    refuse(group_faults(after, languages=languages))
    groups.save(after)
    return replace(after, version=version + 1)


def add_series(
    group: Group, part: Part, *, by: str, now: datetime, groups: Groups, new_id: Callable[[], str]
) -> Series:
    """
    Have a group meet by a rule.

    :raises Invalid: names everything that is wrong
    :raises GroupClosed: if the group is
    :raises Stale: if the group was changed meanwhile
    """
    group.must_be_live()
    refuse(part_faults(part, now=now))
    if len(group.series) >= MOST_SERIES:
        raise GroupFull(f"a group has at most {MOST_SERIES} series of meetings")
    series = Series(id=new_id(), group_id=group.id, parts=(part,), by=by)
    after = replace(group, series=(*group.series, series.id))
    groups.add_series(series, after, look_at=next_look(series, after=now))
    return series


def find_series(group: Group, series_id: str, *, groups: Groups) -> Series:
    """
    Return a series of a group.

    :raises NoSuchMeeting: if it has none of this id
    """
    series = groups.series(series_id) if series_id in group.series else None
    if series is None:
        raise NoSuchMeeting("there is no such series")
    return series


def find_meeting(group: Group, name: str, *, groups: Groups) -> tuple[Series, Meeting]:
    """
    Return a meeting of a group, with its series.

    :raises NoSuchMeeting: if it has none of this name
    """
    series_id, on = named(name)
    series = find_series(group, series_id, groups=groups)
    meeting = series.meeting(on)
    if meeting is None:
        raise NoSuchMeeting("there is no such meeting")
    return series, meeting


def go_on(series: Series, part: Part, *, version: int, now: datetime, groups: Groups) -> Series:
    """
    Change a whole series from a date on. Those who wait for a meeting that is other now are told (bells.py).

    :raises Stale: if ``version`` isn't the present one
    :raises Invalid: names everything that is wrong
    """
    if series.version != version:
        raise Stale("the series was changed meanwhile")
    faults = part_faults(part, now=now)
    if not faults and part.since < local_date(now, part.when.zone):
        faults.append(Fault(field="when.startsOn", reason="is in the past"))
    refuse(faults)
    after = series.going_on(part, now=now)
    groups.save_series(after, look_at=now)
    return after


def call_off(series: Series, dates: Iterable[date], cause: Cause, *, now: datetime, groups: Groups) -> Series:
    """
    Call off the meetings of these dates; those that are off already stay so. Members are told (bells.py).

    :raises NoSuchMeeting: if the series gives none on one of them
    :raises MeetingOver: if one has begun
    """

    def decide(series: Series) -> Series:
        for on in sorted(set(dates)):
            meeting = must_be_ahead(series.meeting(on), now=now)
            if meeting.off is None:
                series = series.changed(_change_of(meeting, now=now, off=cause), now=now)
        return series

    return _changed(series, decide, now=now, groups=groups)


def move(
    series: Series,
    on: date,
    *,
    at: datetime,
    change: Change,
    now: datetime,
    groups: Groups,
) -> Series:
    """
    Have the meeting of a date at ``at``, and as ``change`` says; one that was off takes place again.

    :raises NoSuchMeeting: if the series gives none on that date
    :raises MeetingOver: if it has begun, and so is told to everybody who asks
    :raises Invalid: names everything that is wrong
    """
    must_be_soon(at, now=now)
    refuse([*(lasts_faults(change.lasts) if change.lasts else ()), *(link_faults(change.link) if change.link else ())])

    def decide(series: Series) -> Series:
        meeting = series.meeting(on)
        if meeting is None:
            raise NoSuchMeeting("there is no such meeting")
        must_be_ahead(meeting, now=now)
        after = replace(change, on=on, off=None, at=at)
        same = meeting.off is None and meeting.at == at
        # Only what a member has to hear of counts as news: another address doesn't.
        after = replace(after, set_at=meeting.set_at) if same else after
        return series.changed(after, now=now)

    return _changed(series, decide, now=now, groups=groups)


def _change_of(meeting: Meeting, *, now: datetime, off: Cause | None) -> Change:
    moved = meeting.at if meeting.at != meeting.planned else None
    return Change(on=meeting.on, off=off, at=moved, set_at=now, version=0)


def _changed(series: Series, decide: Callable[[Series], Series], *, now: datetime, groups: Groups) -> Series:
    for _ in range(TRIES):
        after = decide(series)
        if after == series:
            return after
        try:
            groups.save_series(after, look_at=now)
        except Stale:
            present = groups.series(series.id)
            if present is None:
                raise NoSuchMeeting("there is no such series") from None
            series = present
        else:
            return after
    raise ChangedMeanwhile("this is being changed somewhere else; please try again")
