"""Whoever would come to a meeting hears that it is off before they get up for it, and nobody once it had begun."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.groups.bells import About, Sort, heard_by, objection
from chalicelib.groups.domain import USUAL, Member, Said, Tell
from chalicelib.groups.series import OPENS, Cause, Change, Series
from chalicelib.outreach.deciding import ROUSES, Defer, Send, Skip, decide
from chalicelib.outreach.domain import Due, Recipient
from chalicelib.outreach.fanning import soonest
from chalicelib.outreach.moments import Moment
from chalicelib.outreach.quiet import QuietHours
from tests.build import PERSON, a_recipient, utc
from tests.unit.groups.test_meeting_series import SET, THURSDAY, a_part, a_series

START = utc("2026-11-26T23:00")
CHANGED = st.integers(min_value=0, max_value=60 * 47).map(lambda minutes: START - timedelta(minutes=minutes))
CLOCKS = st.integers(min_value=0, max_value=24 * 60 - 1).map(lambda minutes: time(minutes // 60, minutes % 60))


def a_member(said: Said | None, tell: frozenset[Tell], *, changed_at: datetime) -> Member:
    member = Member(group_id="60" * 16, recipient_id=PERSON, joined_at=SET, by="fay", tell=tell)
    name = About(sort=Sort.CANCELLED, series_id=a_series(a_part()).id, on=THURSDAY, version=2).meeting
    return member if said is None else member.answering(name, said, meets_at=START, at=changed_at - timedelta(hours=1))


def changed(at: datetime, *, to: datetime | None) -> Series:
    change = Change(on=THURSDAY, off=None if to else Cause.OTHER, at=to, set_at=at, version=0)
    return a_series(a_part()).changed(change, now=at)


def told_at(series: Series, member: Member, who: Recipient, *, set_at: datetime) -> datetime | None:
    """Play delivery as it looks at a change again and again; return when it is sent, None if never."""
    [news] = series.news
    about = About(sort=Sort.MOVED if news.at else Sort.CANCELLED, series_id=series.id, on=news.on, version=news.version)
    now = soonest(set_at)
    due = Due(person_id=PERSON, kind=about.kind, on=START.date(), at=now, due_at=now, version=1)
    for _ in range(10):
        if objection(about, series, member, now=now, was_told=lambda _: True):
            return None
        moment = Moment(at=news.at or news.was_at, heard_by=heard_by(about, news, member))
        match decide(due, replace(who, moment=moment), now=now):
            case Send():
                return now
            case Defer(until=until):
                assert until > now
                now = until
            case Skip():
                return None
    raise AssertionError("it is put off for ever")


def who_is_quiet(start: time, end: time) -> Recipient:
    return replace(a_recipient(), quiet_hours=QuietHours(start=start, end=end))


@given(
    set_at=CHANGED,
    start=CLOCKS,
    end=CLOCKS,
    said=st.sampled_from([None, *Said]),
    tell=st.frozensets(st.sampled_from(Tell)),
    later=st.one_of(st.none(), st.integers(min_value=-1200, max_value=2000)),
)
@example(START - timedelta(hours=9), time(22), time(18, 30), None, USUAL, None)
@example(START - timedelta(minutes=50), time(8), time(7), Said.YES, USUAL, None)
def test_a_change_is_heard_before_anybody_gets_up_for_it_and_quiet_hours_hold_it_as_long_as_they_can(
    set_at: datetime, start: time, end: time, said: Said | None, tell: frozenset[Tell], later: int | None
) -> None:
    to = START + timedelta(minutes=later) if later and START + timedelta(minutes=later) > set_at else None
    series, member, who = changed(set_at, to=to), a_member(said, tell, changed_at=set_at), who_is_quiet(start, end)
    [news] = series.news
    first, opens = soonest(set_at), min(START, news.at or START) - OPENS
    comes = said in {Said.YES, Said.MAYBE} or (said is None and bool(tell & {Tell.HOUR, Tell.NOW}))

    at = told_at(series, member, who, set_at=set_at)

    # Calm: nothing about a meeting that was called off before once it would have begun.
    assert at is None or at < (news.at or START)
    quiet_until = who.quiet_hours.ends_after(first, who.zone)
    if not comes:
        assert at is None or who.quiet_hours.ends_after(at, who.zone) is None
        return
    if first >= (news.at or START):
        assert at is None
    elif quiet_until is None or quiet_until <= opens:
        assert at == (quiet_until or first)
    else:
        assert at == max(first, opens - ROUSES)


@pytest.mark.parametrize(
    ("end", "told"),
    [
        # Eastern time; the meeting is at six in the evening.
        (time(12), time(12)),
        (time(17, 45), time(17, 45)),
        (time(17, 46), time(17)),
        (time(23), time(17)),
    ],
)
def test_by_examples_of_quiet_hours_since_midnight_and_a_meeting_at_six(end: time, told: time) -> None:
    set_at = utc("2026-11-26T12:00")
    who, member = who_is_quiet(time(0), end), a_member(Said.YES, USUAL, changed_at=set_at)

    at = told_at(changed(set_at, to=None), member, who, set_at=set_at)

    assert at == datetime.combine(THURSDAY, told, tzinfo=utc("2026-11-26T12:00").tzinfo) + timedelta(hours=5)
