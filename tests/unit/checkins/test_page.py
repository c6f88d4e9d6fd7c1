import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

import pytest

from chalicelib.checkins.domain import Answer
from chalicelib.checkins.forms import DAILY, WEEKLY
from chalicelib.checkins.page import OneTap
from chalicelib.checkins.ports import Desk
from chalicelib.crisis.domain import Door, Press
from chalicelib.crisis.duty import Duty
from chalicelib.edge.pages import Shown, Visit
from chalicelib.enrollment.channels import NO_END
from chalicelib.flags.domain import CareRules
from chalicelib.outreach.domain import Hold, Recipient, Standing
from chalicelib.outreach.kinds import CHECK_IN, WEEKLY_CHECK_IN
from chalicelib.outreach.links import Claims, Purpose, Signer
from tests.build import PERSON, a_recipient, an_email, said, utc
from tests.fakes import FakeCareRules, FakeCheckIns, FakeRecipients
from tests.fakes_crisis import FakeProgrammes, a_member
from tests.fakes_crisis import Site as CrisisSite
from tests.fakes_tasks import FakeTasks
from tests.fakes_watch import FakeHolds

NOON = utc("2026-11-25T17:00")
CLOSES = utc("2026-11-26T09:00")
TODAY = date(2026, 11, 25)
PAGE = "ab" * 16


@dataclass
class Site:
    """The page over fakes, and a link to it."""

    recipient: Recipient = field(default_factory=a_recipient)
    kind: str = CHECK_IN
    care: CareRules = field(default_factory=lambda: CareRules(programme_id="iop"))
    signer: Signer = field(default_factory=lambda: Signer(("old-key", "key")))

    def __post_init__(self) -> None:
        self.people = FakeRecipients(self.recipient)
        self.tasks, self.holds = FakeTasks(), FakeHolds()
        programme_id = self.recipient.programme_id
        dr = replace(a_member("dr", at=NOON - timedelta(days=1)), programme_id=programme_id)
        self.crisis = CrisisSite(
            staff=[dr], holds=self.holds, tasks=self.tasks, programmes=FakeProgrammes(programme_id)
        )
        self.crisis.on_call.duty = Duty(primary=(dr.id,))
        self.check_ins = FakeCheckIns(self.tasks, self.crisis.crises)
        self.page = OneTap(
            signer=self.signer,
            recipients=self.people,
            desk=Desk(
                check_ins=self.check_ins,
                care_rules=FakeCareRules(replace(self.care, programme_id=self.recipient.programme_id)),
                tasks=self.tasks,
                holds=self.holds,
                crises=self.crisis.desk(),
            ),
        )
        self.claims = Claims(
            person_id=PERSON, kind=self.kind, on=TODAY, channel_id="mail", revision=1, expires_at=CLOSES
        )
        self.token = self.signer.token(Purpose.ANSWER, self.claims)

    def get(self, *, token: str | None = None, now: datetime = NOON) -> Shown:
        return self.page.show(Visit(token=token or self.token, now=now, language="en", page_id=PAGE))

    def post(self, *, token: str | None = None, now: datetime = NOON, **form: str) -> Shown:
        visit = Visit(token=token or self.token, now=now, language="en", page_id=PAGE)
        return self.page.take(visit, urlencode({"action": "answer", "page": PAGE, **form}))

    def send(self, answers: dict[str, str], *, now: datetime = NOON) -> Shown:
        visit = Visit(token=self.token, now=now, language="en", page_id=PAGE)
        return self.page.take(visit, urlencode({"action": "answer", "page": PAGE, **answers}))

    @property
    def calls(self) -> list[Press]:
        return [kept.press for kept in self.crisis.crises.presses.values()]

    @property
    def answer(self) -> Answer | None:
        return self.check_ins.get(PERSON, TODAY, DAILY).answer


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

    assert site.answer == said(mood=6, craving=2, plan="yes", note="¡Bien!")
    assert len(site.check_ins.get(PERSON, TODAY, DAILY).revisions) == 1


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
    assert [call.verified for call in site.calls] == [False]


def test_pressing_help_twice_on_one_page_is_one_call_and_on_two_pages_two() -> None:
    site = Site()

    for page in (PAGE, PAGE, "cd" * 16):
        site.post(action="help", page=page)

    assert len(site.calls) == 2


def test_a_page_that_stayed_open_calls_for_help_again_hours_later() -> None:
    site = Site()

    for hours in (0, 5):
        site.post(now=NOON + timedelta(hours=hours), action="help")

    assert [call.at for call in site.calls] == [NOON, NOON + timedelta(hours=5)]


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
    assert site.answer == said(mood=3)


