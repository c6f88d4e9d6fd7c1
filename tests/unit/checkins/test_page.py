from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

import pytest

from chalicelib.checkins.domain import Answer, Plan
from chalicelib.checkins.page import OneTap, Visit
from chalicelib.edge.pages import Shown
from chalicelib.outreach.categories import CHECK_IN
from chalicelib.outreach.domain import Hold, Recipient, Standing
from chalicelib.outreach.links import Claims, Purpose, Signer
from tests.build import PERSON, a_recipient, an_email, utc
from tests.fakes import FakeCheckIns, FakeHelpRequests, FakeRecipients
from tests.fakes_watch import FakeHolds

NOON = utc("2026-11-25T17:00")
CLOSES = utc("2026-11-26T09:00")
TODAY = date(2026, 11, 25)
PAGE = "ab" * 16


@dataclass
class Site:
    """The page over fakes, and a link to it."""

    recipient: Recipient = field(default_factory=a_recipient)
    signer: Signer = field(default_factory=lambda: Signer(("old-key", "key")))

    def __post_init__(self) -> None:
        self.people = FakeRecipients(self.recipient)
        self.check_ins, self.calls, self.holds = FakeCheckIns(), FakeHelpRequests(), FakeHolds()
        self.page = OneTap(
            signer=self.signer,
            recipients=self.people,
            check_ins=self.check_ins,
            help_requests=self.calls,
            holds=self.holds,
        )
        self.claims = Claims(
            person_id=PERSON, kind=CHECK_IN, on=TODAY, channel_id="mail", revision=1, expires_at=CLOSES
        )
        self.token = self.signer.token(Purpose.ANSWER, self.claims)

    def get(self, *, token: str | None = None, now: datetime = NOON) -> Shown:
        return self.page.show(Visit(token=token or self.token, now=now, language="en", page_id=PAGE))

    def post(self, *, token: str | None = None, now: datetime = NOON, **form: str) -> Shown:
        visit = Visit(token=token or self.token, now=now, language="en", page_id=PAGE)
        return self.page.take(visit, urlencode({"action": "answer", "page": PAGE, **form}))

    @property
    def answer(self) -> Answer | None:
        return self.check_ins.get(PERSON, TODAY).answer


def test_looking_changes_nothing_and_names_nobody() -> None:
    site = Site()

    shown = site.get()

    assert shown.status is HTTPStatus.OK
    assert site.check_ins.found == {}
    assert "Ana" not in shown.html
    assert PERSON not in shown.html


def test_an_answer_is_stored_and_may_be_sent_again() -> None:
    site = Site()

    for _ in range(2):
        assert site.post(mood="6", craving="2", plan="yes", note="¡Bien!").status is HTTPStatus.OK

    assert site.answer == Answer(mood=6, craving=2, plan=Plan.YES, note="¡Bien!")
    assert len(site.check_ins.get(PERSON, TODAY).revisions) == 1


def test_who_would_rather_talk_is_told_what_happens_next() -> None:
    assert "If it can&#39;t wait, call or text 988 now." in Site().post(plan="talk").html


def test_every_page_carries_the_numbers() -> None:
    site = Site()
    pages = [
        site.get(),
        site.post(mood="3"),
        site.post(mood="99"),
        site.get(now=CLOSES),
        site.get(token="forged"),
        site.post(action="help"),
        site.post(action="not_me"),
    ]

    for shown in pages:
        assert all(link in shown.html for link in ('href="tel:988"', 'href="sms:988"', 'href="tel:911"'))


def test_a_link_that_has_run_out_takes_no_answer_but_still_takes_a_call_for_help() -> None:
    site = Site()

    assert site.post(now=CLOSES, mood="3").status is HTTPStatus.GONE
    assert site.answer is None
    assert site.post(now=CLOSES + timedelta(days=30), action="help").status is HTTPStatus.OK
    assert [call.verified for call in site.calls.requests] == [False]


def test_pressing_help_twice_on_one_page_is_one_call_and_on_two_pages_two() -> None:
    site = Site()

    for page in (PAGE, PAGE, "cd" * 16):
        site.post(action="help", page=page)

    assert len(site.calls.requests) == 2


def test_a_page_that_stayed_open_calls_for_help_again_hours_later() -> None:
    site = Site()

    for hours in (0, 5):
        site.post(now=NOON + timedelta(hours=hours), action="help")

    assert [call.at for call in site.calls.requests] == [NOON, NOON + timedelta(hours=5)]


@pytest.mark.parametrize("spoil", [lambda token: token[:-1], lambda token: token + "A", lambda token: "x." + token])
def test_a_changed_link_opens_nothing(spoil: object) -> None:
    site = Site()

    shown = site.post(token=spoil(site.token), mood="3")  # type: ignore[operator]

    assert shown.status is HTTPStatus.NOT_FOUND
    assert site.answer is None


def test_a_link_for_another_purpose_or_of_another_key_opens_nothing() -> None:
    site = Site()

    assert site.get(token=site.signer.token(Purpose.RECEIPT, site.claims)).status is HTTPStatus.NOT_FOUND
    assert site.get(token=Signer(("other",)).token(Purpose.ANSWER, site.claims)).status is HTTPStatus.NOT_FOUND
    assert site.get(token=Signer(("old-key",)).token(Purpose.ANSWER, site.claims)).status is HTTPStatus.OK


@pytest.mark.parametrize(
    "changed",
    [
        {"channels": (replace(an_email(), revision=2),)},
        {"channels": ()},
        {"standing": Standing.ENDED},
    ],
)
def test_a_change_of_address_or_the_end_of_the_episode_voids_the_link(changed: dict[str, object]) -> None:
    site = Site()
    site.people.people[PERSON] = replace(site.recipient, **changed)  # type: ignore[arg-type]

    assert site.get().status is HTTPStatus.GONE
    assert site.post(mood="3").status is HTTPStatus.GONE


def test_a_late_second_answer_is_told_that_it_is_too_late() -> None:
    site = Site()
    site.post(mood="3")

    assert site.post(mood="4", now=NOON + timedelta(minutes=11)).status is HTTPStatus.CONFLICT
    assert site.answer == Answer(mood=3)


def test_what_was_typed_is_kept_when_something_is_wrong_and_shown_as_text() -> None:
    shown = Site().post(mood="11", note="<script>alert(1)</script>")

    assert shown.status is HTTPStatus.UNPROCESSABLE_ENTITY
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.html
    assert "<script" not in shown.html


def test_someone_else_can_say_so_and_nothing_is_taken_away() -> None:
    site = Site()
    site.post(mood="3")
    site.post(action="not_me")

    assert site.check_ins.get(PERSON, TODAY).disputed_at == NOON
    assert site.answer == Answer(mood=3)


def test_the_page_speaks_the_language_of_the_person() -> None:
    assert '<html lang="es">' in Site(recipient=a_recipient(language="es")).get().html


def test_a_call_for_help_holds_celebrations_back_for_three_days() -> None:
    site = Site()

    site.post(action="help")

    (hold,) = site.holds.placed.values()
    assert (hold.kind, hold.until, hold.by) == (Hold.CRISIS, NOON + timedelta(hours=72), "help")
