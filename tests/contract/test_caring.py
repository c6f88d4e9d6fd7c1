"""Caring contacts: one suite for the fakes and for DynamoDB, and the doors over the table."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from app import app
from chalicelib.caring import routes
from chalicelib.caring.domain import Because, Reply, Series
from chalicelib.caring.handlers import CaringContacts
from chalicelib.caring.replying import Replies
from chalicelib.caring.service import AllSeries
from chalicelib.caring.store import DynamoReplies, DynamoSeries
from chalicelib.crisis.store import DynamoCrises
from chalicelib.edge.keys import Keys
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.changing import next_of
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Stale
from chalicelib.outreach.kinds import CARING_SERIES
from chalicelib.outreach.links import Claims, Purpose, Signer
from chalicelib.outreach.recurrence import Anniversaries
from chalicelib.tasks.domain import Kind, Task, task_for
from tests.build import utc
from tests.conftest import Clock
from tests.contract.test_schedule_routes import waiting
from tests.fakes_caring import FakeReplies
from tests.fakes_tasks import FakeTasks
from tests.routine_api import ADMIN, ANA, CLINICIAN, RoutineApi
from tests.toy import NOW, Told

KEYS = Keys(links=("bGluay1rZXk",), vapid_private="", vapid_public="")
AT = utc("2026-11-24T18:00:00.123456")
REPLY = Reply(id="0" * 32, person_id="p", at=AT, text="Gracias 🌱\nDe verdad.")
START = {"because": "crisis_over", "of": "2026-11-24"}


def a_task(about: str = REPLY.id) -> Task:
    return task_for(Kind.CARING_REPLY, about, programme_id="iop-evening", person_id="p", at=AT)


@pytest.fixture(params=["fake", "dynamo"])
def replies(request: pytest.FixtureRequest, aws: None) -> Replies:
    del aws
    return FakeReplies(FakeTasks()) if request.param == "fake" else DynamoReplies()


def test_a_reply_is_kept_once_however_often_it_is_sent(replies: Replies) -> None:
    assert replies.add(REPLY, a_task())
    assert not replies.add(replace(REPLY, text="Other"), a_task())
    later = replace(REPLY, id="1" * 32, at=AT + timedelta(minutes=1), text="More")
    assert replies.add(later, a_task(later.id))

    assert (replies.of_person("p"), replies.of_person("q")) == ([later, REPLY], [])


@pytest.fixture
def api(kept_keys: None, clock: Clock) -> Iterator[RoutineApi]:
    del kept_keys
    clock.set(NOW + timedelta(minutes=1))
    routes._write_back.cache_clear()  # noqa: SLF001 (its keys are this test's)
    yield RoutineApi()
    routes._write_back.cache_clear()  # noqa: SLF001


@pytest.fixture
def ana(api: RoutineApi) -> str:
    person_id = set_up(api)
    with_mailbox(api)
    agree(api, person_id, "caring_contacts")
    return person_id


def set_up(api: RoutineApi) -> str:
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    person_id = api.enrol()
    assert api.send("PUT", f"/people/{person_id}/sign-in", {"subject": "ana"}).status == 204
    return person_id


def with_mailbox(api: RoutineApi) -> None:
    told = api.by(ADMIN, "PATCH", "/programmes/iop-evening", {"replyTo": "team@care.example"}, if_match='"1"')
    assert (told.status, told.json["replyTo"]) == (200, "team@care.example")


def agree(api: RoutineApi, person_id: str, scope: str) -> None:
    body = {"scope": scope, "textVersion": 1, "locale": "en"}
    assert api.by(ANA, "POST", f"/people/{person_id}/consents", body).status == 201


def start(api: RoutineApi, person_id: str, whom: str = CLINICIAN, **changes: Any) -> Told:
    return api.by(whom, "PUT", f"/people/{person_id}/caring", START | changes)


def test_a_second_series_has_words_of_its_own_and_a_third_those_of_the_first(api: RoutineApi, ana: str) -> None:
    def comes(days: int, **changes: Any) -> list[str]:
        app.use(replace(app.wiring, clock=lambda: NOW + timedelta(days=days)))
        told = start(api, ana, of=f"{NOW + timedelta(days=days):%Y-%m-%d}", **changes)
        assert told.status == 200, told.text
        record = DynamoPeople().record(ana)
        assert record is not None
        return [one.kind for one in record.schedules if one.kind.startswith("caring-")]

    assert comes(0) == ["caring-series"]
    # Begun anew before anything of it can have come, and the same sent again, is no second one.
    assert comes(0, because="left") == ["caring-series"]
    assert comes(200) == ["caring-again"]
    assert comes(200) == ["caring-again"]
    assert api.by(CLINICIAN, "DELETE", f"/people/{ana}/caring").status == 204
    assert comes(400) == ["caring-series"]


def a_member(api: RoutineApi, account: str, name: str) -> None:
    body = {
        "firstName": name,
        "roles": ["clinician"],
        "language": "en",
        "timeZone": "America/New_York",
        "working": {"days": ["MO"], "from": "09:00", "to": "17:00"},
    }
    assert api.by(ADMIN, "PUT", f"/programmes/iop-evening/staff/{account}", body, if_match='"0"').status == 200


def schedule(person_id: str) -> Anniversaries | None:
    record = DynamoPeople().record(person_id)
    assert record is not None
    found = next((one.when for one in record.schedules if one.kind == CARING_SERIES), None)
    assert found is None or isinstance(found, Anniversaries)
    return found


def test_a_series_is_written_with_the_person_or_not_at_all(ana: str) -> None:
    people = DynamoPeople()
    all_series: AllSeries = DynamoSeries(people)
    record = people.record(ana)
    assert record is not None
    series = Series(
        person_id=ana,
        programme_id="iop-evening",
        episode=1,
        because=Because.LEFT,
        of=date(2026, 11, 24),
        birthday="0229",
        started_by="dr",
        started_at=AT,
        signer="dr",
    )

    assert all_series.find(ana) is None
    all_series.write(next_of(record), series)
    with pytest.raises(Stale):
        all_series.write(next_of(record), series.ended(by="ana", at=AT))
    assert all_series.find(ana) == series


def test_hellos_are_started_by_staff_or_the_person_and_the_first_waits_for_the_next_day(
    api: RoutineApi, ana: str
) -> None:
    told = start(api, ana)

    assert (told.status, told.json["on"], told.json["because"]) == (200, True, "crisis_over")
    (due,) = waiting(ana, CARING_SERIES)
    assert (due.on, told.json["nextAt"]) == (date(2026, 11, 25), f"{due.at:%Y-%m-%dT%H:%M:%SZ}")
    assert start(api, ana, ANA).json == told.json, "the same again changes nothing"
    assert start(api, ana, ANA, because="left").json["because"] == "left"
    assert api.by(ANA, "GET", f"/people/{ana}/caring").json["on"]
    listed = api.by(ANA, "GET", f"/people/{ana}/schedules").json["items"]
    assert len(listed) == 1, "the check-ins: the day that hellos are counted from is not for all who see reminders"
    assert api.by("ben=iop-evening/participant", "GET", f"/people/{ana}/caring").kind == "not-found"
    assert api.by(ADMIN, "GET", f"/people/{ana}/caring").kind == "forbidden"


def test_nothing_begins_without_consent_or_a_mailbox_that_somebody_reads(api: RoutineApi) -> None:
    person_id = set_up(api)

    assert "agreed" in start(api, person_id).json["detail"]
    agree(api, person_id, "caring_contacts")
    told = start(api, person_id)
    assert (told.kind, "replyTo" in told.json["detail"]) == ("conflict", True)
    for address in ("two@care.example, three@care.example", "Team <team@care.example>", "sober@care.example", "x"):
        told = api.by(ADMIN, "PATCH", "/programmes/iop-evening", {"replyTo": address}, if_match='"1"')
        assert (told.kind, told.json["errors"][0]["field"]) == ("invalid", "replyTo")
    with_mailbox(api)
    assert start(api, person_id).status == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"of": "2026-11-25"}, "of"),
        ({"of": "2026-10-01"}, "of"),
        ({"birthday": "02-29"}, "birthday"),
        ({"because": "boredom"}, "because"),
    ],
)
def test_a_day_that_can_not_be_is_named(api: RoutineApi, ana: str, changes: dict[str, str], field: str) -> None:
    told = start(api, ana, **changes)

    assert (told.kind, [fault["field"] for fault in told.json["errors"]]) == ("invalid", [field])


def test_a_birthday_is_one_of_them_with_a_consent_of_its_own_and_forgotten_without(api: RoutineApi, ana: str) -> None:
    agree(api, ana, "birthday")
    assert start(api, ana, birthday="02-30").json["errors"][0]["field"] == "birthday"
    assert start(api, ana, birthday="02-29").json["birthday"] == "02-29"
    when = schedule(ana)
    assert when is not None
    assert when.name_on(date(2027, 2, 28)) == "b0229"

    revoked(api, ana, "birthday")

    assert api.by(ANA, "GET", f"/people/{ana}/caring").json | {"nextAt": "", "consents": []} == {
        "on": True,
        "waits": False,
        "because": "crisis_over",
        "of": "2026-11-24",
        "birthday": None,
        "signer": None,
        "nextAt": "",
        "startedAt": NOW.isoformat().replace("+00:00", "Z"),
        "endedAt": None,
        "consents": [],
    }
    after = schedule(ana)
    assert after is not None
    assert after.name_on(date(2027, 2, 28)) is None
    assert {one.on for one in waiting(ana, CARING_SERIES)} == {date(2026, 11, 25)}


def revoked(api: RoutineApi, person_id: str, scope: str) -> None:
    """Take a consent back, and let the stream bring that."""
    before = DynamoPeople().record(person_id)
    assert api.by(ANA, "POST", f"/people/{person_id}/consents/{scope}/revocations").status == 201
    listener = CaringContacts(DynamoPeople())
    assert before is not None
    about = listener.about(changed(person_id))
    assert about == (person_id,)
    assert listener.follow(about) == 1
    assert listener.follow(about) == 0


def changed(person_id: str, text: str = "…caring-series…") -> Stored:
    return Stored(
        pk=f"PERSON#{person_id}",
        sk="REACH",
        was_removed=False,
        number="1",
        before={"record": {"S": text}},
        now={"record": {"S": "other"}},
    )


def test_taking_the_consent_back_or_a_word_ends_them(api: RoutineApi, ana: str) -> None:
    start(api, ana)
    revoked(api, ana, "caring_contacts")
    assert (schedule(ana), api.by(ANA, "GET", f"/people/{ana}/caring").json["on"]) == (None, False)

    agree(api, ana, "caring_contacts")
    assert not api.by(ANA, "GET", f"/people/{ana}/caring").json["on"], "they are not begun by a consent"
    start(api, ana)
    assert api.by(ANA, "DELETE", f"/people/{ana}/caring").status == 204
    assert api.by(ANA, "DELETE", f"/people/{ana}/caring").status == 204
    assert (schedule(ana), api.by(ANA, "GET", f"/people/{ana}/caring").json["on"]) == (None, False)
    assert CaringContacts(DynamoPeople()).about(changed(ana, "no such schedule")) is None


def test_new_quiet_hours_move_what_is_to_come(api: RoutineApi, ana: str) -> None:
    start(api, ana)
    before = schedule(ana)
    shown = api.by(ANA, "GET", f"/people/{ana}/preferences")
    chosen = {name: shown.json[name] for name in ("categories", "channels", "calendarInvites")}
    chosen["quietHours"] = {"from": "08:00", "to": "20:00"}
    assert api.by(ANA, "PUT", f"/people/{ana}/preferences", chosen, if_match=shown.headers["ETag"]).status == 200
    CaringContacts(DynamoPeople()).follow((ana,))
    after = schedule(ana)

    assert before is not None
    assert after is not None
    assert after.hours != before.hours
    assert all(not 8 <= at.hour < 20 for at in after.hours)


def test_they_are_signed_by_whoever_of_the_staff_says_so_for_themselves(api: RoutineApi, ana: str) -> None:
    start(api, ana)
    path = f"/people/{ana}/caring/signature"

    assert api.by(CLINICIAN, "PUT", path).kind == "not-found", "only a member of staff has a name to sign with"
    a_member(api, "dr", "Alex")
    assert api.by(CLINICIAN, "PUT", path).json["signer"] == "dr"
    assert api.by(CLINICIAN, "PUT", path).json["signer"] == "dr"
    assert start(api, ana, because="left").json["signer"] == "dr", "another series keeps it"
    assert api.by(ANA, "PUT", path).kind == "forbidden"
    assert api.by("eva=iop-evening/case-manager", "DELETE", path).json["signer"] == "dr", "not theirs to take back"
    assert api.by(CLINICIAN, "DELETE", path).json["signer"] is None


def test_after_a_readmission_they_wait_for_a_word(api: RoutineApi, ana: str) -> None:
    start(api, ana)
    assert api.by(CLINICIAN, "POST", f"/people/{ana}/transitions", {"to": "discharged_early"}).status == 200
    assert api.by(ANA, "GET", f"/people/{ana}/caring").json["on"], "care ended, the hellos did not"
    episode = {"programmeId": "iop-evening", "admittedOn": "2026-11-24"}
    told = api.by("eva=iop-evening/case-manager", "POST", f"/people/{ana}/episodes", episode)
    assert told.status == 201, told.text

    shown = api.by(ANA, "GET", f"/people/{ana}/caring").json
    assert (shown["on"], shown["waits"], shown["nextAt"]) == (False, True, None)
    went_on = api.by(ANA, "PUT", f"/people/{ana}/caring/continuation").json
    assert (went_on["on"], went_on["waits"]) == (True, False)


def a_link(person_id: str, *, expires_at: datetime = NOW + timedelta(days=30), revision: int | None = None) -> str:
    record = DynamoPeople().record(person_id)
    assert record is not None
    channel = record.channels[0]
    claims = Claims(
        person_id=person_id,
        kind=CARING_SERIES,
        on=date(2026, 11, 24),
        channel_id=channel.id,
        revision=channel.revision if revision is None else revision,
        expires_at=expires_at.replace(tzinfo=UTC),
    )
    return Signer(KEYS.links).token(Purpose.WRITE_BACK, claims)


def post(api: RoutineApi, token: str, **form: str) -> Told:
    headers = {"content_type": "application/x-www-form-urlencoded"}
    return api.by("", "POST", f"/w/{token}", urlencode(form), **headers)


def page_id(told: Told) -> str:
    found = re.search(r'name="page" value="([0-9a-f]{32})"', told.text)
    assert found is not None
    return found[1]


def test_one_can_write_back_and_a_person_reads_it_the_same_day(api: RoutineApi, ana: str) -> None:
    start(api, ana)
    a_member(api, "dr", "Alex")
    api.by(CLINICIAN, "PUT", f"/people/{ana}/caring/signature")
    token = a_link(ana)
    shown = api.by("", "GET", f"/w/{token}")
    assert shown.status == 200
    assert "tel:988" in shown.text
    assert [secret for secret in ("Ana", "Lee", "Alex", "iop", "Evening") if secret in shown.text] == []

    page = page_id(shown)
    told = [post(api, token, page=page, action="send", text="Thank you.\r\nIt was a long week.") for _ in range(3)]

    assert [one.status for one in told] == [200] * 3
    assert "Thank you for writing" in told[0].text
    assert "long week" not in told[0].text + api.by("", "GET", f"/w/{token}").text, "a forwarded link reads nothing"
    (reply,) = api.by(CLINICIAN, "GET", f"/people/{ana}/caring/replies").json["items"]
    assert reply["text"] == "Thank you.\nIt was a long week."
    (task,) = api.by(CLINICIAN, "GET", f"/people/{ana}/tasks").json["items"]
    assert (task["kind"], task["owner"], task["dueAt"]) == ("caring_reply", "clinician", "2026-11-24T22:00:00Z")
    assert task["about"] == page
    assert "long week" not in str(task)
    assert api.by(ADMIN, "GET", f"/people/{ana}/caring/replies").kind == "forbidden"
    assert api.by("pia=iop-evening/peer-specialist", "GET", f"/people/{ana}/caring/replies").kind in {
        "forbidden",
        "not-found",
    }


def test_other_words_from_the_same_page_are_not_lost(api: RoutineApi, ana: str) -> None:
    token = a_link(ana)
    for text in ("I am fine.", "No, I am not fine.", "No, I am not fine.", "I am fine."):
        assert "Thank you for writing" in post(api, token, page="e" * 32, action="send", text=text).text

    assert sorted(reply.text for reply in DynamoReplies().of_person(ana)) == ["I am fine.", "No, I am not fine."]
    tasks = api.by(CLINICIAN, "GET", f"/people/{ana}/tasks").json["items"]
    assert [task["kind"] for task in tasks] == ["caring_reply"] * 2


@pytest.mark.parametrize(
    ("text", "says"), [("  ", "nothing written"), ("x" * 1001, "1000 characters"), ("a\x07b", "can&#39;t be shown")]
)
def test_what_can_not_be_kept_is_given_back_with_a_kind_word(api: RoutineApi, ana: str, text: str, says: str) -> None:
    told = post(api, a_link(ana), page="a" * 32, action="send", text=text)

    assert (told.status, says in told.text, text.strip()[:50] in told.text) == (422, True, True)
    assert page_id(told) == "a" * 32
    assert DynamoReplies().of_person(ana) == []


def test_a_call_for_help_is_taken_with_an_expired_link_and_its_words_are_not_lost(api: RoutineApi, ana: str) -> None:
    helped = post(api, a_link(ana), page="b" * 32, action="help", text="I can't any more")
    late = a_link(ana, expires_at=NOW - timedelta(days=1))
    again = post(api, late, page="c" * 32, action="help", text="")

    assert (helped.status, again.status) == (200, 200)
    assert all("988" in one.text and "/h/" in one.text for one in (helped, again))
    crisis = DynamoCrises().present_of(ana)
    assert crisis
    assert (crisis.person_id, crisis.is_verified) == (ana, False)
    assert sum(event.press is not None for event in DynamoCrises().log(crisis.id)) == 2
    assert [reply.text for reply in DynamoReplies().of_person(ana)] == ["I can't any more"]
    assert api.by("", "GET", f"/w/{late}").status == 410
    assert post(api, late, page="d" * 32, action="send", text="Hello").status == 410
    assert api.by("", "GET", f"/w/{a_link(ana, revision=99)}").status == 410, "another holds that address now"


@pytest.mark.parametrize("token", ["nonsense", "W10.abc"])
def test_a_forged_link_is_told_whom_to_call_and_nothing_else(api: RoutineApi, ana: str, token: str) -> None:
    del ana
    told = api.by("", "GET", f"/w/{token}")

    assert (told.status, "tel:988" in told.text, "tel:911" in told.text) == (404, True, True)
    assert post(api, token, action="send", text="Hello").status == 404
    helped = post(api, token, action="help")
    assert (helped.status, "/h/" in helped.text) == (200, True), "whoever calls for help is heard"
