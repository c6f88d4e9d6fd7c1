"""A notice read behind its link, and what is left in the logs."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta

import boto3
import pytest

from chalicelib.notices.domain import Notice
from chalicelib.outreach.links import Claims, Purpose, Signer
from tests.conftest import Clock
from tests.functional.notice_stack import Stack, a_stack, enrol, found
from tests.toy import NOW


@pytest.fixture
def stack(aws: None, clock: Clock) -> Iterator[Stack]:
    del aws
    with a_stack(clock) as made:
        yield made


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
