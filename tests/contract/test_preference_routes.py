"""The doors to message preferences over the table: signed-in choices, one click, the page, and mailed requests."""

import json
import re
from html import escape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode

import pytest
import vobject

from chalicelib.enrollment import preference_page
from chalicelib.enrollment.preferences import can_be_switched_off, everything
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import ChannelKind, DetailLevel, Entry, Recipient, Status
from chalicelib.outreach.inviting import Calendars
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.links import NO_END, Claims, Purpose, Signer
from chalicelib.outreach.store import DueItem
from tests.conftest import KEYS
from tests.contract.test_people_routes import Api
from tests.outages import Outage
from tests.toy import NOW, Told

ONE_CLICK = "List-Unsubscribe=One-Click"
CALENDARS = Calendars(address="replies@care.example", page="https://app.example")
WORDS = json.loads((preference_page.FOLDER / "less.json").read_text(encoding="utf-8"))


@pytest.fixture
def api(kept_keys: None) -> Api:
    del kept_keys
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


def claims_of(person_id: str, *, revision: int = 1) -> Claims:
    record = DynamoPeople().record(person_id)
    return Claims(
        person_id=person_id,
        kind=CHECK_IN,
        on=NOW.date(),
        channel_id=record.channels[0].id if record else "none",
        revision=revision,
        expires_at=NO_END,
    )


def token_of(person_id: str, *, revision: int = 1, purpose: Purpose = Purpose.UNSUBSCRIBE) -> str:
    return Signer(KEYS.links).token(purpose, claims_of(person_id, revision=revision))


def seen(person_id: str) -> Recipient:
    found = DynamoPeople().load(person_id, now=NOW)
    assert found is not None
    return found


def multipart(**fields: str) -> tuple[str, str]:
    parts = "".join(
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()
    )
    return parts + "--edge--\r\n", 'multipart/form-data; boundary="edge"'


def nested(deep: int) -> str:
    return "".join(
        f"--{level}\r\nContent-Type: multipart/mixed; boundary={level + 1}\r\n\r\n" for level in range(deep)
    )[:60_000]


def post(api: Api, token: str, body: str, content_type: str = "application/x-www-form-urlencoded") -> Told:
    return api.send("POST", f"/u/{token}", body, Content_Type=content_type)


@pytest.mark.parametrize(
    "body",
    [(ONE_CLICK, "application/x-www-form-urlencoded"), multipart(**{"List-Unsubscribe": "One-Click"})],
    ids=["urlencoded", "multipart"],
)
def test_one_click_stops_such_emails_and_answers_with_nothing(api: Api, body: tuple[str, str]) -> None:
    person_id = api.enrol()

    for _ in range(2):
        told = post(api, token_of(person_id), *body)
        assert (told.status, told.text) == (200, "")
        assert not {"Location", "Set-Cookie"} & set(told.headers)

    assert seen(person_id).opt_outs == {(CHECK_IN, ChannelKind.EMAIL)}


def test_one_click_answers_the_same_whatever_the_link(api: Api) -> None:
    person_id = api.enrol()
    wrong = [
        "forged",
        token_of(person_id, purpose=Purpose.ANSWER),
        token_of(person_id, revision=2),
        token_of("f" * 32),
        token_of(person_id)[:-1],
    ]

    told = [post(api, token, ONE_CLICK) for token in [*wrong, token_of(person_id)]]

    assert {(one.status, one.text) for one in told} == {(200, "")}
    assert {frozenset(one.headers) for one in told} == {frozenset(told[0].headers)}
    assert seen(person_id).opt_outs == {(CHECK_IN, ChannelKind.EMAIL)}


def test_looking_changes_nothing_and_shows_no_setting_and_no_name(api: Api) -> None:
    person_id = api.enrol()
    before = api.send("GET", f"/u/{token_of(person_id)}")
    post(api, token_of(person_id), urlencode({"all": "stop", "quiet": "18-10"}))
    after = api.send("GET", f"/u/{token_of(person_id)}")

    assert before.status == 200
    assert before.text == after.text
    assert not re.search("Ana|Lee|example|Evening", before.text)
    assert person_id not in before.text
    assert before.headers["Cache-Control"] == "no-store"
    assert before.headers["Referrer-Policy"] == "no-referrer"
    assert seen(person_id).opt_outs == everything()


