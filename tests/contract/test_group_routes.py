"""The doors to groups over the table: staff set them up, members join, answer, go and leave, nobody sees more."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.enrollment.episodes import State
from tests.build import utc
from tests.groups_api import ADMIN, CLINICIAN, FAY, PLAN, SAM, Api, enrol
from tests.toy import NOW

START = utc("2026-11-26T23:00")


@pytest.fixture
def api(aws: None) -> Api:
    del aws
    return Api()


def test_members_come_into_a_group_and_answer(api: Api) -> None:
    ana, ben = enrol(1), enrol(2)
    group = api.group()
    shown = api.send("GET", group)
    assert shown.json["members"] == 0
    api.series(group)
    first, *_ = api.meetings(group)
    assert (first["at"], first["local"], first["timeZone"]) == (
        "2026-11-26T23:00:00Z",
        "2026-11-26T18:00",
        "America/New_York",
    )

    # Ben is taken in by staff; Ana finds it and joins by herself.
    for _ in range(2):
        assert api.send("PUT", f"{group}/members/{ben}").status == 204
    her = api.as_person(ana)
    (found,) = api.send("GET", f"/people/{ana}/groups", by=her).json["open"]
    path = f"/people/{ana}/groups/{found['id']}"
    joined = api.send("PUT", path, by=her).json
    assert (joined["tell"], joined["rulesAgreed"]) == (["1h", "24h"], False)
    assert len(joined["rules"]) == 5
    assert api.send("GET", group).json["members"] == 2

    # Her next five, on her own clock; the link is in none of it.
    told = api.send("GET", f"/people/{ana}/meetings", by=her)
    assert len(told.json["items"]) == 5
    assert (told.json["items"][0]["local"], told.json["items"][0]["zoneName"]) == ("2026-11-26T15:00", "PST")
    assert "video.example" not in told.text

    # She answers, and thinks better of it; the last word counts.
    meeting = f"/people/{ana}/meetings/{first['id']}"
    for said in ("yes", "yes", "maybe"):
        assert api.send("PUT", f"{meeting}/answer", {"answer": said}, by=her).json["answer"] == said
    assert api.send("GET", f"{group}/meetings/{first['id']}/answers", by=FAY).json == {
        "yes": 0,
        "no": 0,
        "maybe": 1,
        "open": 1,
    }
    (one, other) = api.send("GET", f"{group}/meetings/{first['id']}/members", by=FAY).json["items"]
    assert [(one["name"], one["answer"]), (other["name"], other["answer"])] == [
        ("Ana1 Quintero", "maybe"),
        ("Ana2 Quintero", None),
    ]


def test_a_member_goes_to_a_meeting_and_leaves(api: Api) -> None:
    ana, ben = enrol(1), enrol(2)
    group = api.group()
    api.series(group)
    first, second, *_ = api.meetings(group)
    her, group_id = api.as_person(ana), group.rpartition("/")[2]
    path, meeting = f"/people/{ana}/groups/{group_id}", f"/people/{ana}/meetings/{first['id']}"
    for one in (ana, ben):
        assert api.send("PUT", f"{group}/members/{one}").status == 204

    # The rules come first, and the door is open from a quarter of an hour before.
    assert api.send("POST", f"{meeting}/arrival", by=her).kind == "conflict"
    api.at(START - timedelta(minutes=14))
    assert api.send("POST", f"{meeting}/arrival", by=her).kind == "conflict"
    assert api.send("POST", f"{path}/rules", {"version": 99}, by=her).kind == "invalid"
    assert api.send("POST", f"{path}/rules", {"version": 1}, by=her).json["rulesAgreed"] is True
    assert api.send("POST", f"{meeting}/arrival", by=her).json == {"link": "https://video.example/room/7"}
    api.at(START + timedelta(minutes=1))
    assert api.send("PUT", f"{meeting}/answer", {"answer": "yes"}, by=her).kind == "conflict"

    # Whoever facilitates sees her arrival, and what she notes is the last word.
    (one, _) = api.send("GET", f"{group}/meetings/{first['id']}/members", by=FAY).json["items"]
    assert (one["presence"], one["verified"]) == ("joined", False)
    noted = f"{group}/meetings/{first['id']}/members"
    assert api.send("PUT", f"{noted}/{ana}", {"presence": "absent"}, by=FAY).status == 200
    assert api.send("PUT", f"{noted}/{ben}", {"presence": "excused"}, by=FAY).status == 200
    assert api.send("POST", f"{meeting}/arrival", by=her).status == 200
    (past,) = api.send("GET", f"/people/{ana}/past-meetings", by=her).json["items"]
    assert (past["meetingId"], past["presence"], past["verified"]) == (first["id"], "absent", True)

    # She leaves, and comes back; Ben is taken out.
    for _ in range(2):
        assert api.send("DELETE", path, by=her).status == 204
    assert api.send("PUT", f"/people/{ana}/meetings/{second['id']}/answer", {"answer": "yes"}, by=her).status == 404
    assert api.send("PUT", path, by=her).json["rulesAgreed"] is False
    assert api.send("DELETE", f"{group}/members/{ben}").status == 204
    assert api.send("GET", group).json["members"] == 1

    closed = {"name": "Thursday circle", "language": "en", "facilitators": ["fay"], "open": True, "closed": True}
    version = api.send("GET", group).headers["ETag"]
    assert api.send("PUT", group, closed, If_Match=version).json["closed"] is True
    assert api.send("PUT", group, closed, If_Match=version).status == 412
    assert api.send("GET", f"/people/{ana}/meetings", by=her).json == {"items": []}
    assert api.send("POST", f"{group}/series", PLAN).kind == "conflict"


def test_a_meeting_is_moved_called_off_and_takes_place_again_under_one_name(api: Api) -> None:
    group = api.group()
    series = api.series(group)
    first, second, *_ = api.meetings(group)

    moved = api.send("PUT", f"{group}/meetings/{first['id']}", {"at": "2026-11-27T01:00:00Z", "minutes": 30})
    assert (moved.json["id"], moved.json["on"], moved.json["at"], moved.json["minutes"], moved.json["moved"]) == (
        first["id"],
        "2026-11-26",
        "2026-11-27T01:00:00Z",
        30,
        True,
    )
    off = {"dates": ["2026-12-03"], "cause": "holiday"}
    for _ in range(2):
        (shown,) = api.send("POST", f"{series}/cancellations", off).json["items"]
        assert (shown["id"], shown["off"]) == (second["id"], "holiday")
    assert api.send("POST", f"{series}/cancellations", off | {"dates": ["2026-12-04"]}).kind == "not-found"
    again = api.send("PUT", f"{group}/meetings/{second['id']}", {"at": second["at"]})
    assert (again.json["off"], again.json["moved"]) == (None, False)

    # From the week after on an hour later; what was before stays.
    version = api.send("GET", series).headers["ETag"]
    later = PLAN | {"time": "19:00", "startsOn": "2026-12-10"}
    assert api.send("PUT", series, later, If_Match=version).status == 200
    assert api.send("PUT", series, later, If_Match=version).status == 412
    found = api.send("GET", f"{group}/meetings?days=25").json["items"]
    assert [one["local"] for one in found] == [
        "2026-11-26T20:00",
        "2026-12-03T18:00",
        "2026-12-10T19:00",
        "2026-12-17T19:00",
    ]
    api.at(utc("2026-11-28T00:00"))
    assert api.send("PUT", f"{group}/meetings/{first['id']}", {"at": "2026-12-01T01:00:00Z"}).kind == "conflict"


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"rule": "FREQ=HOURLY"}, {"when.rule"}),
        ({"timeZone": "Mars/Base"}, {"when.timeZone"}),
        ({"minutes": 1}, {"minutes"}),
        ({"minutes": 481, "link": "http://video.example"}, {"minutes", "link"}),
        ({"link": "https://user:secret@video.example"}, {"link"}),
        ({"link": "https://video.example/a b"}, {"link"}),
        ({"link": "https://video.example/\u202e"}, {"link"}),
        ({"time": "25:00"}, {"time"}),
        ({"startsOn": "1800-01-01"}, {"when.startsOn"}),
        ({"rule": "FREQ=DAILY;UNTIL=20200101", "startsOn": "2019-01-01"}, {"when.rule"}),
    ],
)
def test_what_can_not_be_set_is_refused_with_the_field_named(
    api: Api, changes: dict[str, Any], fields: set[str]
) -> None:
    told = api.send("POST", f"{api.group()}/series", PLAN | changes)

    assert (told.status, told.kind) == (422, "invalid")
    assert {error["field"] for error in told.json["errors"]} == fields


def test_a_group_that_can_not_be_is_refused_with_the_field_named(api: Api) -> None:
    body = {"kind": "family", "name": " ", "language": "fr", "facilitators": [], "open": True}
    told = api.send("POST", "/programmes/iop-evening/groups", body)

    assert told.kind == "invalid"
    assert {error["field"] for error in told.json["errors"]} == {"name", "language", "facilitators", "open"}
    key = {"Idempotency_Key": "k1"}
    good = {"kind": "family", "name": "Families", "language": "en", "facilitators": ["fay"]}
    first = api.send("POST", "/programmes/iop-evening/groups", good, **key)
    api.toy.replays.answers.clear()
    assert api.send("POST", "/programmes/iop-evening/groups", good, **key).json == first.json


def test_who_sees_a_group_and_who_is_in_it(api: Api) -> None:
    ana, ben = enrol(1, consents=("group_membership_visible",)), enrol(2)
    group = api.group(open=False)
    api.series(group)
    group_id = group.rpartition("/")[2]
    assert api.send("PUT", f"{group}/members/{ana}").status == 204
    assert api.send("PUT", f"{group}/members/{'f' * 32}").kind == "not-found"
    first = api.meetings(group)[0]["id"]

    for who, sees, names in ((ADMIN, 200, 200), (FAY, 200, 200), (SAM, 404, 404), (CLINICIAN, 200, 403)):
        assert api.send("GET", group, by=who).status == sees, who
        assert api.send("GET", f"{group}/meetings", by=who).status == sees, who
        assert api.send("GET", f"{group}/members", by=who).status == names, who
        assert api.send("GET", f"{group}/meetings/{first}/members", by=who).status == names, who
    assert api.send("GET", "/programmes/iop-evening/groups", by=SAM).json["items"] == []
    assert len(api.send("GET", "/programmes/iop-evening/groups", by=FAY).json["items"]) == 1
    stranger = "zed=iop-morning/program-admin"
    for path in (group, f"{group}/members", f"{group}/meetings/{first}/answers"):
        assert api.send("GET", path, by=stranger).kind == "not-found"
        assert api.send("GET", path, by=api.as_person(ana)).kind == "forbidden"

    # Ben isn't in it: the group, its meetings, its names and its doors aren't there for him.
    his = api.as_person(ben)
    assert api.send("GET", f"/people/{ben}/groups", by=his).json == {"items": [], "open": []}
    assert api.send("PUT", f"/people/{ben}/groups/{group_id}", by=his).kind == "not-found"
    assert api.send("GET", f"/people/{ben}/groups/{group_id}/members", by=his).kind == "not-found"
    for method, tail, body in (("PUT", "answer", {"answer": "yes"}), ("POST", "arrival", None)):
        assert api.send(method, f"/people/{ben}/meetings/{first}/{tail}", body, by=his).kind == "not-found"
        assert api.send(method, f"/people/{ben}/meetings/x-20261126/{tail}", body, by=his).kind == "not-found"
        assert api.send(method, f"/people/{ana}/meetings/{first}/{tail}", body, by=his).status == 404
    # In it, he sees only the name of who agreed to be seen.
    assert api.send("PUT", f"{group}/members/{ben}", by=FAY).status == 204
    names = api.send("GET", f"/people/{ben}/groups/{group_id}/members", by=his).json
    assert names == {"names": ["Ana1"]}
    assert api.send("GET", f"/people/{ana}/groups/{group_id}/members", by=api.as_person(ana)).json == {"names": []}


def test_only_alumni_who_agreed_to_be_contacted_join_by_themselves(api: Api) -> None:
    ana, ben = enrol(1), enrol(2, state=State.ACTIVE)
    group_id = api.group().rpartition("/")[2]
    her = api.as_person(ana)
    revoked = api.send("POST", f"/people/{ana}/consents/alumni_contact/revocations", by=her)
    assert revoked.status in {200, 201, 204}, revoked.text

    for person, role in ((ana, "alumni"), (ben, "participant")):
        by = api.as_person(person, role)
        assert api.send("GET", f"/people/{person}/groups", by=by).json["open"] == []
        assert api.send("PUT", f"/people/{person}/groups/{group_id}", by=by).kind == "forbidden"
    assert NOW < START
