"""How staff are paged beside e-mail: browsers and a telephone of their own, through the doors and the table."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from moto.sns.models import sns_backends

import app
from chalicelib.crisis.duty import NoPager
from chalicelib.crisis.paging_sms import MOST_SILENCES, TextPager, pager
from chalicelib.edge import aws as clients
from chalicelib.edge import config
from chalicelib.edge.table import Item
from chalicelib.enrollment import contact_routes
from chalicelib.family.handlers import everybody
from chalicelib.outreach.domain import ChannelKind
from chalicelib.outreach.links import Claims, Purpose, Signer
from chalicelib.outreach.store import DueItem, due_of
from chalicelib.outreach.texting import SnsTexts, TextsUnanswered, code_text, page_text
from chalicelib.staff.domain import Member, recipient_id
from chalicelib.staff.handlers import StaffHolders
from chalicelib.staff.phones import CODE_WORKS, MOST_CODES, MOST_TRIES, Phone, asked, telephone
from chalicelib.staff.store import DynamoStaff
from tests.build import A_KEY
from tests.conftest import KEYS
from tests.contract.test_staff_routes import DR
from tests.contract.test_staff_stores import a_member
from tests.fakes_rota import a_member as a_colleague
from tests.fakes_staff import FakeStaff
from tests.routine_api import ADMIN, CLINICIAN, RoutineApi
from tests.toy import NOW, Told

OWN = "/programmes/iop-evening/my-work"
BROWSER = {"endpoint": "https://push.example/one", "keys": {"p256dh": A_KEY, "auth": "AAAAAAAAAAAAAAAAAAAAAA"}}
NUMBER = "+15550100199"


class FakeTexts:
    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.takes = True

    def send_code(self, number: str, code: str, *, language: str) -> bool:
        del language
        self.sent.append((number, code))
        return self.takes

    def send_page(self, number: str, reference: str, *, language: str) -> bool:
        return self.send_code(number, f"{language} {reference}", language=language)


class Texts:
    """What SNS took."""

    @property
    def sent(self) -> list[tuple[str, str]]:
        """Each number with the code that went there."""
        texts = sns_backends["123456789012"]["us-east-1"].sms_messages.values()
        return [(number, re.findall(r"\d{6}", text)[0]) for number, text in texts]


@pytest.fixture
def texts(aws: None, monkeypatch: pytest.MonkeyPatch) -> Texts:
    del aws
    monkeypatch.setenv("CAIRN_PAGER", "sns-sms")
    config.config.cache_clear()
    return Texts()


@pytest.fixture
def api(kept_keys: None) -> RoutineApi:
    del kept_keys
    everybody.cache_clear()
    api = RoutineApi()
    app.app.use(replace(app.app.wiring, holders={"staff": StaffHolders()}))
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    staff = DynamoStaff(hurry=lambda _dues: None)
    staff.save(a_member("dr", programme="iop-evening", email=a_colleague("dr").email))
    return api


def own(api: RoutineApi, method: str, path: str, body: Any = None, by: str = CLINICIAN) -> Told:
    return api.by(by, method, f"{OWN}/{path}", body)


def add(api: RoutineApi, name: str = "one", **changes: Any) -> Told:
    subscription = {**BROWSER, "endpoint": f"https://push.example/{name}", **changes}
    return own(api, "POST", "devices", {"subscription": subscription})


def member() -> Member:
    found = DynamoStaff().find("iop-evening", "dr")
    assert found
    return found


def confirm(api: RoutineApi, kind: str, channel_id: str, revision: int = 1) -> int:
    claims = Claims(
        person_id=member().id,
        kind=kind,
        on=NOW.date(),
        channel_id=channel_id,
        revision=revision,
        expires_at=NOW + timedelta(hours=1),
    )
    token = Signer(KEYS.links).token(Purpose.CONFIRM, claims)
    return api.send("POST", f"/confirm/{token}", Content_Type=contact_routes.FORM).status


def dues() -> list[str]:
    found = (due_of(item) for item in Item.scan() if isinstance(item, DueItem))
    return sorted(due.kind for due in found if due.person_id == recipient_id("iop-evening", "dr"))


def test_a_browser_is_asked_over_itself_and_then_reached_beside_the_address(api: RoutineApi) -> None:
    added = add(api)
    assert (added.status, added.json["usable"], added.json["address"]) == (201, False, None), added.text
    assert add(api).json["id"] == added.json["id"]
    (kind,) = dues()
    assert kind == f"confirm_channel-{added.json['id']}-1"

    for _ in range(2):
        assert confirm(api, kind, added.json["id"]) == 200
    recipient = everybody().load(member().id, now=NOW)
    assert recipient
    assert [(one.kind, one.usable) for one in recipient.channels] == [
        (ChannelKind.EMAIL, True),
        (ChannelKind.PUSH, True),
    ]
    assert recipient.channels[1].push_key == A_KEY
    assert member().paged_by(at=NOW, texts=True) == ("email", "push")
    (shown,) = api.by(CLINICIAN, "GET", OWN).json["devices"]
    assert (shown["usable"], shown["verification"]) == (True, "confirmed")


def test_a_browser_speaks_renews_its_subscription_and_goes(api: RoutineApi) -> None:
    channel = add(api).json["id"]
    assert own(api, "POST", f"devices/{channel}/heartbeat").status == 204
    assert own(api, "POST", "devices/none/heartbeat").status == 404
    renewal = {
        "oldEndpoint": "https://push.example/one",
        "subscription": {**BROWSER, "endpoint": "https://push.example/two"},
    }
    for _ in range(2):
        renewed = own(api, "PUT", "subscription", renewal)
        assert (renewed.status, renewed.json["id"], renewed.json["usable"]) == (200, channel, False)
    assert (
        own(
            api, "PUT", "subscription", {**renewal, "subscription": {**BROWSER, "endpoint": "https://push.example/x"}}
        ).status
        == 404
    )
    assert confirm(api, f"confirm_channel-{channel}-1", channel) == 409
    assert confirm(api, f"confirm_channel-{channel}-2", channel, revision=2) == 200

    everybody().channel_is_gone(member().id, channel, why="gone", now=NOW, revision=2)
    assert member().paged_by(at=NOW, texts=True) == ("email",)
    assert own(api, "POST", f"devices/{channel}/heartbeat").kind == "conflict"
    for _ in range(2):
        assert own(api, "DELETE", f"devices/{channel}").status == 204
    assert member().devices == ()


def test_what_can_not_be_a_subscription_is_refused_and_there_are_no_more_than_ten(api: RoutineApi) -> None:
    for changes, field in (
        ({"endpoint": "https://evil.example/1"}, "subscription.endpoint"),
        ({"keys": {"p256dh": "x", "auth": "AAAAAAAAAAAAAAAAAAAAAA"}}, "subscription.keys.p256dh"),
        ({"expirationTime": 1}, "subscription.expirationTime"),
    ):
        refused = add(api, **changes)
        assert (refused.status, refused.json["errors"][0]["field"]) == (422, field)
    for number in range(10):
        assert add(api, str(number)).status == 201
    assert add(api, "eleventh").kind == "conflict"


def test_an_admin_s_edit_leaves_a_member_s_own_ways_alone(api: RoutineApi, texts: Texts) -> None:
    del texts
    add(api)
    own(api, "PUT", "phone", {"number": NUMBER})
    told = api.by(ADMIN, "PUT", "/programmes/iop-evening/staff/dr", DR, if_match=f'"{member().version}"')

    assert (len(told.json["devices"]), told.json["phone"]) == (1, {"number": "…99", "confirmed": False})
    assert member().phone is not None


def test_a_number_gets_pages_once_its_code_came_back(api: RoutineApi, texts: Texts) -> None:
    put = own(api, "PUT", "phone", {"number": " +1 (555) 010-0199 "})
    assert (put.status, put.json["phone"]) == (200, {"number": NUMBER, "confirmed": False}), put.text
    ((number, code),) = texts.sent
    assert (number, len(code), code.isdecimal()) == (NUMBER, 6, True)
    assert member().paged_by(at=NOW, texts=True) == ("email",)
    assert code not in str(DynamoStaff().find("iop-evening", "dr"))

    wrong = own(api, "POST", "phone/confirmation", {"code": "nothing"})
    assert wrong.kind == "conflict"
    for _ in range(2):
        confirmed = own(api, "POST", "phone/confirmation", {"code": f" {code} "})
        assert (confirmed.status, confirmed.json["phone"]["confirmed"]) == (200, True)
    assert member().paged_by(at=NOW, texts=True) == ("email", "sms")
    assert own(api, "PUT", "phone", {"number": NUMBER}).json["phone"]["confirmed"]
    assert len(texts.sent) == 1

    for _ in range(2):
        assert own(api, "DELETE", "phone").status == 204
    assert api.by(CLINICIAN, "GET", OWN).json["phone"] is None
    assert own(api, "POST", "phone/confirmation", {"code": code}).kind == "conflict"


def test_numbers_and_codes_that_are_none_are_refused(api: RoutineApi, texts: Texts) -> None:
    for number in ("5550100199", "+0155501001", "+1555", "+1555010019912345", "+1555010019a", "\u0661\u0662"):
        refused = own(api, "PUT", "phone", {"number": number})
        assert (refused.status, refused.json["errors"][0]["field"]) == (422, "number"), number
    assert texts.sent == []
    assert own(api, "POST", "phone/confirmation", {"code": "1"}).kind == "conflict"
    assert own(api, "PUT", "phone", {"number": NUMBER}, by="nobody=iop-evening/clinician").status == 404


def test_no_more_codes_are_sent_than_may_be_whatever_is_removed_meanwhile(api: RoutineApi, texts: Texts) -> None:
    for number in range(MOST_CODES):
        assert own(api, "PUT", "phone", {"number": f"+1555010010{number}"}).status == 200
        own(api, "DELETE", "phone")

    assert own(api, "PUT", "phone", {"number": NUMBER}).kind == "too-soon"
    assert len(texts.sent) == MOST_CODES


def test_where_no_pager_is_set_up_no_number_is_taken(api: RoutineApi, monkeypatch: pytest.MonkeyPatch) -> None:
    assert own(api, "PUT", "phone", {"number": NUMBER}).kind == "conflict"
    pager.cache_clear()
    assert isinstance(pager(), NoPager)
    for value in ("sns-sms", "pigeon"):
        monkeypatch.setenv("CAIRN_PAGER", value)
        config.config.cache_clear()
        pager.cache_clear()
        if value == "pigeon":
            with pytest.raises(config.ConfigError, match="CAIRN_PAGER"):
                pager()
        else:
            assert isinstance(pager(), TextPager)
    pager.cache_clear()


def test_a_code_works_for_ten_minutes_and_five_tries() -> None:
    phone = asked(None, NUMBER, "123456", at=NOW)
    for _ in range(MOST_TRIES - 1):
        phone = phone.confirmed("000000", at=NOW)
    assert phone.confirmed("123456", at=NOW).is_confirmed
    assert not phone.confirmed("000000", at=NOW).confirmed("123456", at=NOW).is_confirmed
    assert not phone.confirmed("123456", at=NOW + CODE_WORKS).is_confirmed
    assert not asked(phone, "+15550100200", "654321", at=NOW).confirmed("123456", at=NOW).is_confirmed
    assert telephone("+44 20 7946 0958") == "+442079460958"


def test_pages_go_to_whoever_confirmed_a_number_and_whatever_fails_never_raises() -> None:
    texts, staff = FakeTexts(), FakeStaff()
    on = Phone(number=NUMBER, confirmed_at=NOW)
    for account, phone in (("on", on), ("asked", asked(None, NUMBER, "1", at=NOW)), ("none", None)):
        staff.save(replace(a_colleague(account), phone=phone, language="es"))
    staff.save(replace(a_colleague("left", removed=True), phone=on))
    text_pager = TextPager(members=staff, texts=texts, clock=lambda: NOW)

    def page(account: str) -> bool:
        return text_pager.page(recipient_id("iop", account), "AB12CD34", at=NOW)

    assert [page(account) for account in ("on", "asked", "none", "left", "nobody")] == [True] + [False] * 4
    assert texts.sent == [(NUMBER, "es AB12CD34")]
    texts.takes = False
    assert not page("on")
    assert not TextPager(members=None, texts=texts, clock=lambda: NOW).page("staff-1", "AB12CD34", at=NOW)  # type: ignore[arg-type]


def test_a_whole_team_does_not_wait_one_after_the_other_where_no_text_is_taken() -> None:
    staff = FakeStaff()
    for number in range(9):
        staff.save(replace(a_colleague(f"m{number}"), phone=Phone(number=NUMBER, confirmed_at=NOW)))
    asked_of: list[str] = []

    class Silent:
        def send_page(self, number: str, reference: str, *, language: str) -> bool:
            del reference, language
            asked_of.append(number)
            raise TextsUnanswered

    text_pager = TextPager(members=staff, texts=Silent(), clock=lambda: NOW)
    for at in (NOW, NOW + timedelta(minutes=1)):
        asked_of.clear()
        assert not any(text_pager.page(recipient_id("iop", f"m{number}"), "AB12CD34", at=at) for number in range(9))
        assert len(asked_of) == MOST_SILENCES


def test_a_large_team_is_not_waited_for_where_each_text_takes_long() -> None:
    texts, staff, asked_at = FakeTexts(), FakeStaff(), iter(NOW + timedelta(seconds=3 * number) for number in range(99))
    for number in range(20):
        staff.save(replace(a_colleague(f"m{number}"), phone=Phone(number=NUMBER, confirmed_at=NOW)))
    text_pager = TextPager(members=staff, texts=texts, clock=lambda: next(asked_at))

    def page(reference: str) -> int:
        return sum(text_pager.page(recipient_id("iop", f"m{number}"), reference, at=NOW) for number in range(20))

    assert page("AB12CD34") == 4
    assert page("EF56AB78") == 4, "another page has its own time"


class FailingSns:
    def __init__(self, error: Exception | None) -> None:
        self.error = error
        self.asked: list[dict[str, Any]] = []

    def publish(self, **wanted: Any) -> dict[str, str]:
        self.asked.append(wanted)
        if self.error:
            raise self.error
        return {"MessageId": "m1"}


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "OptedOut", "Message": f"{NUMBER} is opted out"}}, "Publish"),
        ClientError({"Error": {"Code": "Throttled", "Message": ""}}, "Publish"),
        ConnectTimeoutError(endpoint_url="https://sns"),
        None,
    ],
)
def test_what_sns_does_not_take_is_counted_and_the_number_is_in_no_log(
    settings: dict[str, str],
    log: Callable[[], list[dict[str, object]]],
    error: Exception | None,
) -> None:
    del settings
    sns = FailingSns(error)
    sent = SnsTexts(sns).send_page
    if isinstance(error, ConnectTimeoutError):
        with pytest.raises(TextsUnanswered):
            sent(NUMBER, "AB12CD34", language="en")
    else:
        assert sent(NUMBER, "AB12CD34", language="en") is (error is None)
    (wanted,) = sns.asked
    assert wanted["PhoneNumber"] == NUMBER
    assert wanted["MessageAttributes"]["AWS.SNS.SMS.SMSType"]["StringValue"] == "Transactional"
    from chalicelib.edge.log import flush  # noqa: PLC0415 (as a function ends)

    flush()
    lines = log()
    assert any(("PagerFailures" if error else "PagerSent") in line for line in lines)
    assert NUMBER not in str(lines)


def test_a_text_message_is_short_and_says_nothing_of_anybody() -> None:
    for language in ("en", "es"):
        for text in (page_text("AB12CD34", language=language), code_text("123456", language=language)):
            # What needs more characters is two messages (GSM 03.38).
            assert len(text) <= (160 if text.isascii() else 70)
    assert page_text("AB12CD34", language="en") == "Urgent: action needed. Open your dashboard. Ref AB12CD34"


def test_sns_takes_a_text_message_on_moto(aws: None) -> None:
    del aws
    clients.client.cache_clear()
    assert SnsTexts().send_code(NUMBER, "123456", language="en")
    clients.client.cache_clear()
