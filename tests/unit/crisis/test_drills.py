"""Drills: through the same ladder, about nobody, and measured."""

from dataclasses import dataclass, field
from datetime import date, time, timedelta

import pytest

from chalicelib.crisis import drills, handling, paging, service
from chalicelib.crisis.domain import NotNow, State
from chalicelib.crisis.drilling import LASTS
from chalicelib.crisis.drills import Drill, DrillUnderWay, NoSuchDrill
from chalicelib.crisis.duty import Duty
from chalicelib.crisis.handling import By
from chalicelib.crisis.rota import Rota
from chalicelib.crisis.rota_watch import drill_due
from chalicelib.outreach.categories import template_of
from chalicelib.outreach.domain import Reason
from chalicelib.outreach.recurrence import Recurrence
from chalicelib.outreach.wording import short_reference
from chalicelib.privacy.domain import Role
from tests.build import utc
from tests.fakes_crisis import FakeOnCall, Site, a_call, a_member
from tests.fakes_rota import a_rota

NOW = utc("2026-11-24T18:00")
MINUTE = timedelta(minutes=1)
FIRST, SECOND, BOSS = (
    a_member("first", at=NOW),
    a_member("second", at=NOW),
    a_member("boss", Role.PROGRAM_ADMIN, at=NOW),
)
DUTY = Duty(primary=(FIRST.id,), secondary=(SECOND.id,), everybody=(FIRST.id, SECOND.id, BOSS.id))


@dataclass
class Drilled(Site):
    staff: list[object] = field(default_factory=lambda: [FIRST, SECOND, BOSS])  # type: ignore[assignment]
    on_call: FakeOnCall = field(default_factory=lambda: FakeOnCall(DUTY))

    def start(self, key: str = "k", *, minutes: float = 0) -> Drill:
        return drills.start("iop", key=key, by="boss", now=NOW + minutes * MINUTE, desk=self.desk())

    def sweep(self, minutes: float) -> None:
        service.sweep(now=NOW + minutes * MINUTE, desk=self.desk(), spent=lambda: 0.0)

    def acknowledge(self, drill: Drill, *, minutes: float, account: str = "second") -> None:
        by = By(account=account, programme_id="iop")
        handling.acknowledge(drill.id, by, now=NOW + minutes * MINUTE, desk=self.desk())


def test_a_drill_climbs_the_ladder_and_says_how_long_an_answer_took() -> None:
    site = Drilled()
    drill = site.start()
    assert (drill.is_open, drill.by, drill.pages, drill.seconds) == (True, "boss", 1, None)
    for minute in range(1, 7):
        site.sweep(minute)
    assert site.to_whom() == [["first"], ["first", "second"]]

    site.acknowledge(drill, minutes=7)
    (came,) = drills.listed("iop", desk=site.desk())
    assert (came.seconds, came.acknowledged_by, came.pages, came.is_open) == (420, "second", 2, False)
    for minute in range(8, 300):
        site.sweep(minute)
    assert len(site.to_whom()) == 2


def test_its_pages_say_so_once_opened_and_by_their_reference() -> None:
    site = Drilled()
    drill = site.start()
    (due,) = site.dues

    assert template_of(due.kind) == "crisis_page_drill"
    assert short_reference(due.kind.partition("-")[2]) == drill.reference
    assert drill.reference.startswith("DRILL")
    assert site.pager.paged[0][1] == drill.reference
    assert paging.objection(due, desk=site.desk()) is None
    site.acknowledge(drill, minutes=1)
    assert paging.objection(due, desk=site.desk()) is Reason.CANCELLED


