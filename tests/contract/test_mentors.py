"""The doors to mentors over the table: who may what, both agree, and nobody sees more than the consent says."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app import app
from chalicelib.enrollment.store import people
from chalicelib.family.domain import Relation, Tie
from chalicelib.family.store import DynamoTies
from chalicelib.mentors import walking
from chalicelib.mentors.domain import INTERESTS
from chalicelib.mentors.handlers import Steps, Walks, desk
from chalicelib.milestones.store import DynamoAwards
from chalicelib.outreach.kinds import MENTOR_ENDED, MENTOR_HELLO, MENTOR_PROPOSED
from chalicelib.outreach.store import DueItem, due_of
from chalicelib.partners.domain import State
from chalicelib.tasks.store import DynamoTasks
from tests.conftest import Clock
from tests.contract.test_people_routes import Api
from tests.milestones_api import enrolled
from tests.streaming import Stream
from tests.toy import NOW, Told

ADMIN = "admin=iop-evening/program-admin"
EVA = "eva=iop-evening/case-manager"
PEER = "pia=iop-evening/peer-specialist"
ABOUT = {"languages": ["en"], "interests": ["music"], "times": ["weekday_evening"], "note": "calls are best"}


class Mentoring(Api):
    """The doors; ``follow`` is the table's stream, which brings what changed meanwhile, twice."""

    def __init__(self) -> None:
        super().__init__()
        self._stream = Stream()

    def follow(self) -> None:
        self._stream.bring(times=2)


@pytest.fixture
def api(aws: None, clock: Clock) -> Mentoring:
    del aws
    clock.set(NOW)
    api = Mentoring()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


def somebody(api: Mentoring, number: int, name: str, *scopes: str) -> str:
    api.as_whom = ADMIN
    person_id = enrolled(api, externalId=f"M-{number}", email=f"m{number}@example.com", givenName=name)
    for scope in scopes:
        told = api.send("POST", f"/people/{person_id}/consents", {"scope": scope, "textVersion": 1, "locale": "en"})
        assert told.status == 201, told.text
    return person_id


@pytest.fixture
def mia(api: Mentoring) -> str:
    """Return an alumna who offered to be a mentor and was approved."""
    mia = somebody(api, 1, "Mia", "alumni_contact", "mentor_match")
    api.as_whom = EVA
    assert api.send("POST", f"/people/{mia}/transitions", {"to": "graduated"}).status == 200
    assert as_mentor(api, mia).send("PUT", f"/people/{mia}/mentor-profile", ABOUT).status == 200
    api.as_whom = EVA
    approved = {"trainedOn": "2026-11-01", "capacity": 1, "note": "warm"}
    assert api.send("PUT", f"/people/{mia}/mentor-profile/approval", approved).status == 200
    return mia


@pytest.fixture
def ned(api: Mentoring) -> str:
    """Return a newcomer who asked for a mentor."""
    ned = somebody(api, 2, "Ned", "mentor_match")
    assert api.send("PUT", f"/people/{ned}/mentor-wish", ABOUT).status == 200
    return ned


def as_mentor(api: Mentoring, person_id: str) -> Mentoring:
    api.as_whom = f"{person_id}=iop-evening/alumni iop-evening/mentor"
    return api


def as_newcomer(api: Mentoring, person_id: str) -> Mentoring:
    api.as_whom = f"{person_id}=iop-evening/participant"
    return api


def propose(api: Mentoring, ned: str, mia: str) -> Told:
    api.as_whom = EVA
    return api.send("POST", f"/people/{ned}/mentorships", {"mentorId": mia})


def matched(api: Mentoring, ned: str, mia: str) -> str:
    one = str(propose(api, ned, mia).json["id"])
    assert as_newcomer(api, ned).send("POST", f"/people/{ned}/mentorships/{one}/agree").status == 200
    told = as_mentor(api, mia).send("POST", f"/people/{mia}/mentorships/{one}/agree")
    assert told.json["state"] == "active"
    return one


def due(kind: str) -> list[str]:
    return sorted(f"{one.person_id} {one.on}" for item in DueItem.scan() if (one := due_of(item)).kind == kind)


def tasks(person_id: str) -> list[str]:
    return sorted(task.kind for task in DynamoTasks().of_person(person_id))


