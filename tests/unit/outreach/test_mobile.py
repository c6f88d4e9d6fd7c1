"""Pushes to apps on phones: what they say, and what SNS's answers mean."""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from chalicelib.edge import aws as clients
from chalicelib.edge.log import flush
from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.domain import Channel, ChannelKind, DetailLevel, Entry, Status
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.links import Links, Signer
from chalicelib.outreach.mobile import MobileSender, Publication, Sns, platform_of
from chalicelib.outreach.ports import Letter, NotAccepted, Refused
from chalicelib.outreach.push import PushSender, WebPush
from chalicelib.outreach.topics import TooLong, topic_of
from chalicelib.outreach.wording import words_for
from tests.build import PERSON, a_recipient, utc
from tests.push_service import AUTH, b64

NINE = utc("2026-11-25T14:00")
CLOSES = NINE + timedelta(hours=19)
PLATFORMS = ("GCM", "APNS", "APNS_SANDBOX")
LINKS = Links(public_url="https://care.example/api", app_url="https://app.example", signer=Signer(("secret",)))
POINT = bytes.fromhex(
    "04"
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
"""P-256's own base point: a public key as good as any."""


def an_app(platform: str = "GCM") -> Channel:
    return Channel(
        id="1c" * 16,
        kind=ChannelKind.MOBILE,
        address=f"arn:aws:sns:us-east-1:123456789012:endpoint/{platform}/cairn/5a",
        revision=1,
        usable=True,
        detail=DetailLevel.DETAILED,
    )


def an_entry(kind: str = CHECK_IN) -> Entry:
    return Entry(
        person_id=PERSON,
        kind=kind,
        on=NINE.date(),
        due_at=NINE,
        status=Status.CLAIMED,
        attempt=1,
        claimed_at=NINE,
    )


class NoSns:
    def publish(self, publication: Publication, *, endpoint: str) -> str:
        raise AssertionError((publication, endpoint))


def compose(channel: Channel, kind: str = CHECK_IN, *, language: str = "en") -> Letter:
    sender = MobileSender(links=LINKS, sns=NoSns())  # type: ignore[arg-type]
    return sender.compose(an_entry(kind), a_recipient(language=language), channel, closes_at=CLOSES)


def payload_of(letter: Letter) -> dict[str, Any]:
    publication: Publication = letter.content
    whole = json.loads(publication.message)
    (platform,) = whole.keys() - {"default"}
    payload: dict[str, Any] = json.loads(whole[platform])
    return payload


KINDS = [name if name in {"check_in", "updates"} else f"{name}-{'9' * 32}" for name in CATEGORIES]


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "es"])
def test_no_message_to_a_phone_is_too_long_or_says_more_than_it_may(platform: str, kind: str, language: str) -> None:
    channel = an_app(platform)
    letter = compose(channel, kind, language=language)

    discreet = words_for(an_entry(kind), a_recipient(language=language), replace(channel, detail=DetailLevel.DISCREET))
    publication: Publication = letter.content
    text = json.loads(publication.message)[platform]
    assert len(text.encode()) <= 4096
    assert discreet.push_title in json.dumps(payload_of(letter), ensure_ascii=False)
    assert discreet.push_body in json.dumps(payload_of(letter), ensure_ascii=False)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("level", DetailLevel)
def test_no_message_to_a_browser_is_too_long(kind: str, language: str, level: DetailLevel) -> None:
    browser = Channel(
        id="1c" * 16,
        kind=ChannelKind.PUSH,
        address="https://push.example/1",
        revision=1,
        usable=True,
        detail=level,
        push_key=b64(POINT),
        push_auth=b64(AUTH),
    )
    push = WebPush(vapid_private="", contact="", origins=frozenset())

    letter = PushSender(links=LINKS, push=push).compose(
        an_entry(kind), a_recipient(language=language), browser, closes_at=CLOSES
    )

    assert 0 < len(letter.content.body) <= 4096
    assert letter.content.expires_at <= CLOSES


