"""What supporters are told, and what they say: a week's message, an alert, a concern, help for themselves, lessons."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest

from chalicelib.checkins.domain import CheckIn, Source
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.crisis.domain import Door
from chalicelib.crisis.store import DynamoCrises
from chalicelib.family.domain import What, supporter_id
from chalicelib.family.handlers import KinHolders, everybody
from chalicelib.family.kin_store import DynamoSupporters
from chalicelib.family.sessions import is_invited
from chalicelib.family.store import DynamoTies
from chalicelib.family.telling import code_for, objection
from chalicelib.groups.belonging import join
from chalicelib.groups.domain import Group, Kind
from chalicelib.groups.member_store import DynamoMembers
from chalicelib.groups.series import Part, Series
from chalicelib.groups.service import add_series
from chalicelib.groups.store import DynamoGroups
from chalicelib.milestones.store import DynamoStreaks
from chalicelib.outreach.deciding import Send, decide
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.recurrence import Recurrence
from chalicelib.outreach.service import first_due
from tests import family_api
from tests.build import said
from tests.family_api import FamilyApi, desk
from tests.toy import NOW

api, ana = family_api.api, family_api.ana

CASE_MANAGER = "cara=iop-evening/case-manager"
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _recipients() -> Iterator[None]:
    everybody.cache_clear()
    yield
    everybody.cache_clear()


def checked_in(person_id: str, on: datetime) -> None:
    answer = said(mood=2, craving=9, plan="talk", note="I drank")
    assert DynamoCheckIns().save(CheckIn(person_id=person_id, on=on.date()).answered(answer, at=on, source=Source.APP))


def update() -> Due:
    """Return the first week's message that comes after the consent's own news is old."""
    supporter = DynamoSupporters().find("rosa")
    assert supporter is not None
    due = first_due(supporter.update, after=NOW + 14 * DAY)
    assert due is not None
    return due


def test_the_week_is_told_of_only_if_something_shared_changed_and_asked_again_when_it_is_sent(
    api: FamilyApi, ana: str
) -> None:
    tie_id = api.supporter(ana)
    due = update()
    assert (due.kind, due.at.isoformat()) == ("supporter_update", "2026-12-13T23:00:00+00:00")
    assert objection(due, now=due.at, desk=desk()) is Reason.CANCELLED
    api.share(ana, tie_id, What.GENERAL_PROGRESS)
    assert objection(due, now=due.at, desk=desk()) is Reason.CANCELLED, "nothing new"

    checked_in(ana, due.at - 2 * DAY)
    assert objection(due, now=due.at, desk=desk()) is None
    recipient = everybody().load(due.person_id, now=due.at)
    assert recipient is not None
    verdict = decide(due, recipient, now=due.at)
    assert isinstance(verdict, Send)
    assert [channel.address for channel in verdict.channels] == ["rosa@example.org"]
    # The person's own programme says who writes, and nothing says of whom.
    assert "Ana" not in repr(recipient)

    api.at(due.at - SECOND)
    api.own(ana, "PUT", f"/{tie_id}/pause", {"paused": True})
    assert objection(due, now=due.at, desk=desk()) is Reason.CANCELLED
    api.own(ana, "PUT", f"/{tie_id}/pause", {"paused": False})
    assert objection(due, now=due.at, desk=desk()) is None
    api.own(ana, "DELETE", f"/{tie_id}")
    assert objection(due, now=due.at, desk=desk()) is Reason.CANCELLED


def test_what_was_newly_shared_or_reached_is_news_and_shown_behind_the_sign_in(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    assert api.kin("rosa", "GET", "/supporter/update").json["people"] == []
    api.share(ana, tie_id, What.MILESTONES)
    api.at(NOW + SECOND)

    told = api.kin("rosa", "GET", "/supporter/update")

    (one,) = told.json["people"]
    assert (one["new"], one["person"]["name"]) == (["milestones"], "Ana")
    assert one["person"]["notice"]["statement"]
    assert told.json["thisWeek"]
    assert told.json["nextLesson"]["id"] == "recovery"
    assert "1-800-662-4357" in told.text
    # A week later it is news no more; with the sixtieth day it is again.
    api.at(NOW + 8 * DAY)
    assert [one["new"] for one in api.kin("rosa", "GET", "/supporter/update").json["people"]] == [["milestones"]]
    api.at(NOW + 5 * DAY + 9 * DAY)
    assert api.kin("rosa", "GET", "/supporter/update").json["people"] == []


def test_what_is_shared_again_is_as_if_it_had_been_shared_all_along(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    api.share(ana, tie_id, What.MILESTONES, What.GENERAL_PROGRESS, until=(NOW + 100 * DAY).isoformat())
    checked_in(ana, NOW + 33 * DAY)

    def new(*, days: int) -> list[list[str]]:
        api.at(NOW + days * DAY)
        return [one["new"] for one in api.kin("rosa", "GET", "/supporter/update").json["people"]]

    # The first time is news; so is what changed meanwhile, and nothing else.
    assert new(days=1) == [["general_progress", "milestones"]]
    api.own(ana, "PUT", f"/{tie_id}/pause", {"paused": True})
    assert new(days=20) == []
    api.own(ana, "PUT", f"/{tie_id}/pause", {"paused": False})
    assert new(days=21) == []
    assert new(days=34) == [["general_progress"]]
    # Nor is what was taken back and given again, or what was given until a later date.
    api.own(ana, "DELETE", f"/{tie_id}/sharing/milestones")
    api.share(ana, tie_id, What.MILESTONES)
    assert new(days=35) == [["general_progress"]]
    assert new(days=48) == []
    due = replace(update(), due_at=NOW + 48 * DAY)
    assert objection(due, now=NOW + 48 * DAY, desk=desk()) is Reason.CANCELLED


def test_what_was_shared_before_they_accepted_is_news_when_they_do(api: FamilyApi, ana: str) -> None:
    tie_id = api.invite(ana)
    api.share(ana, tie_id, What.CRISIS_CONTACT)
    api.at(NOW + 10 * DAY)
    api.ask("rosa", tie_id)
    api.accept("rosa", tie_id)

    api.at(NOW + 11 * DAY)
    (one,) = api.kin("rosa", "GET", "/supporter/update").json["people"]
    assert one["new"] == ["crisis_contact"]


def test_no_news_tells_of_a_count_that_began_anew(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    api.share(ana, tie_id, What.MILESTONES, until=(NOW + 100 * DAY).isoformat())
    api.at(NOW + 8 * DAY)
    shown = api.view("rosa", tie_id)
    etag = api.kin("rosa", "GET", f"/people/{ana}/milestones")
    assert "ETag" not in etag.headers, "it would count every change of the person's record"
    told = api.by(f"{ana}=iop-evening/participant", "POST", f"/people/{ana}/lapses", {"startsOn": "2026-12-02"})
    assert told.status == 201, told.text

    # Seven days of the new count: of the list that they see nothing changed.
    api.at(NOW + 16 * DAY)
    assert api.view("rosa", tie_id).text == shown.text
    assert api.kin("rosa", "GET", f"/people/{ana}/milestones").text == etag.text
    assert api.kin("rosa", "GET", "/supporter/update").json["people"] == []


def test_a_concern_is_a_task_for_staff_and_changes_nothing_of_the_persons(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    before = (DynamoStreaks(DynamoTies()._people).of_person(ana), api.own(ana, "GET", "").json)  # noqa: SLF001
    wrote = "She drank on Sunday, I think. Please reset her days."

    told = api.kin("rosa", "POST", f"/supporting/{tie_id}/concerns", {"worry": "worried", "text": wrote})

    assert told.status == 201, told.text
    assert told.json["helpNow"] is None
    (task,) = [
        one for one in api.by(CASE_MANAGER, "GET", f"/people/{ana}/tasks").json["items"] if one["kind"] == "concern"
    ]
    assert (task["severity"], task["owner"]) == ("outreach", "case-manager")
    (read,) = api.by(CASE_MANAGER, "GET", f"/people/{ana}/concerns").json["items"]
    assert (read["text"], read["supporter"], read["mayName"]) == (wrote, "Rosa", False)
    # The person reads nothing of it, by any door, and nothing of theirs moved.
    for path in ("concerns", "tasks"):
        assert api.by(f"{ana}=iop-evening/participant", "GET", f"/people/{ana}/{path}").status == 403, path
    after = (DynamoStreaks(DynamoTies()._people).of_person(ana), api.own(ana, "GET", "").json)  # noqa: SLF001
    assert after == before


def test_what_says_danger_shows_whom_to_call_at_once_and_offers_to_alert_the_team(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    for number in range(6):
        told = api.kin("rosa", "POST", f"/supporting/{tie_id}/concerns", {"worry": "soon", "text": f"No {number}"})
        assert told.status == (201 if number < 5 else 429), told.text

    told = api.kin("rosa", "POST", f"/supporting/{tie_id}/concerns", {"worry": "danger"})

    assert told.status == 201, told.text
    assert told.json["words"][0] == "If somebody's life is in danger, call 911 now."
    assert told.json["numbers"]["lifeline"] == "988"
    assert told.json["helpNow"] == f"/supporting/{tie_id}/help-now"
    tasks = api.by(CASE_MANAGER, "GET", f"/people/{ana}/tasks").json["items"]
    assert "crisis" in {one["severity"] for one in tasks}
    pressed = api.kin("rosa", "POST", told.json["helpNow"])
    assert pressed.status == 201, pressed.text
    found = DynamoCrises().kept(pressed.json["id"])
    assert found is not None
    assert (found.press.door, found.press.person_id, found.press.by) == (Door.SUPPORTER, ana, "rosa")
    assert found.press.verified is False


@pytest.mark.parametrize("text", ["", "x" * 1001, "turned \u202e around\x00"])
def test_what_cannot_be_a_concern_is_said(api: FamilyApi, ana: str, text: str) -> None:
    tie_id = api.supporter(ana)
    told = api.kin("rosa", "POST", f"/supporting/{tie_id}/concerns", {"worry": "soon", "text": text})
    assert [one["field"] for one in told.json["errors"]] == ["text"]


def test_who_asks_for_help_for_themselves_is_called_and_sees_what_there_is(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana, language="es")

    told = [api.kin("rosa", "POST", f"/supporting/{tie_id}/help") for _ in range(2)]

    assert [one.status for one in told] == [201, 201]
    assert told[0].json == told[1].json
    assert told[0].json["numbers"]["lifeline"] == "988"
    assert "1-800-662-4357" in told[0].text
    assert told[0].json["words"].startswith("Alguien del equipo")
    tasks = api.by(CASE_MANAGER, "GET", f"/people/{ana}/tasks").json["items"]
    assert [(one["kind"], one["owner"]) for one in tasks if one["kind"] == "supporter_help"] == [
        ("supporter_help", "case-manager")
    ]


def test_help_for_oneself_is_for_those_who_have_the_person_now(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    here = api.kin("rosa", "POST", f"/supporting/{tie_id}/help")
    api.moved(ana)

    there = api.kin("rosa", "POST", f"/supporting/{tie_id}/help")

    assert (there.status, there.json) == (201, here.json), "it tells the supporter nothing"
    for programme_id in ("iop-evening", "iop-morning"):
        tasks = api.by(f"cara={programme_id}/case-manager", "GET", f"/programmes/{programme_id}/tasks").json["items"]
        assert "supporter_help" in {one["kind"] for one in tasks}, programme_id


def test_a_removed_supporters_worry_is_still_read(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    api.own(ana, "DELETE", f"/{tie_id}")

    told = api.kin("rosa", "POST", f"/supporting/{tie_id}/concerns", {"worry": "danger", "text": "Please look."})

    assert told.status == 201, told.text
    assert len(api.by(CASE_MANAGER, "GET", f"/people/{ana}/concerns").json["items"]) == 1


def test_a_supporter_chooses_when_and_how_they_are_reached(api: FamilyApi, ana: str) -> None:
    api.supporter(ana)
    shown = api.kin("rosa", "GET", "/supporter")
    assert shown.json["weekly"] == {"day": "SU", "time": "18:00"}
    chosen: dict[str, Any] = {name: shown.json[name] for name in shown.json if name not in {"mailOff", "devices"}}
    chosen |= {"weekly": {"day": "WE", "time": "07:30"}, "email": "other@example.org", "language": "es"}

    told = api.kin("rosa", "PUT", "/supporter", chosen, if_match=shown.headers["ETag"])

    assert told.status == 200, told.text
    assert [(one["address"], one["usable"]) for one in told.json["devices"]] == [("other@example.org", False)]
    assert api.kin("rosa", "PUT", "/supporter", chosen, if_match='"1"').kind == "stale"
    bad = chosen | {"timeZone": "Mars/Olympus", "firstName": ""}
    faults = api.kin("rosa", "PUT", "/supporter", bad, if_match='"2"').json["errors"]
    assert {one["field"] for one in faults} == {"timeZone", "firstName"}
    # The link at the foot of an e-mail stops them, and tells nothing.
    supporter = DynamoSupporters().find("rosa")
    assert supporter is not None
    email = supporter.email
    KinHolders().confirm(supporter.id, email.id, revision=email.revision, expires_at=NOW + DAY, now=NOW)
    assert KinHolders().stop_mail(supporter.id, email.id, "supporter_update", revision=email.revision, now=NOW)
    assert not KinHolders().stop_mail(supporter.id, email.id, "meeting", revision=email.revision - 1, now=NOW)
    assert api.kin("rosa", "GET", "/supporter").json["mailOff"] == ["supporter_update"]
    recipient = everybody().load(supporter.id, now=NOW)
    assert recipient is not None
    assert [(way.address, way.usable) for way in recipient.channels] == [("other@example.org", True)]
    assert recipient.opt_outs


def test_lessons_are_gone_through_one_by_one(api: FamilyApi, ana: str) -> None:
    api.supporter(ana)
    lessons = api.kin("rosa", "GET", "/supporter/lessons").json["items"]
    assert [one["done"] for one in lessons] == [False] * 7

    for _ in range(2):
        assert api.kin("rosa", "PUT", f"/supporter/lessons/{lessons[0]['id']}/done").status == 204
    assert api.kin("rosa", "PUT", "/supporter/lessons/quantum/done").kind == "not-found"

    assert [one["done"] for one in api.kin("rosa", "GET", "/supporter/lessons").json["items"]] == [True] + [False] * 6
    assert api.kin("rosa", "GET", "/supporter/update").json["nextLesson"]["id"] == lessons[1]["id"]


def test_a_code_is_mailed_for_the_last_request_only(api: FamilyApi, ana: str) -> None:
    tie_id = api.invite(ana)
    api.ask("rosa", tie_id)
    first = Due(
        person_id=f"kin-{tie_id}",
        kind=f"supporter_code-{tie_id}-1",
        on=NOW.date(),
        at=NOW,
        due_at=NOW,
        version=1,
    )
    assert code_for(first, now=NOW, desk=desk()) == api.code(tie_id)
    assert 100_000 <= api.code(tie_id) < 1_000_000

    api.ask("rosa", tie_id)

    assert code_for(first, now=NOW, desk=desk()) == 0
    assert objection(first, now=NOW, desk=desk()) is Reason.CANCELLED
    second = replace(first, kind=f"supporter_code-{tie_id}-2")
    assert code_for(second, now=NOW, desk=desk()) == api.code(tie_id)


def meeting_group(*, kind: Kind = Kind.FAMILY) -> tuple[Group, Series]:
    group = Group(
        id="9" * 32,
        programme_id="iop-evening",
        kind=kind,
        name="Families",
        language="en",
        facilitators=frozenset({"cleo"}),
        is_open=False,
        by="cleo",
        made_at=NOW,
    )
    group = DynamoGroups().add(group)
    when = Recurrence(at=time(18), rule="FREQ=WEEKLY;BYDAY=TH", zone="America/New_York", starts_on=NOW.date())
    part = Part(when=when, lasts=timedelta(minutes=60), link="https://video.example/room/7", set_at=NOW)
    return group, add_series(group, part, by="cleo", now=NOW, groups=DynamoGroups(), new_id=lambda: "7" * 32)


def test_family_sessions_are_for_a_supporter_as_long_as_the_person_shares_them(api: FamilyApi, ana: str) -> None:
    tie_id = api.supporter(ana)
    group, _ = meeting_group()
    path = f"/{tie_id}/groups/{group.id}"
    join(group, ana, by="cleo", now=NOW, members=DynamoMembers())
    # Without the consent nobody is brought.
    assert api.own(ana, "PUT", path).kind == "not-found"
    api.share(ana, tie_id, What.FAMILY_SESSIONS)
    api.at(NOW + SECOND)
    assert api.own(ana, "PUT", path).status == 204
    assert api.by(CASE_MANAGER, "PUT", f"/people/{ana}/supporters{path}").status == 204

    first, *_ = api.view("rosa", tie_id).json["familySessions"]
    assert (first["at"], first["minutes"], first["came"]) == ("2026-11-26T23:00:00Z", 60, None)
    for recipient_id, is_asked in ((supporter_id("rosa"), True), (supporter_id("omar"), False)):
        hears = is_invited(group, recipient_id, now=NOW + SECOND, ties=DynamoTies(), members=DynamoMembers())
        assert hears == is_asked
    recipient = everybody().load(supporter_id("rosa"), now=NOW)
    assert recipient is not None
    assert {"contact_email"} <= recipient.consents

    api.own(ana, "PUT", f"/{tie_id}/pause", {"paused": True})
    api.at(NOW + 2 * SECOND)
    assert api.view("rosa", tie_id).json["familySessions"] is None
    assert not is_invited(group, supporter_id("rosa"), now=NOW + 2 * SECOND, ties=DynamoTies(), members=DynamoMembers())
