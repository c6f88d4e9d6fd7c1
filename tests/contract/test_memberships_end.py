"""A membership ends by itself when what it hangs on does: nobody gone is expected or shown, nobody hears why."""

from collections.abc import Callable
from dataclasses import replace as changed_to
from datetime import timedelta
from itertools import product

import pytest

from chalicelib.enrollment import agreeing
from chalicelib.enrollment.changing import Change, change_record, next_of
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.service import move_episode
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.groups.belonging import belongs
from chalicelib.groups.domain import Group, Kind, Member
from chalicelib.groups.entries import way_of
from chalicelib.groups.member_store import DynamoMembers
from chalicelib.groups.ringing import StillTrue
from chalicelib.groups.store import DynamoGroups
from chalicelib.outreach.domain import Reason, Standing
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.moments import Shows
from chalicelib.outreach.store import DueItem, due_of
from tests.build import a_recipient
from tests.conftest import Clock
from tests.groups_api import FAY, Api, enrol
from tests.streaming import Stream
from tests.toy import NOW

LATER = NOW + timedelta(minutes=1)
SELF = Will(by="staff", via=Via.STAFF)


@pytest.fixture
def api(aws: None, clock: Clock) -> Api:
    del aws
    clock.set(NOW)
    return Api()


def dead(person_id: str) -> None:
    move_episode(person_id, State.DECEASED, now=LATER, people=DynamoPeople())


def took_it_back(person_id: str) -> None:
    agreeing.revoke(person_id, "alumni_contact", will=SELF, now=LATER, people=DynamoPeople())


@pytest.mark.parametrize("happens", [dead, took_it_back])
def test_who_is_gone_is_nowhere_counted_shown_or_let_in_and_nobody_learns_why(
    api: Api, clock: Clock, happens: Callable[[str], None]
) -> None:
    ana, ben = (enrol(number, consents=("group_membership_visible",)) for number in (1, 2))
    group = api.group()
    group_id = group.rpartition("/")[2]
    api.series(group)
    hers, his = api.as_person(ana), api.as_person(ben)
    for person_id, by in ((ana, hers), (ben, his)):
        assert api.send("PUT", f"/people/{person_id}/groups/{group_id}", by=by).status == 200
        assert api.send("POST", f"/people/{person_id}/groups/{group_id}/rules", {"version": 1}, by=by).status == 200
    first = api.meetings(group)[0]["id"]
    assert api.send("PUT", f"/people/{ana}/meetings/{first}/answer", {"answer": "yes"}, by=hers).status == 200
    stream = Stream()
    stream.bring()

    happens(ana)
    clock.set(LATER + timedelta(seconds=1))
    api.at(LATER + timedelta(seconds=1))

    def seen() -> None:
        """Look by every door that shows who is there, or lets somebody in."""
        counts = api.send("GET", f"{group}/meetings/{first}/answers").json
        assert (counts["yes"], counts["maybe"]) == (0, 0)
        for path in (f"{group}/members", f"{group}/meetings/{first}/members"):
            assert [one["memberId"] for one in api.send("GET", path, by=FAY).json["items"]] == [ben], path
        assert api.send("GET", f"/people/{ben}/groups/{group_id}/members", by=his).json == {"names": []}
        assert api.send("GET", f"/people/{ana}/meetings", by=hers).json.get("items", []) == []
        assert api.send("POST", f"/people/{ana}/meetings/{first}/arrival", by=hers).status in {403, 404}

    # At once, before the stream has come by, and for good after it.
    seen()
    stream.bring(times=2)
    seen()
    assert DynamoMembers().find(group_id, ana) is None
    assert (DynamoMembers().size(group_id), DynamoMembers().groups_of(ana)) == (1, [])
    (former,) = api.send("GET", f"{group}/former-members", by=FAY).json["items"]
    assert (former["memberId"], former["says"]) == (ana, "They are in this group no more.")
    assert set(former) == {"memberId", "name", "leftAt", "says"}


def test_staff_take_in_nobody_whom_the_group_is_not_for_and_are_told_the_same_of_all(api: Api) -> None:
    ana = enrol(1)
    group = api.group()
    dead(ana)
    api.at(LATER)
    told = [api.send("PUT", f"{group}/members/{one}", by=FAY) for one in (ana, "f" * 32)]

    assert [one.kind for one in told] == ["not-found"] * 2
    assert told[0].json["detail"] == told[1].json["detail"]
    assert DynamoMembers().size(group.rpartition("/")[2]) == 0


