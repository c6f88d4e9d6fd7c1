"""An alert and a week's message, from what was stored to a supporter's e-mail, through the functions' own doors."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from moto.ses.models import ses_backends

import app
from chalicelib.checkins.domain import CheckIn, Source
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.crisis import handlers as crises
from chalicelib.crisis import handling
from chalicelib.crisis.domain import Disposition
from chalicelib.crisis.handling import By
from chalicelib.crisis.store import DynamoCrises, ListedItem
from chalicelib.edge.ids import new_id
from chalicelib.edge.keys import keys
from chalicelib.enrollment.consents import Ends, Via, Will
from chalicelib.enrollment.store import people
from chalicelib.family import service, sharing
from chalicelib.family.domain import Relation, What, code_of, supporter_id
from chalicelib.family.handlers import everybody
from chalicelib.family.store import DynamoTies
from chalicelib.outreach.domain import Entry, Reason, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DynamoDues
from chalicelib.tasks.store import text_of
from tests.build import said, utc
from tests.fakes_crisis import a_call
from tests.functional import test_a_day_of_check_ins as a_day
from tests.functional.test_a_day_of_check_ins import ADDRESS, Stack, an_event, enrol

stack = a_day.stack

WILL = Will(by="ana", via=Via.WEB)
BEFORE = utc("2026-11-24T14:00")
# Two in the night of a Thursday in New York, through everybody's quiet hours.
NIGHT = utc("2026-11-26T07:00")
SUNDAY = utc("2026-11-29T23:00")
"""When their week's message comes: Sunday, six in the evening."""
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
ROSA = "rosa@example.org"


@dataclass
class Two:
    """A person, and a supporter who accepted."""

    person: str
    tie_id: str
    stack: Stack

    def share(self, *what: What, until: datetime | Ends = Ends.EPISODE, at: datetime = BEFORE) -> None:
        for one in what:
            sharing.share(
                self.person,
                self.tie_id,
                one,
                until=until,
                text_version=1,
                locale="es",
                will=WILL,
                now=at,
                ties=DynamoTies(),
            )

    def pause(self, *, on: bool, at: datetime) -> None:
        sharing.pause(self.person, self.tie_id, on=on, will=WILL, now=at, ties=DynamoTies())

    def revoke(self, at: datetime) -> None:
        for what in What:
            sharing.stop_sharing(self.person, self.tie_id, what, will=WILL, now=at, ties=DynamoTies())

    def mails(self) -> list[EmailMessage]:
        sent = [message_from_string(one.raw_data, policy=default) for one in self.stack.sent()]
        return [mail for mail in sent if mail["To"] == ROSA]

    def end(self, kind: str) -> Entry:
        """Return how what they were to be told ended."""
        (entry,) = [
            entry
            for entry in DynamoLedger().between(supporter_id("rosa"), BEFORE.date(), (SUNDAY + DAY).date())
            if entry.kind.startswith(kind)
        ]
        return entry


@pytest.fixture
def two(stack: Stack) -> Two:
    """Have Ana invite Rosa, and Rosa accept with the code that was mailed to her."""
    for one in (everybody, people, crises.desk):
        one.cache_clear()
    person = enrol(consents=())
    DynamoDues().advance(BEFORE)
    stack.clock.set(BEFORE)
    wanted = service.Wanted(first_name="Rosa", address=ROSA, relation=Relation.PARENT, language="en", named=False)
    tie = service.invite(
        person, wanted, text_version=1, locale="es", will=WILL, now=BEFORE, ties=DynamoTies(), new_id=new_id
    )
    assert service.ask_code(tie.id, "rosa", now=BEFORE, ties=DynamoTies())
    stack.deliver(stack.messages(), at=BEFORE + 2 * SECOND)
    found = DynamoTies().find(tie.id)
    assert found is not None
    secret = keys().links[-1]
    code, two = code_of(secret, found), Two(person=person, tie_id=tie.id, stack=stack)
    coded, invitation = sorted(two.mails(), key=lambda mail: str(code) not in text_in(mail))
    assert str(code) in text_in(coded)
    for mail in (invitation, coded):
        discreet(mail)
    service.accept(
        tie.id,
        "rosa",
        code,
        zone="America/New_York",
        secret=secret,
        known=None,
        now=BEFORE,
        ties=DynamoTies(),
        new_id=new_id,
    )
    forget()
    DynamoDues().advance(NIGHT - timedelta(hours=1))
    return two