def test_a_push_keeps_to_its_categorys_life_and_to_its_end() -> None:
    publication: Publication = compose(an_app(), "crisis_page-1").content
    assert publication.attributes["AWS.SNS.MOBILE.FCM.TTL"] == str(15 * 60)

    publication = compose(an_app()).content
    assert publication.attributes["AWS.SNS.MOBILE.FCM.TTL"] == str(19 * 3600)


def test_what_google_gets_is_as_it_wants_it() -> None:
    letter = compose(an_app("GCM"))

    message = payload_of(letter)["fcmV1Message"]["message"]
    topic = topic_of(letter.entry.name)
    assert message.keys() == {"notification", "data", "android"}
    assert all(isinstance(value, str) for value in message["data"].values())
    assert (message["android"]["collapse_key"], message["android"]["notification"]["tag"]) == (topic, topic)
    assert message["android"]["priority"] == "normal"
    assert message["data"]["url"].startswith("https://care.example/api/c/")


def test_what_apple_gets_is_as_it_wants_it() -> None:
    letter = compose(an_app("APNS"), "crisis_page-1")

    publication: Publication = letter.content
    assert payload_of(letter)["aps"].keys() == {"alert", "sound"}
    assert publication.attributes == {
        "AWS.SNS.MOBILE.APNS.COLLAPSE_ID": topic_of(letter.entry.name),
        "AWS.SNS.MOBILE.APNS.PRIORITY": "10",
        "AWS.SNS.MOBILE.APNS.PUSH_TYPE": "alert",
        "AWS.SNS.MOBILE.APNS.TTL": "900",
    }
    assert len(publication.attributes["AWS.SNS.MOBILE.APNS.COLLAPSE_ID"]) <= 64


def test_what_can_wait_lets_the_phone_sleep() -> None:
    letter = compose(an_app("APNS"), "milestone-d30")

    publication: Publication = letter.content
    assert publication.attributes["AWS.SNS.MOBILE.APNS.PRIORITY"] == "5"
    assert "sound" not in payload_of(letter)["aps"]


def test_only_a_question_over_the_channel_itself_is_confirmed_by_the_app() -> None:
    assert "verify" in payload_of(compose(an_app("APNS"), f"confirm_channel-{'1c' * 16}-1"))
    assert "verify" not in payload_of(compose(an_app("APNS")))


def test_what_no_template_makes_is_refused_before_anything_is_claimed() -> None:
    links = Links(
        public_url="https://care.example/" + "x" * 4096, app_url="https://app.example", signer=Signer(("secret",))
    )
    sender = MobileSender(links=links, sns=NoSns())  # type: ignore[arg-type]

    with pytest.raises(TooLong):
        sender.compose(an_entry(), a_recipient(), an_app(), closes_at=CLOSES)


def test_the_platform_is_read_from_the_address() -> None:
    assert [platform_of(an_app(platform).address) for platform in PLATFORMS] == list(PLATFORMS)


@pytest.mark.usefixtures("aws")
def test_sns_takes_what_is_made_for_it_until_the_app_is_gone() -> None:
    clients.client.cache_clear()
    sns = boto3.client("sns")
    application = sns.create_platform_application(Name="cairn", Platform="GCM", Attributes={})
    endpoint = sns.create_platform_endpoint(
        PlatformApplicationArn=application["PlatformApplicationArn"], Token="token", CustomUserData="ana"
    )["EndpointArn"]
    sender = MobileSender(links=LINKS, sns=Sns())
    letter = compose(replace(an_app(), address=endpoint))

    assert sender.send(letter).provider_id

    sns.set_endpoint_attributes(EndpointArn=endpoint, Attributes={"Enabled": "false"})
    with pytest.raises(Refused) as refused:
        sender.send(letter)
    assert refused.value.gone
    sns.delete_endpoint(EndpointArn=endpoint)
    with pytest.raises(Refused) as refused:
        sender.send(letter)
    assert refused.value.gone