def test_to_leave_looks_like_every_other_end_and_only_who_sees_members_sees_it(api: Api) -> None:
    ana = enrol(1)
    group = api.group()
    group_id, hers = group.rpartition("/")[2], api.as_person(ana)
    assert api.send("PUT", f"/people/{ana}/groups/{group_id}", by=hers).status == 200
    for _ in range(2):
        assert api.send("DELETE", f"/people/{ana}/groups/{group_id}", by=hers).status == 204

    (former,) = api.send("GET", f"{group}/former-members", by=FAY).json["items"]
    assert (former["memberId"], former["says"]) == (ana, "They are in this group no more.")
    assert api.send("GET", f"{group}/former-members", by="cleo=iop-evening/clinician").kind == "forbidden"
    assert api.send("GET", f"{group}/former-members", by="sam=iop-evening/peer-specialist").kind == "not-found"
    assert api.send("GET", f"{group}/former-members", by=hers).kind == "forbidden"


def told(person_id: str) -> list[str]:
    """Return what waits to tell somebody's calendar, in or out."""
    found = [one for item in DueItem.scan() if (one := due_of(item)).person_id == person_id]
    return sorted({way.kind.split("-")[3] for one in found if (way := way_of(one.kind))})


def test_who_wants_entries_has_a_groups_meetings_in_their_calendar_as_long_as_they_are_in_it(
    api: Api, clock: Clock
) -> None:
    ana, ben = enrol(1), enrol(2)
    change_record(ana, wants_entries, people=DynamoPeople())
    group = api.group()
    group_id = group.rpartition("/")[2]
    api.series(group)
    stream, still_true = Stream(), StillTrue(DynamoGroups(), DynamoMembers(), DynamoLedger(), clock=lambda: LATER)
    for person_id in (ana, ben):
        assert api.send("PUT", f"/people/{person_id}/groups/{group_id}", by=api.as_person(person_id)).status == 200
    stream.bring(times=2)

    assert (told(ana), told(ben)) == (["in"], [])
    (into,) = [one for item in DueItem.scan() if way_of((one := due_of(item)).kind)]
    moment = still_true.moment(into)
    assert still_true(into) is None
    assert moment
    assert moment.entry
    assert moment.entry.shows is Shows.ALL

    api.at(LATER)
    clock.set(LATER)
    assert api.send("DELETE", f"/people/{ana}/groups/{group_id}", by=api.as_person(ana)).status == 204
    stream.bring(times=2)
    assert (told(ana), told(ben)) == (["in", "out"], [])
    out = next(one for item in DueItem.scan() if "-out-" in (one := due_of(item)).kind)
    assert (still_true(into), still_true(out)) == (Reason.CANCELLED, None)

    # Who is back before it went out keeps their entries.
    assert api.send("PUT", f"/people/{ana}/groups/{group_id}", by=api.as_person(ana)).status == 200
    assert still_true(out) is Reason.CANCELLED


def wants_entries(record: Record) -> Change:
    return next_of(record, person=changed_to(record.person, calendar_invites=True))


GROUP = Group(
    id="g",
    programme_id="iop-evening",
    kind=Kind.ALUMNI,
    name="x",
    language="en",
    facilitators=frozenset({"fay"}),
    is_open=True,
    by="fay",
    made_at=NOW,
)


@pytest.mark.parametrize(("standing", "by", "agreed"), list(product(Standing, ("p", "fay"), (True, False))))
def test_a_member_belongs_while_the_programme_and_what_they_came_in_by_hold(
    standing: Standing,
    by: str,
    *,
    agreed: bool,
) -> None:
    member = Member(group_id="g", recipient_id="p", joined_at=NOW, by=by)
    consents = frozenset({"alumni_contact"} if agreed else ())
    who = a_recipient(person="p", standing=standing, consents=consents)
    in_care = standing in {Standing.REACHABLE, Standing.ON_HOLD}

    expected = agreed if standing is Standing.ALUMNI else in_care and by == "fay"
    assert belongs(GROUP, member, who) is expected
    assert not belongs(GROUP, member, changed_to(who, programme_id="iop-morning"))
    assert not belongs(GROUP, member, None)
