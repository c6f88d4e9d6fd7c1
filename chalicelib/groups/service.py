"""Set up groups and their meetings, change them, join and leave; what each member is told is bells.py's."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol

from chalicelib.enrollment.programmes import refuse
from chalicelib.errors import Conflict, Fault, Invalid, Stale
from chalicelib.groups.bells import next_look
from chalicelib.groups.domain import (
    MOST_GROUPS,
    MOST_SERIES,
    Group,
    GroupFull,
    Kind,
    MayNotJoin,
    Member,
    NoSuchGroup,
    NotAMember,
    Tell,
    group_faults,
)
from chalicelib.groups.series import (
    Cause,
    Change,
    Meeting,
    NoSuchMeeting,
    Part,
    Series,
    must_be_ahead,
    must_be_soon,
    named,
    lasts_faults,
    link_faults,
    part_faults,
)
from chalicelib.outreach.domain import Recipient, Standing
from chalicelib.outreach.recurrence import local_date

TRIES = 4
ALUMNI_CONTACT = "alumni_contact"


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


class Members(Protocol):
    """Where it is kept who is in which group."""

    def find(self, group_id: str, recipient_id: str) -> Member | None:
        """Return a member as they are now."""
        ...

    def of_group(self, group_id: str, *, after: str | None, limit: int) -> tuple[list[Member], str | None]:
        """Return a group's members in the order of their ids, and the key to go on after."""
        ...

    def groups_of(self, recipient_id: str) -> list[str]:
        """Return the ids of the groups that somebody is in."""
        ...

    def size(self, group_id: str) -> int:
        """Return how many members a group has."""
        ...

    def join(self, member: Member) -> bool:
        """
        Keep a new member; False if they are one already.

        :raises GroupFull: if no more may come in
        """
        ...

    def leave(self, group_id: str, recipient_id: str) -> None:
        """Let a member go; gone already is fine."""
        ...

    def save(self, member: Member) -> bool:
        """Put it as the next version over the one that it was read as; False if it was changed since, or left."""
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
    after = series.going_on(part)
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

    return _change(series, decide, now=now, groups=groups)


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

    return _change(series, decide, now=now, groups=groups)


def _change_of(meeting: Meeting, *, now: datetime, off: Cause | None) -> Change:
    moved = meeting.at if meeting.at != meeting.planned else None
    return Change(on=meeting.on, off=off, at=moved, set_at=now, version=0)


def _change(series: Series, decide: Callable[[Series], Series], *, now: datetime, groups: Groups) -> Series:
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


def join(
    group: Group,
    recipient_id: str,
    *,
    by: str,
    now: datetime,
    members: Members,
) -> Member:
    """
    Take somebody into a group; who is in it already stays as they are.

    Whoever calls this has made sure that they may be in it.

    :raises GroupClosed: if the group is
    :raises GroupFull: if it is full, or they are in as many groups as one may be
    """
    group.must_be_live()
    found = members.find(group.id, recipient_id)
    if found:
        return found
    if len(members.groups_of(recipient_id)) >= MOST_GROUPS:
        raise GroupFull(f"one is in at most {MOST_GROUPS} groups")
    member = Member(group_id=group.id, recipient_id=recipient_id, joined_at=now, by=by)
    if members.join(member):
        return member
    return find_member(group.id, recipient_id, members=members)


def may_join(group: Group, recipient: Recipient | None) -> bool:
    """Say whether somebody may come into a group by themselves: an alumnus who agreed to be reached as one."""
    return (
        recipient is not None
        and group.is_live
        and group.is_open
        and group.kind is Kind.ALUMNI
        and recipient.programme_id == group.programme_id
        and recipient.standing is Standing.ALUMNI
        and ALUMNI_CONTACT in recipient.consents
    )


def join_oneself(group: Group, recipient: Recipient | None, *, now: datetime, members: Members) -> Member:
    """
    Come into a group by oneself.

    :raises MayNotJoin: if it isn't open to them
    """
    if recipient is None or not may_join(group, recipient):
        raise MayNotJoin("this group isn't one to join by yourself")
    return join(group, recipient.person_id, by=recipient.person_id, now=now, members=members)


def find_member(group_id: str, recipient_id: str, *, members: Members) -> Member:
    """
    Return a member of a group.

    :raises NotAMember: if they aren't
    """
    member = members.find(group_id, recipient_id)
    if member is None:
        raise NotAMember("they aren't in this group")
    return member


def choose(group_id: str, recipient_id: str, tell: Iterable[Tell], *, members: Members) -> Member:
    """Set of what a member wants to be told before a meeting."""
    wanted = frozenset(tell)
    return change_member(group_id, recipient_id, lambda member: replace(member, tell=wanted), members=members)


def agree_to_rules(
    group_id: str, recipient_id: str, *, version: int, now: datetime, rules: int, members: Members
) -> Member:
    """
    Say yes to the group's rules; again changes nothing.

    :raises Invalid: if it isn't the present version that was read
    """
    if version != rules:
        raise Invalid(Fault(field="version", reason="isn't the present one; please read the rules again"))
    return change_member(
        group_id,
        recipient_id,
        lambda member: member if member.rules_at else replace(member, rules_at=now),
        members=members,
    )


def change_member(group_id: str, recipient_id: str, decide: Callable[[Member], Member], *, members: Members) -> Member:
    """
    Change a member; decide anew if something came between.

    :raises NotAMember: if they aren't in the group
    :raises ChangedMeanwhile: if something comes between again and again
    """
    for _ in range(TRIES):
        before = find_member(group_id, recipient_id, members=members)
        after = decide(before)
        if after == before:
            return after
        if members.save(after):
            return replace(after, version=before.version + 1)
    raise ChangedMeanwhile("this is being changed somewhere else; please try again")


def meetings_of(
    recipient_id: str, *, now: datetime, limit: int, groups: Groups, members: Members
) -> list[tuple[Group, Member, Meeting]]:
    """Return somebody's next meetings over all of their groups, those that are off too, in order."""
    found: list[tuple[Group, Member, Meeting]] = []
    for group, member in groups_with(recipient_id, groups=groups, members=members):
        for series_id in group.series:
            series = groups.series(series_id)
            if series and group.is_live:
                found += [(group, member, one) for one in series.upcoming(after=now, limit=limit)]
    return sorted(found, key=lambda one: (one[2].at, one[2].id))[:limit]


def groups_with(recipient_id: str, *, groups: Groups, members: Members) -> list[tuple[Group, Member]]:
    """Return the groups that somebody is in, each with them as its member."""
    found = []
    for group_id in members.groups_of(recipient_id):
        group, member = groups.find(group_id), members.find(group_id, recipient_id)
        if group and member:
            found.append((group, member))
    return found


Names = Mapping[str, str]
"""What to call members, by their ids; who isn't named isn't shown."""
