"""Holds: one suite for the fake and the table, and the doors over the table."""

from collections.abc import Callable
from datetime import timedelta

import boto3
import pytest

from chalicelib.edge.log import flush
from chalicelib.enrollment.channels import NO_END
from chalicelib.enrollment.holds import (
    LONGEST,
    Holds,
    PlacedHold,
    hold_after_crisis,
    hold_for_crisis,
    live_holds,
    place_hold,
    settle_after_crisis,
)
from chalicelib.enrollment.reach_store import DynamoHolds, ReachItem, kept_with
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Invalid
from chalicelib.outreach.domain import Hold
from tests.contract.test_people_routes import Api
from tests.fakes_watch import FakeHolds
from tests.toy import NOW

PERSON = "0f" * 16
STAFF = "ben=iop-evening/clinician"


@pytest.fixture
def api(aws: None) -> Api:
    del aws
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


class Kept:
    """Holds, and what is placed of them."""

    def __init__(self, holds: FakeHolds | DynamoHolds) -> None:
        self.holds: Holds = holds
        self._fake = holds if isinstance(holds, FakeHolds) else None

    @property
    def placed(self) -> set[PlacedHold]:
        if self._fake:
            return set(self._fake.placed.values())
        items = ReachItem.query(f"PERSON#{PERSON}", ReachItem.sk == "REACH", consistent_read=True)
        return {hold for item in items for hold in kept_with(item)["holds"]}


@pytest.fixture(params=[FakeHolds, DynamoHolds])
def kept(request: pytest.FixtureRequest, aws: None) -> Kept:
    del aws
    return Kept(request.param())


def test_a_hold_is_live_until_its_end_and_no_longer(kept: Kept) -> None:
    hold = place_hold(PERSON, Hold.CONVERSATION, until=NOW + timedelta(hours=2), by="ben", now=NOW, holds=kept.holds)

    assert kept.placed == {hold}
    assert live_holds(kept.placed, at=hold.until - timedelta(microseconds=1)) == {Hold.CONVERSATION}
    assert live_holds(kept.placed, at=hold.until) == frozenset()


def test_a_second_hold_of_a_kind_takes_the_place_of_the_first_even_if_it_is_shorter(kept: Kept) -> None:
    place_hold(PERSON, Hold.CRISIS, until=NOW + timedelta(days=2), by="ben", now=NOW, holds=kept.holds)

    shorter = place_hold(PERSON, Hold.CRISIS, until=NOW + timedelta(days=1), by="ana", now=NOW, holds=kept.holds)

    assert kept.placed == {shorter}


def test_a_call_for_help_holds_until_it_is_over_and_a_while_yet(kept: Kept) -> None:
    hold_for_crisis(PERSON, now=NOW, holds=kept.holds)
    hold_for_crisis(PERSON, now=NOW + timedelta(hours=1), holds=kept.holds)
    assert {(hold.since, hold.until) for hold in kept.placed} == {(NOW, NO_END)}

    hold_after_crisis(PERSON, now=NOW + timedelta(hours=2), holds=kept.holds)
    assert {hold.until for hold in kept.placed} == {NOW + timedelta(hours=74)}
    hold_for_crisis(PERSON, now=NOW + timedelta(hours=3), holds=kept.holds)
    assert {hold.until for hold in kept.placed} == {NO_END}


def test_a_hold_without_an_end_is_given_one_and_no_other_is_touched(kept: Kept) -> None:
    settle_after_crisis(PERSON, ended_at=NOW, holds=kept.holds)
    assert kept.placed == set()

    hold_for_crisis(PERSON, now=NOW, holds=kept.holds)
    settle_after_crisis(PERSON, ended_at=NOW + timedelta(hours=2), holds=kept.holds)
    assert {hold.until for hold in kept.placed} == {NOW + timedelta(hours=74)}

    settle_after_crisis(PERSON, ended_at=NOW + timedelta(hours=9), holds=kept.holds)
    assert {hold.until for hold in kept.placed} == {NOW + timedelta(hours=74)}

    # Who called anew since then is held for that.
    kept.holds.lift(PERSON, Hold.CRISIS)
    hold_for_crisis(PERSON, now=NOW + timedelta(hours=10), holds=kept.holds)
    settle_after_crisis(PERSON, ended_at=NOW + timedelta(hours=9), holds=kept.holds)
    assert {hold.until for hold in kept.placed} == {NO_END}