def test_staff_see_who_would_fit_and_why_and_both_agree(api: Mentoring, mia: str, ned: str) -> None:
    api.as_whom = EVA
    (match,) = api.send("GET", f"/people/{ned}/mentor-matches").json["items"]
    assert (match["mentorId"], match["name"]) == (mia, "Mia")
    assert {reason["what"] for reason in match["reasons"]} == {
        "interest:music",
        "time:weekday_evening",
        "language:en",
        "clock:same",
        "free:1",
    }
    listed = api.send("GET", "/programmes/iop-evening/mentors").json
    assert [(one["name"], one["load"]) for one in listed["mentors"]] == [("Mia", 0)]
    assert [one["name"] for one in listed["seekers"]] == ["Ned"]
    assert set(listed["interests"]) == INTERESTS

    told = propose(api, ned, mia)
    assert (told.status, told.json["state"], told.json["other"]["name"]) == (201, "proposed", None)
    api.follow()
    assert due(MENTOR_PROPOSED) == sorted([f"{mia} 2026-11-24", f"{ned} 2026-11-24"])
    path = f"mentorships/{told.json['id']}"
    # Nobody says yes for another.
    assert api.send("POST", f"/people/{ned}/{path}/agree").kind == "forbidden"
    assert as_newcomer(api, ned).send("POST", f"/people/{ned}/{path}/agree").json["other"]["name"] is None
    seen = as_mentor(api, mia).send("POST", f"/people/{mia}/{path}/agree").json

    assert (seen["state"], seen["isMentor"], seen["other"]["name"]) == ("active", True, "Ned")
    assert seen["other"]["interests"] == ["music"]
    api.follow()
    assert due(MENTOR_HELLO) == [f"{mia} 2026-12-01", f"{mia} 2026-12-08"]
    (own,) = as_newcomer(api, ned).send("GET", f"/people/{ned}/mentorships").json["items"]
    assert (own["other"]["name"], own["isMentor"], own["everyDays"]) == ("Mia", False, 7)


def test_a_mentor_sees_a_name_and_what_the_consent_says_and_nothing_else(api: Mentoring, mia: str, ned: str) -> None:
    assert as_mentor(api, mia).send("GET", f"/people/{ned}/mentor-view").kind == "not-found"
    one = matched(api, ned, mia)

    assert as_mentor(api, mia).send("GET", f"/people/{ned}/mentor-view").json == {
        "personId": ned,
        "name": "Ned",
        "milestones": None,
    }
    assert as_mentor(api, mia).send("GET", f"/people/{ned}").json["familyName"] is None
    for path in ("check-ins", "partner-view", "schedules", "consents", "goals", "episodes", "mentorships", "tasks"):
        assert api.send("GET", f"/people/{ned}/{path}").status in {403, 404}, path
    assert api.send("GET", f"/people/{ned}/mentor-wish").kind == "forbidden"

    as_newcomer(api, ned)
    scope = "mentor_share:milestones"
    assert api.send("POST", f"/people/{ned}/consents", {"scope": scope, "textVersion": 1, "locale": "en"}).status == 201
    shown = as_mentor(api, mia).send("GET", f"/people/{ned}/mentor-view").json["milestones"]
    assert [each["which"] for each in shown][:2] == ["d1", "d7"]
    assert shown == as_newcomer(api, ned).send("GET", f"/people/{ned}/mentor-view").json["milestones"]

    api.send("DELETE", f"/people/{ned}/mentorships/{one}")
    assert as_mentor(api, mia).send("GET", f"/people/{ned}/mentor-view").kind == "not-found"


def test_a_newcomer_sees_their_mentors_name_alone(api: Mentoring, mia: str, ned: str) -> None:
    assert as_newcomer(api, ned).send("GET", f"/people/{mia}").kind == "not-found"
    matched(api, ned, mia)

    shown = as_newcomer(api, ned).send("GET", f"/people/{mia}").json
    assert {key for key, value in shown.items() if value is not None} <= {"id", "name"}
    assert shown["name"] == "Mia"
    for path in ("milestones", "mentor-view", "mentor-profile", "staying-in-touch"):
        assert api.send("GET", f"/people/{mia}/{path}").status in {403, 404}, path