def test_what_was_typed_is_kept_when_something_is_wrong_and_shown_as_text() -> None:
    shown = Site().post(mood="11", note="<script>alert(1)</script>")

    assert shown.status is HTTPStatus.UNPROCESSABLE_ENTITY
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown.html
    assert "<script" not in shown.html


def test_someone_else_can_say_so_and_nothing_is_taken_away() -> None:
    site = Site()
    site.post(mood="3")
    site.post(action="not_me")

    assert site.check_ins.get(PERSON, TODAY, DAILY).disputed_at == NOON
    assert site.answer == said(mood=3)


def test_the_page_speaks_the_language_of_the_person() -> None:
    assert '<html lang="es">' in Site(recipient=a_recipient(language="es")).get().html


def test_who_calls_sees_what_happens_now_and_is_led_to_how_far_it_is() -> None:
    site = Site()

    shown = site.post(action="help").html

    assert "We are alerting the on-call team now. If no one has reached you by 12:15 PM, call or text 988." in shown
    link = shown.partition("url=../h/")[2].partition('"')[0]
    assert site.signer.open(Purpose.HELP, link).person_id == site.calls[0].id
    assert site.crisis.to_whom() == [["dr"]]


def test_no_link_is_too_broken_to_call_for_help_by() -> None:
    named = Signer(("somebody else's key",)).token(Purpose.ANSWER, Site().claims)
    for token, door, whom in (
        ("forged", Door.UNSIGNED, None),
        (named, Door.UNSIGNED, PERSON),
        ("", Door.UNSIGNED, None),
    ):
        site = Site()
        assert site.post(token=token or "!", action="help").status is HTTPStatus.OK
        assert [(call.door, call.person_id, call.verified) for call in site.calls] == [(door, whom, False)]
        assert site.crisis.to_whom() == [["dr"]]


def test_a_link_that_nobody_signed_says_the_same_whomever_it_names() -> None:
    signer = Signer(("somebody else's key",))
    site = Site(recipient=replace(a_recipient(), language="es"))
    tokens = [signer.token(Purpose.ANSWER, replace(site.claims, person_id=person)) for person in (PERSON, "0" * 32)]
    known, unknown = (re.sub(r"/h/[^\"]+", "", site.post(token=token, action="help").html) for token in tokens)

    assert known == unknown
    first, second = site.calls
    assert (first.person_id, second.person_id) == (PERSON, None)
    assert first.id != second.id


def test_a_record_that_cannot_be_read_and_a_form_that_cannot_be_are_no_hindrance() -> None:
    class Down(FakeRecipients):
        def load(self, person_id: str, *, now: datetime) -> Recipient | None:  # noqa: ARG002 (it is down)
            raise ConnectionError

    site = Site()
    site.page = replace(site.page, recipients=Down())

    shown = site.page.take(Visit(token=site.token, now=NOON, language="en", page_id=PAGE), "a=1&" * 99 + "action=help")

    assert shown.status is HTTPStatus.OK
    assert len(site.calls) == 1
    assert site.crisis.to_whom() == [["dr"]]


def test_whose_link_it_is_is_not_forgotten_by_a_read_that_fails_once() -> None:
    class Shaky(FakeRecipients):
        tries = 0

        def load(self, person_id: str, *, now: datetime) -> Recipient | None:
            self.tries += 1
            if self.tries == 1:
                raise ConnectionError
            return super().load(person_id, now=now)

    site = Site()
    site.page = replace(site.page, recipients=Shaky(site.recipient))

    site.post(action="help")

    assert [call.person_id for call in site.calls] == [PERSON]


def test_a_call_for_help_holds_celebrations_back_until_it_is_over() -> None:
    site = Site()

    site.post(action="help")

    (hold,) = site.holds.placed.values()
    assert (hold.kind, hold.until, hold.by) == (Hold.CRISIS, NO_END, "help")


def weekly(*, reads_item_9: bool = False, language: str = "en") -> Site:
    care = CareRules(programme_id="iop", reads_item_9=reads_item_9)
    return Site(kind=WEEKLY_CHECK_IN, care=care, recipient=replace(a_recipient(), language=language))


def test_a_weekly_link_asks_the_weeks_questions_and_only_those_that_nothing_has_to_bring_up() -> None:
    shown = weekly().get().html

    assert 'name="bam7.4"' in shown
    assert 'name="phq8.2"' in shown
    assert 'name="phq8.3"' not in shown
    assert 'name="mood"' not in shown


