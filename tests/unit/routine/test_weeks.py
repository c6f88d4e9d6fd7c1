"""A person's weeks from a template: zones, changes of clocks, departures, hours, and edits that spare the past."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.outreach.recurrence import date_exists
from chalicelib.routine.domain import (
    IOP,
    LEVELS,
    SESSIONS,
    Completion,
    Departure,
    Item,
    Kind,
    LeftOut,
    NoSuchItem,
    Own,
    Template,
    amended,
    item_faults,
)
from chalicelib.routine.weeks import Planned, Stay, planned, series_of, the_one, totals, with_completions
from tests.build import NEW_YORK, utc

AT = utc("2026-11-01T12:00")
MONDAY = date(2026, 11, 23)
STAY = Stay(first=date(2026, 1, 1))
OWN = Own(person_id="p")
ZONES = (NEW_YORK, "America/Phoenix", "Africa/Cairo", "America/Havana", "Pacific/Apia", "Australia/Lord_Howe")


def an_item(kind: Kind = Kind.GROUP, *, id: str = "group", **changes: object) -> Item:  # noqa: A002 (its field's name)
    item = Item(
        id=id,
        kind=kind,
        title="Group",
        rule="FREQ=WEEKLY;BYDAY=MO,WE,TH",
        at=time(18),
        minutes=180,
        starts_on=date(2026, 11, 2),
        zone=NEW_YORK if kind in SESSIONS else None,
        revised_at=AT,
    )
    return replace(item, **changes)  # type: ignore[arg-type]


GROUP = an_item()
INDIVIDUAL = an_item(Kind.INDIVIDUAL, id="individual", rule="FREQ=WEEKLY;BYDAY=FR", at=time(12), minutes=50)
HOMEWORK = an_item(Kind.HOMEWORK, id="homework", rule="FREQ=WEEKLY;BYDAY=TU", at=time(20), minutes=30)
WALK = an_item(Kind.WELLNESS, id="walk", rule="FREQ=DAILY", at=time(7), minutes=20, required=False)
TEMPLATE = Template(programme_id="iop", version=1, items=(GROUP, INDIVIDUAL, HOMEWORK, WALK), by="a", at=AT)


def a_departure(item: str, on: date, *, to: tuple[date, time] | None = None) -> Departure:
    return Departure(programme_id="iop", item_id=item, on=on, moved_to=to, reason="Holiday", by="a", at=AT)


def the_week(
    template: Template = TEMPLATE,
    *departures: Departure,
    own: Own = OWN,
    zone: str = NEW_YORK,
    stay: Stay | None = STAY,
    first: date = MONDAY,
    days: int = 7,
) -> list[Planned]:
    series = series_of(template, own, departures, zone=zone, stay=stay)
    return planned(series, first=first, last=first + timedelta(days=days - 1), zone=zone)


def test_a_programmes_week_is_ten_hours_less_ten_minutes_in_the_persons_zone() -> None:
    week = the_week(zone="America/Phoenix")

    sessions = [(one.item.id, one.at) for one in week if one.item.kind in SESSIONS]
    assert sessions == [
        ("group", utc("2026-11-23T23:00")),
        ("group", utc("2026-11-25T23:00")),
        ("group", utc("2026-11-26T23:00")),
        ("individual", utc("2026-11-27T17:00")),
    ]
    homework = next(one for one in week if one.item.kind is Kind.HOMEWORK)
    assert homework.at == utc("2026-11-25T03:00"), "homework is at the person's own eight in the evening"
    assert homework.local_on == date(2026, 11, 24)
    found = totals(week, template=TEMPLATE, code=IOP)
    assert (found.minutes, found.level, found.is_below) == (590, LEVELS[0], False)
    assert (found.to_do, found.done) == (1, 0)


def test_a_holiday_takes_hours_out_of_the_week_and_a_move_does_not() -> None:
    off = a_departure("group", date(2026, 11, 26))
    moved = a_departure("group", date(2026, 11, 26), to=(date(2026, 11, 28), time(10)))

    without, elsewhere = the_week(TEMPLATE, off), the_week(TEMPLATE, moved)

    assert [one.on for one in without if one.is_off] == [date(2026, 11, 26)]
    assert totals(without, template=TEMPLATE, code=IOP).minutes == 410
    assert totals(without, template=TEMPLATE, code=IOP).is_below
    (shifted,) = [one for one in elsewhere if one.departure]
    assert (shifted.on, shifted.at) == (date(2026, 11, 26), utc("2026-11-28T15:00"))
    assert totals(elsewhere, template=TEMPLATE, code=IOP).minutes == 590


def test_what_is_moved_into_another_week_is_in_that_one_only() -> None:
    moved = a_departure("group", date(2026, 11, 26), to=(date(2026, 12, 1), time(18)))

    here, there = the_week(TEMPLATE, moved), the_week(TEMPLATE, moved, first=MONDAY + timedelta(days=7))

    assert sum(one.item.id == "group" for one in here) == 2
    assert [one.on for one in there if one.item.id == "group"][1] == date(2026, 11, 26)
    assert sum(one.item.id == "group" for one in there) == 4


def test_a_level_that_nobody_set_a_least_for_has_none_to_be_below() -> None:
    found = totals(the_week(Template(programme_id="iop")), template=TEMPLATE, code="1")

    assert (found.minutes, found.level, found.is_below) == (0, None, False)


def test_a_person_has_the_programmes_week_only_while_they_are_in_care() -> None:
    stay = Stay(first=date(2026, 11, 25), last=date(2026, 11, 26))
    mine = an_item(Kind.WELLNESS, id="mine", rule="FREQ=WEEKLY;BYDAY=SU")

    week = the_week(stay=stay, own=replace(OWN, items=(mine,)))

    assert [one.on.day for one in week if not one.series.is_own] == [25, 25, 26, 26]
    assert [one.item.id for one in week if one.series.is_own] == ["mine"]
    assert [one.item.id for one in the_week(stay=None, own=replace(OWN, items=(mine,)))] == ["mine"]


def test_what_is_left_out_for_a_person_stays_in_weeks_gone_by() -> None:
    own = replace(OWN, left_out=(LeftOut(item_id="walk", from_on=date(2026, 11, 26)),))

    assert [one.on.day for one in the_week(own=own) if one.item.id == "walk"] == [23, 24, 25]
    assert not [one for one in the_week(own=own, first=MONDAY + timedelta(days=7)) if one.item.id == "walk"]


def test_what_was_done_is_counted_and_what_is_only_wished_for_is_not() -> None:
    def said(item: str, on: date, *, is_done: bool = True) -> Completion:
        return Completion(
            person_id="p", item_id=item, on=on, is_done=is_done, said_at=AT, said_on=on, zone=NEW_YORK, by="p"
        )

    week = the_week()
    done = with_completions(week, [said("homework", date(2026, 11, 24)), said("walk", date(2026, 11, 24))])
    undone = with_completions(week, [said("homework", date(2026, 11, 24), is_done=False)])

    assert (totals(done, template=TEMPLATE, code=IOP).done, sum(one.is_done for one in done)) == (1, 2)
    assert totals(undone, template=TEMPLATE, code=IOP).done == 0


def test_only_what_takes_place_can_be_named() -> None:
    off = a_departure("homework", date(2026, 11, 24))
    series = series_of(TEMPLATE, OWN, [off], zone=NEW_YORK, stay=STAY)

    assert the_one(series, "group", date(2026, 11, 23)).item is GROUP
    for item, on in (("homework", date(2026, 11, 24)), ("group", date(2026, 11, 24)), ("none", MONDAY)):
        with pytest.raises(NoSuchItem):
            the_one(series, item, on)


@given(
    zone=st.sampled_from(ZONES),
    at=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    first=st.dates(date(2011, 11, 1), date(2029, 12, 31)),
    weeks=st.integers(2, 6),
)
@example(zone="Pacific/Apia", at=time(9), first=date(2011, 12, 26), weeks=2)
@example(zone="Pacific/Apia", at=time(0), first=date(2011, 12, 24), weeks=3)
@example(zone="Africa/Cairo", at=time(0), first=date(2027, 4, 26), weeks=2)
@example(zone="Africa/Cairo", at=time(0, 30), first=date(2027, 4, 30), weeks=2)
@example(zone=NEW_YORK, at=time(2, 30), first=date(2027, 3, 8), weeks=2)
@example(zone=NEW_YORK, at=time(1, 30), first=date(2027, 11, 1), weeks=2)
def test_weeks_have_every_day_that_there_was_once_whatever_clocks_do(
    zone: str, at: time, first: date, weeks: int
) -> None:
    """A daily item in the person's own zone: each date that there was, once, in exactly one week."""
    template = Template(programme_id="iop", items=(replace(WALK, at=at, starts_on=date(2011, 1, 1)),))
    stay = Stay(first=date(2011, 1, 1))

    def named(start: date, days: int) -> list[Planned]:
        return the_week(template, zone=zone, stay=stay, first=start, days=days)

    split = [one for week in range(weeks) for one in named(first + timedelta(weeks=week), 7)]
    assert split == named(first, weeks * 7), "a week ends where the next begins"
    for one in split:
        assert first <= one.local_on < first + timedelta(weeks=weeks)
    days = [first + timedelta(days=day) for day in range(weeks * 7)]
    assert [one.on for one in split] == [day for day in days if date_exists(day, zone)]


