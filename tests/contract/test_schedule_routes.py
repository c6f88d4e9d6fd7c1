"""The doors to schedules over the table: reminders set, edited, paused, moved and removed; and rules looked at."""

from datetime import date
from typing import Any

import pytest

from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import Due
from chalicelib.outreach.store import DueItem, due_of
from tests.contract.test_people_routes import Api
from tests.toy import Told

CASE_MANAGER = "keeper=iop-evening/case-manager"
WEEKLY = {"form": "recurring", "rule": "FREQ=WEEKLY;BYDAY=TH", "time": "17:00", "startsOn": "2026-11-01"}
ONCE = {"form": "once", "date": "2026-12-03", "time": "15:00"}


@pytest.fixture
def api(aws: None) -> Api:
    del aws
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


@pytest.fixture
def ana(api: Api) -> str:
    person_id = api.enrol()
    assert api.send("PUT", f"/people/{person_id}/care-team/keeper").status == 204
    api.as_whom = CASE_MANAGER
    return person_id


def set_reminder(api: Api, person_id: str, when: dict[str, Any], title: str = "Dr. Lee") -> Told:
    return api.send("POST", f"/people/{person_id}/reminders", {"title": title, "when": when})


def waiting(person_id: str, kind: str) -> list[Due]:
    """Return the due rows that are not void, in the order of their instants."""
    record = DynamoPeople().record(person_id)
    assert record is not None
    versions = {schedule.kind: schedule.version for schedule in record.schedules}
    dues = [due_of(item) for item in DueItem.scan() if item.sk.split("#")[1:3] == [person_id, kind]]
    return sorted((due for due in dues if versions.get(kind) == due.version), key=lambda due: due.at)


def test_a_reminder_waits_in_the_persons_zone_and_is_listed_with_its_title(api: Api, ana: str) -> None:
    told = set_reminder(api, ana, ONCE)

    assert (told.status, told.json["title"], told.json["followsPerson"]) == (201, "Dr. Lee", True)
    assert told.json["when"] == ONCE | {"timeZone": "America/New_York"} | _NOTHING
    assert told.json["next"] == "2026-12-03T20:00:00Z"
    listed = api.send("GET", f"/people/{ana}/schedules").json["items"]
    assert [one["category"] for one in listed] == ["appointment", "check_in"]
    (due,) = waiting(ana, told.json["id"])
    assert (due.on, due.at.isoformat()) == (date(2026, 12, 3), "2026-12-03T20:00:00+00:00")


_NOTHING: dict[str, Any] = {
    "rule": None,
    "startsOn": None,
    "minutes": None,
    "days": None,
    "months": None,
    "of": None,
}


def test_who_runs_the_programme_sees_times_and_no_titles(api: Api, ana: str) -> None:
    set_reminder(api, ana, ONCE)
    api.as_whom = "admin=iop-evening/program-admin"

    listed = api.send("GET", f"/people/{ana}/schedules")

    assert "Dr. Lee" not in listed.text
    assert listed.json["items"][0]["next"] == "2026-12-03T20:00:00Z"
    assert set_reminder(api, ana, ONCE).kind == "forbidden"


def test_an_edit_makes_what_waited_void_and_another_version_in_hand_is_stale(api: Api, ana: str) -> None:
    kind = set_reminder(api, ana, WEEKLY).json["id"]
    path = f"/people/{ana}/schedules/{kind}"
    shown = api.send("GET", path)

    edited = api.send("PATCH", path, {"when": WEEKLY | {"time": "09:00"}}, if_match=shown.headers["ETag"])

    assert edited.status == 200, edited.text
    assert [due.at.isoformat() for due in waiting(ana, kind)] == ["2026-11-26T14:00:00+00:00"]
    assert api.send("PATCH", path, {"title": "Other"}, if_match=shown.headers["ETag"]).kind == "stale"
    assert api.send("PATCH", path, {"title": "Other"}).kind == "precondition-required"


