"""Which supporters are told of a crisis, by which call, and when: worked out from the crisis as it is stored."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.crisis import drills, handling
from chalicelib.crisis import handlers as crises
from chalicelib.crisis.calling import call_of
from chalicelib.crisis.domain import Disposition, Door, State
from chalicelib.crisis.handling import By
from chalicelib.crisis.store import DynamoCrises, ListedItem
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.holds import hold_after_crisis
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.family.domain import What, supporter_id
from chalicelib.family.handlers import AlertedSupporters, everybody
from chalicelib.family.telling import objection
from chalicelib.outreach.deciding import Send, decide
from chalicelib.outreach.domain import Due, Hold, Reason
from chalicelib.outreach.store import DueItem, due_of
from tests import family_api
from tests.family_api import FamilyApi, desk
from tests.toy import NOW

api, ana = family_api.api, family_api.ana

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
DR, SAM = By(account="dr", programme_id="iop-evening"), By(account="sam", programme_id="iop-evening")


@pytest.fixture(autouse=True)
def _cached() -> Iterator[None]:
    for one in (everybody, crises.desk):
        one.cache_clear()
    yield
    everybody.cache_clear()


@dataclass
class Stream:
    """What the table's stream brings of somebody's crises."""

    caller: str
    before: dict[str, dict[str, Any]]

    def __init__(self, caller: str) -> None:
        self.caller, self.before = caller, {}

    def follow(self) -> int:
        """Have supporters follow what was written since last time; return how many are told."""
        listener, told = AlertedSupporters(), 0
        for item in ListedItem.query(f"CALLER#{self.caller}", ListedItem.sk.startswith("CRISIS#")):
            now = item.serialize()
            stored = Stored(
                pk=item.pk,
                sk=item.sk,
                was_removed=False,
                number="1",
                before=self.before.get(item.sk, {}),
                now=now,
            )
            self.before[item.sk] = now
            about = listener.about(stored)
            told += listener.follow(about) if about else 0
        return told


def called(person_id: str, *, at: datetime, key: str = "k") -> str:
    """Have a person call for help, and return the crisis."""
    person = everybody().load(person_id, now=at)
    assert person is not None
    crises.press(call_of(person, key, at=at, verified=True, by=None), now=at)
    found = DynamoCrises().present_of(person_id)
    assert found is not None
    return found.id


def ended(crisis_id: str, *, at: datetime, how: Disposition = Disposition.SAFE_WITH_PLAN) -> None:
    handling.contact(crisis_id, DR, note="spoke", now=at, desk=crises.desk())
    handling.resolve(crisis_id, DR, disposition=how, note="well", now=at, desk=crises.desk())


def waiting() -> list[Due]:
    """Return the alerts that wait, each once."""
    found = {due_of(item) for item in DueItem.scan() if "#supporter_alert-" in item.sk}
    return sorted({replace(due, at=due.due_at) for due in found}, key=lambda due: (due.due_at, due.person_id))


def test_those_are_told_at_once_whom_the_person_wants_told_and_nobody_else(api: FamilyApi, ana: str) -> None:
    rosa, omar = api.supporter(ana, "rosa"), api.supporter(ana, "omar")
    api.share(ana, rosa, What.CRISIS_CONTACT)
    api.share(ana, omar, What.MILESTONES)
    now, stream = NOW + SECOND, Stream(ana)
    crisis_id = called(ana, at=now)

    assert [stream.follow(), stream.follow()] == [1, 0]

    (due,) = waiting()
    assert (due.person_id, due.kind) == (supporter_id("rosa"), f"supporter_alert-{rosa}-{crisis_id}-1")
    assert objection(due, now=now, desk=desk()) is None
    api.at(now)
    shown = api.view("rosa", rosa).json["crisis"]
    assert (shown["alert"], shown["text"]) == (True, "Ana could use you right now.")
    assert any("911" in line for line in shown["howToHelp"])
    assert api.view("omar", omar).json["crisis"] is None
    # It passes quiet hours: the person asked for it beforehand.
    recipient = everybody().load(due.person_id, now=now)
    assert recipient is not None
    night = replace(due, at=now.replace(hour=7), due_at=now.replace(hour=7))
    assert isinstance(decide(night, recipient, now=night.at), Send)

    api.own(ana, "DELETE", f"/{rosa}/sharing/crisis_contact")
    assert objection(due, now=now + SECOND, desk=desk()) is Reason.NO_CONSENT
    api.share(ana, rosa, What.CRISIS_CONTACT)
    assert objection(due, now=now + 2 * SECOND, desk=desk()) is None
    ended(crisis_id, at=now + 2 * SECOND)
    assert objection(due, now=now + 2 * SECOND, desk=desk()) is Reason.CANCELLED


@pytest.mark.parametrize("hold", ["not placed yet", "placed", "of a crisis before, running out", "lifted"])
def test_no_hold_has_a_say_whichever_is_written_first(api: FamilyApi, ana: str, hold: str) -> None:
    api.share(ana, api.supporter(ana), What.CRISIS_CONTACT)
    called(ana, at=NOW)
    if hold in {"not placed yet", "lifted"}:
        DynamoHolds().lift(ana, Hold.CRISIS)
    if hold == "of a crisis before, running out":
        hold_after_crisis(ana, now=NOW - timedelta(days=4), holds=DynamoHolds())

    assert Stream(ana).follow() == 1

    (due,) = waiting()
    assert objection(due, now=NOW + SECOND, desk=desk()) is None


def test_of_a_crisis_that_is_over_or_a_drill_nobody_is_told(api: FamilyApi, ana: str) -> None:
    api.share(ana, api.supporter(ana), What.CRISIS_CONTACT)
    ended(called(ana, at=NOW), at=NOW + MINUTE)
    drills.start("iop-evening", key="monthly", by="admin", now=NOW, desk=crises.desk())

    assert [Stream(ana).follow(), Stream("drill:iop-evening").follow()] == [0, 0]
    assert waiting() == []


def test_who_calls_again_after_it_was_over_is_told_of_again_and_while_it_goes_on_not(api: FamilyApi, ana: str) -> None:
    rosa, stream = api.supporter(ana), Stream(ana)
    api.share(ana, rosa, What.CRISIS_CONTACT)
    crisis_id = called(ana, at=NOW)
    stream.follow()
    called(ana, at=NOW + MINUTE, key="again")
    assert stream.follow() == 1
    assert len(waiting()) == 1, "the same crisis, under the same name"
    ended(crisis_id, at=NOW + 2 * MINUTE)
    assert stream.follow() == 0
    (first,) = waiting()
    assert objection(first, now=NOW + 2 * MINUTE, desk=desk()) is Reason.CANCELLED

    assert called(ana, at=NOW + 3 * MINUTE, key="once more") == crisis_id
    assert stream.follow() == 1

    first, second = waiting()
    assert [objection(due, now=NOW + 3 * MINUTE, desk=desk()) for due in (first, second)] == [Reason.CANCELLED, None]


def test_an_end_that_a_second_person_disagrees_with_loses_no_alert(api: FamilyApi, ana: str) -> None:
    api.share(ana, api.supporter(ana), What.CRISIS_CONTACT)
    crisis_id, stream = called(ana, at=NOW), Stream(ana)
    # Looked at between: it was a false alarm then, and the alert was cancelled for good.
    ended(crisis_id, at=NOW + MINUTE, how=Disposition.FALSE_ALARM)
    assert stream.follow() == 0

    handling.review(crisis_id, SAM, agreed=False, note="no", now=NOW + 2 * MINUTE, desk=crises.desk())

    assert stream.follow() == 1
    (due,) = waiting()
    assert objection(due, now=NOW + 2 * MINUTE, desk=desk()) is None


def test_what_a_removed_supporter_calls_is_taken_and_no_other_supporter_hears_of_it(api: FamilyApi, ana: str) -> None:
    rosa, omar, stream = api.supporter(ana, "rosa"), api.supporter(ana, "omar"), Stream(ana)
    api.share(ana, omar, What.CRISIS_CONTACT)
    api.own(ana, "DELETE", f"/{rosa}")
    api.at(NOW + MINUTE)
    quiet = api.view("omar", omar).text

    told = api.kin("rosa", "POST", f"/supporting/{rosa}/help-now")

    assert told.status == 201, told.text
    crisis = DynamoCrises().present_of(ana)
    assert crisis is not None
    assert (crisis.person_id, crisis.programme_id, crisis.state) == (ana, "iop-evening", State.OPEN)
    assert (stream.follow(), waiting(), api.view("omar", omar).text) == (0, [], quiet)
    # Nor when staff took it for a false alarm, and somebody disagrees.
    ended(crisis.id, at=NOW + 2 * MINUTE, how=Disposition.FALSE_ALARM)
    handling.review(crisis.id, SAM, agreed=False, note="no", now=NOW + 2 * MINUTE, desk=crises.desk())
    assert (stream.follow(), api.view("omar", omar).text) == (0, quiet)

    # The person's own call in the same crisis is theirs.
    assert called(ana, at=NOW + 3 * MINUTE) == crisis.id
    assert stream.follow() == 1
    api.at(NOW + 3 * MINUTE)
    assert api.view("omar", omar).json["crisis"]["alert"] is True


def test_of_a_call_that_nobody_signed_no_supporter_hears_until_the_person_calls(api: FamilyApi, ana: str) -> None:
    rosa, stream = api.supporter(ana, "rosa"), Stream(ana)
    api.share(ana, rosa, What.CRISIS_CONTACT)
    person = everybody().load(ana, now=NOW + SECOND)
    assert person is not None
    unsigned = replace(
        call_of(person, "k", at=NOW + SECOND, verified=False, by=None), door=Door.UNSIGNED, id="named by anybody"
    )
    crises.press(unsigned, now=NOW + SECOND)

    crisis = DynamoCrises().present_of(ana)
    assert crisis is not None
    assert (crisis.state, stream.follow()) == (State.OPEN, 0)
    assert called(ana, at=NOW + MINUTE) == crisis.id
    assert stream.follow() == 1


def test_at_the_door_of_staff_a_supporter_is_still_a_supporter(api: FamilyApi, ana: str) -> None:
    rosa, omar, stream = api.supporter(ana, "rosa"), api.supporter(ana, "omar"), Stream(ana)
    api.share(ana, omar, What.CRISIS_CONTACT)
    api.own(ana, "DELETE", f"/{rosa}")
    api.at(NOW + MINUTE)

    told = api.kin("rosa", "POST", f"/people/{ana}/crises")

    assert told.status == 201, told.text
    assert (told.json["stateUrl"], told.json["hasPlan"]) == (None, False), "how far it is, tells of the person"
    kept = DynamoCrises().kept(told.json["id"])
    assert kept is not None
    assert (kept.press.door, kept.press.verified, kept.press.person_id) == (Door.SUPPORTER, False, ana)
    assert stream.follow() == 0


def test_what_a_supporter_calls_who_is_removed_only_then_is_still_heard_of(api: FamilyApi, ana: str) -> None:
    rosa, omar, stream = api.supporter(ana, "rosa"), api.supporter(ana, "omar"), Stream(ana)
    api.share(ana, omar, What.CRISIS_CONTACT)
    api.kin("rosa", "POST", f"/supporting/{rosa}/help-now")
    api.at(NOW + MINUTE)
    api.own(ana, "DELETE", f"/{rosa}")

    assert stream.follow() == 1
    (due,) = waiting()
    assert objection(due, now=NOW + MINUTE, desk=desk()) is None
