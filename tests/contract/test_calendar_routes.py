"""The doors to a person's calendar: its address is theirs alone, leads to discreet words, and is revoked at once."""

import pytest
from icalendar import Calendar

from chalicelib.errors import Stale
from chalicelib.outreach.links import Purpose, Signer
from chalicelib.routine.feed_store import DynamoFeeds
from chalicelib.routine.feeding import Feed, Feeds, claims_of
from tests.build import utc
from tests.conftest import KEYS
from tests.fakes_routine import FakeFeeds
from tests.routine_api import ADMIN, ANA, CLINICIAN, RoutineApi
from tests.toy import Told

HERE = "https://care.example"


@pytest.fixture(params=[FakeFeeds, DynamoFeeds])
def feeds(request: pytest.FixtureRequest, aws: None) -> Feeds:
    del aws
    found: Feeds = request.param()
    return found


def test_a_feed_is_changed_by_one_at_a_time(feeds: Feeds) -> None:
    first = Feed(person_id="p", revision=1, is_open=True, made_at=utc("2026-11-24T18:00"))
    assert feeds.feed("p") == Feed(person_id="p")

    feeds.save_feed(first)

    with pytest.raises(Stale):
        feeds.save_feed(first)
    assert (feeds.feed("p"), feeds.feed("q").revision) == (first, 0)


@pytest.fixture
def api(kept_keys: None) -> RoutineApi:
    del kept_keys
    return RoutineApi()


@pytest.fixture
def ana(api: RoutineApi) -> str:
    return api.set_up()


def made(api: RoutineApi, person_id: str) -> str:
    told = api.by(ANA, "POST", f"/people/{person_id}/calendar-feed")
    assert told.status == 201, told.text
    return str(told.json["url"])


def read(api: RoutineApi, url: str, **headers: str) -> Told:
    return api.by("", "GET", url.removeprefix(HERE), **headers)


def test_a_calendar_program_reads_the_week_without_a_sign_in(api: RoutineApi, ana: str) -> None:
    told = read(api, made(api, ana))

    assert (told.status, told.headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert told.headers["Cache-Control"] == "private, no-cache"
    names = sorted(str(event["summary"]) for event in Calendar.from_ical(told.text).walk("VEVENT"))
    assert names == ["Activity", "Activity", "Appointment", "Meeting"]
    for word in ("Evening", "Trigger", "counselor", "Walk", "iop", "Ana", ana):
        assert word not in told.text.replace("\r\n ", "")


def test_what_did_not_change_is_not_sent_again(api: RoutineApi, ana: str) -> None:
    url = made(api, ana)
    etag = read(api, url).headers["ETag"]

    for tags in (etag, f'"other", W/{etag}'):
        same = read(api, url, if_none_match=tags)
        assert (same.status, same.text, same.headers["ETag"]) == (304, "", etag)
    path = f"/programmes/iop-evening/routine/items/{api.item('group')}/departures/2026-11-26"
    api.send("PUT", path, {"reason": "Thanksgiving"})

    changed = read(api, url, if_none_match=etag)
    assert (changed.status, "EXDATE;TZID=America/New_York:20261126T180000" in changed.text) == (200, True)
    assert changed.headers["ETag"] != etag
    assert "Thanksgiving" not in changed.text


def test_a_new_address_and_a_revoked_one_close_the_ones_before(api: RoutineApi, ana: str) -> None:
    first = made(api, ana)
    second = made(api, ana)

    assert (read(api, first).kind, read(api, second).status) == ("not-found", 200)
    for _ in range(2):
        assert api.by(CLINICIAN, "DELETE", f"/people/{ana}/calendar-feed").status == 204
    assert read(api, second).kind == "not-found"
    third = made(api, ana)
    assert len({first, second, third}) == 3
    assert [read(api, url).status for url in (first, second, third)] == [404, 404, 200]


def test_an_address_that_we_did_not_make_leads_nowhere_and_looks_alike(api: RoutineApi, ana: str) -> None:
    url = made(api, ana)
    feed = DynamoFeeds().feed(ana)
    other = Signer(KEYS.links).token(Purpose.UNSUBSCRIBE, claims_of(feed))
    nobody = Signer(KEYS.links).token(Purpose.CALENDAR, claims_of(Feed(person_id="nobody", revision=1)))
    api.by(ANA, "DELETE", f"/people/{ana}/calendar-feed")

    answers = [read(api, f"{HERE}/calendar/{token}") for token in ("x", other, nobody, url[-40:])] + [read(api, url)]

    assert {told.status for told in answers} == {404}
    assert len({told.json["detail"] for told in answers}) == 1


def test_the_address_is_the_persons_alone(api: RoutineApi, ana: str) -> None:
    path = f"/people/{ana}/calendar-feed"
    assert api.by(ANA, "GET", path).json == {"active": False, "since": None, "url": None}
    url = made(api, ana)

    assert api.by(ANA, "GET", path).json == {"active": True, "since": "2026-11-24T18:00:00Z", "url": url}
    assert api.by(CLINICIAN, "GET", path).json["url"] is None
    assert api.by(CLINICIAN, "POST", path).kind == "forbidden"
    for whom in (ADMIN, "eve=iop-evening/participant", "sam=iop-evening/supporter"):
        for method in ("GET", "POST", "DELETE"):
            assert api.by(whom, method, path).kind in {"forbidden", "not-found"}


def test_a_calendar_ends_with_the_life_of_its_person(api: RoutineApi, ana: str) -> None:
    url = made(api, ana)

    told = api.by("cm=iop-evening/case-manager", "POST", f"/people/{ana}/transitions", {"to": "deceased"})

    assert (told.status, read(api, url).kind) == (200, "not-found")
    assert api.by(ANA, "POST", f"/people/{ana}/calendar-feed").kind == "conflict"
