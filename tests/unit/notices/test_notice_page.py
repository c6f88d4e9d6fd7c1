"""The page on which a notice is read."""

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.edge.pages import Shown, Visit
from chalicelib.notices.domain import READABLE_FOR, Audience, Notice, clean, text_fault
from chalicelib.notices.page import Reading, paragraphs, trouble
from chalicelib.outreach.domain import Recipient, Standing
from chalicelib.outreach.fanning import Stage
from chalicelib.outreach.links import Claims, Purpose, Signer
from tests.build import PERSON, a_recipient, utc
from tests.fakes import FakeRecipients
from tests.fakes_notices import FakeNotices

AT = utc("2026-11-26T02:30")
NOON = utc("2026-11-26T17:00")
NOTICE = Notice(
    id="0d" * 16,
    programme_id="iop-evening",
    texts={"en": "At six.", "es": "A las seis."},
    at=AT,
    audience=Audience(),
    by="admin",
    created_at=AT,
    moved_at=AT,
    stage=Stage.COMPLETE,
)


@dataclass
class Site:
    """The page over fakes, and a link to it."""

    recipient: Recipient = field(default_factory=a_recipient)
    notice: Notice = NOTICE
    purpose: Purpose = Purpose.READ
    kind: str = NOTICE.kind

    def get(self, *, now: object = NOON, language: str = "en", channel: str = "mail", revision: int = 1) -> Shown:
        signer = Signer(("old-key", "key"))
        notices = FakeNotices()
        notices.add(self.notice)
        page = Reading(signer=signer, recipients=FakeRecipients(self.recipient), notices=notices)
        claims = Claims(
            person_id=PERSON,
            kind=self.kind,
            on=date(2026, 11, 26),
            channel_id=channel,
            revision=revision,
            expires_at=AT + timedelta(hours=24),
        )
        token = signer.token(self.purpose, claims)
        return page.show(Visit(token=token, now=now, language=language))  # type: ignore[arg-type]


def test_it_is_shown_in_the_persons_language_with_the_date_that_it_went_out_where_they_are() -> None:
    english, spanish = Site().get(language="es"), Site(a_recipient(language="es")).get()

    assert english.status is spanish.status is HTTPStatus.OK
    assert '<html lang="en">' in english.html
    assert "At six." in english.html
    # 02:30 UTC is the evening before in New York.
    assert '<time datetime="2026-11-25">November 25, 2026</time>' in english.html
    assert "A las seis." in spanish.html
    assert "25 de noviembre de 2026" in spanish.html


def test_it_names_nobody_and_not_the_programme() -> None:
    html = Site().get().html

    for private in ("Ana", PERSON, "iop-evening", "ana@example.com"):
        assert private not in html


def test_whoever_speaks_a_language_that_came_later_reads_what_there_is() -> None:
    shown = Site(a_recipient(language="fr")).get(language="es")
    only_spanish = Site(a_recipient(language="fr"), replace(NOTICE, texts={"es": "A las seis."})).get()

    assert '<html lang="es">' in shown.html
    assert '<article class="card text" lang="en">' in shown.html
    assert '<article class="card text" lang="es">' in only_spanish.html


@pytest.mark.parametrize(
    ("later", "status"),
    [
        (timedelta(hours=30), HTTPStatus.OK),
        (READABLE_FOR - timedelta(seconds=1), HTTPStatus.OK),
        (READABLE_FOR, HTTPStatus.GONE),
    ],
)
def test_it_can_be_read_for_a_week(later: timedelta, status: HTTPStatus) -> None:
    assert Site().get(now=AT + later).status is status


@pytest.mark.parametrize(
    "site",
    [
        Site(notice=replace(NOTICE, stage=Stage.CANCELLED)),
        Site(a_recipient(standing=Standing.ENDED)),
        Site(a_recipient(standing=Standing.NONE)),
        Site(a_recipient(channels=())),
        Site(a_recipient(person="f" * 32)),
        Site(kind="notice-other"),
        Site(kind="check_in"),
    ],
    ids=["cancelled", "ended", "no episode", "address removed", "no such person", "no such notice", "no notice"],
)
def test_what_can_not_be_read_any_more_is_gone(site: Site) -> None:
    shown = site.get()

    assert shown.status is HTTPStatus.GONE
    assert "At six." not in shown.html
    assert "tel:988" in shown.html


def test_a_link_dies_with_its_address() -> None:
    assert Site().get(revision=2).status is HTTPStatus.GONE
    assert Site().get(channel="phone").status is HTTPStatus.GONE


@pytest.mark.parametrize("purpose", [purpose for purpose in Purpose if purpose is not Purpose.READ])
def test_a_link_for_something_else_opens_no_notice(purpose: Purpose) -> None:
    assert Site(purpose=purpose).get().status is HTTPStatus.NOT_FOUND


def test_whatever_breaks_the_numbers_to_call_are_shown() -> None:
    shown = trouble(Visit(token="", now=NOON, language="es"))

    assert shown.status is HTTPStatus.SERVICE_UNAVAILABLE
    assert "tel:988" in shown.html


@given(st.text(min_size=1, max_size=200))
def test_every_word_of_a_notice_is_in_its_paragraphs(text: str) -> None:
    words = clean(text)
    if text_fault(words) is None:
        shown = paragraphs(words)
        assert [word for part in shown for line in part for word in line.split()] == words.split()
        assert all(part for part in shown)
        assert all(part[0] and part[-1] for part in shown)