class Forms(HTMLParser):
    """Collects what a form would send, and what a person can press."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.choices: dict[str, list[str]] = {}
        self.checked: dict[str, str] = {}
        self.buttons = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.buttons += tag == "button"
        if tag == "input":
            name, value = given["name"] or "", given["value"] or ""
            self.choices.setdefault(name, []).append(value)
            if "checked" in given:
                self.checked[name] = value


def test_the_page_offers_to_leave_each_row_as_it_is_and_has_one_button(api: Api) -> None:
    form = Forms(api.send("GET", f"/u/{token_of(api.enrol())}").text)

    assert list(form.choices)[:2] == ["all", CHECK_IN]
    assert set(form.choices) == {"all", *can_be_switched_off(), "detail-email", "detail-phone", "quiet"}
    assert set(form.checked.values()) == {""}
    assert set(form.checked) == set(form.choices)
    assert form.buttons == 1


def test_whatever_the_page_offers_is_taken_and_only_takes_away(api: Api) -> None:
    person_id = api.enrol()
    form = Forms(api.send("GET", f"/u/{token_of(person_id)}").text)

    for name, values in form.choices.items():
        for value in filter(None, values):
            before = seen(person_id)
            told = post(api, token_of(person_id), urlencode(form.checked | {name: value}))
            after = seen(person_id)
            assert told.status == 200
            assert WORDS["en"]["done"][0] in told.text
            assert before.opt_outs <= after.opt_outs or (name, None) in after.opt_outs

    assert seen(person_id).opt_outs == everything()
    assert f"{seen(person_id).quiet_hours.start:%H} to {seen(person_id).quiet_hours.end:%H}" == "18 to 10"


def test_an_untouched_form_changes_nothing_and_says_so(api: Api) -> None:
    person_id = api.enrol()
    form = Forms(api.send("GET", f"/u/{token_of(person_id)}").text)

    told = post(api, token_of(person_id), urlencode(form.checked))

    assert told.status == 422
    assert WORDS["en"]["nothing"] in told.text
    assert seen(person_id).opt_outs == frozenset()


@pytest.mark.parametrize(
    "body",
    [
        (urlencode({CHECK_IN: "more"}), "application/x-www-form-urlencoded"),
        (urlencode({CHECK_IN: "stop", "quiet": "99"}), "application/x-www-form-urlencoded"),
        multipart(quiet="99", all="stop"),
    ],
)
def test_a_form_that_is_not_ours_does_nothing_and_is_answered_with_the_page(api: Api, body: tuple[str, str]) -> None:
    person_id = api.enrol()

    told = post(api, token_of(person_id), *body)

    assert (told.status, WORDS["en"]["nothing"] in told.text, 'href="tel:988"' in told.text) == (422, True, True)
    assert seen(person_id).opt_outs == frozenset()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("&".join(f"a{n}=1" for n in range(99)), "application/x-www-form-urlencoded"),
        ("no parts here", "multipart/form-data"),
        ("--edge\r\n\r\nx\r\n--edge--", 'multipart/form-data; boundary="edge"'),
        (nested(1500), 'multipart/form-data; boundary="0"'),
        ("--edge\r\n\r\n\r\n" * 4000, 'multipart/form-data; boundary="edge"'),
        (multipart(**{f"a{n}": "x" for n in range(41)}, all="stop")[0], 'multipart/form-data; boundary="edge"'),
        ("--edge\r\nContent-Disposition: " + ";" * 60_000, 'multipart/form-data; boundary="edge"'),
        ("x", "multipart/form-data; boundary*=utf-8''%ff"),
    ],
)
def test_what_is_no_form_at_all_asks_for_nothing(api: Api, body: str, content_type: str) -> None:
    person_id = api.enrol()

    assert post(api, token_of(person_id), body, content_type).status == 422
    assert seen(person_id).opt_outs == frozenset()
    assert post(api, token_of(person_id), "{}", "application/json").kind == "unsupported-media-type"


def test_a_form_in_parts_is_taken_like_any_other(api: Api) -> None:
    person_id = api.enrol()

    assert post(api, token_of(person_id), *multipart(**{CHECK_IN: "stop", "quiet": "18-10"})).status == 200
    assert (CHECK_IN, None) in seen(person_id).opt_outs


def test_a_link_that_is_not_ours_leads_to_a_page_that_helps(api: Api) -> None:
    for told in (
        api.send("GET", "/u/forged", Accept_Language="es-MX"),
        api.send("POST", "/u/forged", urlencode({"all": "stop"}), Accept_Language="es-MX"),
    ):
        assert told.status == 404
        assert WORDS["es"]["unknown"][0] in told.text
        assert 'href="tel:988"' in told.text


def test_a_link_to_an_address_that_changed_does_nothing_and_is_answered_alike(api: Api) -> None:
    person_id = api.enrol(language="es")
    old = token_of(person_id, revision=2)

    assert api.send("GET", f"/u/{old}").text == api.send("GET", f"/u/{token_of(person_id)}").text
    told = post(api, old, urlencode({"all": "stop"}))

    assert WORDS["es"]["done"][0] in told.text
    assert seen(person_id).opt_outs == frozenset()


def test_whoever_meets_a_fault_of_ours_sees_whom_to_call(api: Api) -> None:
    token = token_of(api.enrol())
    Outage("PERSON#")

    for told in (api.send("GET", f"/u/{token}"), post(api, token, urlencode({"all": "stop"}))):
        assert told.status == 503
        assert escape(WORDS["en"]["trouble"][0], quote=True).replace("&#x27;", "&#39;") in told.text
        assert 'href="tel:988"' in told.text


def test_the_page_has_words_for_every_kind_in_both_languages_and_none_that_tell() -> None:
    assert WORDS["en"].keys() == WORDS["es"].keys()
    for words in WORDS.values():
        assert words["categories"].keys() >= set(can_be_switched_off())
        said = json.dumps(words, ensure_ascii=False)
        assert not re.search(
            r"\b(sober|recovery|addict|IOP|rehab|relapse|sobri|recuperaci|adicci)", said, re.IGNORECASE
        )


def test_a_person_chooses_what_they_get(api: Api) -> None:
    person_id = api.enrol()
    assert api.send("PUT", f"/people/{person_id}/sign-in", {"subject": "ana"}).status == 204
    api.as_whom = "ana=iop-evening/participant"
    shown = api.send("GET", f"/people/{person_id}/preferences")
    chosen: dict[str, Any] = {
        name: value for name, value in shown.json.items() if name not in {"always", "quietNow", "checkIn"}
    }
    assert all(one["email"] and one["push"] and one["mobile"] for one in chosen["categories"])
    assert shown.json["always"] == ["confirm_channel"]

    chosen["categories"][0]["email"] = False
    chosen["channels"][0]["detail"] = "standard"
    chosen |= {"quietHours": {"from": "20:30", "to": None}, "calendarInvites": True}
    put = api.send("PUT", f"/people/{person_id}/preferences", chosen, if_match=shown.headers["ETag"])

    assert put.status == 200, put.text
    assert put.json == api.send("GET", f"/people/{person_id}/preferences").json
    assert put.json["quietNow"] == {"from": "20:30", "to": "08:00"}
    assert put.json["checkIn"] == f"/people/{person_id}/check-in-preferences"
    assert seen(person_id).opt_outs == {(chosen["categories"][0]["category"], ChannelKind.EMAIL)}
    assert seen(person_id).calendar_invites
    record = DynamoPeople().record(person_id)
    assert record is not None
    assert record.channels[0].detail is DetailLevel.STANDARD
    again = api.send("PUT", f"/people/{person_id}/preferences", chosen, if_match=shown.headers["ETag"])
    assert again.kind == "stale"


def test_what_can_not_be_chosen_is_refused_with_the_field_named(api: Api) -> None:
    person_id = api.enrol()
    api.as_whom = "boss=iop-evening/case-manager"
    path = f"/people/{person_id}/preferences"
    shown = api.send("GET", path)
    whole = [{"category": name, "email": True, "push": True, "mobile": True} for name in can_be_switched_off()]
    account = {"category": "confirm_channel", "email": False, "push": True, "mobile": True}

    def fields(**body: Any) -> list[str]:
        told = api.send("PUT", path, {"categories": whole} | body, if_match=shown.headers["ETag"])
        assert told.kind == "invalid"
        return [fault["field"] for fault in told.json["errors"]]

    assert fields(categories=whole[1:]) == ["categories"]
    assert fields(categories=[*whole, whole[0]]) == ["categories"]
    assert fields(categories=[*whole, account]) == ["categories"]
    assert fields(channels=[{"id": "other", "detail": "discreet"}]) == ["channels"]
    assert fields(channels=[{"id": "other", "detail": "all"}]) == ["channels.0.detail"]
    assert fields(quietHours={"from": "24:00", "to": None}) == ["quietHours.from"]
    api.as_whom = "nurse=iop-evening/clinician"
    assert api.send("PUT", path, {"categories": whole}, if_match=shown.headers["ETag"]).kind == "forbidden"


def test_staff_apply_an_email_that_asks_to_stop(api: Api) -> None:
    person_id = api.enrol()
    path = "/programmes/iop-evening/unsubscriptions"
    token = token_of(person_id)

    assert api.send("POST", path, {"subject": "please stop"}).json["errors"][0]["field"] == "subject"
    assert api.send("POST", path, {"subject": ""}).kind == "invalid"
    assert api.send("POST", path, {"subject": f"unsubscribe {token_of('f' * 32)}"}).kind == "not-found"
    assert seen(person_id).opt_outs == frozenset()
    for subject in (f"Re: unsubscribe {token}", f"unsubscribe {token}"):
        assert api.send("POST", path, {"subject": subject}).status == 204
    api.as_whom = "nurse=iop-evening/clinician"
    assert api.send("POST", path, {"subject": token}).kind == "forbidden"

    assert seen(person_id).opt_outs == {(CHECK_IN, ChannelKind.EMAIL)}


def test_a_calendar_follows_an_appointment_from_its_setting_to_its_removal(api: Api) -> None:
    person_id = api.enrol()
    api.send("PUT", f"/people/{person_id}/sign-in", {"subject": "ana"})
    api.as_whom = "ana=iop-evening/participant"
    shown = api.send("GET", f"/people/{person_id}/preferences")
    chosen = {"categories": shown.json["categories"], "calendarInvites": True}
    assert api.send("PUT", f"/people/{person_id}/preferences", chosen, if_match=shown.headers["ETag"]).status == 200
    api.as_whom = "boss=iop-evening/case-manager"
    once = {"form": "once", "date": "2026-12-03", "time": "15:00"}
    said = []

    def hear() -> None:
        """Deliver what tells the calendar, as of now."""
        kind = max(kind for item in DueItem.scan() if (kind := item.sk.split("#")[2]).startswith("invite-"))
        entry = Entry(
            person_id=person_id,
            kind=kind,
            on=NOW.date(),
            due_at=NOW,
            status=Status.CLAIMED,
            attempt=1,
            claimed_at=NOW,
        )
        recipient = seen(person_id)
        part = CALENDARS.part_for(entry, recipient, recipient.channels[0], language="en")
        assert part is not None
        event = vobject.readOne(part.ics.decode()).vevent
        start = event.dtstart.value.strftime("%H:%M") if "dtstart" in event.contents else None
        said.append((part.method.value, event.uid.value, event.sequence.value, start))

    reminder = api.send("POST", f"/people/{person_id}/reminders", {"title": "Dr. Lee", "when": once})
    assert reminder.status == 201, reminder.text
    hear()
    path = f"/people/{person_id}/schedules/{reminder.json['id']}"
    edited = api.send("PATCH", path, {"when": once | {"time": "16:00"}}, if_match=reminder.headers["ETag"])
    assert edited.status == 200, edited.text
    hear()
    assert api.send("DELETE", path).status == 204
    hear()

    assert [(method, sequence, start) for method, _, sequence, start in said] == [
        ("REQUEST", "0", "15:00"),
        ("REQUEST", "1", "16:00"),
        ("CANCEL", "2", None),
    ]
    assert len({uid for _, uid, _, _ in said}) == 1
