"""Rotas, covers and when they were looked over: one suite for the fake and for the table."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from chalicelib.crisis.duty import Tier
from chalicelib.crisis.rota import Holiday
from chalicelib.crisis.rota_store import DynamoRotas
from chalicelib.crisis.rota_watch import Looked
from chalicelib.edge.table import Item
from chalicelib.errors import Stale
from chalicelib.outreach.domain import Due
from chalicelib.outreach.recurrence import Recurrence
from chalicelib.outreach.store import DueItem, due_of
from tests.fakes_rota import ALWAYS, MONDAY, NIGHTS, WORKDAYS, FakeRotas, a_cover, a_rota, a_shift

pytestmark = pytest.mark.usefixtures("aws")
HOUR = timedelta(hours=1)
FULL = a_rota(
    a_shift("day", WORKDAYS, "ana", "bo"),
    a_shift("night", NIGHTS, "bo", tier=Tier.SECONDARY, zone="Asia/Kathmandu"),
    a_shift("nobody", ALWAYS),
    holidays=(
        Holiday(on=date(2026, 12, 25), shift_id="day", account=None, why="Holiday"),
        Holiday(on=date(2026, 12, 26), shift_id="day", account="bo"),
    ),
    hours=(WORKDAYS,),
    drills=Recurrence(rule="FREQ=MONTHLY;BYDAY=2TU", at=time(10), zone="Europe/Berlin", starts_on=date(2026, 12, 1)),
)


@pytest.fixture(params=["fake", "table"])
def rotas(request: pytest.FixtureRequest) -> FakeRotas | DynamoRotas:
    return FakeRotas() if request.param == "fake" else DynamoRotas(hurry=lambda _dues: None)


def test_a_rota_is_kept_in_versions_of_which_the_last_one_holds(rotas: FakeRotas | DynamoRotas) -> None:
    assert rotas.find("iop", since=MONDAY) is None
    for rota in (FULL, replace(FULL, programme_id="other"), replace(FULL, version=2, shifts=())):
        rotas.add(rota)

    assert rotas.find("iop", since=MONDAY) == replace(FULL, version=2, shifts=())
    assert rotas.find("other", since=MONDAY) == replace(FULL, programme_id="other")
    with pytest.raises(Stale):
        rotas.add(replace(FULL, version=2))


def test_covers_that_are_not_over_come_along(rotas: FakeRotas | DynamoRotas) -> None:
    rotas.add(FULL)
    over = a_cover("0", of="ana", by="bo", starts=MONDAY - HOUR, ends=MONDAY)
    asked = replace(a_cover("1", of="ana", by="bo", starts=MONDAY, ends=MONDAY + HOUR), agreed=frozenset({"ana"}))
    ended = replace(
        a_cover("2", of=None, by="cy", starts=MONDAY, ends=MONDAY + 2 * HOUR, put=True), ended_at=MONDAY, ended_by="bo"
    )
    for cover in (ended, over, asked, replace(asked, programme_id="other")):
        rotas.save_cover(cover)

    found = rotas.find("iop", since=MONDAY)
    assert found
    assert found.covers == (asked, ended)
    earlier = rotas.find("iop", since=MONDAY - HOUR)
    assert earlier
    assert earlier.covers == (over, asked, ended)
    assert rotas.cover("iop", ended.id) == ended
    assert rotas.cover("iop", "none") is None


def test_a_cover_is_changed_by_whoever_saw_its_last_version(rotas: FakeRotas | DynamoRotas) -> None:
    cover = a_cover(of="ana", by="bo", starts=MONDAY, ends=MONDAY + HOUR)
    rotas.save_cover(cover)
    rotas.save_cover(replace(cover, version=2, ended_at=MONDAY))

    for version in (1, 2, 4):
        with pytest.raises(Stale):
            rotas.save_cover(replace(cover, version=version))
    assert rotas.cover("iop", cover.id) == replace(cover, version=2, ended_at=MONDAY)


def test_a_change_has_the_rota_looked_over_at_once(rotas: FakeRotas | DynamoRotas) -> None:
    rotas.add(FULL)
    rotas.add(replace(FULL, programme_id="other"))
    looked = Looked(programme_id="iop", at=MONDAY, told=frozenset({"a-72", "b-24"}))
    rotas.look(looked)

    assert rotas.looked() == [looked, Looked(programme_id="other")]
    rotas.add(replace(FULL, version=2))
    assert [one.is_due(MONDAY) for one in rotas.looked()] == [True, True]
    assert not looked.is_due(MONDAY + HOUR / 2)
    assert looked.is_due(MONDAY + HOUR)


def test_what_falls_due_is_written_together_with_a_cover() -> None:
    hurried: list[Due] = []
    due = Due(
        person_id="staff-1", kind="staff_work-cover-1-asked", on=MONDAY.date(), at=MONDAY, due_at=MONDAY, version=1
    )
    cover = a_cover(of="ana", by="bo", starts=MONDAY, ends=MONDAY + HOUR)
    rotas = DynamoRotas(hurry=hurried.extend)

    rotas.save_cover(cover, dues=[due])
    with pytest.raises(Stale):
        rotas.save_cover(cover, dues=[replace(due, version=2)])

    assert hurried == [due]
    assert [due_of(item) for item in Item.scan() if isinstance(item, DueItem)] == [due]
