"""Who is on call at an instant: what holds for any rota, zone and change of clocks."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.crisis.coverage import covered_until, gaps, hand_overs, on_duty, turns
from chalicelib.crisis.duty import Tier
from chalicelib.crisis.rota import Cover, Holiday, Rota, Shift, Span, Trouble, posts, staffing
from chalicelib.outreach.recurrence import DAYS, resolve
from chalicelib.privacy.domain import Role
from chalicelib.staff.phones import Phone
from tests.build import utc
from tests.fakes_rota import ALWAYS, MONDAY, NIGHTS, WORKDAYS, a_cover, a_member, a_rota, a_shift

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
ZONES = ("America/New_York", "UTC", "Europe/Berlin", "Africa/Cairo", "America/Havana", "Australia/Lord_Howe")


def accounts(rota: Rota, at: datetime, tier: Tier = Tier.PRIMARY) -> list[str | None]:
    return [one.post.account for one in staffing(rota, [], at).holders if one.post.tier is tier]


def test_a_shift_begins_with_its_first_instant_and_ends_before_its_last() -> None:
    rota = a_rota(a_shift("day", WORKDAYS, "ana"), a_shift("night", NIGHTS, "bo"))
    nine, five = utc("2026-11-24T14:00"), utc("2026-11-24T22:00")

    assert accounts(rota, nine - timedelta(microseconds=1)) == ["bo"]
    assert accounts(rota, nine) == accounts(rota, five - timedelta(microseconds=1)) == ["ana"]
    assert accounts(rota, five) == ["bo"]


def test_a_late_shift_goes_over_midnight_as_the_one_of_the_day_it_began() -> None:
    late = Span(days=frozenset({"FR"}), start=time(22), end=time(2))
    rota = a_rota(a_shift("late", late, "ana"))
    saturday_one = utc("2026-11-28T06:00")

    assert accounts(rota, saturday_one) == ["ana"]
    assert accounts(rota, saturday_one + HOUR) == []
    assert accounts(rota, saturday_one - DAY) == []


def test_who_takes_turns_hands_over_on_the_weekday_from_which_turns_count() -> None:
    shift = a_shift("all", ALWAYS, "ana", "bo", "cy", turns_from=date(2026, 11, 25))
    rota = a_rota(shift)
    wednesday = resolve(date(2026, 11, 25), time(9), rota.zone)

    weeks = [accounts(rota, wednesday + week * 7 * DAY) for week in range(-1, 4)]
    assert weeks == [["cy"], ["ana"], ["bo"], ["cy"], ["ana"]]
    assert accounts(rota, wednesday + 7 * DAY - HOUR) == ["ana"]


def test_a_shift_has_a_zone_of_its_own() -> None:
    rota = a_rota(a_shift("day", WORKDAYS, "ana", zone="Asia/Kathmandu"))

    assert accounts(rota, utc("2026-11-24T03:15")) == ["ana"]
    assert accounts(rota, utc("2026-11-24T14:00")) == []


def test_on_a_holiday_a_shift_is_another_s_or_nobody_s() -> None:
    rota = a_rota(
        a_shift("all", ALWAYS, "ana"),
        holidays=(
            Holiday(on=date(2026, 11, 26), shift_id="all", account="bo", why="Thanksgiving"),
            Holiday(on=date(2026, 11, 27), shift_id="all", account=None),
        ),
    )
    noon = utc("2026-11-25T17:00")

    assert [accounts(rota, noon + day * DAY) for day in range(4)] == [["ana"], ["bo"], [], ["ana"]]
    (gap,) = gaps(rota, [a_member("ana"), a_member("bo")], first=noon, last=noon + 7 * DAY, now=noon)
    assert (gap.why, gap.hours, gap.accounts) == ("unstaffed", 24, ())


def test_a_cover_wins_for_its_interval_and_no_instant_longer() -> None:
    starts = utc("2026-11-24T15:00")
    cover = a_cover(of="ana", by="bo", starts=starts, ends=starts + HOUR)
    rota = a_rota(a_shift("all", ALWAYS, "ana"), covers=(cover,))
    moment = timedelta(microseconds=1)

    found = [accounts(rota, at) for at in (starts - moment, starts, starts + HOUR - moment, starts + HOUR)]
    assert found == [["ana"], ["bo"], ["bo"], ["ana"]]


@pytest.mark.parametrize(
    "change",
    [
        {"agreed": frozenset({"ana"}), "put": False},
        {"agreed": frozenset({"bo"}), "put": False},
        {"ended_at": MONDAY},
        {"tier": Tier.SECONDARY},
        {"of": "cy"},
    ],
)
def test_what_not_both_agreed_to_or_was_withdrawn_is_no_cover(change: dict[str, object]) -> None:
    cover = a_cover(of="ana", by="bo", starts=MONDAY, ends=MONDAY + DAY)
    rota = a_rota(a_shift("all", ALWAYS, "ana"), covers=(replace(cover, **change),))  # type: ignore[arg-type]

    assert accounts(rota, MONDAY) == ["ana"]


def test_what_was_taken_over_can_be_handed_on_and_somebody_can_be_on_besides() -> None:
    first = a_cover("1", of="ana", by="bo", starts=MONDAY, ends=MONDAY + DAY)
    then = a_cover("2", of="bo", by="cy", starts=MONDAY, ends=MONDAY + HOUR, asked_at=MONDAY + timedelta(minutes=1))
    besides = a_cover("3", of=None, by="di", starts=MONDAY, ends=MONDAY + HOUR, put=True)
    rota = a_rota(a_shift("all", ALWAYS, "ana"), covers=(then, besides, first))

    assert sorted(map(str, accounts(rota, MONDAY))) == ["cy", "di"]
    assert accounts(rota, MONDAY + HOUR) == ["bo"]


def test_who_left_or_cannot_be_reached_is_named_and_not_paged() -> None:
    rota = a_rota(a_shift("all", ALWAYS, "ana"), a_shift("second", ALWAYS, "bo", tier=Tier.SECONDARY))
    members = [a_member("ana", reachable=False), a_member("bo", removed=True)]

    found = staffing(rota, members, MONDAY)

    assert [one.trouble for one in found.holders] == [Trouble.UNREACHABLE, Trouble.LEFT]
    assert (found.of(Tier.PRIMARY), [one.account for one in found.staff]) == ((), ["ana"])
    assert [gap.why for gap in gaps(rota, members, first=MONDAY, last=MONDAY + DAY, now=MONDAY)] == [
        "unreachable",
        "left",
    ]


def test_who_has_a_telephone_alone_is_paged_by_it() -> None:
    rota = a_rota(a_shift("all", ALWAYS, "ana"))
    ana = replace(a_member("ana", reachable=False), phone=Phone(number="+15550100199", confirmed_at=MONDAY))

    assert on_duty(rota, [ana], MONDAY).primary == (ana.id,)
    assert gaps(rota, [ana], first=MONDAY, last=MONDAY + DAY, now=MONDAY) == []


def test_the_ladder_is_told_whom_to_page_and_when_there_is_somebody_again() -> None:
    rota = a_rota(a_shift("day", WORKDAYS, "ana"), a_shift("boss", WORKDAYS, "cy", tier=Tier.SUPERVISOR))
    ana, cy, admin = a_member("ana"), a_member("cy"), a_member("admin", Role.PROGRAM_ADMIN)
    noon, night = utc("2026-11-24T17:00"), utc("2026-11-25T03:00")

    duty = on_duty(rota, [ana, cy, admin], noon)
    assert (duty.primary, duty.secondary, duty.supervisor) == ((ana.id,), (), (cy.id,))
    assert (duty.everybody, duty.is_covered) == ((ana.id, cy.id, admin.id), True)
    assert covered_until(rota, [ana], noon) == utc("2026-11-24T22:00")

    later = on_duty(rota, [ana, cy, admin], night)
    assert (later.primary, later.everybody, later.is_covered) == ((), (admin.id,), False)
    assert later.next_from == utc("2026-11-25T14:00")
    assert covered_until(rota, [ana], night) is None
    assert on_duty(rota, [replace(ana, removed_at=MONDAY)], night).next_from is None


def test_a_tier_changes_hands_where_one_turn_ends_and_another_begins() -> None:
    shift = a_shift("all", ALWAYS, "ana", "bo", turns_from=date(2026, 11, 23))
    rota = a_rota(shift, a_shift("alone", ALWAYS, "cy", tier=Tier.SECONDARY))
    monday = resolve(date(2026, 11, 30), time(9), rota.zone)

    (found,) = hand_overs(rota, first=monday - DAY, last=monday + DAY)
    assert (found.tier, found.at, found.ends_for, found.begins_for) == (Tier.PRIMARY, monday, ("ana",), ("bo",))
    assert hand_overs(rota, first=monday + HOUR, last=monday + 7 * DAY) == []
    assert [turn.account for turn in turns(rota, first=monday, last=monday + HOUR)] == ["bo", "cy"]


@st.composite
def tilings(draw: st.DrawFn) -> Rota:
    """Give a rota whose shifts tile the week: bounds at least an hour apart, each shift ends where the next begins."""
    minutes = sorted(draw(st.sets(st.integers(0, 7 * 24 * 4 - 1), min_size=1, max_size=12)))
    bounds = [minutes[0] * 15]
    for quarter in minutes[1:]:
        if quarter * 15 - bounds[-1] >= 60 and 7 * 1440 - quarter * 15 + bounds[0] >= 60:
            bounds.append(quarter * 15)
    # A shift is a day long at most.
    for day in range(7):
        if not any(day * 1440 <= bound < (day + 1) * 1440 for bound in bounds):
            bounds.append(day * 1440 + 12 * 60)
    bounds = sorted(bounds)
    kept = [bounds[0]]
    for bound in bounds[1:]:
        if bound - kept[-1] >= 60:
            kept.append(bound)
    if 7 * 1440 - kept[-1] + kept[0] < 60:
        kept.pop()
    shifts = []
    for start, end in pairwise([*kept, kept[0] + 7 * 1440]):
        # What is longer than a day is split where it can be.
        halves = range(0, end - start - 720, 720) if end - start > 1440 else []
        shifts += [(start + at, start + at + 720) for at in halves]
        shifts.append((start + 720 * len(halves), end))
    zone = draw(st.sampled_from(ZONES))
    return a_rota(
        *(
            a_shift(
                f"s{index}",
                Span(
                    days=frozenset({DAYS[start // 1440 % 7]}),
                    start=time(start % 1440 // 60, start % 60),
                    end=time(end % 1440 // 60, end % 60),
                ),
                *draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3)),
                turns_from=draw(st.dates(date(2026, 1, 1), date(2027, 1, 1))),
            )
            for index, (start, end) in enumerate(shifts)
        ),
        zone=zone,
    )


CHANGES = [date(2026, 3, 8), date(2026, 11, 1), date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 24)]
WEEKS = st.one_of(
    st.sampled_from(CHANGES), st.sampled_from([date(2026, 4, 5), date(2026, 10, 4)]), st.dates(date(2026, 1, 8))
).map(lambda on: datetime(min(on.year, 2030), on.month, min(on.day, 28), tzinfo=UTC) - 3 * DAY)


@given(tilings(), WEEKS)
def test_shifts_that_tile_the_week_leave_no_hole_and_make_no_double_whatever_clocks_do(
    rota: Rota, first: datetime
) -> None:
    last = first + 8 * DAY
    found = posts(rota, first=first, last=last)

    assert found[0].starts == first
    assert found[-1].ends == last
    assert all(one.ends == another.starts for one, another in pairwise(found))
    members = [a_member(account) for account in "abcd"]
    assert gaps(rota, members, first=first, last=last, now=first) == []


@settings(max_examples=25)
@given(
    tilings(),
    WEEKS,
    st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("efg"), st.integers(0, 200), st.integers(1, 90)), max_size=5
    ),
)
def test_covers_win_over_shifts_and_change_nothing_else(
    rota: Rota, first: datetime, wanted: list[tuple[str, str, int, int]]
) -> None:
    covers = tuple(
        a_cover(
            str(number),
            of=of,
            by=by,
            starts=first + start * HOUR,
            ends=first + (start + length) * HOUR,
            asked_at=MONDAY + number * HOUR,
        )
        for number, (of, by, start, length) in enumerate(wanted)
    )
    covered = replace(rota, covers=covers)

    for hour in range(0, 192, 7):
        at = first + hour * HOUR
        (before,), after = accounts(rota, at), accounts(covered, at)
        takes = [cover.by for cover in covers if cover.of == before and cover.starts <= at < cover.ends]
        assert after == ([takes[0]] if takes else [before])


@settings(max_examples=12)
@given(tilings(), WEEKS, st.sets(st.sampled_from("abcd")))
def test_gaps_are_exactly_when_nobody_can_be_paged(rota: Rota, first: datetime, gone: set[str]) -> None:
    members = [a_member(account, removed=account in gone) for account in "abcd"]
    last = first + 4 * DAY
    found = gaps(rota, members, first=first, last=last, now=first)

    for step in range(4 * 24):
        at = first + step * HOUR
        is_open = any(gap.starts <= at < gap.ends for gap in found)
        assert is_open == (not staffing(rota, members, at).of(Tier.PRIMARY))


@settings(max_examples=40)
@given(WEEKS, st.sampled_from(ZONES))
def test_hours_that_are_not_meant_to_be_staffed_are_no_gap(first: datetime, zone: str) -> None:
    rota = a_rota(a_shift("day", WORKDAYS, "ana"), zone=zone, hours=(WORKDAYS,))

    assert gaps(rota, [a_member("ana")], first=first, last=first + 14 * DAY, now=first) == []
    alone = gaps(rota, [], first=first, last=first + 14 * DAY, now=first)
    assert {gap.why for gap in alone} == {"left"}
    assert 9 <= len(alone) <= 11


def test_a_date_that_a_zone_never_had_makes_no_double() -> None:
    rota = a_rota(a_shift("day", replace(WORKDAYS, days=frozenset(DAYS)), "ana"), zone="Pacific/Apia")
    rota = replace(rota, shifts=(*rota.shifts, a_shift("night", replace(NIGHTS), "bo")))
    first = datetime(2011, 12, 28, tzinfo=UTC)

    found = posts(rota, first=first, last=first + 5 * DAY)

    assert all(one.ends <= another.starts for one, another in pairwise(found))


def test_a_cover_that_holds_needs_the_one_who_takes_it_alone_where_it_is_besides() -> None:
    besides = Cover(
        id="1",
        programme_id="iop",
        tier=Tier.PRIMARY,
        of=None,
        by="di",
        starts=MONDAY,
        ends=MONDAY + HOUR,
        asked_by="di",
        asked_at=MONDAY,
        agreed=frozenset({"di"}),
    )

    assert besides.holds
    assert not replace(besides, ended_at=MONDAY).holds


def test_a_shift_without_anybody_is_kept_and_is_a_gap() -> None:
    rota = a_rota(Shift(id="x", tier=Tier.PRIMARY, span=ALWAYS, members=(), turns_from=date(2026, 11, 23)))

    (gap,) = gaps(rota, [], first=MONDAY, last=MONDAY + DAY, now=MONDAY)
    assert (gap.why, gap.starts, gap.ends) == ("unstaffed", MONDAY, MONDAY + DAY)
    assert gap.reference == replace(gap, ends=MONDAY + 2 * DAY).reference
