"""The doors to milestones over the table: a date, what it brings, a return to use, and what stays."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.enrollment.store import DynamoPeople
from chalicelib.milestones.progress import progress
from chalicelib.milestones.store import DynamoStreaks
from chalicelib.outreach.domain import Hold
from chalicelib.outreach.kinds import ALUMNI_DAYS, DAYS
from chalicelib.tasks.domain import Kind
from chalicelib.tasks.store import DynamoTasks
from tests.contract.test_people_routes import Api
from tests.contract.test_schedule_routes import waiting
from tests.milestones_api import EVA, STAFF, ana, api, due, enrolled, lapse, put, sent, shown
from tests.toy import NOW, Told

__all__ = ["ana", "api"]


def test_who_is_enrolled_with_a_date_long_ago_hears_of_the_next_milestone_only(api: Api, ana: str) -> None:
    told = shown(api, ana)

    assert told.json["days"] == {"current": 54, "longest": 54, "total": 54, "sinceEnrolment": 23}
    assert [(one["which"], one["text"], one["on"]) for one in told.json["earned"]] == [
        ("d1", "24 hours", "2026-10-02"),
        ("d7", "7 days", "2026-10-08"),
        ("d14", "14 days", "2026-10-15"),
        ("d30", "30 days", "2026-10-31"),
    ]
    assert (told.json["next"]["which"], told.json["next"]["on"]) == ("d60", "2026-11-30")
    assert due(ana) == [("2026-11-30", "2026-11-30T14:00:00+00:00")]


@pytest.mark.parametrize(
    ("recovery", "dates"),
    [
        # NOW is 24 November, 13:00 in New York; congratulated is at 9:00.
        ("2026-10-25", ["2026-11-24", "2026-12-24"]),
        ("2026-10-24", ["2026-11-23", "2026-12-23"]),
        ("2026-10-23", ["2026-12-22"]),
        ("2026-11-24", ["2026-11-25"]),
    ],
)
def test_only_what_is_two_days_old_at_most_is_still_told(api: Api, recovery: str, dates: list[str]) -> None:
    ana = enrolled(api, recoveryDate=recovery)

    assert [on for on, _ in due(ana)] == dates
    assert all(datetime.fromisoformat(at) >= NOW.replace(microsecond=0) for _, at in due(ana))


def test_a_person_sets_a_date_of_their_own_and_calls_it_as_they_like(api: Api) -> None:
    ana = enrolled(api, recoveryDate=None)
    assert (shown(api, ana).json["recoveryDate"], due(ana)) == (None, [])

    told = put(api, ana, "2026-11-20", goal="on_plan", name=" My start ", time="19:30")

    assert told.status == 200, told.text
    assert (told.json["recoveryDate"], told.json["goal"], told.json["name"]) == ("2026-11-20", "on_plan", "My start")
    assert told.json["streaks"][0]["setBy"] == ana
    assert due(ana) == [("2026-11-27", "2026-11-28T00:30:00+00:00")]

    # Left out it stays, and null takes it away.
    assert put(api, ana, "2026-11-19", goal="on_plan").json["name"] == "My start"
    assert put(api, ana, "2026-11-19", goal="on_plan", name=None).json["name"] is None


def test_the_same_date_again_changes_nothing(api: Api, ana: str) -> None:
    first = put(api, ana, "2026-10-05")
    again = put(api, ana, "2026-10-05")

    assert again.json == first.json
    assert again.headers["ETag"] == first.headers["ETag"]


def test_of_two_devices_at_once_the_second_reads_again(api: Api, ana: str) -> None:
    etag = shown(api, ana).headers["ETag"]

    assert put(api, ana, "2026-10-05", etag=etag).status == 200
    assert put(api, ana, "2026-10-06", etag=etag).kind == "stale"
    assert shown(api, ana).json["recoveryDate"] == "2026-10-05"
    assert api.send("PUT", f"/people/{ana}/recovery-date", {"date": "2026-10-06"}).kind == "precondition-required"


def test_a_correction_moves_what_is_not_sent_and_keeps_what_was_told(api: Api, ana: str) -> None:
    sent(ana, date(2026, 10, 31))

    told = put(api, ana, "2026-10-10")

    earned = [(one["which"], one["on"], one["run"]) for one in told.json["earned"]]
    assert earned == [
        ("d1", "2026-10-11", 1),
        ("d7", "2026-10-17", 1),
        ("d14", "2026-10-24", 1),
        ("d30", "2026-10-31", 1),
    ]
    assert [streak["end"] for streak in told.json["streaks"]] == ["correction", None]
    assert told.json["days"]["total"] == 45
    assert due(ana) == [("2026-12-09", "2026-12-09T14:00:00+00:00")]


def test_what_was_told_in_a_run_is_not_told_again_after_a_correction(api: Api) -> None:
    ana = enrolled(api, recoveryDate="2026-10-25")
    sent(ana, date(2026, 11, 24))

    told = put(api, ana, "2026-10-26")

    # Thirty days would be tomorrow; they were told today.
    assert due(ana) == [("2026-12-25", "2026-12-25T14:00:00+00:00")]
    assert [one["on"] for one in told.json["earned"] if one["which"] == "d30"] == ["2026-11-24"]


def test_a_return_to_use_takes_nothing_away(api: Api, ana: str) -> None:
    told = lapse(api, ana, {"on": "2026-11-22", "startsOn": "2026-11-23"})

    assert told.status == 201, told.text
    progress = told.json["progress"]
    assert progress["days"] == {"current": 1, "longest": 52, "total": 53, "sinceEnrolment": 23}
    assert [one["which"] for one in progress["earned"]] == ["d1", "d7", "d14", "d30", "d1"]
    assert progress["recoveryDate"] == "2026-11-23"
    assert told.json["words"]["said"][1] == "Nothing you earned is gone."
    assert due(ana)[-1] == ("2026-11-30", "2026-11-30T14:00:00+00:00")


def test_the_words_are_in_the_persons_language_and_nobody_has_to_count_on(api: Api) -> None:
    ana = enrolled(api, language="es")

    told = lapse(api, ana, {})

    assert told.json["words"]["asks"] == "¿Estás a salvo en este momento?"
    assert (told.json["progress"]["recoveryDate"], told.json["progress"]["days"]["current"]) == (None, 0)
    assert told.json["progress"]["days"]["longest"] == 54
    assert due(ana) == []
    record = DynamoPeople().record(ana)
    assert record is not None
    assert DAYS not in {schedule.kind for schedule in record.schedules}


def test_celebrations_wait_for_two_days_and_a_clinician_hears_of_it(api: Api, ana: str) -> None:
    lapse(api, ana, {"talkToday": True})

    recipient = DynamoPeople().load(ana, now=NOW + timedelta(hours=47))
    assert recipient is not None
    assert recipient.holds == {Hold.CONVERSATION}
    recipient = DynamoPeople().load(ana, now=NOW + timedelta(hours=48))
    assert recipient is not None
    assert not recipient.holds
    tasks = {task.kind: task for task in DynamoTasks().of_person(ana)}
    assert tasks[Kind.RETURN_TO_USE].due_at == NOW + timedelta(days=1)
    assert tasks[Kind.RETURN_TO_USE].about == "2026-11-24"
    assert tasks[Kind.TALK_TODAY].due_at == NOW + timedelta(hours=2)


def test_of_opioids_a_clinician_looks_the_same_day_and_the_person_is_told_at_once_what_keeps_them_alive(
    api: Api,
) -> None:
    ana = enrolled(api, language="es")

    lapse(api, ana, {"on": "2026-11-24"})
    told = lapse(api, ana, {"on": "2026-11-24", "of": "opioids"})

    assert told.status == 201, told.text
    assert "naloxona" in " ".join(told.json["words"]["overdose"])
    assert lapse(api, ana, {"on": "2026-11-24", "of": "other"}).json["words"]["overdose"] == []
    dues = {task.about: task.due_at.isoformat() for task in DynamoTasks().of_person(ana)}
    assert dues == {"2026-11-24": "2026-11-25T18:00:00+00:00", "2026-11-24-opioids": "2026-11-24T22:00:00+00:00"}
    assert lapse(api, ana, {"of": "heroin"}).kind == "invalid"


def test_told_twice_it_is_one_return_to_use(api: Api, ana: str) -> None:
    body = {"on": "2026-11-22", "startsOn": "2026-11-23"}

    first = lapse(api, ana, body, idempotency_key="k1")
    replayed = lapse(api, ana, body, idempotency_key="k1")
    on_another_device = lapse(api, ana, body)

    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert first.json == replayed.json == on_another_device.json
    assert len(DynamoTasks().of_person(ana)) == 1
    assert len(shown(api, ana).json["streaks"]) == 2


def test_a_count_that_begins_anew_after_none_is_void_of_what_waited_before(api: Api, ana: str) -> None:
    before = waiting(ana, DAYS)
    lapse(api, ana, {})

    put(api, ana, "2026-11-24")

    assert [one.on for one in before] == [date(2026, 11, 30)]
    assert [on for on, _ in due(ana)] == ["2026-11-25"]


def test_another_zone_takes_it_along(api: Api, ana: str) -> None:
    version = shown(api, ana).headers["ETag"]

    assert api.send("PATCH", f"/people/{ana}", {"timeZone": "Pacific/Honolulu"}, if_match=version).status == 200

    assert due(ana) == [("2026-11-30", "2026-11-30T19:00:00+00:00")]


@pytest.mark.parametrize("path", ["recovery-date", "lapses"])
def test_only_the_person_or_a_clinician_with_them_says_so(api: Api, ana: str, path: str) -> None:
    etag = shown(api, ana).headers["ETag"]
    method, body = ("PUT", {"date": "2026-10-05"}) if path == "recovery-date" else ("POST", {})

    def ask(whom: str, **more: Any) -> Told:
        api.as_whom = whom
        headers = {"if_match": etag} if method == "PUT" else {}
        return api.send(method, f"/people/{ana}/{path}", body | more, **headers)

    assert ask(EVA, withPerson=True).kind == "forbidden"
    assert ask("pat=iop-evening/peer-specialist", withPerson=True).kind == "not-found"
    assert [fault["field"] for fault in ask(STAFF).json["errors"]] == ["withPerson"]
    assert ask(STAFF, withPerson=True).status in {200, 201}
    streaks = shown(api, ana).json["streaks"]
    by = [streak["setBy"] for streak in streaks[1:]] + [one["endedBy"] for one in streaks if one["end"] == "lapse"]
    assert set(by) == {"ben"}


def test_others_see_which_and_neither_dates_nor_days(api: Api, ana: str) -> None:
    lapse(api, ana, {"startsOn": "2026-11-24"})
    api.as_whom = "admin=iop-evening/program-admin"
    assert api.send("PUT", f"/people/{ana}/care-team/pat").status == 204
    api.as_whom = "pat=iop-evening/peer-specialist"

    told = shown(api, ana).json

    assert {name: value for name, value in told.items() if name != "earned"} == {
        "recoveryDate": None,
        "goal": None,
        "name": None,
        "days": None,
        "next": None,
        "achieved": [],
        "asAlumni": [],
        "streaks": [],
    }
    assert [(one["which"], one["on"], one["run"]) for one in told["earned"]] == [
        (which, None, None) for which in ("d1", "d7", "d14", "d30")
    ]
    api.as_whom = "sue=iop-evening/supporter"
    assert shown(api, ana).status in {403, 404}


def test_a_date_of_ones_own_is_no_reminder_that_others_see(api: Api, ana: str) -> None:
    listed = api.send("GET", f"/people/{ana}/schedules")

    assert [one["id"] for one in listed.json["items"]] == ["check_in"]
    assert api.send("GET", f"/people/{ana}/schedules/{DAYS}").kind == "not-found"
    assert api.send("DELETE", f"/people/{ana}/schedules/{DAYS}").kind == "not-found"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"date": "2026-11-25"}, "date"),
        ({"date": "1899-12-31"}, "date"),
        ({"date": "yesterday"}, "date"),
        ({"date": "2026-11-01", "name": "x" * 41}, "name"),
        ({"date": "2026-11-01", "name": "a\u202eb"}, "name"),
        ({"date": "2026-11-01", "goal": "perfection"}, "goal"),
        ({"date": "2026-11-01", "time": "25:00"}, "time"),
        ({"date": "2026-09-01", "goal": "on_plan"}, "date"),
    ],
)
def test_a_date_that_can_not_be_is_refused_by_its_field(api: Api, ana: str, body: dict[str, Any], field: str) -> None:
    etag = shown(api, ana).headers["ETag"]

    told = api.send("PUT", f"/people/{ana}/recovery-date", body, if_match=etag)

    assert (told.status, [fault["field"] for fault in told.json["errors"]]) == (422, [field])
    assert shown(api, ana).headers["ETag"] == etag


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"on": "2026-11-25"}, "on"),
        ({"on": "2026-09-30"}, "on"),
        ({"on": "2026-11-20", "startsOn": "2026-11-19"}, "startsOn"),
        ({"startsOn": "2026-11-25"}, "startsOn"),
        ({"on": "0001-01-01"}, "on"),
    ],
)
def test_a_refused_return_to_use_leaves_nothing_behind(api: Api, ana: str, body: dict[str, Any], field: str) -> None:
    told = lapse(api, ana, body)

    assert (told.status, [fault["field"] for fault in told.json["errors"]]) == (422, [field])
    recipient = DynamoPeople().load(ana, now=NOW)
    assert recipient is not None
    assert not recipient.holds
    assert DynamoTasks().of_person(ana) == []


def test_nobody_counts_for_who_has_died(api: Api, ana: str) -> None:
    etag = shown(api, ana).headers["ETag"]
    api.as_whom = EVA
    assert api.send("POST", f"/people/{ana}/transitions", {"to": "deceased"}).status == 200
    api.as_whom = STAFF

    told = lapse(api, ana, {"withPerson": True})

    assert told.kind == "conflict"
    assert put(api, ana, "2026-11-01", withPerson=True).kind == "conflict"
    assert etag != shown(api, ana).headers["ETag"]


def test_alumni_are_congratulated_on_the_time_since_and_it_stays_when_they_are_admitted_again(api: Api) -> None:
    ana = enrolled(api, recoveryDate=None)
    api.as_whom = EVA
    assert api.send("POST", f"/people/{ana}/transitions", {"to": "graduated"}).status == 200
    agreed = {"scope": "alumni_contact", "textVersion": 1, "locale": "en"}
    assert api.send("POST", f"/people/{ana}/consents", agreed).status == 201

    assert [(str(one.on), one.at.isoformat()) for one in waiting(ana, ALUMNI_DAYS)] == [
        ("2026-12-24", "2026-12-24T14:00:00+00:00")
    ]
    found = progress(
        ana, now=NOW + timedelta(days=200), people=DynamoPeople(), streaks=DynamoStreaks(DynamoPeople())
    ).as_alumni
    assert [(award.name, str(award.on), award.run) for award in found] == [
        ("d30", "2026-12-24", 1),
        ("d90", "2027-02-22", 1),
        ("m6", "2027-05-24", 1),
    ]
    again = {"programmeId": "iop-evening", "admittedOn": "2026-11-24"}
    assert api.send("POST", f"/people/{ana}/episodes", again).status == 201
    assert waiting(ana, ALUMNI_DAYS) == []


def test_a_programme_may_celebrate_every_month(api: Api) -> None:
    assert api.send("PATCH", "/programmes/iop-evening", {"everyMonth": True}, if_match='"1"').json["everyMonth"]
    ana = enrolled(api, recoveryDate="2026-07-31")

    assert [one["which"] for one in shown(api, ana).json["earned"]] == ["d1", "d7", "d14", "d30", "d60", "d90"]
    assert due(ana)[0][0] == "2026-11-30"
    assert shown(api, ana).json["next"]["text"] == "4 months"
    put(api, ana, "2026-06-30")
    assert [one["which"] for one in shown(api, ana).json["earned"]][-1] == "m4"