def test_it_is_about_nobody_and_no_alarm_of_crises_hears_of_it() -> None:
    site = Drilled()
    drill = site.start()
    for minute in range(1, 45):
        site.sweep(minute)
    site.acknowledge(drill, minutes=45)

    crisis = site.crises.find(drill.id)
    assert crisis
    assert (crisis.person_id, crisis.state, crisis.holds, crisis.follow_ups) == (None, State.CLOSED, False, ())
    assert site.tasks.kept == {}
    assert {name for name, _ in site.notes} <= {"CrisisOpen", "CrisisUnacked"}
    assert not any(value for _, value in site.notes)
    with pytest.raises(NotNow):
        handling.reopen(drill.id, By(account="boss", programme_id="iop"), note="again", now=NOW, desk=site.desk())


def test_trying_to_reach_somebody_ends_it_too() -> None:
    site = Drilled()
    drill = site.start()

    by = By(account="first", programme_id="iop")
    handling.attempt(drill.id, by, note=None, now=NOW + MINUTE, desk=site.desk())

    (came,) = drills.listed("iop", desk=site.desk())
    assert (came.seconds, came.acknowledged_by, came.is_open) == (60, "first", False)


def test_nobody_is_woken_all_night_by_a_drill() -> None:
    site = Drilled()
    site.start()
    last = int(LASTS / MINUTE)
    for minute in range(1, last + 60):
        site.sweep(minute)

    (came,) = drills.listed("iop", desk=site.desk())
    assert (came.is_open, came.seconds) == (False, None)
    assert site.noted("DrillUnanswered") == [1]
    assert len(site.to_whom()) == came.pages


def test_a_crisis_never_gives_up() -> None:
    site = Drilled()
    service.press(a_call(NOW), now=NOW, desk=site.desk())
    for minute in range(1, 300):
        site.sweep(minute)

    (crisis,) = site.crises.kept_crises.values()
    assert crisis.is_unanswered
    assert not crisis.is_drill


def test_there_is_one_at_a_time_and_the_same_key_is_the_same_one() -> None:
    site = Drilled()
    drill = site.start()
    assert site.start(minutes=1) == drill
    with pytest.raises(DrillUnderWay):
        site.start("other", minutes=1)
    site.acknowledge(drill, minutes=2)
    assert site.start(minutes=3).id == drill.id
    assert site.start("other", minutes=3).id != drill.id
    assert len(drills.listed("iop", desk=site.desk())) == 2


def test_a_drill_is_given_up_by_hand_and_a_crisis_never_that_way() -> None:
    site = Drilled()
    drill = site.start()
    for _ in range(2):
        ended = drills.end("iop", drill.id, by="boss", now=NOW + MINUTE, desk=site.desk())
        assert (ended.is_open, ended.seconds) == (False, None)
    service.press(a_call(NOW), now=NOW, desk=site.desk())
    crisis = next(one for one in site.crises.kept_crises.values() if not one.is_drill)
    for programme, which in (("iop", crisis.id), ("other", drill.id), ("iop", "none")):
        with pytest.raises(NoSuchDrill):
            drills.end(programme, which, by="boss", now=NOW, desk=site.desk())


def test_the_rota_begins_one_when_its_time_has_come_since_the_last_look() -> None:
    rule = Recurrence(rule="FREQ=MONTHLY;BYDAY=2TU", at=time(10), zone="America/New_York", starts_on=date(2026, 11, 1))
    rota: Rota = a_rota(drills=rule)
    ten = utc("2026-12-08T15:00")

    def due(since: timedelta, now: timedelta = timedelta()) -> date | None:
        return drill_due(rota, since=ten + since, now=ten + now)

    assert due(-timedelta(hours=1)) == date(2026, 12, 8)
    assert due(-timedelta(hours=1), -timedelta(seconds=1)) is None
    assert due(timedelta(), timedelta(minutes=59)) is None
    assert due(-timedelta(days=40), timedelta(hours=2)) == date(2026, 12, 8)
    assert due(-timedelta(days=40), timedelta(days=2)) is None
    assert drill_due(a_rota(), since=ten - DAY, now=ten) is None


DAY = timedelta(days=1)