def test_who_reads_spanish_is_not_asked_what_is_only_there_in_english() -> None:
    shown = weekly(language="es").get().html

    assert "Poco interés o placer" in shown
    assert "bam7." not in shown


def test_low_mood_brings_up_the_rest_on_a_second_page_and_nothing_is_lost_between() -> None:
    site = weekly()

    more = site.send({"bam7.4": "1", "phq8.1": "2", "phq8.2": "2"})
    done = site.send({"part": "rest", "phq8.3": "1", "phq8.8": ""}, now=NOON + timedelta(minutes=30))

    assert 'name="phq8.8"' in more.html
    assert 'name="bam7.4"' not in more.html
    assert done.status is HTTPStatus.OK
    stored = site.check_ins.get(PERSON, TODAY, WEEKLY).answer
    assert stored is not None
    assert stored.values == {"bam7.4": 1, "phq8.1": 2, "phq8.2": 2, "phq8.3": 1}


def test_whoever_thinks_of_self_harm_is_told_whom_to_call_before_anything_else() -> None:
    site = weekly(reads_item_9=True)
    site.send({"phq9.1": "3", "phq9.2": "0"})

    shown = site.send({"part": "rest", "phq9.9": "2"}).html

    assert shown.index("call or text 988 now, day or night") < shown.index("You can change it")
    assert "crisis" in [task.severity for task in site.tasks.of_person(PERSON)]
    (call,) = site.calls
    assert (call.person_id, call.door, call.verified) == (PERSON, Door.ANSWER, False)
    assert site.crisis.to_whom() == [["dr"]]


def test_a_crisis_that_is_said_again_by_a_change_or_an_addition_is_another_call() -> None:
    site = weekly(reads_item_9=True)
    site.send({"phq9.1": "3", "phq9.2": "0", "phq9.9": "2"})
    (first,) = site.crisis.crises.open_ones()

    # The same a moment later is a repeated request; more, and the same long after, is no such thing.
    site.send({"phq9.1": "3", "phq9.2": "0", "phq9.9": "2"}, now=NOON + timedelta(minutes=1))
    assert len(site.calls) == 1
    site.send({"phq9.1": "3", "phq9.2": "0", "phq9.9": "3"}, now=NOON + timedelta(seconds=90))
    site.send({"part": "rest", "phq9.3": "1"}, now=NOON + timedelta(seconds=100))
    assert len(site.calls) == 3
    assert [one.id for one in site.crisis.crises.open_ones()] == [first.id]
    # Two calls within ten seconds bring one page now, and at most one a minute.
    assert len(site.crisis.to_whom()) == 2

    same = {"phq9.1": "3", "phq9.2": "0", "phq9.3": "1", "phq9.9": "3"}
    site.send(same, now=NOON + timedelta(hours=3))
    site.send(same, now=NOON + timedelta(hours=3, minutes=1))
    assert len(site.calls) == 4
    flags = [task.about.partition("-")[0] for task in site.tasks.of_person(PERSON) if task.is_crisis]
    assert flags == ["self_harm_thoughts"]


@pytest.mark.parametrize(
    ("later", "answers", "status"),
    [
        (timedelta(minutes=30), {"phq9.1": "2", "phq9.9": "3"}, HTTPStatus.CONFLICT),
        (CLOSES - NOON, {"phq9.9": "3"}, HTTPStatus.GONE),
        (timedelta(minutes=1), {"phq9.9": "3", "bam7.4": "0", "bam7.5": "3"}, HTTPStatus.UNPROCESSABLE_ENTITY),
        (timedelta(minutes=1), {"phq9.9": "3", "goals": "x" * 5000}, HTTPStatus.UNPROCESSABLE_ENTITY),
    ],
)
def test_an_answer_that_cannot_be_kept_is_a_call_for_help_where_it_says_that_somebody_has_to_come(
    later: timedelta, answers: dict[str, str], status: HTTPStatus
) -> None:
    site = weekly(reads_item_9=True)
    site.send({"phq9.1": "1"})
    stored = site.check_ins.found.copy()

    calm = site.send(answers | {"phq9.9": "0"}, now=NOON + later)
    assert (calm.status, site.calls) == (status, [])
    assert 'value="help"' in calm.html
    assert all(link in calm.html for link in ('href="tel:988"', 'href="tel:911"'))

    for _ in range(2):
        shown = site.send(answers, now=NOON + later)
    assert "keep these answers" in shown.html
    assert "We are alerting the on-call team now" in shown.html
    (call,) = site.calls
    assert (call.person_id, call.door, call.verified) == (PERSON, Door.ANSWER, False)
    assert call.dropped == ("answers",)
    assert site.check_ins.found == stored
    assert site.crisis.to_whom() == [["dr"]]