class FakeSns(HTTPServer):
    """Answers every request with one error, as SNS writes it."""

    status, code, message = 200, "", ""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Refusing)
        self.asked: list[dict[str, list[str]]] = []


class Refusing(BaseHTTPRequestHandler):
    server: FakeSns

    def do_POST(self) -> None:
        self.server.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        body = (
            '<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type>'
            f"<Code>{self.server.code}</Code><Message>{self.server.message}</Message></Error></ErrorResponse>"
        ).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSns]:
    del settings
    with FakeSns() as found:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", f"http://127.0.0.1:{found.server_port}")
        clients.client.cache_clear()
        thread = Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()
    clients.client.cache_clear()


def publish() -> str:
    return Sns().publish(
        Publication(message='{"default": "x"}', attributes={"AWS.SNS.MOBILE.FCM.TTL": "60"}), endpoint="e"
    )


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "EndpointDisabled", "Endpoint is disabled"),
        (400, "EndpointDisabledException", "Endpoint is disabled"),
        (404, "NotFound", "Endpoint does not exist"),
        (
            400,
            "InvalidParameter",
            "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified",
        ),
    ],
)
def test_an_endpoint_that_was_given_up_is_gone(server: FakeSns, status: int, code: str, message: str) -> None:
    server.status, server.code, server.message = status, code, message

    with pytest.raises(Refused) as refused:
        publish()

    assert refused.value.gone


Metrics = Callable[[], list[dict[str, object]]]


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (400, "InvalidParameter", "Invalid parameter: Message too long"),
        (400, "ParameterValueInvalid", "no such attribute"),
        (403, "AuthorizationError", "not authorized"),
    ],
)
def test_a_fault_of_ours_ends_no_app_and_wakes_somebody(
    server: FakeSns, status: int, code: str, message: str, log: Metrics
) -> None:
    server.status, server.code, server.message = status, code, message

    with pytest.raises(Refused) as refused:
        publish()

    flush()
    assert not refused.value.gone
    assert any("PushFault" in line for line in log())


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "Throttled"), (429, "Throttling"), (503, "ServiceUnavailable"), (400, "PlatformApplicationDisabled")],
)
def test_what_sns_cannot_take_now_is_brought_again_and_tried_once_each(server: FakeSns, status: int, code: str) -> None:
    server.status, server.code = status, code

    with pytest.raises(NotAccepted):
        publish()

    assert len(server.asked) == 1
    flush()


def test_an_error_inside_of_sns_leaves_it_open_whether_the_push_went_out(server: FakeSns) -> None:
    server.status, server.code = 500, "InternalError"

    with pytest.raises(ClientError):
        publish()

    assert len(server.asked) == 1


def test_an_sns_that_hangs_up_leaves_it_open_whether_the_push_went_out(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del settings
    listener = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", f"http://127.0.0.1:{listener.getsockname()[1]}")
    clients.client.cache_clear()

    def hang_up() -> None:
        connection, _ = listener.accept()
        connection.recv(65536)
        connection.close()

    Thread(target=hang_up, daemon=True).start()
    with pytest.raises(ConnectionClosedError):
        publish()
    listener.close()
    clients.client.cache_clear()


def test_an_sns_that_is_not_there_is_not_accepted(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    del settings
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", f"http://127.0.0.1:{port}")
    clients.client.cache_clear()

    with pytest.raises(NotAccepted):
        publish()
    clients.client.cache_clear()


def test_sns_is_asked_for_this_endpoint_with_these_attributes(server: FakeSns) -> None:
    server.status, server.code = 400, "EndpointDisabled"
    with pytest.raises(Refused):
        publish()

    (asked,) = server.asked
    assert asked["TargetArn"] == ["e"]
    assert asked["MessageStructure"] == ["json"]
    assert asked["MessageAttributes.entry.1.Name"] == ["AWS.SNS.MOBILE.FCM.TTL"]
    assert asked["MessageAttributes.entry.1.Value.StringValue"] == ["60"]