def test_the_first_hello_is_celebrated_for_both_and_the_next_is_reminded_of_anew(
    api: Mentoring, mia: str, ned: str
) -> None:
    one = matched(api, ned, mia)
    for _ in range(2):
        told = as_mentor(api, mia).send("POST", f"/people/{mia}/mentorships/{one}/hellos", {})
        assert (told.json["metOn"], told.json["lastOn"]) == ("2026-11-24", "2026-11-24")

    api.follow()
    for person_id in (mia, ned):
        assert "first_mentor_meeting" in {award.name for award in DynamoAwards().of_person(person_id)}
    later = {"on": "2026-11-25"}
    assert api.send("POST", f"/people/{mia}/mentorships/{one}/hellos", later).status == 422
    api.as_whom = EVA
    assert api.send("POST", f"/people/{ned}/mentorships/{one}/hellos", {}).kind == "forbidden"
    told = as_newcomer(api, ned).send("PUT", f"/people/{ned}/mentorships/{one}/cadence", {"everyDays": 14})
    assert told.json["everyDays"] == 14
    api.follow()
    assert f"{mia} 2026-12-08" in due(MENTOR_HELLO)
    assert api.send("PUT", f"/people/{ned}/mentorships/{one}/cadence", {"everyDays": 1}).status == 422


def test_parting_thanks_both_tells_nobody_why_and_finds_somebody_else(api: Mentoring, mia: str, ned: str) -> None:
    one = matched(api, ned, mia)
    path = f"/people/{mia}/mentorships/{one}"
    words = {"said": "concern", "text": "He sounded very low."}
    note = as_mentor(api, mia).send("POST", f"{path}/notes", words)
    assert (note.status, tasks(ned)) == (201, ["mentor_concern"])
    assert api.send("POST", f"{path}/notes", {"said": "reflection", "text": "It was good."}).status == 201
    for text in ("", "  ", "\u0007"):
        assert api.send("POST", f"{path}/notes", words | {"text": text}).status == 422

    for _ in range(2):
        assert api.send("DELETE", path).status == 204

    api.follow()
    assert due(MENTOR_ENDED) == sorted([f"{mia} 2026-11-24", f"{ned} 2026-11-24"])
    assert tasks(ned) == ["mentor_concern", "mentor_wanted"]
    for person_id, as_whom in ((mia, as_mentor), (ned, as_newcomer)):
        assert as_whom(api, person_id).send("GET", f"/people/{person_id}/mentorships").json["items"] == []
        assert api.send("GET", f"/people/{person_id}/mentorships/{one}/notes").kind == "forbidden"
    api.as_whom = EVA
    read = api.send("GET", f"/people/{ned}/mentorships/{one}/notes").json["items"]
    assert {each["said"] for each in read} == {"concern", "reflection"}
    assert len(api.send("GET", f"{path}/notes").json["items"]) == 2
    assert api.send("GET", f"/people/{ned}/mentor-matches").json["items"] == []


def test_what_somebody_in_care_wrote_is_read_by_their_own_staff_and_not_by_their_mentors(
    api: Mentoring, mia: str, ned: str
) -> None:
    one = matched(api, ned, mia)
    for person_id, as_whom, text in ((mia, as_mentor, "He sounds low."), (ned, as_newcomer, "She scares me.")):
        note = {"said": "concern", "text": text}
        assert as_whom(api, person_id).send("POST", f"/people/{person_id}/mentorships/{one}/notes", note).status == 201

    api.as_whom = EVA
    read = {
        person_id: {
            each["text"] for each in api.send("GET", f"/people/{person_id}/mentorships/{one}/notes").json["items"]
        }
        for person_id in (mia, ned)
    }
    assert read == {mia: {"He sounds low."}, ned: {"He sounds low.", "She scares me."}}


def test_an_end_is_told_of_once_however_often_it_is_asked_for_later(api: Mentoring, mia: str, ned: str) -> None:
    path = f"/people/{mia}/mentorships/{matched(api, ned, mia)}"
    assert as_mentor(api, mia).send("DELETE", path).status == 204
    api.follow()
    app.use(replace(app.wiring, clock=lambda: NOW + timedelta(days=2)))

    assert api.send("DELETE", path).status == 204

    api.follow()
    assert due(MENTOR_ENDED) == sorted([f"{mia} 2026-11-24", f"{ned} 2026-11-24"])