def test_what_is_paused_does_not_wait_and_goes_on_when_it_is_resumed(api: Api, ana: str) -> None:
    path = f"/people/{ana}/schedules/check_in"

    paused = api.send("PATCH", path, {"paused": True}, if_match='"1"')
    assert (paused.json["paused"], paused.json["next"], waiting(ana, "check_in")) == (True, None, [])
    resumed = api.send("PATCH", path, {"paused": False}, if_match='"2"')

    assert (resumed.json["paused"], resumed.headers["ETag"]) == (False, '"3"')
    assert len(waiting(ana, "check_in")) == 1


def test_check_ins_are_paused_and_neither_edited_as_a_reminder_nor_removed(api: Api, ana: str) -> None:
    path = f"/people/{ana}/schedules/check_in"

    assert api.send("PATCH", path, {"when": WEEKLY}, if_match='"1"').kind == "conflict"
    assert api.send("PATCH", path, {"title": "Mine"}, if_match='"1"').kind == "conflict"
    assert api.send("DELETE", path).kind == "conflict"
    assert api.send("GET", f"/people/{ana}/schedules/appointment-none").kind == "not-found"


def test_a_removed_reminder_waits_no_more(api: Api, ana: str) -> None:
    kind = set_reminder(api, ana, WEEKLY).json["id"]

    assert api.send("DELETE", f"/people/{ana}/schedules/{kind}").status == 204

    assert waiting(ana, kind) == []
    assert api.send("DELETE", f"/people/{ana}/schedules/{kind}").kind == "not-found"


def test_another_zone_of_the_person_moves_what_follows_them_and_nothing_else(api: Api, ana: str) -> None:
    mine = set_reminder(api, ana, ONCE).json["id"]
    fixed = set_reminder(api, ana, ONCE | {"timeZone": "Europe/London"}).json["id"]
    before = set_reminder(
        api, ana, {"form": "elapsed", "minutes": -1440, "of": ONCE | {"timeZone": "Europe/London"}}
    ).json["id"]
    api.as_whom = "admin=iop-evening/program-admin"
    assert api.send("PUT", f"/people/{ana}/sign-in", {"subject": ana}).status == 204
    api.as_whom = f"{ana}=iop-evening/participant"
    version = api.send("GET", f"/people/{ana}").headers["ETag"]

    moved = api.send("PATCH", f"/people/{ana}", {"timeZone": "America/Los_Angeles"}, if_match=version)

    assert moved.status == 200, moved.text
    at = {kind: waiting(ana, kind)[0].at.isoformat() for kind in (mine, fixed, before)}
    assert at == {
        mine: "2026-12-03T23:00:00+00:00",
        fixed: "2026-12-03T15:00:00+00:00",
        before: "2026-12-02T15:00:00+00:00",
    }


