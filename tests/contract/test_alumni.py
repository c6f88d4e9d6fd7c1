"""The doors of the time after care over the table: stay in touch or not, how often, the way back, admitted again."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from chalicelib.alumni import asking, routes
from chalicelib.alumni.page import FOLDER
from chalicelib.checkins.domain import Plan
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.crisis.store import DynamoCrises
from chalicelib.edge import pages
from chalicelib.enrollment.after_care import Pace, pace_of
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.deciding import Skip, decide
from chalicelib.outreach.domain import Reason
from chalicelib.outreach.kinds import ALUMNI_DAYS, HELLO, LESS_NUDGE, STAY_AGAIN, STAY_ASK
from chalicelib.outreach.links import Claims, Purpose, Signer
from chalicelib.outreach.recurrence import local_date
from chalicelib.tasks.domain import Kind
from chalicelib.tasks.domain import State as TaskState
from chalicelib.tasks.service import do_task
from chalicelib.tasks.store import DynamoTasks
from tests.conftest import KEYS
from tests.contract.test_people_routes import Api
from tests.contract.test_schedule_routes import waiting
from tests.milestones_api import enrolled
from tests.toy import NOW, Told

ADMIN = "admin=iop-evening/program-admin"
EVA = "eva=iop-evening/case-manager"


@pytest.fixture
def api(kept_keys: None) -> Api:
    del kept_keys
    routes._after_care.cache_clear()  # noqa: SLF001 (it keeps the keys of the test before)
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


@pytest.fixture
def ana(api: Api) -> str:
    """Return somebody who may be e-mailed and graduated just now."""
    person_id = enrolled(api)
    consents(api, person_id, "contact_email")
    api.as_whom = EVA
    assert api.send("POST", f"/people/{person_id}/transitions", {"to": "graduated"}).status == 200
    return person_id


def consents(api: Api, person_id: str, *scopes: str) -> None:
    for scope in scopes:
        told = api.send("POST", f"/people/{person_id}/consents", {"scope": scope, "textVersion": 1, "locale": "en"})
        assert told.status == 201, told.text


def as_self(api: Api, person_id: str, role: str = "alumni") -> Api:
    api.as_whom = f"{person_id}=iop-evening/{role}"
    return api


def record_of(person_id: str) -> Record:
    record = DynamoPeople().record(person_id)
    assert record
    return record


def link(person_id: str, kind: str = STAY_ASK, *, hours: int = 24, revision: int = 1) -> str:
    channel = record_of(person_id).channels[0]
    claims = Claims(
        person_id=person_id,
        kind=kind,
        on=local_date(NOW, "America/New_York"),
        channel_id=channel.id,
        revision=revision,
        expires_at=NOW + timedelta(hours=hours),
    )
    return f"/a/{Signer(KEYS.links).token(Purpose.ALUMNI, claims)}"


def press(api: Api, path: str, **fields: str) -> Told:
    return api.send("POST", path, urlencode(fields))


def word(name: str, language: str = "en") -> str:
    return str(pages.words(FOLDER / "words.json", language)[name][0]).replace("'", "&#39;")


def tasks(person_id: str) -> list[tuple[str, TaskState]]:
    return sorted((task.id, task.state) for task in DynamoTasks().of_person(person_id))


def touch(api: Api, person_id: str) -> Any:
    return as_self(api, person_id).send("GET", f"/people/{person_id}/staying-in-touch").json


def test_who_graduated_is_asked_and_once_more_and_their_date_is_kept(api: Api, ana: str) -> None:
    record = record_of(ana)
    first, again = asking.questions(record, now=NOW)

    assert record.episode.graduated_at == NOW
    assert [(one.kind, str(one.on)) for one in (first, again)] == [(STAY_ASK, "2026-11-24"), (STAY_AGAIN, "2026-12-01")]
    assert asking.questions(record, now=NOW) == [first, again]
    assert asking.objection(again, records=DynamoPeople(), now=again.at) is None
    # Outreach reaches them for this question alone.
    who = DynamoPeople().load(ana, now=NOW)
    assert who
    assert not isinstance(decide(first, who, now=NOW), Skip)
    assert decide(replace(first, kind="nudge-check_in"), who, now=NOW) == Skip(reason=Reason.ENDED)
    assert touch(api, ana) == {"graduatedOn": "2026-11-24", "agreed": False, "pace": "none", "suggested": "weekly"}


def test_the_page_shows_the_same_to_all_and_looking_changes_nothing(api: Api, ana: str) -> None:
    before = record_of(ana)
    shown = api.send("GET", link(ana))

    assert shown.status == 200
    assert word("stay") in shown.text
    assert not [said for said in ("Ana", "Evening", "graduat", "recover") if said in shown.text]
    assert (shown.headers["Cache-Control"], shown.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert record_of(ana) == before


def test_a_yes_is_consent_episode_and_hellos_in_one_and_twice_is_once(api: Api, ana: str) -> None:
    path = link(ana)
    # A program that follows links and sends forms chooses nothing.
    assert press(api, path, action="stay", text="1").status == 422
    assert record_of(ana).episode.state is State.GRADUATED

    for _ in range(2):
        told = press(api, path, action="stay", text="1", pace="weekly")
        assert (told.status, word("stayed") in told.text) == (200, True)

    record = record_of(ana)
    (agreed,) = [row for row in record.consents if row.scope == "alumni_contact"]
    assert (agreed.via.value, agreed.text_version, agreed.expires_at, agreed.ip) == ("link", 1, None, "192.0.2.1")
    assert record.episode.state is State.ALUMNI
    assert record.episode.graduated_at == NOW
    assert [str(one.on) for one in waiting(ana, HELLO)] == ["2026-12-01"]
    assert waiting(ana, ALUMNI_DAYS)
    # Care's own check-ins rest.
    assert record.check_in
    assert record.check_in.paused
    assert waiting(ana, "check_in") == []
    assert asking.objection(asking_again(ana), records=DynamoPeople(), now=NOW) is Reason.CANCELLED


def asking_again(person_id: str) -> Any:
    past = replace(record_of(person_id), consents=())
    episode = replace(past.episode, state=State.GRADUATED)
    return asking.questions(replace(past, episodes=(episode,)), now=NOW)[1]


def test_a_text_that_was_replaced_is_agreed_to_by_nobody(api: Api, ana: str) -> None:
    for text in ("2", "", "x"):
        assert press(api, link(ana), action="stay", text=text, pace="weekly").status == 409
    assert record_of(ana).episode.state is State.GRADUATED


def test_a_no_is_asked_about_no_more_and_the_door_stays_open(api: Api, ana: str) -> None:
    path = link(ana)
    for _ in range(2):
        assert word("declined") in press(api, path, action="no").text

    who = DynamoPeople().load(ana, now=NOW)
    (_, again) = asking.questions(record_of(ana), now=NOW)
    assert who
    assert decide(again, who, now=again.at) == Skip(reason=Reason.OPTED_OUT)
    assert word("talked") in press(api, path, action="talk").text
    assert word("stayed") in press(api, path, action="stay", text="1", pace="none").text


def test_how_often_is_one_tap_or_a_door_and_never_is_an_answer(api: Api, ana: str) -> None:
    sent = {"pace": "monthly", "textVersion": 1}
    assert as_self(api, ana).send("PUT", f"/people/{ana}/staying-in-touch", {"pace": "monthly"}).status == 422
    assert as_self(api, ana).send("PUT", f"/people/{ana}/staying-in-touch", sent).json["pace"] == "monthly"
    assert [str(one.on) for one in waiting(ana, HELLO)] == ["2026-12-24"]
    listed = api.send("GET", f"/people/{ana}/schedules").json["items"]
    assert [(one["category"], one["paused"]) for one in listed] == [("check_in", True), ("hello", False)]

    for pace in ("none", "quarterly"):
        assert word("paced") in press(api, link(ana, LESS_NUDGE), action="pace", pace=pace).text
        assert touch(api, ana)["pace"] == pace
    assert [str(one.on) for one in waiting(ana, HELLO)] == ["2027-02-24"]
    assert press(api, link(ana, LESS_NUDGE), action="pace", pace="daily").status == 422
    api.as_whom = "ben=iop-evening/peer-specialist"
    assert api.send("PUT", f"/people/{ana}/staying-in-touch", {"pace": "none"}).status in {403, 404}


def test_a_hello_is_answered_on_its_page_and_ends_with_how_often(api: Api, ana: str) -> None:
    press(api, link(ana), action="stay", text="1", pace="weekly")
    path = link(ana, HELLO)
    assert 'name="mood"' in api.send("GET", path).text

    told = press(api, path, action="answer", mood="3", plan="talk")

    assert (told.status, word("answered") in told.text, 'name="pace"' in told.text) == (200, True, True)
    check_in = DynamoCheckIns().get(ana, local_date(NOW, "America/New_York"), "daily")
    assert check_in.answer
    assert check_in.answer.plan is Plan.TALK
    # After care as in it: who would rather talk is somebody's work.
    assert [name for name, _ in tasks(ana) if name.startswith("flag-wants_to_talk")]
    assert press(api, path, action="answer").status == 422


def test_how_often_and_an_answer_on_one_page_do_not_cost_each_other(api: Api, ana: str) -> None:
    press(api, link(ana), action="stay", text="1", pace="weekly")
    path = link(ana, HELLO)

    told = press(api, path, action="pace", pace="quarterly", mood="3", note="Back at work")
    assert (word("paced") in told.text, 'value="3" checked' in told.text, "Back at work" in told.text) == (True,) * 3
    assert not DynamoCheckIns().get(ana, local_date(NOW, "America/New_York"), "daily").answer
    told = press(api, path, action="answer", pace="monthly", mood="3")

    assert (word("answered") in told.text, 'name="pace"' in told.text) == (True, False)
    assert touch(api, ana)["pace"] == "monthly"


def test_who_asks_to_talk_is_told_the_numbers_of_their_own_country(api: Api) -> None:
    api.as_whom = ADMIN
    told = api.send("PATCH", "/programmes/iop-evening", {"emergencyCountry": "GB"}, if_match='"1"')
    assert told.status == 200

    told = press(api, link(enrolled(api), HELLO), action="talk")

    assert ("call 116 123 now, or call 999" in told.text, "988" in told.text) == (True, False)


@pytest.mark.parametrize("hours", [24, -1])
def test_the_way_back_is_one_call_however_often_it_is_pressed_and_never_too_late(
    api: Api, ana: str, hours: int
) -> None:
    for _ in range(3):
        told = press(api, link(ana, HELLO, hours=hours, revision=9 if hours < 0 else 1), action="talk")
        assert (told.status, word("talked") in told.text, "988" in told.text) == (200, True, True)
        assert 'value="talk"' not in told.text, "who just asked isn't asked whether they'd like to"
    as_self(api, ana)
    told = api.send("POST", f"/people/{ana}/way-back")

    assert (told.status, told.json["numbers"]["lifeline"]) == (201, "988")
    assert told.json["words"][-1].startswith("If it can't wait, call or text 988 now, or call 911")
    # A Tuesday's call is Wednesday's work.
    assert told.json["by"] == "2026-11-25T18:00:00Z"
    assert tasks(ana) == [("re_engagement-2026-11-24", TaskState.OPEN)]

    do_task(ana, "re_engagement-2026-11-24", by="eva", action="called", now=NOW, tasks=DynamoTasks())
    press(api, link(ana, HELLO), action="talk")
    assert tasks(ana) == [
        ("re_engagement-2026-11-24", TaskState.DONE),
        ("re_engagement-2026-11-24-2", TaskState.OPEN),
    ]
    assert DynamoTasks().of_person(ana)[0].kind is Kind.RE_ENGAGEMENT


def test_help_is_taken_by_every_page_even_by_an_old_link(api: Api, ana: str) -> None:
    told = press(api, link(ana, hours=-100), action="help", page="0a" * 16)

    assert "Your call is sent." in told.text
    crisis = DynamoCrises().present_of(ana)
    assert crisis
    assert not crisis.is_verified


@pytest.mark.parametrize("action", ["stay", "no", "answer", "pace", "met", "x", ""])
def test_an_old_or_foreign_link_changes_nothing(api: Api, ana: str, action: str) -> None:
    before = record_of(ana)
    fields = {"action": action, "text": "1", "pace": "weekly", "mood": "3"}

    assert press(api, link(ana, hours=-1), **fields).status == 410
    assert press(api, link(ana, revision=7), **fields).status == 410
    for path in ("/a/x", link(ana)[:-3]):
        assert press(api, path, **fields).status == 404
        assert api.send("GET", path).status == 404

    assert record_of(ana) == before


def test_leaving_stops_what_waits_quietly_and_coming_back_in_touch_is_possible(api: Api, ana: str) -> None:
    press(api, link(ana), action="stay", text="1", pace="weekly")
    (due,) = waiting(ana, HELLO)
    (celebration, *_) = waiting(ana, ALUMNI_DAYS)

    for _ in range(2):
        assert as_self(api, ana).send("DELETE", f"/people/{ana}/staying-in-touch").status == 204

    who = DynamoPeople().load(ana, now=due.at)
    assert who
    assert who.schedule(HELLO) is None
    assert decide(celebration, who, now=celebration.at) == Skip(reason=Reason.NO_CONSENT)
    assert decide(due, who, now=due.at) == Skip(reason=Reason.NO_CONSENT)
    assert "alumni_contact" not in record_of(ana).live_consents(at=due.at)
    assert touch(api, ana)["pace"] == "none"
    assert press(api, link(ana, HELLO), action="pace", pace="weekly").status == 410
    sent = {"pace": "quarterly", "textVersion": 1, "locale": "es"}
    assert api.send("PUT", f"/people/{ana}/staying-in-touch", sent).json["agreed"] is True


def test_nobody_is_made_an_alumnus_without_their_word(api: Api, ana: str) -> None:
    api.as_whom = EVA
    assert api.send("POST", f"/people/{ana}/transitions", {"to": "alumni"}).kind == "conflict"

    # Staff may write down what the person said, and it says so.
    told = api.send("PUT", f"/people/{ana}/staying-in-touch", {"pace": "none", "textVersion": 1})
    assert told.status == 200, told.text
    (agreed,) = [row for row in record_of(ana).consents if row.scope == "alumni_contact"]
    assert (agreed.via.value, agreed.by, agreed.on_behalf_of) == ("staff", "eva", ana)


def test_who_agreed_before_graduating_isnt_asked(api: Api) -> None:
    ben = enrolled(api, externalId="B")
    consents(api, ben, "contact_email", "alumni_contact")
    api.as_whom = EVA
    assert api.send("POST", f"/people/{ben}/transitions", {"to": "graduated"}).json["state"] == "alumni"

    assert asking.questions(record_of(ben), now=NOW) == []
    assert pace_of(record_of(ben).schedules) is Pace.WEEKLY


def test_whoever_comes_back_has_a_new_episode_and_nothing_of_the_time_after(api: Api, ana: str) -> None:
    press(api, link(ana), action="stay", text="1", pace="weekly")
    press(api, link(ana), action="talk")
    as_self(api, ana)
    consents(api, ana, "mentor_match")
    streak = api.send("GET", f"/people/{ana}/milestones").json["days"]["current"]
    api.as_whom = ADMIN
    assert api.send("PUT", f"/people/{ana}/care-team/eva").status == 204
    api.as_whom = EVA

    admitted = {"programmeId": "iop-evening", "admittedOn": "2026-11-24"}
    told = api.send("POST", f"/people/{ana}/episodes", admitted)

    assert (told.status, told.json["number"], told.json["state"], told.json["graduatedAt"]) == (
        201,
        2,
        "enrolled",
        None,
    )
    record = record_of(ana)
    assert {one.kind for one in record.schedules} == {"check_in", "milestone-days"}
    assert record.check_in
    assert not record.check_in.paused
    assert waiting(ana, "check_in") != []
    assert {"alumni_contact", "mentor_match"} & set(record.live_consents(at=NOW + timedelta(seconds=1))) == set()
    assert "contact_email" in record.live_consents(at=NOW)
    assert [carer.subject for carer in record.care_team] == ["eva"]
    # Who asked to talk is still somebody's work, whatever they are by now.
    assert ("re_engagement-2026-11-24", TaskState.OPEN) in tasks(ana)
    assert as_self(api, ana, "participant").send("GET", f"/people/{ana}/milestones").json["days"]["current"] == streak
    assert press(api, link(ana), action="stay", text="1", pace="weekly").status == 410
    # The next time they are asked anew.
    api.as_whom = EVA
    for state in ("active", "graduated"):
        assert api.send("POST", f"/people/{ana}/transitions", {"to": state}).json["state"] == state


def test_a_link_of_somebody_who_died_tells_nothing_and_opens_nothing(api: Api, ana: str) -> None:
    path = link(ana)
    api.as_whom = EVA
    assert api.send("POST", f"/people/{ana}/transitions", {"to": "deceased"}).status == 200

    for action in ("talk", "stay", "no"):
        told = press(api, path, action=action, text="1", pace="weekly")
        assert (told.status, "988" in told.text) == (410, True)
    assert tasks(ana) == []
    assert as_self(api, ana).send("POST", f"/people/{ana}/way-back").kind == "conflict"
