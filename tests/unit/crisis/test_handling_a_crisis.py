"""What staff do with a crisis, what its caller sees of that, and that nothing ends by itself."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.crisis import handling, service
from chalicelib.crisis.domain import Crisis, Disposition, NoSuchCrisis, NotNow, OwnedByAnother, State, Wait, What
from chalicelib.crisis.handling import By
from chalicelib.crisis.telling import Stage, progress
from chalicelib.enrollment.channels import NO_END
from chalicelib.outreach.domain import Hold
from chalicelib.tasks.domain import State as TaskState
from chalicelib.tasks.service import do_task
from tests.crisis_calls import (
    DANA,
    MINUTE,
    NOW,
    SAM,
    SECOND,
    Broken,
    called,
    decide,
    over,
    pass_by,
    present,
    sweep,
    whats,
)
from tests.fakes_crisis import Site, a_call


def test_two_who_acknowledge_at_once_are_one_owner_and_one_who_is_told_whose_it_is(site: Site) -> None:
    crisis = called(site)

    handling.acknowledge(crisis.id, DANA, now=NOW + MINUTE, desk=site.desk())
    with pytest.raises(OwnedByAnother, match="Prim has acknowledged"):
        handling.acknowledge(crisis.id, SAM, now=NOW + MINUTE, desk=site.desk())
    handling.acknowledge(crisis.id, DANA, now=NOW + 2 * MINUTE, desk=site.desk())

    assert present(site).owner == "prim"
    assert whats(site, crisis) == ["press", "page", "ack"]


def test_a_crisis_is_no_other_programmes_to_take(site: Site) -> None:
    crisis, eve = called(site), By(account="eve", programme_id="php")

    with pytest.raises(NoSuchCrisis):
        handling.acknowledge(crisis.id, eve, now=NOW + MINUTE, desk=site.desk())
    assert present(site).owner is None


def test_an_attempt_that_is_sent_again_counts_once(site: Site) -> None:
    crisis = called(site)
    for second in (0, 5, 20):
        at = NOW + MINUTE + second * SECOND
        handling.attempt(crisis.id, DANA, note="No answer.", now=at, desk=site.desk())
    assert present(site).attempts == 1

    handling.attempt(crisis.id, DANA, note="No answer at work.", now=NOW + 2 * MINUTE, desk=site.desk())
    handling.attempt(crisis.id, DANA, note="No answer at work.", now=NOW + 8 * MINUTE, desk=site.desk())
    assert present(site).attempts == 3


def test_after_three_attempts_or_an_hour_a_supervisor_decides_on_a_welfare_check(site: Site) -> None:
    crisis = called(site)
    tried = [NOW + MINUTE, NOW + 20 * MINUTE, NOW + 40 * MINUTE]
    for at in tried[:2]:
        handling.attempt(crisis.id, DANA, note="No answer.", now=at, desk=site.desk())
    pass_by(site, 21, 40)
    assert site.to_whom() == [["prim"]]
    pass_by(site, 41, 41)
    assert site.to_whom()[-1] == ["prim"]  # a third attempt is due

    handling.attempt(crisis.id, DANA, note=None, now=NOW + 42 * MINUTE, desk=site.desk())
    pass_by(site, 42, 56)
    assert site.to_whom()[-1] == ["prim", "sup"]
    with pytest.raises(NotNow, match="somebody else"):
        decide(site, DANA)
    decided = decide(site, By(account="sup", programme_id="iop"))
    assert (decided.wait, decided.owner) == (Wait.RESOLUTION, "prim")


def test_nothing_ends_by_itself_however_long_nobody_does_anything(site: Site) -> None:
    crisis = called(site)
    for days in range(1, 40):
        sweep(site, NOW + timedelta(days=days))

    assert present(site).id == crisis.id
    assert present(site).state is State.PAGED
    assert len(site.to_whom()) == 40


def test_an_end_that_could_hide_something_waits_for_a_second_person(site: Site) -> None:
    crisis = over(site, Disposition.FALSE_ALARM)
    assert (crisis.state, site.tasks.of_person("p1")) == (State.RESOLVED, [])
    sweep(site, NOW + 31 * MINUTE)
    assert site.to_whom()[-1] == ["sup"]
    review = {"agreed": True, "note": "Heard the call.", "now": NOW + 40 * MINUTE, "desk": site.desk()}
    with pytest.raises(NotNow, match="somebody else"):
        handling.review(crisis.id, DANA, **review)  # type: ignore[arg-type]

    reviewed = handling.review(crisis.id, SAM, **review)  # type: ignore[arg-type]

    assert reviewed.state is State.FOLLOW_UP
    assert [task.due_at - (NOW + 40 * MINUTE) for task in site.tasks.of_person("p1")] == [
        timedelta(days=1),
        timedelta(days=3),
        timedelta(days=7),
    ]


def test_a_second_person_who_disagrees_opens_it_again(site: Site) -> None:
    crisis = over(site, Disposition.FALSE_ALARM)
    handling.review(crisis.id, SAM, agreed=False, note="Call them.", now=NOW + 40 * MINUTE, desk=site.desk())

    assert present(site).state is State.PAGED
    assert site.tasks.of_person("p1") == []


@pytest.mark.parametrize("end", list(Disposition))
def test_no_end_can_be_said_of_what_nobody_has(site: Site, end: Disposition) -> None:
    crisis = called(site)
    with pytest.raises(NotNow):
        handling.resolve(crisis.id, DANA, disposition=end, note="x", now=NOW, desk=site.desk())


def test_follow_ups_close_it_when_all_are_done_and_only_then(site: Site) -> None:
    crisis = over(site, Disposition.SAFE_WITH_PLAN)
    tasks = site.tasks.of_person("p1")
    for task in tasks[:2]:
        do_task("p1", task.id, by="sec", action="Talked.", now=NOW + timedelta(days=2), tasks=site.tasks)
    sweep(site, NOW + timedelta(days=30))
    assert present(site).follow_ups == (tasks[2].id,)

    do_task("p1", tasks[2].id, by="sup", action="Talked.", now=NOW + timedelta(days=31), tasks=site.tasks)
    sweep(site, NOW + timedelta(days=31))

    closed = site.crises.kept_crises[crisis.id]
    last = site.crises.log(crisis.id)[-1]
    assert (closed.state, last.what, last.by) == (State.CLOSED, What.CLOSE, "sup")
    assert all(task.state is TaskState.DONE for task in site.tasks.of_person("p1"))


def test_celebrations_wait_as_long_as_it_is_open_and_three_days_more(site: Site) -> None:
    crisis = called(site)
    for days in range(1, 9):
        sweep(site, NOW + timedelta(days=days))
    held = site.holds.placed["p1", Hold.CRISIS]
    assert (held.since, held.until) == (NOW, NO_END)

    handling.contact(crisis.id, DANA, note=None, now=NOW + timedelta(days=9), desk=site.desk())
    handling.resolve(
        crisis.id,
        DANA,
        disposition=Disposition.SAFE_WITH_PLAN,
        note="Safe.",
        now=NOW + timedelta(days=9),
        desk=site.desk(),
    )
    assert site.holds.placed["p1", Hold.CRISIS].until == NOW + timedelta(days=12)

    # Opened again once that is over: held in the same breath, and not only when it is looked at next.
    later = NOW + timedelta(days=13)
    handling.reopen(crisis.id, DANA, note="Not over.", now=later, desk=site.desk())
    assert site.holds.placed["p1", Hold.CRISIS].until == NO_END


def test_where_celebrations_cannot_be_held_somebody_is_paged_all_the_same(site: Site) -> None:
    broken = replace(site.desk(), holds=Broken())
    service.press(a_call(NOW), now=NOW, desk=broken)
    assert site.to_whom() == [["prim"]]

    service.sweep(now=NOW + 5 * MINUTE, desk=broken, spent=lambda: 0.0)
    assert site.to_whom()[-1] == ["prim", "sec"]

    sweep(site, NOW + 10 * MINUTE)
    assert site.holds.placed["p1", Hold.CRISIS].until == NO_END


def test_a_hold_that_could_not_be_kept_is_tried_again_with_whatever_is_done_next(site: Site) -> None:
    site.holds.is_down = True
    crisis = called(site)
    site.holds.is_down = False

    handling.acknowledge(crisis.id, DANA, now=NOW + MINUTE, desk=site.desk())

    assert site.holds.placed["p1", Hold.CRISIS].until == NO_END


def test_an_end_after_which_celebrations_could_not_be_let_go_is_made_good_by_the_next_look(site: Site) -> None:
    crisis, ended_at = called(site), NOW + 30 * MINUTE
    handling.contact(crisis.id, DANA, note=None, now=NOW + MINUTE, desk=site.desk())
    broken = replace(site.desk(), holds=Broken())
    end = Disposition.SAFE_WITH_PLAN
    handling.resolve(crisis.id, DANA, disposition=end, note="Safe.", now=ended_at, desk=broken)
    assert site.holds.placed["p1", Hold.CRISIS].until == NO_END

    sweep(site, NOW + 100 * MINUTE)
    assert site.holds.placed["p1", Hold.CRISIS].until == ended_at + timedelta(hours=72)

    # Whoever lifts it then has it stay so.
    site.holds.lift("p1", Hold.CRISIS)
    sweep(site, NOW + 200 * MINUTE)
    assert site.holds.placed == {}


def test_a_look_that_is_slow_ends_no_hold_of_who_called_again_meanwhile(site: Site) -> None:
    over(site, Disposition.SAFE_WITH_PLAN)
    later = NOW + timedelta(days=5)

    class Slow:
        """Between its first read and what is done by it the person calls again."""

        def __init__(self) -> None:
            self.is_first = True

        def __getattr__(self, name: str) -> Any:
            return getattr(site.crises, name)

        def find(self, crisis_id: str) -> Crisis | None:
            found = site.crises.find(crisis_id)
            if self.is_first:
                self.is_first = False
                called(site, later, key="new")
            return found

    service.sweep(now=later, desk=replace(site.desk(), crises=Slow()), spent=lambda: 0.0)

    assert site.holds.placed["p1", Hold.CRISIS].until == NO_END


def test_whoever_called_is_told_who_said_that_they_have_it_and_not_to_whom_it_was_handed(site: Site) -> None:
    crisis = called(site)
    handling.acknowledge(crisis.id, DANA, now=NOW + MINUTE, desk=site.desk())
    handling.hand_over(crisis.id, DANA, to="sec", now=NOW + 2 * MINUTE, desk=site.desk())
    (kept,) = site.crises.presses.values()

    told = progress(NOW, kept.number, site.crises.log(crisis.id))
    assert (told.stage, told.by, told.at) == (Stage.ACKNOWLEDGED, "prim", NOW + MINUTE)

    handling.attempt(crisis.id, SAM, note=None, now=NOW + 3 * MINUTE, desk=site.desk())
    told = progress(NOW, kept.number, site.crises.log(crisis.id))
    assert (told.stage, told.by, told.at) == (Stage.ACKNOWLEDGED, "sec", NOW + 3 * MINUTE)


def test_a_call_is_not_said_to_be_closed_before_a_second_person_agreed_or_once_it_is_opened_again(site: Site) -> None:
    crisis = over(site, Disposition.FALSE_ALARM)
    (kept,) = site.crises.presses.values()

    def stage() -> Stage:
        return progress(NOW, kept.number, site.crises.log(crisis.id)).stage

    review = {"note": "Heard the call.", "now": NOW + 40 * MINUTE, "desk": site.desk()}
    assert stage() is Stage.CONTACTED
    handling.review(crisis.id, SAM, agreed=False, **review)  # type: ignore[arg-type]
    assert stage() is Stage.SENT
    handling.contact(crisis.id, DANA, note=None, now=NOW + 41 * MINUTE, desk=site.desk())
    end = {"disposition": Disposition.SAFE_WITH_PLAN, "note": "Safe.", "now": NOW + 42 * MINUTE, "desk": site.desk()}
    handling.resolve(crisis.id, DANA, **end)  # type: ignore[arg-type]
    assert stage() is Stage.OVER
    handling.reopen(crisis.id, SAM, note="They sound worse.", now=NOW + 43 * MINUTE, desk=site.desk())
    assert stage() is Stage.SENT
    handling.acknowledge(crisis.id, SAM, now=NOW + 44 * MINUTE, desk=site.desk())
    assert stage() is Stage.ACKNOWLEDGED


def test_nobody_decides_on_a_new_call_by_attempts_from_before_it(site: Site) -> None:
    crisis = called(site)
    handling.attempt(crisis.id, DANA, note=None, now=NOW + MINUTE, desk=site.desk())
    called(site, NOW + 2 * MINUTE, key="again")

    with pytest.raises(NotNow, match="acknowledge"):
        decide(site, By(account="sup", programme_id="iop"))
    pass_by(site, 3, 20)
    assert site.to_whom()[-1] == ["boss", "peer", "prim", "sec", "sup"]