@pytest.mark.parametrize(
    ("when", "fields"),
    [
        ({"form": "once", "date": "2026-12-03"}, ["when.time"]),
        (ONCE | {"minutes": 5, "rule": "FREQ=DAILY"}, ["when.minutes", "when.rule"]),
        (ONCE | {"timeZone": "America/Trinity"}, ["when.timeZone"]),
        (ONCE | {"timeZone": "A" * 65}, ["when.timeZone"]),
        (ONCE | {"date": "2020-01-01"}, ["when.date"]),
        (ONCE | {"date": "9999-01-01"}, ["when.date"]),
        (ONCE | {"date": "1000000-01-01"}, ["when.date"]),
        (ONCE | {"time": "24:00"}, ["when.time"]),
        (WEEKLY | {"rule": "FREQ=SECONDLY"}, ["when.rule"]),
        (WEEKLY | {"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, ["when.rule"]),
        (WEEKLY | {"rule": "FREQ=DAILY;COUNT=1000000"}, ["when.rule"]),
        (WEEKLY | {"rule": "FREQ=YEARLY;BYSETPOS=1,2,3"}, ["when.rule"]),
        (WEEKLY | {"rule": "X" * 201}, ["when.rule"]),
        (WEEKLY | {"startsOn": "9999-12-31"}, ["when.startsOn"]),
        ({"form": "elapsed", "minutes": -60, "of": {"form": "date", "date": "2026-12-03"}}, ["when.of.form"]),
        ({"form": "elapsed", "minutes": -60, "of": {"form": "once", "date": "2026-12-03"}}, ["when.of.time"]),
        ({"form": "elapsed", "minutes": -6_000_000, "of": ONCE}, ["when.minutes"]),
        ({"form": "onDay", "days": 1, "months": 1, "time": "09:00", "of": WEEKLY}, ["when.months"]),
        ({"form": "onDay", "days": 1, "time": "09:00", "of": {"form": "once"}}, ["when.of.date", "when.of.time"]),
    ],
)
def test_a_when_that_cannot_be_is_refused_with_its_fields(
    api: Api,
    ana: str,
    when: dict[str, Any],
    fields: list[str],
) -> None:
    for told in (
        set_reminder(api, ana, when),
        api.send("POST", f"/people/{ana}/schedule-preview", {"when": when}),
    ):
        assert (told.status, told.kind) == (422, "invalid")
        assert [error["field"] for error in told.json["errors"]] == fields


@pytest.mark.parametrize("title", ["", "  ", "a" * 81, "Dr.\r\nBcc: x@example.com", "\u202eeel"])
def test_a_title_is_one_line_that_can_be_shown(api: Api, ana: str, title: str) -> None:
    told = set_reminder(api, ana, ONCE, title)

    assert [error["field"] for error in told.json["errors"]] == ["title"]


def test_a_rule_is_looked_at_before_it_is_stored_in_the_persons_language(api: Api, ana: str) -> None:
    nightly = {"form": "recurring", "rule": "FREQ=DAILY", "time": "02:30", "startsOn": "2027-03-13"}

    shown = api.send("POST", f"/people/{ana}/schedule-preview", {"when": nightly, "count": 3, "locale": "es"})

    assert [one["localTime"] for one in shown.json["items"]] == [
        "2027-03-13T02:30:00-05:00",
        "2027-03-14T03:30:00-04:00",
        "2027-03-15T02:30:00-04:00",
    ]
    assert [[note["kind"] for note in one["notes"]] for one in shown.json["items"]] == [[], ["gap"], []]
    assert "se adelantan los relojes" in shown.json["items"][1]["notes"][0]["text"]
    assert shown.json["items"][1]["timeZone"] == "America/New_York"
    assert len(api.send("GET", f"/people/{ana}/schedules").json["items"]) == 1


def test_a_stored_schedule_shows_as_many_of_its_next_times_as_are_asked_for(api: Api, ana: str) -> None:
    kind = set_reminder(api, ana, WEEKLY | {"rule": "FREQ=WEEKLY;BYDAY=TH;COUNT=6"}).json["id"]

    shown = api.send("GET", f"/people/{ana}/schedules/{kind}?count=20")

    # Four of the six Thursdays from 5 November on are over.
    dates = [date.fromisoformat(one["date"]) for one in shown.json["times"]]
    assert dates == [date(2026, 11, 26), date(2026, 12, 3), date(2026, 12, 10)]
    assert api.send("GET", f"/people/{ana}/schedules/{kind}?count=21").kind == "bad-query"


def test_a_person_has_only_so_many_reminders(api: Api, ana: str) -> None:
    for number in range(20):
        assert set_reminder(api, ana, ONCE, f"Number {number}").status == 201

    assert set_reminder(api, ana, ONCE).kind == "conflict"
    assert len(api.send("GET", f"/people/{ana}/schedules").json["items"]) == 21


def test_asking_again_with_the_same_key_sets_one_reminder(api: Api, ana: str) -> None:
    body = {"title": "Dr. Lee", "when": ONCE}
    first = api.send("POST", f"/people/{ana}/reminders", body, idempotency_key="k1")
    again = api.send("POST", f"/people/{ana}/reminders", body, idempotency_key="k1")

    assert first.json["id"] == again.json["id"]
    assert len(api.send("GET", f"/people/{ana}/schedules").json["items"]) == 2
