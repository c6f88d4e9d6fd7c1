"""The doors to progress over the table: what each may see of it, in which words, and how a chart goes out."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element, fromstring

import pytest

from app import app
from chalicelib.outreach.domain import ChannelKind, Entry, Reason, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.privacy.domain import Act, Field, Role
from chalicelib.tasks.domain import Kind, Severity, Task
from chalicelib.tasks.store import DynamoTasks
from tests.contract.test_people_routes import Api
from tests.toy import NOW, Told

TODAY = date(2026, 11, 24)
ANA = "ana-sub=iop-evening/participant"
CLINICIAN = "ben=iop-evening/clinician"
ADMIN = "admin=iop-evening/program-admin"
PEER = "mia=iop-evening/peer-specialist"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def api(aws: None) -> Api:
    del aws
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


@pytest.fixture
def ana(api: Api) -> str:
    return enrolled(api)


def enrolled(api: Api, **changes: Any) -> str:
    api.as_whom = ADMIN
    person_id = api.enrol(**changes)
    assert api.send("PUT", f"/people/{person_id}/sign-in", {"subject": "ana-sub"}).status in {200, 204}
    assert api.send("PUT", f"/people/{person_id}/care-team/mia").status == 204
    api.as_whom = ANA
    return person_id


def answer(api: Api, person_id: str, back: int, *, form: str = "daily", **answers: int | str) -> None:
    """Answer for the date so many days back, as one who enters it that day."""
    said = {name.replace("__", "."): value for name, value in answers.items()}
    on = (TODAY - timedelta(days=back)).isoformat()
    as_of(NOW - timedelta(days=back))
    told = api.send("POST", f"/people/{person_id}/check-ins", {"form": form, "on": on, "answers": said})
    as_of(NOW)
    assert told.status == 201, told.text


def as_of(instant: datetime) -> None:
    """Have the doors open at this instant."""
    app.use(replace(app.wiring, clock=lambda: instant))


def sent(person_id: str, back: int, *, status: Status = Status.SENT, reason: Reason | None = None) -> None:
    """Have a check-in of that date in the ledger."""
    on = TODAY - timedelta(days=back)
    at = datetime.combine(on, NOW.time(), UTC)
    entry = Entry(
        person_id=person_id,
        kind="check_in",
        on=on,
        due_at=at,
        status=status,
        reason=reason,
        attempt=1,
        claimed_at=at,
        channel_kind=ChannelKind.EMAIL,
    )
    assert DynamoLedger().add([entry]) == [True]


def shown(api: Api, person_id: str, query: str = "") -> Told:
    return api.send("GET", f"/people/{person_id}/progress{query}")


def test_a_person_is_told_how_the_last_weeks_compare_and_with_how_many_answers(api: Api, ana: str) -> None:
    for back in range(5):
        answer(api, ana, back, craving=2, mood=5)
        answer(api, ana, 14 + back, craving=6, mood=5)

    own = shown(api, ana).json["own"]

    said = {one["measure"]: (one["direction"], one["text"], one["basis"]) for one in own["trends"]}
    same = "You told us how you feel. Your mood was about the same in the last two weeks as in the two weeks before."
    weaker = "You told us about cravings. They were weaker in the last two weeks than in the two weeks before."
    basis = "This compares 5 answers from November 11 to November 24 with 5 answers from October 28 to November 10."
    assert said == {
        "mood": (
            "same",
            f"{same} On average it was 5 of 10. Before, it was 5.",
            basis,
        ),
        "craving": (
            "lower",
            f"{weaker} On average it was 2 of 10. Before, it was 6.",
            basis,
        ),
    }


def test_nothing_is_compared_where_there_are_too_few_answers(api: Api, ana: str) -> None:
    for back in (*range(4), *range(14, 20)):
        answer(api, ana, back, craving=2)

    own = shown(api, ana).json["own"]

    assert own["trends"] == []
    assert own["measures"][0]["says"] == "There are 10 answers from November 5 to November 24."
    assert own["checkIns"] == 10
    assert own["said"] == ["You answered 10 check-ins."]


def test_it_is_in_the_persons_language_and_its_numbers_too(api: Api) -> None:
    ana = enrolled(api, language="es")
    for back, craving in enumerate((3, 4, 4, 4, 6)):
        answer(api, ana, back, craving=craving)
        answer(api, ana, 14 + back, craving=1)

    (trend,) = shown(api, ana).json["own"]["trends"]

    assert trend["text"].startswith("Nos hablaste de los antojos. Fueron más fuertes en las últimas dos semanas")
    assert trend["text"].endswith("En promedio fue 4.2 de 10. Antes fue 1.")
    assert "del 11 de noviembre al 24 de noviembre" in trend["basis"]
    assert trend["now"] == {"from": "2026-11-11", "to": "2026-11-24", "answers": 5, "average": 4.2}


def test_days_and_milestones_and_what_was_done_are_beside_it(api: Api, ana: str) -> None:
    etag = api.send("GET", f"/people/{ana}/milestones").headers["ETag"]
    body = {"date": "2026-11-10", "goal": "on_plan"}
    assert api.send("PUT", f"/people/{ana}/recovery-date", body, if_match=etag).status == 200
    goal = {"title": "Walk", "matters": "I like it", "steps": [{"text": "Shoes", "done": True}], "state": "met"}
    made = api.send("POST", f"/people/{ana}/goals", goal)

    own = shown(api, ana).json["own"]

    assert made.status == 201, made.text
    assert own["days"] == {"current": 14, "longest": 40, "total": 54, "sinceEnrolment": 23}
    assert (own["onPlan"], own["steps"], own["goals"]) == (14, 1, 1)
    assert [one["which"] for one in own["earned"]] == ["d1", "d7", "d14", "d30", "d1", "d7", "d14"]
    assert own["next"]["which"] == "d30"
    assert own["said"] == ["You took one step towards a goal.", "You reached one goal."]


BAM = {f"bam7.{item}": 2 for item in (1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 15, 16)} | {"bam7.14": 4}


def test_staff_see_figures_bands_thresholds_and_each_flag_with_what_came_of_it(api: Api, ana: str) -> None:
    answer(api, ana, 7, form="weekly", **BAM, **{"phq8.1": 0, "phq8.2": 1})
    answer(api, ana, 0, form="weekly", **{"bam7.4": 1}, **{f"phq8.{item}": 3 for item in range(1, 9)})
    api.as_whom = CLINICIAN
    done = api.send("PUT", f"/people/{ana}/tasks/flag-low_mood_phq8-2026-11-24-weekly", {"action": "Called her."})

    staff = shown(api, ana).json["staff"]

    assert done.status == 200, done.text
    measures = {one["measure"]: one for one in staff["measures"]}
    assert set(measures) == {"bam7.use", "bam7.risk", "bam7.protective", "phq8.phq2", "phq8.total"}
    use = measures["bam7.use"]
    assert [(one["on"], one["value"], one["lowest"], one["highest"], one["missing"]) for one in use["points"]] == [
        ("2026-11-17", 6, 6, 6, []),
        ("2026-11-24", None, 1, 9, ["5", "6"]),
    ]
    assert [one["flags"] for one in use["points"]] == [
        ["flag-use_reported-2026-11-17-weekly"],
        ["flag-use_reported-2026-11-24-weekly"],
    ]
    assert use["thresholds"] == [{"rule": "use_reported", "severity": "follow_up", "atLeast": 1, "atMost": None}]
    assert (use["instrument"], use["version"], use["lowest"], use["highest"], use["bands"]) == (
        "Brief Addiction Monitor, 7 days",
        1,
        0,
        12,
        [],
    )
    total = measures["phq8.total"]
    assert [(one["value"], one["lowest"], one["band"]) for one in total["points"]] == [
        (None, 1, None),
        (24, 24, "severe"),
    ]
    assert total["trend"] is None
    flags = {one["rule"]: one for one in staff["flags"] if one["on"] == "2026-11-24"}
    assert flags["low_mood_phq8"] | {"dueAt": "", "openedAt": ""} == {
        "id": "flag-low_mood_phq8-2026-11-24-weekly",
        "rule": "low_mood_phq8",
        "of": "phq8.total",
        "on": "2026-11-24",
        "severity": "follow_up",
        "because": "phq8.total=24 (2026-11-24)",
        "state": "done",
        "openedAt": "",
        "dueAt": "",
        "reviewedBy": "ben",
        "reviewedAt": "2026-11-24T18:00:00Z",
        "action": "Called her.",
    }
    assert (flags["use_reported"]["state"], flags["use_reported"]["reviewedBy"]) == ("open", None)


@pytest.mark.parametrize(
    ("about", "because", "on"),
    [
        ("silent-2026-11-18", "missed=3", "2026-11-18"),
        ("absent-2026-11-19-5b0c", "absent=1", "2026-11-19"),
        ("something_else-new", None, "2026-11-24"),
    ],
)
def test_a_flag_about_something_else_than_answers_is_listed_too(
    api: Api, ana: str, about: str, because: str | None, on: str
) -> None:
    flag = Task(
        programme_id="iop-evening",
        person_id=ana,
        kind=Kind.FLAG,
        about=about,
        owner=Role.CASE_MANAGER,
        opened_at=NOW,
        due_at=NOW,
        severity=Severity.OUTREACH,
        because=because,
    )
    assert DynamoTasks().open(flag)
    api.as_whom = CLINICIAN

    told = shown(api, ana)

    assert [(one["rule"], one["on"]) for one in told.json["staff"]["flags"]] == [(about.partition("-")[0], on)]
    assert told.json["staff"]["measures"] == []


def test_what_we_failed_to_send_is_told_from_what_nobody_answered(api: Api, ana: str) -> None:
    answer(api, ana, 4, mood=5)
    sent(ana, 4)
    sent(ana, 3)
    sent(ana, 2, status=Status.SKIPPED, reason=Reason.LATE)
    sent(ana, 0)
    api.as_whom = CLINICIAN

    told = shown(api, ana, "?weeks=1").json

    assert (told["from"], told["to"]) == ("2026-11-18", "2026-11-24")
    assert [(one["on"], one["state"]) for one in told["checkIns"]] == [
        ("2026-11-20", "answered"),
        ("2026-11-21", "unanswered"),
        ("2026-11-22", "not_sent"),
        ("2026-11-24", "open"),
    ]


def test_a_peer_specialist_sees_only_whether_it_was_done(api: Api, ana: str) -> None:
    answer(api, ana, 1, mood=5, craving=9)
    api.as_whom = PEER

    told = shown(api, ana)

    assert told.json == {
        "personId": ana,
        "from": "2026-09-02",
        "to": "2026-11-24",
        "own": None,
        "staff": None,
        "checkIns": [{"on": "2026-11-23", "form": "daily", "state": "answered"}],
    }
    assert chart(api, ana, "craving").status in {403, 404}


@pytest.mark.parametrize(
    "who", [ADMIN, "eve=iop-evening/supporter", "pat=iop-evening/privacy-officer", "x=other/clinician"]
)
def test_nobody_else_sees_progress(api: Api, ana: str, who: str) -> None:
    api.as_whom = who

    assert shown(api, ana).status in {403, 404}
    assert chart(api, ana, "craving").status in {403, 404}


def test_another_person_is_not_there(api: Api, ana: str) -> None:
    api.as_whom = ADMIN
    bea = api.enrol(externalId="TBH-2", email="bea@example.com")
    api.as_whom = ANA

    assert (shown(api, bea).status, chart(api, bea, "mood").status, shown(api, ana).status) == (404, 404, 200)


@pytest.mark.parametrize("query", ["?weeks=0", "?weeks=27", "?weeks=x", "?months=3"])
def test_weeks_are_limited(api: Api, ana: str, query: str) -> None:
    assert shown(api, ana, query).kind == "bad-query"


def test_each_field_that_is_shown_is_written_down(api: Api, ana: str) -> None:
    shown(api, ana)
    api.as_whom = CLINICIAN
    shown(api, ana)

    seen = [(event.actor, event.field) for event in api.toy.audit.written if event.purpose == "see progress"]
    assert seen == [
        ("ana-sub", Field.CHECK_IN_SCORES),
        ("ana-sub", Field.MILESTONES),
        ("ana-sub", Field.CARE_PLAN),
        ("ben", Field.CHECK_IN_SCORES),
        ("ben", Field.FLAGS),
    ]
    assert {event.asked for event in api.toy.audit.written if event.purpose == "see progress"} == {Act.READ}


def read(told: Told) -> Element:
    return fromstring(told.text)  # noqa: S314 (our own)


def chart(api: Api, person_id: str, measure: str, query: str = "") -> Told:
    return api.send("GET", f"/people/{person_id}/progress/{measure}.svg{query}")


def test_a_chart_says_in_words_what_it_shows_and_loads_nothing(api: Api, ana: str) -> None:
    for back in range(5):
        answer(api, ana, back, craving=2)
        answer(api, ana, 14 + back, craving=6)

    told = chart(api, ana, "craving", "?width=390")

    assert told.status == 200, told.text
    svg = read(told)
    assert (svg.get("role"), svg.get("width"), svg.get("lang")) == ("img", "390", "en")
    assert svg.findtext(f"{SVG}title") == "Cravings"
    assert "They were weaker in the last two weeks" in str(svg.findtext(f"{SVG}desc"))
    assert told.headers["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert told.headers["Cache-Control"] == "no-store"
    assert told.headers["X-Content-Type-Options"] == "nosniff"
    assert told.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert not [element for element in svg.iter() if element.tag.endswith(("script", "image", "foreignObject", "a"))]
    assert "threshold" not in told.text
    assert "≥" not in told.text


def test_staffs_chart_has_thresholds_and_flags(api: Api, ana: str) -> None:
    answer(api, ana, 2, craving=9)
    answer(api, ana, 0, craving=8)
    api.as_whom = CLINICIAN

    told = chart(api, ana, "craving")

    texts = {element.text for element in read(told).iter(f"{SVG}text")}
    assert {"≥ 7", "≥ 9", "A crisis or urgent flag. A number: so many flags."} <= texts
    assert "Flags: 1, of which 1 open." in told.text


@pytest.mark.parametrize("name", ["bam7.nothing", "plan", "note", "craving.svg", "x"])
def test_what_is_not_measured_has_no_chart(api: Api, ana: str, name: str) -> None:
    assert chart(api, ana, name).status == 404


def test_an_item_of_an_instrument_is_for_staff(api: Api, ana: str) -> None:
    assert chart(api, ana, "bam7.8").status == 404
    api.as_whom = CLINICIAN
    assert chart(api, ana, "bam7.8").status == 200
    assert api.send("GET", f"/people/{ana}/progress/craving").status == 404


@pytest.mark.parametrize("width", ["319", "1601", "wide"])
def test_a_chart_is_as_wide_as_a_screen(api: Api, ana: str, width: str) -> None:
    assert chart(api, ana, "craving", f"?width={width}").kind == "bad-query"
