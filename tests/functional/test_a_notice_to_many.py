"""From a member of staff's request to due rows, numbers and the page that is read, through the functions' own doors."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from email import message_from_string
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from moto.ses.models import ses_backends
from moto.sqs.models import sqs_backends

import app as doors
from chalicelib.edge import keys
from chalicelib.enrollment import service as enrolling
from chalicelib.enrollment.changing import Marker
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import Person
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.service import Enrolment
from chalicelib.enrollment.store import DynamoPeople, people
from chalicelib.notices import handlers, routes
from chalicelib.notices.domain import Notice
from chalicelib.notices.store import DynamoNotices
from chalicelib.outreach import wiring
from chalicelib.outreach.domain import ChannelKind, DetailLevel, Entry, Reason, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.links import Claims, Purpose, Signer
from chalicelib.outreach.store import DueItem, DynamoDues, due_of
from chalicelib.privacy.domain import Actor, Role
from tests.conftest import Clock
from tests.toy import NOW, Told, Toy

EVENTS = Path(__file__).parents[2] / "events"
TEXTS = {
    "en": "The evening group meets at six.\n\nBring <b>a pen</b> & your\nbook.",
    "es": "El grupo de la noche es a las seis.",
}
AT = NOW.replace(second=0, microsecond=0) + timedelta(minutes=3)


class FakeTokens:
    """The token is the account and its role."""

    def actor(self, authorization: str | None, *, now: datetime) -> Actor:
        del now
        account, _, role = (authorization or "").removeprefix("Bearer ").partition("=")
        programme, _, name = role.partition("/")
        return Actor(subject=account, roles=frozenset({(programme, Role(name))}))


@dataclass
class Stack:
    """The doors and functions over moto."""

    clock: Clock
    toy: Toy = field(default_factory=lambda: Toy(app=doors.app))

    def send(
        self, method: str, path: str, body: Any = None, *, role: str = "iop-evening/program-admin", **headers: str
    ) -> Told:
        asked = urlsplit(path)
        for door in doors.app.routes:
            match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", door), asked.path)
            if match and method in doors.app.routes[door]:
                return self.toy.send(
                    method,
                    asked.path,
                    door=door,
                    body=body,
                    query={name: [value] for name, value in parse_qsl(asked.query)} or None,
                    role=None,
                    headers={"Authorization": f"Bearer staff={role}"}
                    | {name.replace("_", "-"): value for name, value in headers.items()},
                    **match.groupdict(),
                )
        raise LookupError(path)

    def notice(self, **changes: Any) -> str:
        told = self.send("POST", "/programmes/iop-evening/notices", {"text": TEXTS} | changes)
        assert told.status == 202, told.text
        return str(told.json["id"])

    def tick(self, at: datetime) -> dict[str, Any]:
        self.clock.set(at)
        event = json.loads((EVENTS / "tick.json").read_text(encoding="utf-8"))
        done: dict[str, Any] = doors.tick({**event, "time": self.clock.event_time()}, None)
        return done

    def messages(self) -> list[str]:
        queue = sqs_backends["123456789012"]["us-east-1"].queues["cairn-fan-out"]
        waiting = [str(message.body) for message in queue._messages]  # noqa: SLF001 (as in the day of check-ins)
        queue._messages.clear()  # noqa: SLF001
        return waiting

    def fan_out(self, *bodies: str) -> dict[str, Any]:
        event = json.loads((EVENTS / "fan_out.json").read_text(encoding="utf-8"))
        records = [
            {**event["Records"][0], "messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)
        ]
        answer: dict[str, Any] = doors.fan_out({"Records": records}, None)
        return answer

    def deliver(self, at: datetime) -> None:
        """Hand over what falls due at this minute, and deliver it then."""
        self.tick(at - timedelta(seconds=50))
        queue = sqs_backends["123456789012"]["us-east-1"].queues["cairn-deliver"]
        bodies = [str(message.body) for message in queue._messages]  # noqa: SLF001
        queue._messages.clear()  # noqa: SLF001
        self.clock.set(at + timedelta(seconds=5))
        records = [
            {"messageId": f"m{number}", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
            for number, body in enumerate(bodies)
        ]
        assert doors.deliver({"Records": records}, None) == {"batchItemFailures": []}

    def finish(self) -> None:
        """Let the fan-out run to its end."""
        self.tick(NOW + timedelta(seconds=30))
        while bodies := self.messages():
            assert self.fan_out(*bodies) == {"batchItemFailures": []}

    def dues(self) -> list[tuple[str, datetime, date]]:
        """Return who falls due when, and by which date, for a notice."""
        found = [due_of(item) for shard in range(50) for item in DueItem.query(f"DUE#{AT:%Y-%m-%dT%H}#{shard:02}")]
        return [(due.person_id, due.at, due.on) for due in found if due.kind.startswith("notice-")]


@pytest.fixture
def stack(aws: None, clock: Clock) -> Iterator[Stack]:  # noqa: ARG001
    boto3.client("secretsmanager").create_secret(
        Name="cairn/keys",
        SecretString=json.dumps({"links": {"k1": "secret"}, "vapid_private": "", "vapid_public": ""}),
    )
    for queue in ("cairn-deliver", "cairn-fan-out"):
        boto3.client("sqs").create_queue(QueueName=queue)
    ses = boto3.client("sesv2")
    ses.create_email_identity(EmailIdentity="hello@care.example")
    ses.create_configuration_set(ConfigurationSetName="cairn")
    cached: tuple[Any, ...] = (
        keys.keys,
        wiring.ticking,
        wiring.delivering,
        handlers._queue,  # noqa: SLF001
        handlers._still_true,  # noqa: SLF001
        routes._reading,  # noqa: SLF001
        people,
    )
    for one in cached:
        one.cache_clear()
    DynamoDues().advance(NOW - timedelta(hours=1))
    DynamoProgrammes().add(Programme(id="iop-evening", name="Evening"))
    made = Stack(clock=clock)
    doors.app.use(replace(doors.app.wiring, tokens=FakeTokens(), standings=DynamoPeople()))
    yield made
    for one in cached:
        one.cache_clear()


def enrol(number: int, *, state: State = State.ACTIVE, language: str = "en", at: datetime | None = None) -> str:
    programme = DynamoProgrammes().find("iop-evening")
    assert programme is not None
    person = Person(
        id=f"{number:032x}",
        external_id=f"TBH-{number}",
        given_name=f"Ana{number}",
        family_name="Quintero",
        language=language,
        zone="America/New_York",
    )
    enrolling.enrol(
        Enrolment(
            person=person,
            state=state,
            admitted_on=date(2026, 11, 1),
            email=f"ana{number}@example.com",
            detail=DetailLevel.DISCREET,
            attested=True,
            consents=(("contact_email", None),),
            check_in=None,
            marker=Marker(person_id=person.id),
        ),
        programme=programme,
        will=Will(by="staff", via=Via.STAFF),
        now=at or NOW - timedelta(days=1),
        people=DynamoPeople(),
        new_id=lambda: f"c{number}",
    )
    return person.id


def end(notice: Notice, person_id: str, status: Status, reason: Reason | None = None) -> None:
    """Let delivery have written this down."""
    entry = Entry(
        person_id=person_id,
        kind=notice.kind,
        on=notice.on,
        due_at=notice.at,
        status=status,
        attempt=1,
        claimed_at=notice.at,
        ended_at=notice.at,
        reason=reason,
        channel_kind=ChannelKind.EMAIL if status is Status.SENT else None,
    )
    DynamoLedger().add([entry])


def found(notice_id: str) -> Notice:
    notice = DynamoNotices().find(notice_id)
    assert notice is not None
    return notice


def test_a_notice_puts_everybody_in_line_once(stack: Stack) -> None:
    ids = [enrol(number) for number in range(7)]
    enrol(8, state=State.DISCHARGED_EARLY)
    enrol(9, at=NOW + timedelta(minutes=1))

    notice_id = stack.notice()
    assert stack.tick(NOW + timedelta(seconds=30))["pushed"] == 1
    (body,) = stack.messages()
    assert json.loads(body) == {"notice": notice_id, "page": 0}
    for _ in range(2):
        assert stack.fan_out(body, body) == {"batchItemFailures": []}

    assert sorted(stack.dues()) == [
        (person_id, AT + timedelta(seconds=place // 5), AT.date()) for place, person_id in enumerate(ids)
    ]
    shown = stack.send("GET", f"/programmes/iop-evening/notices/{notice_id}").json
    assert (shown["stage"], shown["recipients"]) == ("complete", 7)
    assert stack.tick(NOW + timedelta(minutes=2))["pushed"] == 0


def test_the_sample_event_of_a_notice_that_is_gone_does_no_harm(stack: Stack) -> None:
    event = json.loads((EVENTS / "fan_out.json").read_text(encoding="utf-8"))

    assert stack.fan_out(event["Records"][0]["body"]) == {"batchItemFailures": []}


def test_a_message_that_can_not_be_read_comes_back_and_holds_up_no_other(stack: Stack) -> None:
    enrol(1)
    notice_id = stack.notice()
    stack.clock.set(NOW)

    answer = stack.fan_out("not json", json.dumps({"notice": notice_id, "page": 0}))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert len(stack.dues()) == 1


def test_a_part_of_the_people_is_reached(stack: Stack) -> None:
    wanted = enrol(1, language="es", state=State.STEP_DOWN)
    enrol(2, language="es")
    enrol(3, language="en", state=State.STEP_DOWN)

    stack.notice(audience={"states": ["step_down"], "languages": ["es"]})
    stack.finish()

    assert [person for person, _, _ in stack.dues()] == [wanted]


def test_the_same_key_is_the_same_notice_even_where_the_first_answer_was_lost(stack: Stack) -> None:
    path, body = "/programmes/iop-evening/notices", {"text": TEXTS}
    first = stack.send("POST", path, body, Idempotency_Key="k-1")
    stack.toy.replays.answers.clear()

    again = stack.send("POST", path, body, Idempotency_Key="k-1")

    assert first.json == again.json
    other = stack.send("POST", path, body, Idempotency_Key="k-2")
    assert other.json["id"] != first.json["id"]
    stack.toy.replays.answers.clear()
    changed = stack.send("POST", path, {"text": {"en": "x", "es": "y"}}, Idempotency_Key="k-1")
    assert (changed.status, changed.kind) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"text"}),
        ({"text": {"en": "Hello"}}, {"text.es"}),
        ({"text": {"en": "Hello", "es": "\u0000"}}, {"text.es"}),
        ({"text": {"en": "Hello", "es": "x" * 2001}}, {"text.es"}),
        ({"text": {**TEXTS, "fr": "Salut"}}, {"text"}),
        ({"text": TEXTS, "at": "2026-11-24T18:00:00Z"}, {"at"}),
        ({"text": TEXTS, "at": "2026-11-27T09:00:00"}, {"at"}),
        ({"text": TEXTS, "at": "0001-01-01T00:00:00+14:00"}, {"at"}),
        ({"text": TEXTS, "at": "9999-12-31T23:59:59-14:00"}, {"at"}),
        ({"text": TEXTS, "at": 5}, {"at"}),
        ({"text": TEXTS, "audience": {"states": ["deceased"]}}, {"audience.states"}),
        ({"text": TEXTS, "audience": {"states": []}}, {"audience.states"}),
        ({"text": TEXTS, "audience": {"states": ["asleep"]}}, {"audience.states.0"}),
        ({"text": TEXTS, "audience": {"languages": ["fr"]}}, {"audience.languages"}),
        ({"text": TEXTS, "audience": {"zone": "x"}}, {"audience.zone"}),
        ({"text": TEXTS, "subject": "Hello\r\nBcc: x"}, {"subject"}),
    ],
)
def test_what_can_not_be_sent_is_refused_with_the_field_named(
    stack: Stack, body: dict[str, Any], fields: set[str]
) -> None:
    told = stack.send("POST", "/programmes/iop-evening/notices", body)

    assert (told.status, told.kind) == (422, "invalid")
    assert {error["field"] for error in told.json["errors"]} == fields
    assert DynamoNotices().of_programme("iop-evening", after=None, limit=5) == ([], None)


def test_a_body_beyond_the_limit_is_refused(stack: Stack) -> None:
    told = stack.send("POST", "/programmes/iop-evening/notices", {"text": {"en": "x" * 70_000, "es": "y"}})

    assert (told.status, told.kind) == (413, "too-large")


@pytest.mark.parametrize(
    ("role", "sends", "reads", "sees_people"),
    [
        ("iop-evening/program-admin", 202, 200, 200),
        ("iop-evening/clinician", 403, 200, 200),
        ("iop-evening/case-manager", 403, 200, 200),
        ("iop-evening/peer-specialist", 403, 403, 403),
        ("iop-evening/participant", 403, 403, 403),
        ("iop-evening/privacy-officer", 403, 403, 403),
        ("iop-morning/program-admin", 404, 404, 404),
    ],
)
def test_only_admins_send_and_only_staff_see(stack: Stack, role: str, sends: int, reads: int, sees_people: int) -> None:
    notice = f"/programmes/iop-evening/notices/{stack.notice()}"

    assert stack.send("POST", "/programmes/iop-evening/notices", {"text": TEXTS}, role=role).status == sends
    assert stack.send("POST", f"{notice}/cancellation", role=role).status == (200 if sends == 202 else sends)
    assert stack.send("GET", notice, role=role).status == reads
    assert stack.send("GET", "/programmes/iop-evening/notices", role=role).status == reads
    assert stack.send("GET", f"{notice}/recipients", role=role).status == sees_people


def test_staff_see_whom_it_has_reached_and_whom_not_and_why(stack: Stack) -> None:
    ids = [enrol(number) for number in range(6)]
    notice_id = stack.notice()
    stack.finish()
    notice = found(notice_id)
    end(notice, ids[0], Status.SENT)
    end(notice, ids[1], Status.SKIPPED, Reason.NO_CONSENT)
    end(notice, ids[2], Status.FAILED, Reason.REFUSED)
    end(notice, ids[3], Status.SENT)
    path = f"/programmes/iop-evening/notices/{notice_id}"

    assert stack.send("GET", path).json["counts"] == {
        "recipients": 6,
        "sent": 2,
        "waiting": 2,
        "skipped": {"no_consent": 1},
        "failed": {"refused_by_provider": 1},
    }
    rows, following = [], f"{path}/recipients?limit=4"
    while following:
        page = stack.send("GET", following).json
        rows += page["items"]
        following = page["next"]
    assert [row["personId"] for row in rows] == ids
    assert [row["outcome"] for row in rows] == ["sent", "skipped", "failed", "sent", "waiting", "waiting"]
    assert rows[1] == {
        "personId": ids[1],
        "name": "Ana1 Quintero",
        "outcome": "skipped",
        "reason": "no_consent",
        "channel": None,
        "endedAt": rows[1]["endedAt"],
    }
    waiting = stack.send("GET", f"{path}/recipients?outcome=waiting").json["items"]
    assert [row["personId"] for row in waiting] == ids[4:]


def mails() -> dict[str, str]:
    """Return what each address was sent, as it went out."""
    sent = ses_backends["123456789012"]["us-east-1"].sent_messages
    found = {str(message_from_string(mail.raw_data)["To"]): str(mail.raw_data) for mail in sent}
    assert len(found) == len(sent)
    return found


def test_everybody_is_told_of_it_once_and_reads_it_behind_their_link(stack: Stack) -> None:
    enrol(1)
    enrol(2, language="es")
    enrol(3, state=State.ON_HOLD)
    notice_id = stack.notice()
    stack.finish()

    for _ in range(2):
        stack.deliver(AT)

    told = mails()
    assert set(told) == {"ana1@example.com", "ana2@example.com"}
    text = message_from_string(told["ana2@example.com"], policy=default).get_body(("plain",))
    assert text is not None
    assert "grupo" not in text.get_content()
    link = re.search(r"https://care\.example(/n/\S+)", text.get_content())
    assert link is not None
    assert "El grupo de la noche es a las seis." in stack.send("GET", link[1]).text
    assert stack.send("GET", f"/programmes/iop-evening/notices/{notice_id}").json["counts"] == {
        "recipients": 3,
        "sent": 2,
        "waiting": 0,
        "skipped": {"on_hold": 1},
        "failed": {},
    }


def test_whoever_waits_when_it_is_cancelled_is_skipped_and_the_record_says_so(stack: Stack) -> None:
    enrol(1)
    notice_id = stack.notice()
    stack.finish()
    stack.send("POST", f"/programmes/iop-evening/notices/{notice_id}/cancellation")

    stack.deliver(AT)

    assert mails() == {}
    shown = stack.send("GET", f"/programmes/iop-evening/notices/{notice_id}").json
    assert shown["counts"]["skipped"] == {"cancelled": 1}


@pytest.mark.parametrize("query", ["cursor=UEFHRSMx", "limit=0", "outcome=lost", "cursor=MDAwMDEuMDAwMDI&limit=101"])
def test_a_query_that_is_none_of_ours_is_refused(stack: Stack, query: str) -> None:
    told = stack.send("GET", f"/programmes/iop-evening/notices/{stack.notice()}/recipients?{query}")

    assert told.status == 400


def test_a_programmes_notices_are_listed_newest_first(stack: Stack) -> None:
    sent = {stack.notice() for _ in range(3)}

    page = stack.send("GET", "/programmes/iop-evening/notices?limit=2").json
    rest = stack.send("GET", page["next"]).json

    assert {item["id"] for item in page["items"] + rest["items"]} == sent
    assert (len(page["items"]), rest["next"]) == (2, None)
    assert page["items"][0]["text"] == {**TEXTS}


def test_a_notice_of_another_programme_is_not_found(stack: Stack) -> None:
    DynamoProgrammes().add(Programme(id="iop-morning", name="Morning"))
    path = f"/programmes/iop-morning/notices/{stack.notice()}"

    for method, door in (("GET", path), ("GET", f"{path}/recipients"), ("POST", f"{path}/cancellation")):
        assert stack.send(method, door, role="iop-morning/program-admin").kind == "not-found"


def test_a_cancelled_notice_is_skipped_by_whoever_delivers_it(stack: Stack) -> None:
    enrol(1)
    notice_id = stack.notice()
    stack.finish()
    due = found(notice_id).dues(next(DynamoNotices().pages(notice_id)))[0]
    assert handlers.still_true(due) is None

    for _ in range(2):
        told = stack.send("POST", f"/programmes/iop-evening/notices/{notice_id}/cancellation")
        assert (told.json["stage"], told.json["cancelledBy"]) == ("cancelled", "staff")

    stack.clock.set(NOW + timedelta(minutes=1))
    assert handlers.still_true(due) is Reason.CANCELLED


def a_link(notice: Notice, person_id: str, *, channel: str, purpose: Purpose = Purpose.READ) -> str:
    claims = Claims(
        person_id=person_id,
        kind=notice.kind,
        on=notice.on,
        channel_id=channel,
        revision=1,
        expires_at=notice.at + timedelta(hours=24),
    )
    return f"/n/{Signer(('secret',)).token(purpose, claims)}"


def test_the_text_is_read_behind_the_link_in_ones_own_language_and_escaped(stack: Stack) -> None:
    english, spanish = enrol(1), enrol(2, language="es")
    notice = found(stack.notice())

    page = stack.send("GET", a_link(notice, english, channel="c1"))
    other = stack.send("GET", a_link(notice, spanish, channel="c2"))

    assert page.status == other.status == 200
    assert "<p>The evening group meets at six.</p>" in page.text
    assert "<p>Bring &lt;b&gt;a pen&lt;/b&gt; &amp; your<br>book.</p>" in page.text
    assert '<html lang="en">' in page.text
    assert "<p>El grupo de la noche es a las seis.</p>" in other.text
    assert '<html lang="es">' in other.text
    assert 'href="tel:988"' in page.text
    for private in ("Ana", "Quintero", english, "example.com"):
        assert private not in page.text
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_looking_changes_nothing(stack: Stack) -> None:
    person = enrol(1)
    notice = found(stack.notice())
    table = boto3.resource("dynamodb").Table("cairn")
    before = table.scan()["Items"]

    stack.send("GET", a_link(notice, person, channel="c1"))

    assert table.scan()["Items"] == before


def test_a_link_that_does_not_lead_to_a_notice_says_so_and_whom_to_call(stack: Stack) -> None:
    person = enrol(1)
    notice = found(stack.notice())

    told = [
        stack.send("GET", "/n/no-token", Accept_Language="es-MX"),
        stack.send("GET", a_link(notice, person, channel="c1", purpose=Purpose.ANSWER)),
        stack.send("GET", a_link(notice, person, channel="other")),
        stack.send("GET", a_link(notice, "f" * 32, channel="c1")),
    ]

    assert [page.status for page in told] == [404, 404, 410, 410]
    assert "Este enlace no funciona." in told[0].text
    assert all('href="tel:988"' in page.text and "evening group" not in page.text for page in told)


def test_a_cancelled_notice_can_not_be_read(stack: Stack) -> None:
    person = enrol(1)
    notice = found(stack.notice())
    stack.send("POST", f"/programmes/iop-evening/notices/{notice.id}/cancellation")

    page = stack.send("GET", a_link(notice, person, channel="c1"))

    assert page.status == 410
    assert "evening group" not in page.text


def test_a_page_that_breaks_still_says_whom_to_call(stack: Stack) -> None:
    person = enrol(1)
    notice = found(stack.notice())
    link = a_link(notice, person, channel="c1")
    boto3.client("dynamodb").delete_table(TableName="cairn")

    page = stack.send("GET", link)

    assert page.status == 503
    assert 'href="tel:988"' in page.text


def test_a_tick_goes_on_where_notices_can_not_be_looked_at(
    stack: Stack, log: Callable[[], list[dict[str, object]]]
) -> None:
    stack.notice()
    boto3.client("sqs").delete_queue(QueueUrl="https://sqs.us-east-1.amazonaws.com/123456789012/cairn-fan-out")

    assert stack.tick(NOW + timedelta(seconds=30))["pushed"] == 0
    assert any(line.get("message") == "fan-outs not pushed on" for line in log())


def test_logs_hold_nothing_of_the_text_or_the_people(stack: Stack, log: Callable[[], list[dict[str, object]]]) -> None:
    person = enrol(1)
    notice_id = stack.notice()
    stack.finish()
    stack.send("GET", a_link(found(notice_id), person, channel="c1"))

    text = json.dumps(log(), ensure_ascii=False)

    for private in ("evening group", "grupo", "Quintero", "example.com", "/n/ey", "WyI"):
        assert private not in text
    assert notice_id in text
