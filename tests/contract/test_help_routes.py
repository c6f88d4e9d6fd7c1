"""Nothing stands in the way of a call for help: domain rules 3.4, one test an item, over the table."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

import pytest

from app import app
from chalicelib.checkins.routes import doors as checkins  # noqa: F401 (its doors are registered)
from chalicelib.crisis import handlers, service
from chalicelib.crisis.domain import Door, State
from chalicelib.crisis.log import MOST_LINES
from chalicelib.crisis.page import StatePage, token_of
from chalicelib.crisis.rota import Span
from chalicelib.crisis.rota_store import DynamoRotas
from chalicelib.crisis.service import TOGETHER
from chalicelib.crisis.store import CrisisItem, DynamoCrises, PressItem
from chalicelib.edge.keys import keys
from chalicelib.edge.table import Item
from chalicelib.enrollment.items import PersonItem
from chalicelib.enrollment.store import people
from chalicelib.outreach.links import Purpose, Signer
from chalicelib.privacy.domain import Role
from tests.conftest import KEYS, SETTINGS, client_of
from tests.contract.test_people_routes import Api
from tests.crisis_api import ADMIN, DR, PROGRAMME, CrisisApi, body_of, pages, unsigned
from tests.fakes_crisis import a_call
from tests.fakes_privacy import FakeAuditLog
from tests.fakes_rota import ALWAYS, a_rota, a_shift, somebody_is_always_on_call
from tests.milestones_api import enrolled
from tests.outages import Outage
from tests.toy import NOW, Told


@pytest.fixture
def api(kept_keys: None) -> Iterator[CrisisApi]:
    del kept_keys
    api = CrisisApi(Api())
    api.staff("dr", Role.CLINICIAN)
    yield api
    handlers.desk.cache_clear()


def token(api: CrisisApi) -> str:
    return f"{api.ana}={PROGRAMME}/participant"


def only_call() -> Any:
    (item,) = [one for one in Item.scan() if isinstance(one, PressItem)]
    kept = DynamoCrises().kept(item.pk.removeprefix("PRESS#"))
    assert kept
    return kept.press


@pytest.mark.parametrize("path", ["/help", "/me/help"])
def test_a_call_is_kept_paged_and_answered_with_what_happens_and_whom_to_call(api: CrisisApi, path: str) -> None:
    told = api.help(token(api), path=path, Idempotency_Key="k-1")

    assert told.status == 201
    call = only_call()
    assert (call.person_id, call.door, call.verified, call.at) == (api.ana, Door.APP, True, NOW)
    assert api.present().state is State.PAGED
    assert len(pages()) == 1
    assert told.json["numbers"] == {"emergency": "911", "lifeline": "988", "lifelineText": "988"}
    assert told.json["said"][0].startswith("If you are in immediate danger, call 911.")
    assert "is on the way" not in told.text

    again = api.help(token(api), path=path, Idempotency_Key="k-1")
    assert again.json == told.json
    assert len(pages()) == 1


@pytest.mark.parametrize(
    ("said", "door", "known"),
    [
        ("expired:{token}", Door.APP, True),
        ("{unsigned}", Door.UNSIGNED, True),
        ("no token at all", Door.UNSIGNED, False),
        (None, Door.UNSIGNED, False),
    ],
)
def test_1_an_expired_or_unreadable_session_is_taken_as_not_verified(
    api: CrisisApi, said: str | None, door: Door, *, known: bool
) -> None:
    told = api.help(said.format(token=token(api), unsigned=unsigned(api.ana)) if said else None)

    assert told.status == 201
    call = only_call()
    assert (call.door, call.verified, call.person_id) == (door, False, api.ana if known else None)
    assert len(pages()) == 1


def test_whoever_only_knows_a_name_cannot_learn_that_we_know_it_too(api: CrisisApi) -> None:
    # Everything that an answer could give away: their language, their hours, and which calls are the same.
    api.api.as_whom = ADMIN
    luz = enrolled(api.api, externalId="E-2", language="es", timeZone="America/Los_Angeles")
    somebody_is_always_on_call(PROGRAMME)
    assert api.by("admin=iop-day/program-admin", "POST", "/programmes", {"id": "iop-day", "name": "Day"}).status == 201

    def answers(token: str) -> list[Any]:
        found = []
        for key, programme in (("a", PROGRAMME), ("a", PROGRAMME), ("a", "iop-day"), ("b", None), ("c", "none")):
            body = body_of(key=key, programmeId=programme) if programme else body_of(key=key)
            taken = api.help(token, body=body)
            assert taken.status == 201
            found.append(taken.json)
        page = look(api, found[0]["stateUrl"]).text
        ids = [one["id"] for one in found]
        shown = [{name: said for name, said in one.items() if name not in {"id", "stateUrl"}} for one in found]
        return [shown, [ids.index(one) for one in ids], re.sub(r"/h/[^\"]+", "", page)]

    assert answers(unsigned(luz)) == answers(unsigned("nobody-at-all"))
    # It is their call all the same, for those who look.
    crisis = DynamoCrises().present_of(luz)
    assert crisis
    assert (crisis.person_id, crisis.programme_id, crisis.is_verified) == (luz, PROGRAMME, False)


BODIES = [
    "not json",
    "{",
    "[1, 2]",
    '{"name": 7, "mood": "x"}',
    body_of(phone="5" * 500),
    "\x00",
    "a=1&" * 99,
    "[" * 50000,
]


def test_1_no_body_is_refused_and_what_cannot_be_read_is_named(api: CrisisApi) -> None:
    for body in BODIES:
        assert api.help(token(api), body=body, Content_Type="image/png").status == 201, body[:9]

    calls = [event.press for event in DynamoCrises().log(api.present().id) if event.press]
    assert len(calls) == len(BODIES)
    assert all(call.dropped for call in calls)


def test_1_half_characters_turn_no_call_away_and_hide_none_from_those_who_look(api: CrisisApi) -> None:
    half = chr(92) + "ud800"
    sent = f'{{"key": "{half}", "name": "{half}", "mood{half}": 1, "": 2, "\u202edoom": 3}}'
    mangled = unsigned("\ud800")
    assert api.help(token(api), body=sent).status == 201
    assert api.help(mangled, body=sent).status == 201

    log = api.by(DR, "GET", f"/programmes/{PROGRAMME}/crises/{api.present().id}")
    assert log.status == 200, log.text
    assert log.json["log"][0]["call"]["dropped"] == ["key", "name", "?", "?", "?"]


def test_1_what_an_unknown_caller_writes_reaches_those_who_look(api: CrisisApi) -> None:
    api.help(body=body_of(name="A neighbour", phone="+1 555 0100", mood="x", programmeId=PROGRAMME))

    (row,) = api.board()
    assert (row["verified"], row["personId"], row["programmeId"]) == (False, None, PROGRAMME)
    log = api.by(DR, "GET", f"/programmes/{PROGRAMME}/crises/{row['id']}").json["log"]
    assert log[0]["call"] | {"id": "", "at": ""} == {
        "id": "",
        "at": "",
        "door": "unsigned",
        "verified": False,
        "name": "A neighbour",
        "phone": "+1 555 0100",
        "note": None,
        "dropped": ["mood"],
    }


def test_1_neither_the_audit_log_nor_the_keys_nor_the_rota_nor_the_record_stops_it(api: CrisisApi) -> None:
    audit = FakeAuditLog(is_down=True)
    app.use(replace(app.wiring, audit=audit))
    somebody_is_always_on_call(PROGRAMME)
    client_of("secretsmanager").delete_secret(SecretId=SETTINGS["CAIRN_KEYS_SECRET"], ForceDeleteWithoutRecovery=True)
    keys.cache_clear()
    outage = Outage("PERSON#", "ROTA#")

    told = api.help(token(api))

    assert told.status == 201
    assert (told.json["stateUrl"], told.json["onDuty"]) == (None, None)
    assert [(event.subject, event.outcome) for event in audit.spooled] == [(api.ana, "spooled")]
    assert len(pages()) == 1
    assert outage.met


def test_1_no_consent_and_no_standing_stops_it(api: CrisisApi) -> None:
    consents = api.by(DR, "GET", f"/people/{api.ana}/consents").json["items"]
    assert not [one for one in consents if one["scope"] == "crisis_contact"]
    moved = api.by(DR, "POST", f"/people/{api.ana}/transitions", {"to": "deceased"})
    assert moved.status == 200, moved.text

    assert api.help(token(api)).status == 201
    assert api.present().state is State.PAGED


def test_1_a_flood_from_one_address_is_taken_grouped_and_pages_at_a_bounded_rate(api: CrisisApi) -> None:
    statuses = {api.help(body=body_of(programmeId=PROGRAMME)).status for _ in range(12)}

    assert statuses == {201}
    (row,) = api.board()
    log = DynamoCrises().log(row["id"])
    assert [event.what.value for event in log].count("press") == 12
    assert len(pages()) == 1


def test_2_that_a_page_was_handed_over_is_not_that_somebody_knows(api: CrisisApi) -> None:
    told = api.help(token(api))
    assert told.json["stage"] == "sent"
    assert api.by(token(api), "GET", "/me/crisis").json["said"] == ["Your call is sent.", "No one has answered yet."]
    assert api.board()[0]["owner"] is None


def test_3_an_automatic_answer_hands_over_to_a_person(api: CrisisApi) -> None:
    api.help(token(api))

    assert [row["state"] for row in api.board()] == ["paged"]


def test_4_what_could_not_be_kept_is_said_with_whom_to_call(api: CrisisApi) -> None:
    Outage("PRESS#")

    told = api.help(token(api))

    assert (told.status, told.kind) == (503, "not-sent")
    assert "call 911" in told.json["detail"]
    assert "call or text 988 now" in told.json["detail"]


WEDNESDAYS = Span(days=frozenset({"WE"}), start=time(9), end=time(17))


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (ALWAYS, "We are alerting the on-call team now. If no one has reached you by 1:15 PM, call or text 988."),
        (WEDNESDAYS, "Our team is not on duty until Wednesday 9:00 AM. 988 is open now."),
        (None, "Our team is not on duty now. 988 is open now."),
    ],
)
def test_4_what_will_happen_is_said_truthfully_for_the_hour(api: CrisisApi, span: Span | None, said: str) -> None:
    if span is not None:
        DynamoRotas().add(a_rota(a_shift("all", span, "dr"), programme=PROGRAMME))

    told = api.help(token(api))

    assert told.json["said"][1] == said
    assert told.json["onDuty"] is (span is ALWAYS)


def test_4_the_page_bids_nobody_wait_beyond_the_time_that_it_named(api: CrisisApi) -> None:
    somebody_is_always_on_call(PROGRAMME)
    for who in (token(api), None):
        url = api.help(who, body=body_of(programmeId=PROGRAMME)).json["stateUrl"].rpartition("/")[2]
        page = StatePage(signer=Signer(KEYS.links), recipients=people(), desk=handlers.desk())
        in_time, late = (page.show(url, language="en", now=NOW + timedelta(minutes=m)).html for m in (14, 15))

        assert ("If no one has reached you" in in_time, "If no one has reached you" in late) == (True, False)
        assert "Please don&#39;t wait any longer: call or text 988 now." in late


def test_who_is_known_is_told_in_their_language_and_whoever_is_not_in_their_browsers(api: CrisisApi) -> None:
    told = api.help(Accept_Language="es-MX,es;q=0.9", body=body_of(programmeId=PROGRAMME))

    assert told.json["said"][1] == "Nuestro equipo no está de guardia ahora. El 988 está abierto ahora."


def test_the_link_shows_how_far_this_call_is_and_the_app_does_too(api: CrisisApi) -> None:
    first = api.help(token(api)).json["stateUrl"]
    assert first.startswith("https://care.example/h/")
    shown = look(api, first)
    assert shown.status == 200
    assert "Your call is sent." in shown.text
    assert shown.text.index("If you are in immediate danger") < shown.text.index("No one has answered yet.")
    assert '<meta http-equiv="refresh" content="15">' in shown.text
    assert 'href="tel:988"' in shown.text

    api.do(DR, api.present(), "acknowledge")
    assert "Seen by Dr, clinician, at 1:00 PM." in look(api, first).text
    own = api.by(token(api), "GET", "/me/crisis").json
    assert (own["stage"], own["by"]) == ("acknowledged", "Dr, clinician")
    later = api.help(token(api), Idempotency_Key="later").json["stateUrl"]
    assert "No one has answered yet." in look(api, later).text
    api.do(DR, api.present(), "contact", {})
    assert "noted that they reached you" in look(api, later).text


def look(api: CrisisApi, url: str) -> Told:
    path = url.removeprefix("https://care.example")
    return api.api.toy.send("GET", path, door="/h/{token}", role=None, token=path.removeprefix("/h/"))


def test_a_link_of_another_purpose_or_too_old_shows_whom_to_call_and_nothing_else(api: CrisisApi) -> None:
    url = api.help(token(api)).json["stateUrl"]
    signer = Signer(KEYS.links)
    claims = signer.open(Purpose.HELP, url.rpartition("/")[2])
    answer = signer.token(Purpose.ANSWER, claims)
    assert look(api, f"/h/{answer}").status == look(api, "/h/forged").status == 404
    assert 'href="tel:988"' in look(api, "/h/forged").text

    page = StatePage(signer=signer, recipients=people(), desk=handlers.desk())
    assert page.show(token_of(only_call(), signer), language="en", now=NOW + timedelta(days=8)).status == 410


def test_whoever_has_no_call_of_their_own_sees_none(api: CrisisApi) -> None:
    assert api.by(token(api), "GET", "/me/crisis").kind == "not-found"
    api.help(token(api))
    assert api.by(DR, "GET", "/me/crisis").kind == "not-found"


def test_staff_call_for_a_person(api: CrisisApi) -> None:
    told = api.by(DR, "POST", f"/people/{api.ana}/crises", body_of(note="She sounded unwell."))

    assert told.status == 201
    call = only_call()
    assert (call.door, call.verified, call.by, call.note) == (Door.STAFF, True, "dr", "She sounded unwell.")
    assert api.by("eve=other/clinician", "POST", f"/people/{api.ana}/crises").kind == "not-found"
    assert date(2026, 11, 24) == call.at.date()


def test_a_person_whose_record_cannot_be_read_is_called_for_all_the_same(api: CrisisApi) -> None:
    # That they may is read, and then no more.
    outage = Outage("PERSON#", passes=1)
    told = api.by(DR, "POST", f"/people/{api.ana}/crises")
    assert told.status == 201
    assert (only_call().person_id, only_call().programme_id) == (api.ana, PROGRAMME)

    assert [row["personId"] for row in api.board()] == [api.ana]
    outage.prefixes += (f"PROGRAMME#{PROGRAMME}",)
    shown = look(api, told.json["stateUrl"])
    assert shown.status == 200
    assert "No one has answered yet." in shown.text


def test_a_call_that_is_kept_is_answered_though_the_hour_cannot_be_said(api: CrisisApi) -> None:
    somebody_is_always_on_call(PROGRAMME)
    person = PersonItem.get(f"PERSON#{api.ana}", "PERSON")
    person.zone = "Nowhere/That_Is_Known"
    person.save()

    told = api.help(token(api))

    assert told.status == 201
    assert told.json["said"][1] == "We have your call. Please don't wait for us. 988 is open now."


def test_a_crisis_that_cannot_be_read_hides_no_other(api: CrisisApi) -> None:
    api.help(body=body_of(programmeId=PROGRAMME))
    (broken,) = api.board()
    item = CrisisItem.get(f"CRISIS#{broken['id']}", "STATE")
    item.facts = {"id": broken["id"], "state": "unheard of"}
    item.save()
    api.help(token(api))

    assert [row["personId"] for row in api.board()] == [api.ana]


def test_a_flood_of_calls_makes_no_log_too_long_to_be_read(api: CrisisApi) -> None:
    api.help(token(api))
    api.do(DR, api.present(), "acknowledge")
    crisis, crises = api.present(), DynamoCrises()
    for first in range(0, MOST_LINES + TOGETHER, TOGETHER):
        calls = [
            a_call(NOW, caller=crisis.caller, programme_id=PROGRAMME, key=str(first + one)) for one in range(TOGETHER)
        ]
        assert all(crises.keep(call) for call in calls)
        service.take([call.id for call in calls], now=NOW, desk=handlers.desk())

    log = api.by(DR, "GET", f"/programmes/{PROGRAMME}/crises/{crisis.id}").json["log"]
    whats = [line["what"] for line in log]
    assert (whats[0], whats.count("ack"), len(whats)) == ("press", 1, MOST_LINES + 2)
