"""Groups, members, bells, looks and who came: the same over fakes and over the table."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from chalicelib.errors import Stale
from chalicelib.groups.bell_store import DynamoBells, DynamoLooks
from chalicelib.groups.bells import bells_at
from chalicelib.groups.belonging import Members
from chalicelib.groups.domain import Group, Kind, Member, Said, Tell
from chalicelib.groups.member_store import DynamoMembers
from chalicelib.groups.presence import Came, Presence, Presences
from chalicelib.groups.presence_store import DynamoPresences
from chalicelib.groups.ringing import Bells, Looks
from chalicelib.groups.service import Groups
from chalicelib.groups.store import DynamoGroups
from chalicelib.outreach.fanning import Stage
from tests.build import utc
from tests.fakes_groups import FakeBells, FakeGroups, FakeLooks, FakeMembers, FakePresences
from tests.unit.groups.test_meeting_series import NEXT, SET, THURSDAY, a_series, moved, off

GROUP = Group(
    id="60" * 16,
    programme_id="iop-evening",
    kind=Kind.ALUMNI,
    name="Thursday circle",
    language="en",
    facilitators=frozenset({"fay", "sam"}),
    is_open=True,
    by="admin",
    made_at=SET,
)


@dataclass
class Stores:
    groups: Groups
    members: Members
    bells: Bells
    looks: Looks
    presences: Presences


def fakes() -> Stores:
    looks = FakeLooks()
    return Stores(FakeGroups(looks=looks), FakeMembers(), FakeBells(), looks, FakePresences())


def table() -> Stores:
    return Stores(DynamoGroups(), DynamoMembers(), DynamoBells(), DynamoLooks(), DynamoPresences())


@pytest.fixture(params=[fakes, table])
def stores(request: pytest.FixtureRequest, aws: None) -> Stores:
    del aws
    make: Callable[[], Stores] = request.param
    return make()


def member(number: int, **changes: object) -> Member:
    made = Member(group_id=GROUP.id, recipient_id=f"{number:032x}", joined_at=SET, by="staff")
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_group_and_its_series_are_kept_by_their_versions(stores: Stores) -> None:
    groups = stores.groups
    assert (groups.find(GROUP.id), groups.series("5e" * 16)) == (None, None)
    assert groups.add(GROUP) == groups.add(replace(GROUP, name="Other")) == GROUP
    groups.add(replace(GROUP, id="61" * 16))
    page, after = groups.of_programme("iop-evening", after=None, limit=1)
    assert ([one.id for one in page], after) == ([GROUP.id], GROUP.id)
    assert [one.id for one in groups.of_programme("iop-evening", after=after, limit=1)[0]] == ["61" * 16]
    assert groups.of_programme("iop-morning", after=None, limit=1) == ([], None)

    closed = replace(GROUP, closed_at=SET, is_open=False)
    groups.save(closed)
    assert groups.find(GROUP.id) == replace(closed, version=2)
    with pytest.raises(Stale):
        groups.save(closed)

    series = a_series()
    owner = replace(closed, version=2, series=(series.id,))
    groups.add_series(series, owner, look_at=SET)
    with pytest.raises(Stale):
        groups.add_series(replace(series, id="5f" * 16), owner, look_at=SET)
    assert groups.series("5f" * 16) is None
    after_change = series.changed(moved(THURSDAY, utc("2026-11-27T03:00")), now=SET).changed(off(NEXT), now=SET)
    one = replace(after_change, version=2)
    groups.save_series(one, look_at=SET + timedelta(hours=1))
    assert groups.series(series.id) == one
    with pytest.raises(Stale):
        groups.save_series(one, look_at=None)
    assert stores.looks.coming(by=SET + timedelta(hours=2), limit=9) == [
        (SET, series.id),
        (SET + timedelta(hours=1), series.id),
    ]
    stores.looks.remove(SET, series.id)
    stores.looks.put(SET - timedelta(hours=1), series.id)
    assert stores.looks.coming(by=SET, limit=9) == [(SET - timedelta(hours=1), series.id)]


def test_members_are_counted_listed_and_changed_one_version_after_the_other(stores: Stores) -> None:
    members = stores.members
    assert (members.size(GROUP.id), members.groups_of(member(1).recipient_id)) == (0, [])
    assert [members.join(member(number)) for number in (3, 1, 2, 1)] == [True, True, True, False]
    assert members.size(GROUP.id) == 3
    page, after = members.of_group(GROUP.id, after=None, limit=2)
    assert [one.recipient_id for one in page] == [member(1).recipient_id, member(2).recipient_id]
    assert members.of_group(GROUP.id, after=after, limit=2) == ([member(3)], None)

    answered = member(1, tell=frozenset({Tell.NOW}), rules_at=SET).answering(
        "5e-20261126", Said.MAYBE, meets_at=SET + timedelta(days=2), at=SET
    )
    assert members.save(answered)
    assert not members.save(answered)
    assert members.find(GROUP.id, member(1).recipient_id) == replace(answered, version=2)
    left = [members.leave(GROUP.id, member(1).recipient_id, at=SET + timedelta(hours=late)) for late in (1, 2)]
    assert left == [True, False]
    assert members.left_at(GROUP.id, member(1).recipient_id) == SET + timedelta(hours=1)
    assert members.left_at(GROUP.id, member(2).recipient_id) is None
    assert [(one.recipient_id, one.left_at) for one in members.former(GROUP.id)] == [
        (member(1).recipient_id, SET + timedelta(hours=1))
    ]
    assert members.find(GROUP.id, member(1).recipient_id) is None
    assert not members.save(replace(answered, version=2))
    assert (members.size(GROUP.id), members.groups_of(member(1).recipient_id)) == (2, [])
    assert members.groups_of(member(2).recipient_id) == [GROUP.id]


def test_a_bell_is_kept_once_and_moves_on_page_by_page(stores: Stores) -> None:
    bells, now = stores.bells, utc("2026-11-25T22:50")
    (bell,) = bells_at(a_series(), now=now)
    (again,) = bells_at(a_series(), now=now + timedelta(minutes=1))
    (gone,) = bells_at(a_series().changed(off(THURSDAY), now=SET), now=SET)

    bells.add(bell)
    bells.add(again)
    bells.add(gone)
    assert bells.find(bell.id) == bell
    assert bells.find(gone.id) == gone
    assert [one.id for one in bells.begun(by=now)] == [gone.id, bell.id]
    page = bell.page(["a1"], after=None)
    assert bells.keep_page(bell.id, page) == bells.keep_page(bell.id, replace(page, person_ids=())) == page
    done = bell.past(page, now=now)
    assert bells.advance(done, pages=0)
    assert not bells.advance(done, pages=0)
    assert bells.find(bell.id) == done
    assert done.stage is Stage.COMPLETE
    bells.close(done)
    assert [one.id for one in bells.begun(by=now)] == [gone.id]


def test_who_came_is_kept_with_the_person_newest_first(stores: Stores) -> None:
    first = Came(
        recipient_id="a1",
        meeting_id=f"{'5e' * 16}-20261126",
        at=utc("2026-11-26T23:00"),
        presence=Presence.JOINED,
        verified=False,
        noted_at=SET,
        by="a1",
    )
    second = replace(first, meeting_id=f"{'5e' * 16}-20261203", at=utc("2026-12-03T23:00"))
    assert stores.presences.save(first)
    assert not stores.presences.save(first)
    assert stores.presences.save(second)
    noted = replace(first, presence=Presence.EXCUSED, verified=True, by="fay", version=1)
    assert stores.presences.save(noted)

    kept = replace(noted, version=2)
    assert stores.presences.of_meeting(first.meeting_id, ["a1", "b2"]) == {"a1": kept}
    found = stores.presences.of_member("a1", first=date(2026, 11, 1), limit=9)
    assert found == [replace(second, version=1), kept]
    assert stores.presences.of_member("a1", first=date(2026, 12, 1), limit=9) == [replace(second, version=1)]