def test_who_takes_their_consent_back_is_named_to_the_other_no_more(api: Mentoring, mia: str, ned: str) -> None:
    one = matched(api, ned, mia)
    assert as_newcomer(api, ned).send("POST", f"/people/{ned}/consents/mentor_match/revocations").status == 201
    app.use(replace(app.wiring, clock=lambda: NOW + timedelta(seconds=1)))

    as_mentor(api, mia)
    assert api.send("GET", f"/people/{mia}/mentorships").json["items"] == []
    for method, path, body in (("POST", "hellos", {}), ("PUT", "cadence", {"everyDays": 14})):
        told = api.send(method, f"/people/{mia}/mentorships/{one}/{path}", body)
        assert (told.kind, "Ned" in told.text) == ("not-found", False)
    assert as_newcomer(api, ned).send("DELETE", f"/people/{ned}/mentorships/{one}").status == 204


def test_who_takes_their_consent_back_gives_up_the_place_and_both_are_thanked(
    api: Mentoring, mia: str, ned: str, clock: Clock
) -> None:
    matched(api, ned, mia)
    assert as_newcomer(api, ned).send("POST", f"/people/{ned}/consents/mentor_match/revocations").status == 201
    clock.set(NOW + timedelta(seconds=1))

    api.follow()

    assert due(MENTOR_ENDED) == sorted([f"{mia} 2026-11-24", f"{ned} 2026-11-24"])
    assert "mentor_wanted" in tasks(ned)


def test_who_says_no_is_never_named_and_staff_look_for_another(api: Mentoring, mia: str, ned: str) -> None:
    one = propose(api, ned, mia).json["id"]
    assert as_mentor(api, mia).send("POST", f"/people/{mia}/mentorships/{one}/decline").status == 204

    api.follow()
    assert (due(MENTOR_ENDED), tasks(ned)) == ([], ["mentor_wanted"])
    (seen,) = as_newcomer(api, ned).send("GET", f"/people/{ned}/mentorships").json["items"]
    assert (seen["state"], seen["other"]["agreed"], "Mia" in str(seen)) == ("proposed", False, False)


def suspend(api: Mentoring, mia: str, ned: str) -> Told:
    del ned
    api.as_whom = EVA
    return api.send("DELETE", f"/people/{mia}/mentor-profile/approval")


def withdraw(api: Mentoring, mia: str, ned: str) -> Told:
    del ned
    return as_mentor(api, mia).send("DELETE", f"/people/{mia}/mentor-profile")


def leave_care(api: Mentoring, mia: str, ned: str) -> Told:
    del mia
    api.as_whom = EVA
    return api.send("POST", f"/people/{ned}/transitions", {"to": "discharged_early"})


@pytest.mark.parametrize("happens", [suspend, withdraw, leave_care])
def test_whatever_parts_two_is_told_to_both_by_what_is_stored(
    api: Mentoring, mia: str, ned: str, happens: Callable[[Mentoring, str, str], Told]
) -> None:
    one = matched(api, ned, mia)
    api.follow()

    # The door itself tells nobody: dying right behind it leaves nobody out.
    assert happens(api, mia, ned).status in {200, 204}
    assert as_mentor(api, mia).send("GET", f"/people/{ned}/mentor-view").kind == "not-found"
    assert due(MENTOR_ENDED) == []
    api.follow()

    assert due(MENTOR_ENDED) == sorted([f"{mia} 2026-11-24", f"{ned} 2026-11-24"])
    assert tasks(ned) == ["mentor_wanted"]
    ended = walking.find(mia, one, desk=desk())
    assert (ended.pair.state, ended.pair.closed_by) == (State.ENDED, None)


def test_two_who_were_parted_are_told_once_however_late_the_stream_comes_again(
    api: Mentoring, mia: str, ned: str, clock: Clock
) -> None:
    matched(api, ned, mia)
    api.follow()
    assert suspend(api, mia, ned).status == 204
    for minutes in (0, 90, 60 * 7):
        clock.set(NOW + timedelta(minutes=minutes))
        assert Walks(people()).follow((mia,)) == (1 if minutes == 0 else 0)
        assert Steps(people()).follow((mia, ned)) == 1

    # The ledger knows each by its person, date and kind: the same date, also past midnight.
    assert set(due(MENTOR_ENDED)) == {f"{mia} 2026-11-24", f"{ned} 2026-11-24"}


def test_an_offer_that_is_open_when_its_mentor_is_suspended_is_none_and_nobody_is_told(
    api: Mentoring, mia: str, ned: str
) -> None:
    one = propose(api, ned, mia).json["id"]
    assert as_newcomer(api, ned).send("POST", f"/people/{ned}/mentorships/{one}/agree").status == 200
    assert suspend(api, mia, ned).status == 204

    told = as_mentor(api, mia).send("POST", f"/people/{mia}/mentorships/{one}/agree")
    assert (told.kind, "Ned" in told.text) == ("conflict", False)
    api.follow()

    assert (due(MENTOR_ENDED), tasks(ned)) == ([], [])
    assert as_newcomer(api, ned).send("GET", f"/people/{ned}/mentorships").json["items"] == []


