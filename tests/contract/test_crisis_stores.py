"""What a store of crises keeps: one suite for the one in memory and the one in the table."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.crisis.domain import Crisis, Disposition, Door, Event, State, What
from chalicelib.crisis.following import follow_ups
from chalicelib.crisis.ladder import Minutes
from chalicelib.crisis.log import after, opened
from chalicelib.crisis.ports import Crises, Looked, Untaken
from chalicelib.crisis.store import DynamoCrises, DynamoMinutes
from chalicelib.errors import Stale
from chalicelib.tasks.store import DynamoTasks
from tests.build import utc
from tests.fakes_crisis import FakeCrises, a_call

NOW = utc("2026-11-26T07:00")
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=[FakeCrises, DynamoCrises])
def crises(request: pytest.FixtureRequest) -> Crises:
    if request.param is DynamoCrises:
        request.getfixturevalue("aws")
    found: Crises = request.param()
    return found


def test_a_call_is_kept_once_and_waits_until_a_crisis_takes_it(crises: Crises) -> None:
    call = a_call(NOW, name="A neighbour", phone="555", dropped=("mood",), verified=False)
    assert crises.keep(call)
    assert not crises.keep(replace(call, at=NOW + MINUTE))
    assert crises.keep(a_call(NOW - MINUTE, key="earlier"))
    earlier, later = crises.waiting(limit=9)
    assert later == Untaken(id=call.id, caller="p1")
    assert [earlier] == crises.waiting(limit=1)

    crisis, event = opened("c1", call)
    assert crises.save(crisis, [event], look_at=NOW)

    assert crises.waiting(limit=9) == [earlier]
    kept = crises.kept(call.id)
    assert kept is not None
    assert (kept.press, kept.crisis_id, kept.number) == (call, "c1", 1)
    assert crises.kept("unknown") is None


def test_a_crisis_is_what_its_log_says_and_only_the_next_version_is_taken(crises: Crises) -> None:
    crisis = begun(crises)
    page = Event(number=2, what=What.PAGE, at=NOW, step=0, to=("staff-1", "staff-2"))
    ack = Event(number=3, what=What.ACK, at=NOW + MINUTE, by="dr", programme_id="iop", note="I have it.")
    paged = after(crisis, page)
    acknowledged = after(paged, ack)

    assert crises.save(acknowledged, [page, ack], look_at=NOW + MINUTE)
    assert not crises.save(paged, [page], look_at=NOW)

    assert crises.find("c1") == acknowledged
    assert [event.what for event in crises.log("c1")] == [What.PRESS, What.PAGE, What.ACK]
    assert crises.log("c1")[1:] == [page, ack]
    assert crises.many(["c1", "unknown"]) == {"c1": acknowledged}


def begun(crises: Crises, crisis_id: str = "c1", key: str = "k", *, look_at: int = 0) -> Crisis:
    call = a_call(NOW, key=key)
    crises.keep(call)
    crisis, event = opened(crisis_id, call)
    assert crises.save(crisis, [event], look_at=NOW + look_at * MINUTE)
    return crisis


def test_a_caller_has_one_crisis_that_is_not_closed(crises: Crises) -> None:
    crisis = begun(crises)
    other = a_call(NOW, key="another")
    crises.keep(other)
    second, event = opened("c2", other)
    assert not crises.save(second, [event], look_at=NOW)
    assert crises.present_of("p1") == crisis

    close = Event(number=2, what=What.CLOSE, at=NOW)
    assert crises.save(after(crisis, close), [close], look_at=NOW)
    assert crises.present_of("p1") is None
    assert crises.open_ones() == []
    assert crises.save(replace(second, opened_at=NOW + MINUTE), [event], look_at=NOW)
    assert [found.id for found in crises.of_caller("p1")] == ["c2", "c1"]

    reopen = Event(number=3, what=What.REOPEN, at=NOW, by="dr")
    assert not crises.save(after(after(crisis, close), reopen), [reopen], look_at=NOW)


def test_the_same_call_is_taken_once(crises: Crises) -> None:
    crisis = begun(crises)
    again = Event(number=2, what=What.PRESS, at=NOW, press=a_call(NOW))

    assert not crises.save(after(crisis, again), [again], look_at=NOW)
    assert crises.find("c1") == crisis


def test_the_minutes_look_finds_what_is_not_closed_and_when(crises: Crises) -> None:
    crisis = begun(crises, look_at=5)
    at = {"id": "c1", "opened_at": NOW, "is_unanswered": True, "is_pressing": True, "programme_id": "iop"}
    assert crises.open_ones() == [Looked(look_at=NOW + 5 * MINUTE, **at)]  # type: ignore[arg-type]

    crises.look_again(crisis, at=NOW + 9 * MINUTE)
    crises.look_again(replace(crisis, version=7), at=NOW)

    assert crises.open_ones() == [Looked(look_at=NOW + 9 * MINUTE, **at)]  # type: ignore[arg-type]

    for what, stands in ((What.ACK, (False, True)), (What.ATTEMPT, (False, False))):
        line = Event(number=crisis.version + 1, what=what, at=NOW, by="dr")
        crisis = after(crisis, line)
        assert crises.save(crisis, [line], look_at=NOW)
        assert [(one.is_unanswered, one.is_pressing) for one in crises.open_ones()] == [stands]


def test_the_look_tells_a_drill_from_a_crisis(crises: Crises) -> None:
    call = a_call(NOW, caller="drill:iop", person_id=None, door=Door.DRILL)
    assert crises.keep(call)
    crisis, event = opened("d1", call)
    assert crises.save(crisis, [event], look_at=NOW)

    assert [(one.id, one.is_drill) for one in crises.open_ones()] == [("d1", True)]


def test_an_end_opens_its_follow_ups_in_the_same_breath(crises: Crises) -> None:
    crisis = begun(crises)
    tasks = follow_ups(crisis, version=2, now=NOW)
    end = Event(
        number=2,
        what=What.DISPOSITION,
        at=NOW,
        by="dr",
        disposition=Disposition.SAFE_WITH_PLAN,
        tasks=tuple(task.id for task in tasks),
        note="Safe.",
    )
    ended = after(crisis, end)

    assert crises.save(ended, [end], look_at=NOW, tasks=tasks)

    assert crises.find("c1") == ended
    assert (ended.state, ended.follow_ups) == (State.FOLLOW_UP, end.tasks)
    kept = crises.tasks if isinstance(crises, FakeCrises) else DynamoTasks()
    assert sorted(task.id for task in kept.of_person("p1")) == sorted(end.tasks)


def test_a_programme_keeps_its_own_minutes(aws: None) -> None:
    del aws
    store = DynamoMinutes()
    assert store.of("iop") == (Minutes(), 0)
    store.save("iop", Minutes(secondary=3), version=1, by="admin")
    with pytest.raises(Stale):
        store.save("iop", Minutes(secondary=4), version=1, by="admin")
    assert store.of("iop") == (Minutes(secondary=3), 1)
