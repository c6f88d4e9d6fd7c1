"""From graduation to the last word, through the functions' own doors, on moto: asked twice, greeted, left in peace."""

import json
import re
from datetime import date, datetime, timedelta
from email import message_from_string
from email.policy import default
from typing import Any

import pytest

import app
from chalicelib.alumni import service
from chalicelib.enrollment import agreeing
from chalicelib.enrollment.after_care import Pace
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.holds import hold_for_crisis
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.enrollment.service import move_episode
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.mentors import service as offering
from chalicelib.mentors import walking
from chalicelib.mentors.domain import About, Approval
from chalicelib.mentors.handlers import desk
from chalicelib.outreach.domain import Hold, Reason, Status
from chalicelib.outreach.kinds import HELLO, HELLO_NUDGE, LESS_NUDGE, MENTOR_ENDED, MENTOR_HELLO, STAY_AGAIN, STAY_ASK
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.links import Purpose, Signer
from chalicelib.partners.domain import State as PairState
from chalicelib.tasks.store import DynamoTasks
from tests.functional import test_a_day_of_check_ins as a_day
from tests.functional.test_a_day_of_check_ins import NINE, TODAY, Stack, enrol
from tests.functional.test_who_goes_quiet import a_minute

stack = a_day.stack

WEEK = timedelta(days=7)
SELF = Will(by="ana", via=Via.WEB)


def stored(pk: str, sk: str, **now: str) -> None:
    """Have the stream bring, twice, that something was stored."""
    record: dict[str, Any] = json.loads(json.dumps(a_day.an_event("achieve")["Records"][0]))
    record["eventName"] = "MODIFY"
    keys = {"pk": {"S": pk}, "sk": {"S": sk}}
    image = {name: {"S": value} for name, value in now.items()}
    record["dynamodb"] |= {"Keys": keys, "SequenceNumber": "1", "NewImage": {**keys, **image}, "OldImage": keys}
    for _ in range(2):
        assert app.achieve({"Records": [record]}, None) == {"batchItemFailures": []}


def moved(stack: Stack, person: str, state: State, at: datetime) -> None:
    move_episode(person, state, now=at, people=DynamoPeople())
    stack.clock.set(at)
    stored(f"PERSON#{person}", "EPISODE#01", state=state.value)


def ended(person: str, kind: str, on: date) -> tuple[Status, Reason | None] | None:
    entry = DynamoLedger().get(person, kind, on)
    return (entry.status, entry.reason) if entry else None


def subjects(stack: Stack) -> list[str]:
    return [str(message_from_string(one.raw_data, policy=default)["Subject"]) for one in stack.sent()]


def greeted(stack: Stack, person: str, on: date, at: datetime) -> None:
    """Send what falls due then, with the hello of a date, and let the stream tell of that."""
    a_minute(stack, at)
    stored(f"LEDGER#{person}", f"{on}#{HELLO}", status="sent")


def test_a_graduate_is_asked_once_and_once_more_and_then_never(stack: Stack) -> None:
    ana = enrol()
    moved(stack, ana, State.GRADUATED, NINE)
    for day in (0, 1, 6, 7, 8, 14):
        a_minute(stack, NINE + timedelta(days=day, minutes=2))

    assert subjects(stack) == ["¿Quieres que sigamos en contacto?"] * 2
    assert [ended(ana, kind, TODAY + later) for kind, later in ((STAY_ASK, timedelta()), (STAY_AGAIN, WEEK))] == [
        (Status.SENT, None)
    ] * 2
    text = message_from_string(stack.sent()[0].raw_data, policy=default).get_body(("plain",))
    assert text
    words = text.get_content()
    assert not [said for said in ("programa", "tratamiento", "gradu", "Evening", "equipo") if said in words]
    link = re.search(r"https://care\.example/a/(\S+)", words)
    assert link
    assert Signer(("secret",)).open(Purpose.ALUMNI, link[1]).person_id == ana


@pytest.mark.parametrize("state", [State.DISCHARGED_EARLY, State.TRANSFERRED, State.DECEASED, State.ON_HOLD])
def test_nobody_else_is_asked(stack: Stack, state: State) -> None:
    ana = enrol()
    moved(stack, ana, state, NINE)
    a_minute(stack, NINE + timedelta(minutes=2))

    assert stack.sent() == []


def test_who_died_or_came_back_or_said_yes_before_the_reminder_gets_none(stack: Stack) -> None:
    ana, ben = enrol(1), enrol(2)
    for person in (ana, ben):
        moved(stack, person, State.GRADUATED, NINE)
    a_minute(stack, NINE + timedelta(minutes=2))
    move_episode(ana, State.DECEASED, now=NINE + timedelta(days=1), people=DynamoPeople())
    said = {"text_version": 1, "locale": "en", "will": SELF, "now": NINE + timedelta(days=1)}
    service.stay(ben, Pace.NONE, people=DynamoPeople(), **said)  # type: ignore[arg-type]
    a_minute(stack, NINE + WEEK + timedelta(minutes=2))

    assert len(stack.sent()) == 2
    # Outreach itself stops for the dead; of the other the question is no longer true.
    assert [ended(one, STAY_AGAIN, TODAY + WEEK) for one in (ana, ben)] == [
        (Status.SKIPPED, Reason.CANCELLED),
        (Status.SKIPPED, Reason.CANCELLED),
    ]