def test_whoever_says_that_the_link_is_not_theirs_calls_for_nobody() -> None:
    site = weekly(reads_item_9=True)

    site.send({"action": "not_me", "phq9.9": "3"}, now=CLOSES)

    assert site.calls == []


def test_whoever_tells_of_opioids_is_told_at_once_what_keeps_them_alive_and_more_questions_come_after_it() -> None:
    site = weekly()

    more = site.send({"bam7.6": "2", "bam7.7e": "1", "phq8.1": "3", "phq8.2": "0"}).html
    assert '<input type="hidden" name="first" value="overdose">' in more
    done = site.send({"part": "rest", "first": "overdose", "phq8.3": "1"}).html
    nothing_more = site.send({"part": "rest", "first": "overdose"}).html

    for shown in (more, done, nothing_more):
        assert shown.count("Keep naloxone where others can find it") == 1
        assert "call 911, give naloxone" in shown
        assert shown.index("naloxone") < shown.index("<h1>" if shown is more else "</main>")
    assert done.index("naloxone") < done.index("You can change it")
    flags = {task.about.partition("-")[0]: task.due_at for task in site.tasks.of_person(PERSON)}
    assert flags["opioid_use_reported"] < flags["use_reported"]


def test_the_page_asks_of_goals_and_says_none_and_whoever_wants_others_hears_what_comes_of_it() -> None:
    site = weekly()

    asked, done = site.get().html, site.send({"goal_step": "change"}).html

    assert "Did you take a step towards what you set yourself?" in asked
    assert done.index("is asked to talk with you about it") < done.index("You can change it")
    assert [task.kind for task in site.tasks.of_person(PERSON)] == ["goal_to_change"]


@pytest.mark.parametrize("sent", [{"part": "rest"}, {"part": "rest", "phq9.3": "0"}, {"mood": ""}])
def test_a_forwarded_link_reads_nothing_out_of_what_was_answered(sent: dict[str, str]) -> None:
    calm, answered = weekly(reads_item_9=True), weekly(reads_item_9=True)
    calm.send({"bam7.6": "0", "phq9.1": "0"})
    answered.send({"bam7.6": "2", "bam7.7e": "1", "phq9.1": "3", "phq9.9": "3", "goal_step": "change"})

    assert answered.send(sent).html == calm.send(sent).html


def test_whoever_tells_of_no_opioids_is_told_nothing_of_them() -> None:
    site = weekly()

    shown = site.send({"bam7.6": "2", "bam7.7c": "2", "bam7.7e": "0"}).html

    assert "naloxone" not in shown


def test_what_contradicts_itself_is_shown_again_with_what_was_sent() -> None:
    site = weekly()

    shown = site.send({"bam7.4": "0", "bam7.5": "3", "goals": "Sleep"})

    assert shown.status is HTTPStatus.UNPROCESSABLE_ENTITY
    assert "this one can&#39;t be more" in shown.html
    assert "Sleep" in shown.html
    assert site.check_ins.found == {}


def test_what_was_asked_on_an_open_page_is_taken_though_the_programme_asks_otherwise_now() -> None:
    site = weekly(reads_item_9=True)
    shown = site.get().html
    care = site.page.desk.care_rules.of(site.recipient.programme_id)
    site.page.desk.care_rules.save(replace(care, reads_item_9=False, version=care.version + 1))

    more = site.send({"shown": "2.9", "phq9.1": "3", "phq9.2": "0"}).html
    told = site.send({"shown": "2.9", "part": "rest", "phq9.9": "3"}).html

    assert 'name="shown" value="2.9"' in shown
    assert 'name="shown" value="2.9"' in more
    assert "call or text 988 now, day or night" in told
    assert "crisis" in [task.severity for task in site.tasks.of_person(PERSON)]


def test_a_page_that_stayed_open_since_the_form_before_is_read_as_it_was_asked() -> None:
    site = weekly()

    assert site.send({"shown": "1.8", "homework": "all", "goal_step": "change"}).status is HTTPStatus.OK

    stored = site.check_ins.get(PERSON, TODAY, WEEKLY).answer
    assert stored is not None
    assert (stored.form_version, stored.values) == (1, {"homework": "all"})
    assert site.tasks.of_person(PERSON) == []
