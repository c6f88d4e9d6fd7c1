"""What a rota leaves open, and turns that begin and end, told to staff: the hourly look, its messages, and the tick."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from zoneinfo import ZoneInfoNotFoundError

import pytest

from chalicelib.crisis import drills, rota_handlers
from chalicelib.crisis import handlers as crisis_handlers
from chalicelib.crisis.duty import Duty, Tier
from chalicelib.crisis.rota import Holiday, Rota
from chalicelib.crisis.rota_store import DynamoRotas, RotaItem
from chalicelib.crisis.rota_watch import Looked, Seen, WatchDesk, all_looked, look_over, objection
from chalicelib.crisis.standing import stands_on_call
from chalicelib.edge.table import Item
from chalicelib.outreach.categories import category_of, template_of
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.recurrence import Recurrence
from chalicelib.outreach.store import DueItem, due_of
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Member
from chalicelib.staff.store import DynamoStaff
from tests.conftest import Clock
from tests.contract.test_people_routes import Api
from tests.fakes import FakeDues
from tests.fakes_rota import ALWAYS, MONDAY, WORKDAYS, FakeRotas, a_member, a_rota, a_shift
from tests.fakes_staff import FakeStaff

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ADMIN = a_member("admin", Role.PROGRAM_ADMIN)


class World:
    """One programme, looked over as time goes by."""

    def __init__(self, rota: Rota | None, *members: Member, in_care: bool = True) -> None:
        self.rotas, self.dues, self.staff, self.in_care = FakeRotas(), FakeDues(), FakeStaff(), in_care
        if rota:
            self.rotas.add(rota)
        for member in members:
            self.staff.save(member)

    def look(self, *, hours: float) -> Seen:
        (looked,) = all_looked(self.rotas, ["iop"])
        desk = WatchDesk(
            rotas=self.rotas, looks=self.rotas, staff=self.staff, dues=self.dues, cares=lambda _programme: self.in_care
        )
        return look_over(looked, now=MONDAY + hours * HOUR, desk=desk)

    def told(self, account: str) -> list[Due]:
        member = self.staff.find("iop", account)
        assert member
        found = {due.name: due for due in self.dues.rows.values() if due.person_id == member.id}
        return sorted(found.values(), key=lambda due: (due.at, due.kind))


def test_program_admins_are_told_of_a_gap_once_three_days_and_once_a_day_ahead() -> None:
    off = Holiday(on=date(2026, 11, 28), shift_id="all", account=None)
    world = World(a_rota(a_shift("all", ALWAYS, "ana"), holidays=(off,)), ADMIN, a_member("ana"), a_member("other"))

    seen = {hours: world.look(hours=hours) for hours in range(120)}

    assert [hours for hours, one in seen.items() if one.told] == [47, 95]
    assert len(world.told("admin")) == 2
    assert world.told("ana")[0].kind.startswith("staff_work-turn-")
    assert world.told("other") == []
    assert {round(one.gap_hours) for hours, one in seen.items() if hours < 47} == {0}
    assert round(seen[71].gap_hours) == 24
    assert seen[119].gap_hours == pytest.approx(24)


def test_a_gap_that_never_ends_is_told_of_once_a_week() -> None:
    world = World(a_rota(), ADMIN)

    told = [hours for hours in range(0, 21 * 24, 3) if world.look(hours=hours).told]

    assert told == [0, 153, 321, 489]


def test_a_programme_with_people_and_no_rota_is_warned_as_of_one_that_nobody_keeps() -> None:
    world = World(None, ADMIN, a_member("ana"))

    told = [hours for hours in range(0, 21 * 24, 3) if world.look(hours=hours).told]

    assert told == [0, 153, 321, 489]
    assert world.told("ana") == []
    assert world.look(hours=505).gap_hours == pytest.approx(72)
    world.rotas.add(a_rota(a_shift("all", ALWAYS, "ana")))
    assert world.look(hours=506).gap_hours == 0


def test_a_programme_without_anybody_in_care_needs_no_rota() -> None:
    world = World(None, ADMIN, in_care=False)

    assert [world.look(hours=hours) for hours in (0, 1)] == [Seen(), Seen()]
    world.in_care = True
    assert world.look(hours=2).told == 1


def test_many_gaps_are_told_of_in_one_message() -> None:
    shifts = [a_shift(f"second-{hour}", WORKDAYS, "gone", tier=Tier.SECONDARY) for hour in range(3)]
    world = World(a_rota(a_shift("day", WORKDAYS), *shifts), ADMIN)

    assert world.look(hours=0).told == 1


def test_what_died_before_it_was_written_down_is_told_once_all_the_same() -> None:
    world = World(a_rota(), ADMIN)
    world.look(hours=0)
    before = world.told("admin")
    world.rotas.look(Looked(programme_id="iop"))
    world.look(hours=1)

    assert [due.name for due in world.told("admin")] == [due.name for due in before]


def test_where_no_admin_can_be_told_the_operators_are() -> None:
    world = World(a_rota(), a_member("admin", Role.PROGRAM_ADMIN, reachable=False))

    assert world.look(hours=0).is_untold
    assert world.look(hours=1).is_untold


def test_whoever_hands_over_and_whoever_takes_over_are_told_at_that_instant() -> None:
    shift = a_shift("all", ALWAYS, "ana", "bo", turns_from=date(2026, 11, 24))
    world = World(a_rota(shift), a_member("ana"), a_member("bo"))
    for hours in range(40):
        world.look(hours=hours)

    tuesday = MONDAY + 23 * HOUR
    assert [(due.at, due.kind) for due in world.told("ana")] == [(tuesday, "staff_work-turn-primary-1400begins")]
    assert [(due.at, due.kind) for due in world.told("bo")] == [(tuesday, "staff_work-turn-primary-1400ends")]
    (due,) = world.told("ana")
    assert template_of(due.kind) == "staff_work_turn"
    assert not category_of(due.kind).quiet_hours_defer

    def still(due: Due) -> Reason | None:
        return objection(due, member_of=world.staff.with_id, rotas=world.rotas)

    assert still(due) is None
    world.rotas.add(replace(a_rota(replace(shift, members=("bo",))), version=2))
    assert still(due) is Reason.CANCELLED
    assert still(replace(due, person_id="staff-none")) is Reason.CANCELLED
    assert still(replace(due, kind="staff_work-rota-gaps-1")) is None


def test_the_tick_looks_over_what_was_changed_and_then_once_an_hour(
    aws: None, clock: Clock, log: Callable[[], list[dict[str, object]]]
) -> None:
    del aws
    rota_handlers._desk.cache_clear()  # noqa: SLF001 (its clients belong to another test's AWS)
    staff = DynamoStaff(hurry=lambda _dues: None)
    staff.save(ADMIN)
    DynamoRotas().add(a_rota(a_shift("second", ALWAYS, "gone", tier=Tier.SECONDARY)))
    told = []
    for minute in (0, 1, 30, 60, 61):
        clock.set(MONDAY + timedelta(minutes=minute))
        told.append(rota_handlers.look_over())

    assert told == [1, 0, 0, 0, 0]
    (due,) = [due_of(item) for item in Item.scan() if isinstance(item, DueItem)]
    assert (due.person_id, template_of(due.kind)) == (ADMIN.id, "staff_work_rota")
    hours = [line["RotaGapHours"] for line in log() if "RotaGapHours" in line]
    assert hours == [[72.0], [72.0]]
    assert rota_handlers.still_true(due) is None


def test_the_tick_warns_of_a_programme_that_never_kept_a_rota_once_it_has_people(
    aws: None, clock: Clock, log: Callable[[], list[dict[str, object]]]
) -> None:
    del aws
    rota_handlers._desk.cache_clear()  # noqa: SLF001 (as above)
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    DynamoStaff(hurry=lambda _dues: None).save(replace(ADMIN, programme_id="iop-evening"))
    clock.set(MONDAY)
    assert rota_handlers.look_over() == 0
    api.enrol()
    told = []
    for minute in (1, 60, 61, 120):
        clock.set(MONDAY + timedelta(minutes=minute))
        told.append(rota_handlers.look_over())

    assert told == [0, 1, 0, 0]
    hours = [line["RotaGapHours"] for line in log() if "RotaGapHours" in line]
    assert hours == [[0.0], [72.0], [72.0]]


def test_the_tick_begins_a_drill_when_its_time_has_come(aws: None, clock: Clock) -> None:
    del aws
    for made in (rota_handlers._desk, rota_handlers.on_call, crisis_handlers.desk):  # noqa: SLF001 (as above)
        made.cache_clear()
    DynamoStaff(hurry=lambda _dues: None).save(a_member("ana"))
    at_ten = Recurrence(
        rule="FREQ=MONTHLY;BYDAY=4MO", at=time(10), zone="America/New_York", starts_on=date(2026, 11, 1)
    )
    DynamoRotas().add(a_rota(a_shift("all", ALWAYS, "ana"), drills=at_ten))

    begun = []
    for minute in (-60, 0, 1, 61):
        clock.set(MONDAY + timedelta(minutes=minute))
        rota_handlers.look_over()
        begun.append(len(drills.listed("iop", desk=crisis_handlers.desk())))

    assert begun == [0, 1, 1, 1]


def test_a_rota_that_cannot_be_read_is_not_taken_for_one_with_nobody_on_duty(aws: None) -> None:
    del aws
    rota_handlers.on_call.cache_clear()
    DynamoStaff(hurry=lambda _dues: None).save(a_member("ana"))
    assert rota_handlers.on_call().on_duty("iop", at=MONDAY) == Duty()
    DynamoRotas().add(a_rota(a_shift("all", ALWAYS, "ana")))
    assert rota_handlers.on_call().on_duty("iop", at=MONDAY).primary == (a_member("ana").id,)

    broken = RotaItem.get("ROTA#iop", "VERSION#000001")
    broken.zone = "Mars/Olympus"
    broken.save()
    with pytest.raises(ZoneInfoNotFoundError):
        rota_handlers.on_call().on_duty("iop", at=MONDAY)
    # All of the staff are paged meanwhile (paging.py), and so each of them may say that they have it.
    crisis_handlers.desk.cache_clear()
    assert stands_on_call("ana", "iop", MONDAY)