def test_staff_who_say_that_two_are_to_stay_apart_part_them(api: Mentoring, mia: str, ned: str) -> None:
    matched(api, ned, mia)
    api.follow()
    api.as_whom = EVA
    assert api.send("PUT", f"/people/{ned}/mentor-wish", ABOUT | {"apart": [mia]}).status == 200
    assert as_mentor(api, mia).send("GET", f"/people/{ned}/mentor-view").kind == "not-found"
    api.follow()

    assert due(MENTOR_ENDED) == sorted([f"{mia} 2026-11-24", f"{ned} 2026-11-24"])


@pytest.mark.parametrize("whose", ["newcomer", "mentor"])
def test_nobody_is_matched_with_who_supports_them_or_was_asked_to(
    api: Mentoring, mia: str, ned: str, whose: str
) -> None:
    person_id, address = (ned, "M1@example.com") if whose == "newcomer" else (mia, "m2@example.com")
    tie = Tie(
        id="t1",
        person_id=person_id,
        programme_id="iop-evening",
        first_name="X",
        address=address,
        relation=Relation.SIBLING,
        language="en",
        named=False,
        invited_at=NOW,
    )
    assert DynamoTies().save(tie)

    api.as_whom = EVA
    assert api.send("GET", f"/people/{ned}/mentor-matches").json["items"] == []
    assert propose(api, ned, mia).kind == "conflict"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (ABOUT | {"languages": []}, "languages"),
        (ABOUT | {"languages": ["fr"]}, "languages"),
        (ABOUT | {"interests": ["drinking"]}, "interests"),
        (ABOUT | {"times": ["always"]}, "times"),
        (ABOUT | {"note": "a\u202eb\u0000"}, "note"),
        (ABOUT | {"apart": ["x"]}, "apart"),
        (ABOUT | {"why": "x"}, "why"),
        ({"interests": ["music"]}, "languages"),
    ],
)
def test_bad_input_is_refused_by_its_field(api: Mentoring, ned: str, body: dict[str, Any], field: str) -> None:
    told = as_newcomer(api, ned).send("PUT", f"/people/{ned}/mentor-wish", body)

    assert (told.status, [fault["field"].partition(".")[0] for fault in told.json["errors"]]) == (422, [field])


def test_only_who_may_says_so(api: Mentoring, mia: str, ned: str) -> None:
    approved = {"trainedOn": "2026-11-01", "capacity": 3}
    assert as_mentor(api, mia).send("PUT", f"/people/{mia}/mentor-profile/approval", approved).kind == "forbidden"
    assert as_newcomer(api, ned).send("GET", f"/people/{ned}/mentor-matches").kind == "forbidden"
    assert api.send("POST", f"/people/{ned}/mentorships", {"mentorId": mia}).kind == "forbidden"
    assert api.send("GET", "/programmes/iop-evening/mentors").kind == "forbidden"
    assert api.send("PUT", f"/people/{ned}/mentor-profile", ABOUT).kind == "conflict"
    api.as_whom = PEER
    assert api.send("GET", f"/people/{ned}/mentor-matches").status in {403, 404}
    api.as_whom = ADMIN
    assert api.send("PUT", f"/people/{ned}/care-team/pia").status == 204
    api.as_whom = PEER
    assert len(api.send("GET", f"/people/{ned}/mentor-matches").json["items"]) == 1
    # Staff say who must stay apart: then nobody is proposed.
    assert api.send("PUT", f"/people/{ned}/mentor-wish", ABOUT | {"apart": [mia]}).json["about"]["apart"] == [mia]
    assert api.send("GET", f"/people/{ned}/mentor-matches").json["items"] == []
    assert propose(api, ned, mia).kind == "conflict"
    told = as_newcomer(api, ned).send("PUT", f"/people/{ned}/mentor-wish", ABOUT)
    assert told.json["about"]["apart"] is None
    assert propose(api, ned, mia).kind == "conflict"
    assert as_newcomer(api, ned).send("DELETE", f"/people/{ned}/mentor-wish").status == 204
    assert propose(api, ned, mia).kind == "not-found"