@given(
    viewer=st.sampled_from(ZONES),
    first=st.dates(date(2026, 11, 2), date(2029, 12, 31)),
)
def test_a_session_is_at_one_instant_for_everybody(viewer: str, first: date) -> None:
    template = replace(TEMPLATE, items=(GROUP,))
    far = Stay(first=date(2026, 1, 1))

    here = {one.at for one in the_week(template, stay=far, first=first, days=21)}
    there = {one.at for one in the_week(template, zone=viewer, stay=far, first=first - timedelta(days=2), days=25)}

    assert here <= there


def test_a_week_that_is_amended_leaves_the_weeks_before_as_they_were() -> None:
    later = replace(GROUP, at=time(19))
    now = utc("2026-11-20T12:00")

    after = amended(
        TEMPLATE,
        (later, INDIVIDUAL, replace(WALK, title="Run")),
        from_on=MONDAY,
        by="b",
        at=now,
        fresh=("new", "newer"),
    )

    past = date(2026, 11, 9)
    assert [(one.item.id, one.at) for one in the_week(after, first=past)] == [
        (one.item.id, one.at) for one in the_week(first=past)
    ]
    week = the_week(after)
    assert {one.item.id for one in week} == {"new", "individual", "walk"}
    assert next(one.at for one in week if one.item.id == "new") == utc("2026-11-24T00:00")
    assert (after.version, after.by, after.at) == (2, "b", now)
    walk = after.item("walk")
    assert (walk.title, walk.revised, walk.revised_at) == ("Run", 2, now)
    assert after.item("individual") is INDIVIDUAL, "what didn't change keeps its number in calendars"
    assert (after.item("group").ends_on, after.item("homework").ends_on) == (date(2026, 11, 22),) * 2