def an_alumna(stack: Stack, *, pace: Pace = Pace.WEEKLY) -> str:
    ana = enrol()
    moved(stack, ana, State.GRADUATED, NINE - timedelta(minutes=1))
    service.stay(ana, pace, text_version=1, locale="en", will=SELF, now=NINE, people=DynamoPeople())
    return ana


def test_silence_brings_one_kind_word_then_the_offer_of_fewer_and_nobody_after_them(stack: Stack) -> None:
    ana = an_alumna(stack)
    for week in range(1, 6):
        at = NINE + week * WEEK
        greeted(stack, ana, TODAY + week * WEEK, at)
        for minutes in (3, 14) if week > 2 else ():
            a_minute(stack, at + timedelta(days=1, minutes=minutes))

    # Missed once: nothing. Twice: a kind word with the third. Three times: the offer with the fourth. Then peace.
    found = {
        week: [ended(ana, kind, TODAY + week * WEEK) for kind in (HELLO_NUDGE, LESS_NUDGE)] for week in range(1, 6)
    }
    told = (Status.MERGED, None)
    assert {week: entries for week, entries in found.items() if any(entries)} == {3: [told, None], 4: [None, told]}
    assert DynamoTasks().of_person(ana) == []
    assert subjects(stack).count("Un saludo rápido") == 5
    assert "Cada cuánto quieras" in subjects(stack)


def test_leaving_before_a_hello_stops_it_without_a_word(stack: Stack) -> None:
    ana = an_alumna(stack)
    agreeing.revoke(ana, "alumni_contact", will=SELF, now=NINE + timedelta(days=1), people=DynamoPeople())
    for week in (1, 2):
        a_minute(stack, NINE + week * WEEK)

    assert stack.sent() == []


def matched(stack: Stack) -> tuple[str, str, str]:
    """Return an alumna who walks with somebody newer, and the mentorship's id."""
    mia, ned = an_alumna(stack, pace=Pace.NONE), enrol(2)
    for person in (mia, ned):
        agreeing.grant(
            person,
            "mentor_match",
            value=None,
            text_version=1,
            locale="en",
            will=SELF,
            expires_at=None,
            now=NINE,
            people=DynamoPeople(),
        )
    later, about = NINE + timedelta(seconds=1), About(languages=frozenset({"es"}))
    offering.offer(mia, about, now=later, desk=desk())
    approval = Approval(by="eva", at=later, trained_on=date(2026, 11, 1), capacity=1)
    offering.approve(mia, approval, now=later, desk=desk())
    offering.seek(ned, about, now=later, desk=desk())
    one = walking.propose(ned, mia, by="eva", now=later, desk=desk(), new_id=lambda: "w1")
    for person in (mia, ned):
        walking.agree(person, one.id, now=later, desk=desk())
    return mia, ned, one.id


def test_a_mentor_who_is_silent_is_reminded_then_staff_look_and_a_crisis_holds_it(stack: Stack) -> None:
    mia, ned, _ = matched(stack)
    stored(f"WALKS#{mia}", f"WITH#{ned}", mentor_id=mia, state="active")
    first, second = TODAY + WEEK, TODAY + 2 * WEEK
    hold_for_crisis(ned, now=NINE + WEEK, holds=DynamoHolds())
    # Reminders come at ten.
    at = NINE + timedelta(hours=1)
    for minutes in (0, 14):
        a_minute(stack, at + WEEK + timedelta(minutes=minutes))
    assert ended(mia, MENTOR_HELLO, first) == (Status.SKIPPED, Reason.HELD)
    DynamoHolds().lift(ned, Hold.CRISIS)

    for minutes in (0, 14):
        a_minute(stack, at + 2 * WEEK + timedelta(minutes=minutes))
    stored(f"LEDGER#{mia}", f"{second}#{MENTOR_HELLO}", status="merged")

    assert ended(mia, MENTOR_HELLO, second) == (Status.MERGED, None)
    assert [task.kind for task in DynamoTasks().of_person(ned)] == ["mentor_wanted"]
    assert DynamoTasks().of_person(mia) == []


@pytest.mark.parametrize(
    ("state", "told", "tasks"),
    [(State.DISCHARGED_EARLY, 2, ["mentor_wanted"]), (State.DECEASED, 0, [])],
)
def test_whoever_leaves_is_parted_kindly_and_of_a_death_only_a_person_tells(
    stack: Stack, state: State, told: int, tasks: list[str]
) -> None:
    mia, ned, one = matched(stack)
    moved(stack, ned, state, NINE + timedelta(hours=1))
    stored(f"WALKS#{mia}", f"WITH#{ned}", mentor_id=mia, state="ended")
    for minutes in (2, 14, 26):
        a_minute(stack, NINE + timedelta(hours=1, minutes=minutes))

    assert walking.find(mia, one, desk=desk()).pair.state is PairState.ENDED
    assert sum(ended(person, MENTOR_ENDED, TODAY) is not None for person in (mia, ned)) == told
    assert [task.kind for task in DynamoTasks().of_person(ned)] == tasks
    assert [task.kind for task in DynamoTasks().of_person(mia)] == ([] if told else ["mentor_concern"])
    # Who isn't in care any more gets nothing at all.
    assert subjects(stack) == (["Tienes una novedad"] if told else [])
