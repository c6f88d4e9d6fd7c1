"""What staff and people see of messages, through the doors over the table."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import ChannelKind, Due, Entry, Reason, Status, occurrence_name
from chalicelib.outreach.kinds import APPOINTMENT, CHECK_IN, MILESTONE
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.links import Claims, Purpose, Signer
from chalicelib.outreach.operating import turn
from chalicelib.outreach.receipt_store import DynamoFates
from chalicelib.outreach.reports import Report, What
from chalicelib.outreach.store import DynamoDues
from chalicelib.outreach.switch import DynamoSwitch, switch
from tests.build import utc
from tests.conftest import KEYS
from tests.contract.test_people_routes import Api
from tests.toy import NOW

TODAY = date(2026, 11, 24)
CLINICIAN = "ben=iop-evening/clinician"
ADMIN = "adm=iop-evening/program-admin"
SECRETS = ("Ana", "Lee", "Ana.Lee", "example.com", "TBH-1")


@pytest.fixture
def api(aws: None) -> Api:
    del aws
    switch.cache_clear()
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


def entry(
    person: str, on: date, kind: str = CHECK_IN, *, status: Status = Status.SENT, reason: Reason | None = None
) -> Entry:
    due_at = utc(f"{on.isoformat()}T14:00")
    return Entry(
        person_id=person,
        kind=kind,
        on=on,
        due_at=due_at,
        status=status,
        attempt=1,
        claimed_at=due_at,
        ended_at=due_at + timedelta(seconds=2),
        reason=reason,
        channel_id="mail",
        channel_kind=ChannelKind.EMAIL if status is Status.SENT else None,
        provider_id="m1" if status is Status.SENT else None,
        template="check_in.1",
    )


def with_entries(api: Api, *entries: Entry) -> None:
    del api
    assert all(DynamoLedger().add(list(entries)))


def as_themselves(api: Api, person: str) -> None:
    api.as_whom = ADMIN
    assert api.send("PUT", f"/people/{person}/sign-in", {"subject": "ana"}).status in {200, 204}
    api.as_whom = "ana=iop-evening/participant"


def listed(api: Api, person: str, query: str = "") -> list[dict[str, Any]]:
    told = api.send("GET", f"/people/{person}/messages{query}")
    assert told.status == 200, told.text
    items: list[dict[str, Any]] = told.json["items"]
    return items


def test_every_end_is_listed_newest_first_with_its_reason_and_lateness(api: Api) -> None:
    person = api.enrol()
    days = [TODAY - timedelta(days=number) for number in range(4)]
    with_entries(
        api,
        entry(person, days[0]),
        entry(person, days[1], status=Status.SKIPPED, reason=Reason.OPTED_OUT),
        replace(entry(person, days[2], status=Status.MERGED), merged_into=occurrence_name(person, days[2], CHECK_IN)),
        entry(person, days[3], status=Status.FAILED, reason=Reason.REFUSED),
    )
    api.as_whom = CLINICIAN

    items = listed(api, person)

    assert [(item["on"], item["status"], item["reason"]) for item in items] == [
        (days[0].isoformat(), "sent", None),
        (days[1].isoformat(), "skipped", "opted_out"),
        (days[2].isoformat(), "merged", None),
        (days[3].isoformat(), "failed", "refused_by_provider"),
    ]
    assert items[0]["latenessSeconds"] == 2.0
    assert (items[0]["channel"], items[0]["template"], items[0]["attempts"]) == ("email", "check_in.1", 1)
    assert items[1]["inWords"] == "Not sent: this kind of message is switched off."
    assert items[2]["mergedInto"] == occurrence_name(person, days[2], CHECK_IN)


@pytest.mark.usefixtures("kept_keys")
@pytest.mark.parametrize(
    ("channel_id", "late", "counts"),
    [("phone", timedelta(), True), ("phone", timedelta(hours=5), False), ("laptop", timedelta(), False)],
    ids=["its device", "too late", "another device"],
)
def test_a_receipt_counts_in_time_and_from_the_device_it_was_sent_to(
    api: Api, channel_id: str, late: timedelta, *, counts: bool
) -> None:
    person = api.enrol()
    with_entries(api, replace(entry(person, TODAY), channel_id="phone", channel_kind=ChannelKind.PUSH))
    claims = Claims(
        person_id=person,
        kind=CHECK_IN,
        on=TODAY,
        channel_id=channel_id,
        revision=1,
        expires_at=NOW + timedelta(hours=4) - late,
    )

    told = api.send("POST", f"/receipts/{Signer(KEYS.links).token(Purpose.RECEIPT, claims)}")

    found = DynamoLedger().get(person, CHECK_IN, TODAY)
    assert found is not None
    assert (told.status, found.received_at is not None) == (204, counts)


def test_what_mail_servers_and_devices_said_since_is_shown_with_the_message(api: Api) -> None:
    person = api.enrol()
    with_entries(api, entry(person, TODAY))
    report = Report(
        what=What.TURNED_AWAY, message_id="m1", person_id=person, on=TODAY, kind=CHECK_IN, address="x@example.com"
    )
    DynamoFates().note(replace(report, what=What.DELIVERED), at=NOW)
    DynamoFates().note(report, at=NOW + timedelta(minutes=1))
    DynamoLedger().received(person, CHECK_IN, TODAY, at=NOW + timedelta(minutes=2), by_device=True)
    api.as_whom = CLINICIAN

    (item,) = listed(api, person)

    assert item["report"] == {
        "receivedAt": "2026-11-24T18:02:00Z",
        "deliveredAt": "2026-11-24T18:00:00Z",
        "delayedAt": None,
        "bouncedAt": "2026-11-24T18:01:00Z",
        "bounce": "turned_away",
    }


def test_pages_hold_every_entry_once(api: Api) -> None:
    person = api.enrol()
    dates = [TODAY - timedelta(days=number) for number in range(5)]
    with_entries(api, *(entry(person, on, f"{APPOINTMENT}-{number}") for on in dates for number in ("a", "b", "c")))
    api.as_whom = CLINICIAN

    seen: list[str] = []
    path: str | None = f"/people/{person}/messages?limit=4"
    while path:
        told = api.send("GET", path)
        assert told.status == 200, told.text
        assert len(told.json["items"]) <= 4
        seen += [item["occurrence"] for item in told.json["items"]]
        path = told.json["next"]

    assert len(seen) == len(set(seen)) == 15
    assert [name.split("_", 1)[1] for name in seen] == sorted((name.split("_", 1)[1] for name in seen), reverse=True)


def test_a_page_is_of_the_dates_that_were_asked_for(api: Api) -> None:
    person = api.enrol()
    dates = [TODAY - timedelta(days=number) for number in range(5)]
    with_entries(api, *(entry(person, on) for on in dates))
    api.as_whom = CLINICIAN

    items = listed(api, person, f"?from={dates[3]}&to={dates[1]}")

    assert [item["on"] for item in items] == [on.isoformat() for on in dates[1:4]]


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("?from=2026-11-24&to=2026-11-23", 422, "from"),
        ("?from=2024-11-24&to=2026-11-23", 422, "from"),
        ("?to=0001-01-01", 422, "to"),
        ("?from=0001-01-01&to=0001-01-02", 422, "to"),
        ("?from=yesterday", 400, "from"),
        ("?limit=0", 400, "limit"),
        ("?cursor=bm9uc2Vuc2U", 400, None),
    ],
)
def test_a_query_that_can_not_be_is_refused_by_its_field(api: Api, query: str, status: int, field: str | None) -> None:
    person = api.enrol()
    api.as_whom = CLINICIAN

    told = api.send("GET", f"/people/{person}/messages{query}")

    assert told.status == status, told.text
    assert {fault["field"] for fault in told.json.get("errors", [])} == ({field} if field else set())


def test_what_waits_for_quiet_hours_heads_the_list_until_it_has_ended(api: Api) -> None:
    # It is 13:00 in New York; they were to be asked at 9, and are left alone until 14.
    person = api.enrol(quietHours={"from": "08:00", "to": "14:00"}, checkIn={"time": "09:00", "days": ["TU"]})
    api.as_whom = "eva=iop-evening/case-manager"
    consent = {"scope": "contact_email", "locale": "en", "textVersion": 1}
    assert api.send("POST", f"/people/{person}/consents", consent).status == 201
    assert listed(api, person) == [], "the schedule is of 13:00, and has today no more"
    nine = utc("2026-11-24T14:00")
    due = Due(person_id=person, kind=CHECK_IN, on=TODAY, at=nine, due_at=nine, version=1)
    DynamoDues().put([replace(due, at=utc("2026-11-24T19:00"))])

    (item,) = listed(api, person)

    assert (item["status"], item["until"]) == ("deferred", "2026-11-24T19:00:00Z")
    with_entries(api, entry(person, TODAY))
    assert [item["status"] for item in listed(api, person)] == ["sent"]


def test_people_read_their_own_messages_in_their_own_language(api: Api) -> None:
    api.send("PATCH", "/programmes/iop-evening", {"languages": ["en", "es"]}, if_match='"1"')
    person = api.enrol(language="es")
    with_entries(api, entry(person, TODAY, status=Status.SKIPPED, reason=Reason.LATE))
    as_themselves(api, person)

    assert listed(api, person)[0]["inWords"] == "No se envió: ya era tarde."
    told = api.send("GET", f"/people/{person}/messages/{occurrence_name(person, TODAY, CHECK_IN)}/explain")
    assert told.json["answer"] == "No se envió: ya era tarde."
    assert told.json["steps"] == []


def test_nobody_else_s_messages_are_shown_to_a_person(api: Api) -> None:
    person = api.enrol()
    other = api.enrol(externalId="TBH-2", email="other@example.com")
    as_themselves(api, person)

    assert api.send("GET", f"/people/{other}/messages").status == 404


def test_a_program_admin_does_not_see_whose_milestone_it_was(api: Api) -> None:
    person = api.enrol()
    with_entries(api, entry(person, TODAY, f"{MILESTONE}-d90"))
    api.as_whom = ADMIN

    assert "d90" not in api.send("GET", f"/people/{person}/messages").text
    name = occurrence_name(person, TODAY, f"{MILESTONE}-d90")
    assert api.send("GET", f"/people/{person}/messages/{name}/explain").status == 403
    api.as_whom = CLINICIAN
    assert "d90" in api.send("GET", f"/people/{person}/messages").text


def test_staff_are_told_why_nothing_was_sent_and_what_would_be(api: Api) -> None:
    person = api.enrol(checkIn={"time": "15:00", "days": ["TU"]})
    api.as_whom = CLINICIAN

    told = api.send("GET", f"/people/{person}/explain?on=2026-11-24&kind=check_in")

    assert told.status == 200, told.text
    assert (told.json["outcome"], told.json["would"]) == ("ahead", "skip:no_consent")
    assert told.json["occurrence"] == occurrence_name(person, TODAY, CHECK_IN)
    failing = [step["about"] for step in told.json["steps"] if step["passes"] is False]
    assert {"consent", "channels"} <= set(failing)
    assert not [secret for secret in SECRETS if secret in told.text]


def test_without_a_date_and_kind_today_s_check_in_is_explained(api: Api) -> None:
    person = api.enrol(checkIn={"time": "15:00", "days": ["TU"]})
    api.as_whom = CLINICIAN

    told = api.send("GET", f"/people/{person}/explain")

    assert (told.json["on"], told.json["kind"]) == ("2026-11-24", "check_in")


def test_why_a_channel_can_not_be_used_is_said_without_its_address(api: Api) -> None:
    person = api.enrol(emailAttested=False)
    api.as_whom = CLINICIAN

    told = api.send("GET", f"/people/{person}/explain")

    (channels,) = [step for step in told.json["steps"] if step["about"] == "channels"]
    assert "its holder has not confirmed it yet" in channels["says"]
    assert "ana.lee" not in told.text.lower()


def test_a_pause_by_an_operator_is_told(api: Api) -> None:
    person = api.enrol(checkIn={"time": "09:00", "days": ["TU"]})
    nine = utc("2026-11-24T14:00")
    DynamoDues().put([Due(person_id=person, kind=CHECK_IN, on=TODAY, at=nine, due_at=nine, version=1)])
    turn(DynamoSwitch(), paused=True, by="ana", why="wrong template", now=NOW)
    api.as_whom = CLINICIAN

    told = api.send("GET", f"/people/{person}/explain")

    assert "paused by an operator" in told.json["answer"]
    assert "wrong template" not in told.text


@pytest.mark.parametrize(
    ("query", "status", "field"),
    [
        ("?kind=greeting", 422, "kind"),
        ("?kind=../x", 400, "kind"),
        ("?on=2031-01-01", 422, "on"),
        ("?on=tomorrow", 400, "on"),
        ("?why=x", 400, "why"),
    ],
)
def test_what_can_not_be_explained_is_refused_by_its_field(api: Api, query: str, status: int, field: str) -> None:
    person = api.enrol()
    api.as_whom = CLINICIAN

    told = api.send("GET", f"/people/{person}/explain{query}")

    assert told.status == status, told.text
    assert {fault["field"] for fault in told.json["errors"]} == {field}


@pytest.mark.parametrize("name", ["nonsense", "0f_2026-11-24_check_in", f"{'0f' * 16}_2026-11-24_check_in"])
def test_an_occurrence_of_somebody_else_is_not_explained(api: Api, name: str) -> None:
    person = api.enrol()
    api.as_whom = CLINICIAN

    assert api.send("GET", f"/people/{person}/messages/{name}/explain").status == 404


def test_the_same_answer_is_given_for_who_is_gone(api: Api) -> None:
    api.as_whom = CLINICIAN

    assert api.send("GET", f"/people/{'0e' * 16}/messages").status == 404
    assert DynamoPeople().load("0e" * 16, now=NOW) is None
