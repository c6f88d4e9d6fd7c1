"""Staff and what is looked at later: one suite for the fakes and for the table."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from chalicelib.edge.table import Item
from chalicelib.enrollment.channels import Channel
from chalicelib.errors import Stale
from chalicelib.outreach.domain import ChannelKind, Due
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.sorts import Sort, sort_of
from chalicelib.outreach.store import DueItem, DynamoDues, due_of
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Hours, Member, changed
from chalicelib.staff.pursuing import Climb, Climbs
from chalicelib.staff.service import Staff
from chalicelib.staff.store import DynamoClimbs, DynamoStaff
from chalicelib.tasks.domain import Kind, task_for
from tests.build import utc
from tests.fakes_staff import FakeClimbs, FakeStaff

NOW = utc("2026-11-24T18:00")

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture(params=["fake", "table"])
def staff(request: pytest.FixtureRequest) -> Staff:
    return FakeStaff() if request.param == "fake" else DynamoStaff(hurry=lambda _dues: None)


@pytest.fixture(params=[FakeClimbs, DynamoClimbs])
def climbs(request: pytest.FixtureRequest) -> Climbs:
    found: Climbs = request.param()
    return found


def a_member(account: str = "dr", *, programme: str = "iop", **changes: Any) -> Member:
    member = Member(
        programme_id=programme,
        account=account,
        first_name=account.title(),
        roles=frozenset({Role.CLINICIAN}),
        language="en",
        zone="America/New_York",
        put_by="admin",
        put_at=NOW,
    )
    return replace(member, **changes)


FULL = a_member(
    roles=frozenset({Role.CLINICIAN, Role.PROGRAM_ADMIN}),
    language="es",
    hours=Hours(days=frozenset({"MO", "SU"}), start=time(7, 30), end=time(15)),
    quiet_hours=QuietHours(start=time(22), end=time(6)),
    email=Channel(id="c1", kind=ChannelKind.EMAIL, address="dr@care.example", added_at=NOW, revision=3)
    .attested(by="admin", at=NOW)
    .given_up(why="bounced", at=NOW)
    .complained_of(at=NOW),
    digest=False,
    removed_at=NOW,
)


@pytest.mark.parametrize("member", [a_member(), FULL])
def test_what_was_saved_is_found_as_it_was(staff: Staff, member: Member) -> None:
    staff.save(member)

    assert staff.find("iop", "dr") == staff.with_id(member.id) == member
    assert staff.of_programme("iop") == [member]
    assert sort_of(member.id) is Sort.STAFF


def test_nobody_else_is_found(staff: Staff) -> None:
    staff.save(a_member())

    assert staff.find("iop", "other") is None
    assert staff.find("other", "dr") is None
    assert staff.with_id("staff-none") is None
    assert staff.of_programme("other") == []


def test_a_programmes_staff_are_listed_by_name_whatever_became_of_them(staff: Staff) -> None:
    for account in ("zoe", "al", "Bo"):
        staff.save(a_member(account))
    staff.save(a_member("al", programme="other"))
    gone = changed(a_member("zoe"), replace(a_member("zoe"), removed_at=NOW), by="admin", at=NOW)
    staff.save(gone)

    assert [member.account for member in staff.of_programme("iop")] == ["al", "Bo", "zoe"]


@pytest.mark.parametrize("version", [1, 3])
def test_a_change_of_another_version_is_refused(staff: Staff, version: int) -> None:
    staff.save(a_member())

    with pytest.raises(Stale):
        staff.save(a_member(version=version, first_name="Other"))
    assert staff.find("iop", "dr") == a_member()


def test_nothing_is_changed_that_is_not_there(staff: Staff) -> None:
    with pytest.raises(Stale):
        staff.save(a_member(version=2))
    assert staff.of_programme("iop") == []


def test_what_falls_due_is_written_together_with_the_member() -> None:
    hurried: list[Due] = []
    due = Due(person_id=a_member().id, kind="staff_digest", on=NOW.date(), at=NOW, due_at=NOW, version=1)

    DynamoStaff(hurry=hurried.extend).save(a_member(), dues=[due])
    with pytest.raises(Stale):
        DynamoStaff().save(a_member(), dues=[replace(due, version=2)])

    assert hurried == [due]
    found = [due_of(item) for item in Item.scan() if isinstance(item, DueItem)]
    assert found == [due]
    DynamoDues().remove(found)


def test_one_member_that_cannot_be_read_holds_up_no_other() -> None:
    staff = DynamoStaff()
    staff.save(a_member("al"))
    staff.save(a_member("bo"))
    from chalicelib.staff.store import StaffItem  # noqa: PLC0415 (only this test breaks a row)

    item = StaffItem.get(f"STAFF#{a_member('bo').id}", "STAFF")
    item.update([StaffItem.start.set("soon")])

    found = staff.with_ids([a_member("al").id, a_member("bo").id, "staff-none"])

    assert found[a_member("al").id] == a_member("al")
    assert isinstance(found[a_member("bo").id], ValueError)
    assert len(found) == 2
    with pytest.raises(ValueError, match="soon"):
        staff.of_programme("iop")


def a_climb(minute: int = 0, *, task: str = "flag-low#mood-2026", number: int = 1) -> Climb:
    return Climb(at=NOW + timedelta(minutes=minute), person_id="p1", task_id=task, number=number)


def test_what_is_to_be_looked_at_comes_when_its_instant_does(climbs: Climbs) -> None:
    for climb in (a_climb(2), a_climb(0), a_climb(0), a_climb(1, number=2)):
        climbs.put(climb)

    assert climbs.coming(by=NOW - timedelta(seconds=1), limit=9) == []
    assert climbs.coming(by=NOW, limit=9) == [a_climb(0)]
    assert climbs.coming(by=NOW + timedelta(minutes=5), limit=2) == [a_climb(0), a_climb(1, number=2)]


def test_what_was_looked_at_goes_once(climbs: Climbs) -> None:
    climbs.put(a_climb())
    for _ in range(2):
        climbs.remove(a_climb())

    assert climbs.coming(by=NOW, limit=9) == []


def test_a_reference_stands_for_its_task(climbs: Climbs) -> None:
    task = task_for(Kind.TALK_TODAY, "2026-11-24", programme_id="iop", person_id="p1", at=NOW)
    for _ in range(2):
        climbs.keep(task)

    assert climbs.task_of(task.reference) == ("p1", task.id)
    assert climbs.task_of("none") is None
