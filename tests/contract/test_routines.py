"""Where weeks are kept: one suite for the fake and for DynamoDB."""

from dataclasses import replace
from datetime import date, time

import pytest

from chalicelib.errors import Stale
from chalicelib.routine.domain import Completion, Departure, Item, Kind, LeftOut, Level, Own, Template
from chalicelib.routine.service import Routines
from chalicelib.routine.store import DynamoRoutines
from tests.build import NEW_YORK, utc
from tests.fakes_routine import FakeRoutines

pytestmark = pytest.mark.usefixtures("aws")

AT = utc("2026-11-20T12:00:00.123456")
GROUP = Item(
    id="group",
    kind=Kind.GROUP,
    title="Grupo de la tarde 🌱",
    rule="FREQ=WEEKLY;BYDAY=MO,WE,TH",
    at=time(18),
    minutes=180,
    starts_on=date(2026, 11, 2),
    zone=NEW_YORK,
    revised_at=AT,
)
WALK = replace(GROUP, id="walk", kind=Kind.WELLNESS, zone=None, required=False, ends_on=date(2027, 1, 1), revised=3)
WEEK = Template(
    programme_id="iop",
    version=1,
    items=(GROUP, WALK),
    levels=(Level(code="2.1", minutes=540, approved_by="Dr. Lee", approved_on=date(2026, 11, 1)),),
    by="admin",
    at=AT,
)
OFF = Departure(programme_id="iop", item_id="group", on=date(2026, 11, 26), reason="Holiday", by="admin", at=AT)


@pytest.fixture(params=[FakeRoutines, DynamoRoutines])
def routines(request: pytest.FixtureRequest) -> Routines:
    found: Routines = request.param()
    return found


def test_the_last_version_holds_and_the_ones_before_stay(routines: Routines) -> None:
    assert routines.template("iop") is None
    for version in (1, 2, 10):
        routines.add_template(replace(WEEK, version=version))

    assert routines.template("iop") == replace(WEEK, version=10)
    assert routines.template("iop", 2) == replace(WEEK, version=2)
    assert (routines.template("iop", 3), routines.template("other")) == (None, None)


def test_one_version_is_made_by_one_only(routines: Routines) -> None:
    routines.add_template(WEEK)

    with pytest.raises(Stale):
        routines.add_template(replace(WEEK, by="somebody else"))
    assert routines.template("iop") == WEEK


def test_departures_are_found_by_their_dates(routines: Routines) -> None:
    moved = replace(OFF, on=date(2026, 12, 24), moved_to=(date(2026, 12, 23), time(9, 30)), reason="Eve")
    for departure in (OFF, moved, replace(OFF, item_id="walk"), replace(OFF, programme_id="other")):
        routines.put_departure(departure)

    assert routines.departures("iop", (date(2026, 11, 26), date(2026, 11, 26))) == [OFF, replace(OFF, item_id="walk")]
    assert routines.departures("iop", (date(2026, 11, 27), date(2026, 12, 24))) == [moved]
    assert len(routines.departures("iop")) == 3


def test_a_departure_follows_the_one_before_it(routines: Routines) -> None:
    routines.put_departure(OFF)
    lifted = replace(OFF, is_lifted=True, reason="", version=2)

    for late in (OFF, replace(lifted, version=3)):
        with pytest.raises(Stale):
            routines.put_departure(late)
    routines.put_departure(lifted)
    assert routines.departures("iop") == [lifted]


def test_what_a_person_has_of_their_own_is_changed_by_one_at_a_time(routines: Routines) -> None:
    assert routines.own("p") == Own(person_id="p")
    own = Own(person_id="p", version=1, items=(WALK,), left_out=(LeftOut(item_id="group", from_on=OFF.on),), level="1")

    routines.save_own(own)

    with pytest.raises(Stale):
        routines.save_own(replace(own, items=()))
    assert (routines.own("p"), routines.own("q")) == (own, Own(person_id="q"))


def test_what_was_said_is_found_by_the_date_it_is_about(routines: Routines) -> None:
    said = Completion(
        person_id="p",
        item_id="walk",
        on=date(2026, 11, 24),
        is_done=True,
        said_at=AT,
        said_on=date(2026, 11, 25),
        zone=NEW_YORK,
        by="p",
    )
    routines.save_completion(said)
    undone = replace(said, is_done=False, version=2)

    assert routines.completions("p", date(2026, 11, 24), date(2026, 11, 24)) == [said]
    assert routines.completions("p", date(2026, 11, 25), date(2026, 11, 30)) == []
    with pytest.raises(Stale):
        routines.save_completion(said)
    routines.save_completion(undone)
    assert routines.completions("p", date(2026, 11, 1), date(2026, 11, 30)) == [undone]
    assert routines.completions("q", date(2026, 11, 1), date(2026, 11, 30)) == []