def forget() -> None:
    """Forget what was sent so far."""
    ses_backends["123456789012"]["us-east-1"].sent_messages.clear()


def text_in(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


BETRAY = (
    *("ana", "quintero", ADDRESS, "evening", "iop", "crisis", "alert", "urgent", "help now", "emergenc", "danger"),
    *("recover", "sober", "relapse", "treatment", "addict", "program", "check-in", "milestone", "session", "share"),
    *("consent", "progress", "attend", "42 cfr", "part 2", "kin-"),
)


def discreet(mail: EmailMessage) -> None:
    """See that nothing that anybody sees of it says of whom it is, or about what."""
    html = mail.get_body(("html",))
    shown = [str(mail["Subject"]), str(mail["From"]), text_in(mail), str(html.get_content()) if html else ""]
    links = {word for text in shown for word in text.replace('"', " ").split() if word.startswith("https://")}
    for text in shown:
        for link in sorted(links, key=len, reverse=True):
            text = text.replace(link, "")  # noqa: PLW2901 (what is signed is no word)
        for word in BETRAY:
            assert word not in text.lower(), (word, text)
    for link in links:
        assert not any(word in link.split("/")[3:4] for word in BETRAY), link


def call(two: Two, at: datetime) -> None:
    """Have the person call for help, and the stream bring it."""
    two.stack.clock.set(at)
    crises.press(a_call(at, caller=two.person, programme_id="iop-evening"), now=at)
    (item,) = ListedItem.query(f"CALLER#{two.person}", ListedItem.sk.startswith("CRISIS#"))
    assert item.sk.startswith(f"CRISIS#{text_of(at)}#")
    record: dict[str, Any] = an_event("achieve")["Records"][0]
    record["dynamodb"] |= {
        "ApproximateCreationDateTime": at.timestamp(),
        "Keys": {"pk": {"S": item.pk}, "sk": {"S": item.sk}},
        "NewImage": item.serialize(),
    }
    assert app.achieve({"Records": [record, record]}, None) == {"batchItemFailures": []}


def test_an_alert_comes_with_the_next_tick_by_night_and_says_nothing(two: Two) -> None:
    two.share(What.CRISIS_CONTACT)

    call(two, NIGHT)
    two.stack.tick(NIGHT + MINUTE + 2 * SECOND)
    two.stack.deliver(two.stack.messages(), at=NIGHT + MINUTE + 2 * SECOND)

    (mail,) = two.mails()
    assert mail["Subject"] == "Please have a look soon"
    discreet(mail)
    assert two.end("supporter_alert").status is Status.SENT
    # Brought again, and looked at by every tick: it is told once.
    for minute in (2, 3, 7):
        two.stack.day(NIGHT + minute * MINUTE)
    assert len(two.mails()) == 1


def resolve(two: Two, at: datetime) -> None:
    crisis = DynamoCrises().present_of(two.person)
    assert crisis is not None
    by, desk = By(account="dr", programme_id="iop-evening"), crises.desk()
    handling.contact(crisis.id, by, note="spoke", now=at, desk=desk)
    handling.resolve(crisis.id, by, disposition=Disposition.SAFE_WITH_PLAN, note="well", now=at, desk=desk)


def remove(two: Two, at: datetime) -> None:
    sharing.remove(two.person, two.tie_id, block=False, will=WILL, now=at, ties=DynamoTies())


def leave(two: Two, at: datetime) -> None:
    service.leave(service.find_theirs(two.person, two.tie_id, ties=DynamoTies()), now=at, ties=DynamoTies())


def expire(_two: Two, _at: datetime) -> None:
    """Do nothing: it is given until then."""


TAKEN: dict[str, tuple[Callable[[Two, datetime], None], Reason]] = {
    "revoked": (Two.revoke, Reason.NO_CONSENT),
    "paused": (lambda two, at: two.pause(on=True, at=at), Reason.NO_CONSENT),
    "expired": (expire, Reason.NO_CONSENT),
    "removed": (remove, Reason.CANCELLED),
    "left": (leave, Reason.CANCELLED),
    "over": (resolve, Reason.CANCELLED),
}


@pytest.mark.parametrize("what", TAKEN)
def test_an_alert_that_is_under_way_is_not_sent_any_more_once(two: Two, what: str) -> None:
    act, reason = TAKEN[what]
    two.share(What.CRISIS_CONTACT, until=NIGHT + MINUTE + 4 * SECOND if what == "expired" else Ends.EPISODE)
    call(two, NIGHT)
    two.stack.tick(NIGHT + MINUTE + 2 * SECOND)
    under_way = two.stack.messages()
    assert any("supporter_alert" in body for body, _ in under_way)

    act(two, NIGHT + MINUTE + 4 * SECOND)
    two.stack.deliver(under_way, at=NIGHT + MINUTE + 5 * SECOND)

    assert two.mails() == []
    assert (two.end("supporter_alert").status, two.end("supporter_alert").reason) == (Status.SKIPPED, reason)


@pytest.mark.parametrize("what", ["never", "revoked", "paused", "expired"])
def test_nothing_is_made_due_of_what_is_not_shared_when_the_call_comes(two: Two, what: str) -> None:
    two.share(*(set(What) - {What.CRISIS_CONTACT}))
    if what != "never":
        two.share(What.CRISIS_CONTACT, until=NIGHT - DAY if what == "expired" else Ends.EPISODE)
        TAKEN[what][0](two, NIGHT - DAY)

    call(two, NIGHT)
    two.stack.tick(NIGHT + MINUTE + 2 * SECOND)

    assert not any("supporter_alert" in body for body, _ in two.stack.messages())


def checked_in(two: Two, at: datetime) -> None:
    answer = said(mood=2, craving=9, plan="talk", note="I drank")
    check_in = CheckIn(person_id=two.person, on=at.date()).answered(answer, at=at, source=Source.APP)
    assert DynamoCheckIns().save(check_in)


def test_the_weeks_message_comes_at_its_hour_if_there_is_news_and_says_nothing(two: Two) -> None:
    two.share(What.GENERAL_PROGRESS, at=BEFORE)
    checked_in(two, SUNDAY - 2 * DAY)
    DynamoDues().advance(SUNDAY - timedelta(hours=1))

    two.stack.day(SUNDAY)

    (mail,) = two.mails()
    assert mail["Subject"] == "You have an update"
    discreet(mail)
    assert two.end("supporter_update").status is Status.SENT


@pytest.mark.parametrize("what", [one for one in TAKEN if one != "over"])
def test_a_weeks_message_that_is_under_way_is_not_sent_any_more_once(two: Two, what: str) -> None:
    two.share(What.GENERAL_PROGRESS, until=SUNDAY - 20 * SECOND if what == "expired" else Ends.EPISODE)
    checked_in(two, SUNDAY - 2 * DAY)
    DynamoDues().advance(SUNDAY - timedelta(hours=1))
    two.stack.tick(SUNDAY - 50 * SECOND)
    under_way = two.stack.messages()
    assert any("supporter_update" in body for body, _ in under_way)

    TAKEN[what][0](two, SUNDAY - 20 * SECOND)
    two.stack.deliver(under_way, at=SUNDAY)

    assert two.mails() == []
    assert two.end("supporter_update").reason is Reason.CANCELLED


def test_what_was_paused_meanwhile_is_no_news_when_it_goes_on(two: Two) -> None:
    two.share(What.MILESTONES, What.GENERAL_PROGRESS, at=BEFORE)
    two.pause(on=True, at=SUNDAY)
    two.pause(on=False, at=SUNDAY + 13 * DAY)
    DynamoDues().advance(SUNDAY + 14 * DAY - timedelta(hours=1))

    two.stack.day(SUNDAY + 14 * DAY)

    assert two.mails() == []