def test_lifting_takes_one_kind_away_and_may_be_repeated(kept: Kept) -> None:
    place_hold(PERSON, Hold.CRISIS, until=NOW + timedelta(days=2), by="ben", now=NOW, holds=kept.holds)
    other = place_hold(PERSON, Hold.CONVERSATION, until=NOW + timedelta(days=2), by="ben", now=NOW, holds=kept.holds)

    for _ in range(2):
        kept.holds.lift(PERSON, Hold.CRISIS)

    assert kept.placed == {other}


@pytest.mark.parametrize("until", [NOW, NOW - timedelta(seconds=1), NOW + LONGEST + timedelta(seconds=1)])
def test_a_hold_ends_ahead_and_within_a_month(kept: Kept, until: object) -> None:
    with pytest.raises(Invalid, match="until"):
        place_hold(PERSON, Hold.CRISIS, until=until, by="ben", now=NOW, holds=kept.holds)  # type: ignore[arg-type]

    assert not kept.placed


@pytest.mark.usefixtures("aws")
def test_a_call_for_help_does_not_fail_where_the_hold_can_not_be_kept(
    log: Callable[[], list[dict[str, object]]],
) -> None:
    boto3.client("dynamodb").delete_table(TableName="cairn")

    hold_for_crisis(PERSON, now=NOW, holds=DynamoHolds())
    flush()

    written = log()
    assert [line["person_id"] for line in written if line.get("message") == "hold not kept"] == [PERSON]
    assert [line["UnexpectedErrors"] for line in written if "UnexpectedErrors" in line] == [[1]]


def test_staff_hold_celebrations_back_and_let_them_go_again(api: Api) -> None:
    person = api.enrol()
    api.as_whom = STAFF
    until = (NOW + timedelta(hours=5)).isoformat()

    told = api.send("PUT", f"/people/{person}/holds/conversation", {"until": until})

    assert told.status == 200, told.text
    assert (told.json["kind"], told.json["by"], told.json["isLive"]) == ("conversation", "ben", True)
    (listed,) = api.send("GET", f"/people/{person}/holds").json["items"]
    assert listed == told.json
    recipient = DynamoPeople().load(person, now=NOW)
    assert recipient is not None
    assert recipient.holds == {Hold.CONVERSATION}
    later = DynamoPeople().load(person, now=NOW + timedelta(hours=5))
    assert later is not None
    assert later.holds == frozenset()

    for _ in range(2):
        assert api.send("DELETE", f"/people/{person}/holds/conversation").status == 204
    assert api.send("GET", f"/people/{person}/holds").json["items"] == []


def test_a_change_of_the_record_leaves_holds_alone(api: Api) -> None:
    person = api.enrol()
    api.as_whom = STAFF
    api.send("PUT", f"/people/{person}/holds/crisis", {"until": (NOW + timedelta(hours=5)).isoformat()})
    api.as_whom = "eva=iop-evening/case-manager"

    assert api.send("POST", f"/people/{person}/transitions", {"to": "on_hold"}).status == 200

    recipient = DynamoPeople().load(person, now=NOW)
    assert recipient is not None
    assert recipient.holds == {Hold.CRISIS}


@pytest.mark.parametrize(
    ("kind", "body", "status", "field"),
    [
        ("crisis", {"until": "2020-01-01T00:00:00Z"}, 422, "until"),
        ("crisis", {"until": "2026-11-26T00:00:00"}, 422, "until"),
        ("crisis", {"until": "0001-01-01T00:00:00+14:00"}, 422, "until"),
        ("crisis", {"until": "9999-12-31T23:59:59-14:00"}, 422, "until"),
        ("crisis", {}, 422, "until"),
        ("vacation", {"until": (NOW + timedelta(hours=5)).isoformat()}, 404, None),
    ],
)
def test_a_hold_that_can_not_be_is_refused_by_the_field(
    api: Api, kind: str, body: dict[str, str], status: int, field: str | None
) -> None:
    person = api.enrol()
    api.as_whom = STAFF

    told = api.send("PUT", f"/people/{person}/holds/{kind}", body)

    assert told.status == status, told.text
    assert [fault["field"] for fault in told.json.get("errors", [])] == ([field] if field else [])


@pytest.mark.parametrize("whom", ["adm=iop-evening/program-admin", "peer=iop-evening/peer-specialist"])
def test_only_who_may_see_flags_sees_holds(api: Api, whom: str) -> None:
    person = api.enrol()
    api.as_whom = whom

    assert api.send("GET", f"/people/{person}/holds").status in {403, 404}
    body = {"until": (NOW + timedelta(hours=5)).isoformat()}
    assert api.send("PUT", f"/people/{person}/holds/crisis", body).status in {403, 404}