def test_what_has_not_begun_is_changed_or_dropped_as_if_it_had_never_been() -> None:
    soon = replace(GROUP, starts_on=date(2027, 1, 4))
    template = replace(TEMPLATE, items=(soon, replace(HOMEWORK, starts_on=date(2027, 1, 4))))

    after = amended(template, (replace(soon, at=time(9)),), from_on=MONDAY, by="b", at=AT, fresh=("new",))

    assert [(item.id, item.at) for item in after.items] == [("group", time(9))]


def test_what_is_over_by_then_is_sent_back_as_it_was_and_goes_after_two_years() -> None:
    over = replace(GROUP, ends_on=date(2026, 12, 15))
    template = replace(TEMPLATE, items=(over,))

    def items(*wanted: Item, from_on: date) -> tuple[Item, ...]:
        return amended(template, wanted, from_on=from_on, by="b", at=AT, fresh=("new",)).items

    for from_on in (date(2026, 12, 1), date(2027, 1, 1)):
        assert items(over, from_on=from_on) == (over,)
    assert items(from_on=date(2027, 1, 1)) == (over,)
    assert [item.id for item in items(replace(over, at=time(9)), from_on=date(2027, 1, 1))] == ["group", "new"]
    assert items(from_on=date(2029, 1, 1)) == ()


def test_an_item_of_another_programme_is_none_of_this_one() -> None:
    with pytest.raises(NoSuchItem):
        amended(TEMPLATE, (replace(GROUP, id="strange"),), from_on=MONDAY, by="b", at=AT, fresh=("new",))


@pytest.mark.parametrize(
    ("item", "field"),
    [
        (replace(GROUP, zone=None), "items.0.timeZone"),
        (replace(GROUP, zone="Mars/Base"), "items.0.timeZone"),
        (replace(WALK, zone=NEW_YORK), "items.0.timeZone"),
        (replace(WALK, ends_on=date(2026, 11, 1)), "items.0.endsOn"),
        (replace(WALK, ends_on=date(2026, 11, 3)), "items.0.rule"),
        (replace(WALK, rule="FREQ=HOURLY"), "items.0.rule"),
        (replace(WALK, rule="FREQ=DAILY;COUNT=3"), "items.0.rule"),
        (replace(WALK, rule="FREQ=DAILY;UNTIL=20270101"), "items.0.rule"),
        (replace(WALK, starts_on=date(1066, 1, 1)), "items.0.startsOn"),
    ],
)
def test_an_item_that_can_not_be_kept_is_refused_with_its_field(item: Item, field: str) -> None:
    faults = item_faults(item, zone=NEW_YORK, now=utc("2026-11-20T12:00"), field="items.0")

    assert [fault.field for fault in faults] == [field]
