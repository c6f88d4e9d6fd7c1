"""A call for help from the press to the last page about it: the ladder of domain rules 3.3, minute by minute."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.crisis import handling, ladder, paging, service
from chalicelib.crisis.calling import Caller, Sent, call, call_of
from chalicelib.crisis.domain import Crisis, Disposition, Door, Event, NotNow, OwnedByAnother, State, Wait, What
from chalicelib.crisis.duty import Duty
from chalicelib.crisis.handling import By
from chalicelib.crisis.ladder import Minutes
from chalicelib.crisis.log import after, opened
from chalicelib.crisis.paging import PROGRAMMES_AT_ONCE
from chalicelib.crisis.ports import Kept
from chalicelib.crisis.telling import Stage, progress
from chalicelib.enrollment.channels import NO_END
from chalicelib.outreach.domain import Hold, Reason
from chalicelib.privacy.domain import ALL_PROGRAMMES, Role
from chalicelib.staff.domain import Member
from chalicelib.staff.phones import Phone
from chalicelib.tasks.domain import State as TaskState
from chalicelib.tasks.service import do_task
from tests.build import a_recipient, utc
from tests.fakes_crisis import FakeProgrammes, Site, a_call, a_member

NOW = utc("2026-11-26T07:00")
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
PRIM, SEC, SUP, PEER, BOSS = (
    a_member("prim", at=NOW),
    a_member("sec", at=NOW),
    a_member("sup", at=NOW),
    a_member("peer", Role.PEER_SPECIALIST, at=NOW),
    a_member("boss", Role.PROGRAM_ADMIN, at=NOW),
)
ROTA = Duty(
    primary=(PRIM.id,), secondary=(SEC.id,), supervisor=(SUP.id,), everybody=(PRIM.id, SEC.id, SUP.id, PEER.id, BOSS.id)
)
DANA = By(account="prim", programme_id="iop")
SAM = By(account="sec", programme_id="iop")


@pytest.fixture
def site() -> Site:
    site = Site(staff=[PRIM, SEC, SUP, PEER, BOSS])
    site.on_call.duty = ROTA
    return site


def sweep(site: Site, at: datetime) -> int:
    return service.sweep(now=at, desk=site.desk(), is_over=lambda: False)


def pass_by(site: Site, first: int, last: int) -> None:
    for minute in range(first, last + 1):
        sweep(site, NOW + minute * MINUTE)


def called(site: Site, at: datetime = NOW, **changes: Any) -> Crisis:
    service.press(a_call(at, **changes), now=at, desk=site.desk())
    return present(site)


def present(site: Site, caller: str = "p1") -> Crisis:
    crisis = site.crises.present_of(caller)
    assert crisis is not None
    return crisis


def whats(site: Site, crisis: Crisis) -> list[str]:
    return [event.what.value for event in site.crises.log(crisis.id)]


def test_a_call_pages_the_primary_at_once_and_then_ever_more_people_until_somebody_acknowledges(site: Site) -> None:
    crisis = called(site)
    assert (crisis.state, site.to_whom()) == (State.PAGED, [["prim"]])
    assert site.hurried == site.dues

    pass_by(site, 1, 47)

    everybody = ["boss", "peer", "prim", "sec", "sup"]
    assert site.to_whom() == [["prim"], ["prim", "sec"], ["prim", "sec", "sup"], everybody, everybody, everybody]
    steps = [event for event in site.crises.log(crisis.id) if event.what is What.PAGE]
    assert [(event.at - NOW) // MINUTE for event in steps] == [0, 5, 10, 15, 30, 45]
    assert site.noted("CrisisEscalated") == [1, 1, 1]
    assert site.noted("CrisisUnacked")[-1] == 1

    handling.acknowledge(crisis.id, DANA, now=NOW + 47 * MINUTE, desk=site.desk())
    handling.attempt(crisis.id, DANA, note=None, now=NOW + 48 * MINUTE, desk=site.desk())
    pass_by(site, 48, 60)
    assert len(site.to_whom()) == 6


def test_a_crash_at_any_point_after_the_call_is_written_costs_a_minute(site: Site) -> None:
    site.mail_is_down = True
    kept = service.press(a_call(NOW), now=NOW, desk=site.desk())
    assert kept == a_call(NOW)
    assert (present(site).state, site.to_whom()) == (State.OPEN, [])
    assert site.troubles

    site.mail_is_down = False
    sweep(site, NOW + MINUTE)

    assert (present(site).state, site.to_whom()) == (State.PAGED, [["prim"]])
    assert site.noted("CrisisPagedAfter") == [60.0]


def test_a_call_that_was_only_written_down_is_taken_by_the_next_look(site: Site) -> None:
    assert site.crises.keep(a_call(NOW))

    sweep(site, NOW + MINUTE)

    assert present(site).state is State.PAGED
    assert site.crises.waiting(limit=9) == []


def test_after_a_long_time_in_which_nobody_looked_everybody_is_paged_once_and_not_step_by_step(site: Site) -> None:
    site.crises.keep(a_call(NOW))

    sweep(site, NOW + 40 * MINUTE)
    sweep(site, NOW + 41 * MINUTE)

    assert site.to_whom() == [["boss", "peer", "prim", "sec", "sup"]]


def test_the_same_key_is_the_same_call_and_pages_nobody_anew(site: Site) -> None:
    first = called(site)
    again = service.press(a_call(NOW + 5 * MINUTE), now=NOW + 5 * MINUTE, desk=site.desk())

    assert again == a_call(NOW)
    assert present(site) == first
    assert len(site.to_whom()) == 1


def test_a_page_that_stayed_open_and_is_pressed_later_calls_again(site: Site) -> None:
    called(site, door=Door.PAGE)
    handling.acknowledge(present(site).id, DANA, now=NOW + MINUTE, desk=site.desk())
    called(site, NOW + 9 * MINUTE, door=Door.PAGE)
    assert present(site).state is State.ACKNOWLEDGED

    crisis = called(site, NOW + 10 * MINUTE, door=Door.PAGE)

    assert crisis.state is State.PAGED
    assert len(site.crises.presses) == 2


def test_who_presses_again_while_nobody_answered_is_another_line_and_another_page_at_a_bounded_rate(site: Site) -> None:
    called(site)
    for second in range(1, 301):
        at = NOW + timedelta(seconds=second)
        service.press(a_call(at, key=f"k{second}"), now=at, desk=site.desk())
        if second % 60 == 0:
            sweep(site, at)

    assert whats(site, present(site)).count("press") == 301
    assert len(site.to_whom()) == 6  # one a minute
    assert len(site.crises.kept_crises) == 1
    assert site.troubles == []


def test_a_flood_that_only_got_written_down_holds_nobody_else_up(site: Site) -> None:
    for number in range(200):
        assert site.crises.keep(a_call(NOW, caller="flood", key=str(number), person_id=None))
    assert site.crises.keep(a_call(NOW + MINUTE))

    sweep(site, NOW + MINUTE)
    assert present(site).state is State.PAGED

    pass_by(site, 2, 9)
    assert whats(site, present(site, "flood")).count("press") == 200


def test_who_presses_again_after_somebody_acknowledged_needs_another_acknowledgement(site: Site) -> None:
    crisis = called(site)
    handling.acknowledge(crisis.id, SAM, now=NOW + MINUTE, desk=site.desk())
    handling.contact(crisis.id, SAM, note=None, now=NOW + 2 * MINUTE, desk=site.desk())

    again = called(site, NOW + 20 * MINUTE, key="another")

    assert (again.id, again.state) == (crisis.id, State.PAGED)
    assert site.to_whom()[-1] == ["prim", "sec"]  # who had it is asked first, with who is on duty


@pytest.mark.parametrize("end", [Disposition.SAFE_WITH_PLAN, Disposition.WARM_TRANSFER])
def test_who_calls_after_the_end_opens_the_same_again_and_after_it_was_closed_a_new_one(
    site: Site, end: Disposition
) -> None:
    crisis = over(site, end)
    assert crisis.state is State.FOLLOW_UP
    again = called(site, NOW + 90 * MINUTE, key="second")
    assert (again.id, again.state, again.disposition) == (crisis.id, State.PAGED, None)

    over(site, end, at=NOW + 100 * MINUTE)
    for task in site.tasks.of_person("p1"):
        do_task("p1", task.id, by="sec", action="Talked.", now=NOW + 120 * MINUTE, tasks=site.tasks)
    sweep(site, NOW + timedelta(hours=4))
    assert site.crises.kept_crises[crisis.id].state is State.CLOSED

    assert called(site, NOW + timedelta(days=9), key="third").id != crisis.id


def over(site: Site, end: Disposition, *, at: datetime = NOW) -> Crisis:
    crisis = site.crises.present_of("p1") or called(site, at)
    for act in (handling.acknowledge, lambda *a, **k: handling.contact(*a, note=None, **k)):
        act(crisis.id, DANA, now=at + MINUTE, desk=site.desk())
    return handling.resolve(crisis.id, DANA, disposition=end, note="Talked.", now=at + 30 * MINUTE, desk=site.desk())


def test_two_who_acknowledge_at_once_are_one_owner_and_one_who_is_told_whose_it_is(site: Site) -> None:
    crisis = called(site)

    handling.acknowledge(crisis.id, DANA, now=NOW + MINUTE, desk=site.desk())
    with pytest.raises(OwnedByAnother, match="Prim has acknowledged"):
        handling.acknowledge(crisis.id, SAM, now=NOW + MINUTE, desk=site.desk())
    handling.acknowledge(crisis.id, DANA, now=NOW + 2 * MINUTE, desk=site.desk())

    assert present(site).owner == "prim"
    assert whats(site, crisis) == ["press", "page", "ack"]


def test_an_acknowledgement_silences_pages_that_are_under_way_and_not_those_that_come_after(site: Site) -> None:
    crisis = called(site)
    under_way = site.dues[-1]
    assert paging.objection(under_way, desk=site.desk()) is None

    handling.acknowledge(crisis.id, DANA, now=NOW + MINUTE, desk=site.desk())
    assert paging.objection(under_way, desk=site.desk()) is Reason.CANCELLED

    pass_by(site, 2, 17)
    assert site.to_whom()[-1] == ["prim", "sec"]
    assert paging.objection(site.dues[-1], desk=site.desk()) is None


def test_what_no_provider_took_for_minutes_gives_way_to_newer_pages(site: Site) -> None:
    called(site)
    first = site.dues[-1]
    pass_by(site, 1, 4)
    assert paging.objection(first, desk=site.desk()) is None

    pass_by(site, 5, 5)

    assert site.to_whom() == [["prim"], ["prim", "sec"]]
    assert paging.objection(first, desk=site.desk()) is Reason.CANCELLED
    assert [paging.objection(due, desk=site.desk()) for due in site.dues[1:]] == [None, None]


def test_who_acknowledges_a_page_that_the_log_lost_is_not_paged_again_for_it(site: Site) -> None:
    site.mail_is_down = True
    crisis = called(site)
    site.mail_is_down = False
    handling.acknowledge(crisis.id, DANA, now=NOW + 30 * SECOND, desk=site.desk())

    pass_by(site, 1, 14)

    assert site.to_whom() == []


def test_who_acknowledges_and_then_tries_nothing_is_as_good_as_nobody(site: Site) -> None:
    crisis = called(site)
    handling.acknowledge(crisis.id, DANA, now=NOW + MINUTE, desk=site.desk())

    pass_by(site, 2, 15)
    assert len(site.to_whom()) == 1
    pass_by(site, 16, 27)

    assert present(site).state is State.PAGED
    assert site.to_whom()[1:] == [["prim", "sec"], ["prim", "sec", "sup"], ["boss", "peer", "prim", "sec", "sup"]]
    handling.acknowledge(crisis.id, SAM, now=NOW + 28 * MINUTE, desk=site.desk())
    assert present(site).owner == "sec"


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


def decide(site: Site, by: By) -> Crisis:
    return handling.decide_welfare_check(
        present(site).id, by, wanted=True, note="Called 911.", now=NOW + 50 * MINUTE, desk=site.desk()
    )


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


def test_where_nobody_is_on_duty_all_of_the_staff_are_paged_and_where_nobody_can_be_operators_are(site: Site) -> None:
    site.on_call.duty = Duty()
    called(site)
    assert site.to_whom() == [["boss", "peer", "prim", "sec", "sup"]]

    nobody = Site(staff=[a_member("gone", is_reachable=False, at=NOW)])
    called(nobody)
    pass_by(nobody, 1, 3)

    assert present(nobody).state is State.OPEN
    assert nobody.noted("CrisisUnpaged") == [1, 1, 1, 1]
    nobody.pager.takes = True
    pass_by(nobody, 4, 4)
    assert present(nobody).state is State.PAGED


def test_who_is_on_duty_and_cannot_be_reached_is_as_good_as_absent(site: Site) -> None:
    site.staff[0] = a_member("prim", is_reachable=False, at=NOW)

    called(site)

    assert site.to_whom() == [["boss", "peer", "sec", "sup"]]


def test_a_rota_that_cannot_be_read_is_no_reason_to_page_nobody(site: Site) -> None:
    site.on_call.is_down = True

    called(site)

    assert site.to_whom() == [["boss", "peer", "prim", "sec", "sup"]]


def test_each_page_goes_to_the_pager_too_with_nothing_but_a_reference(site: Site) -> None:
    crisis = called(site)

    assert site.pager.paged == [(PRIM.id, crisis.reference, NOW)]


def test_whoever_is_unknown_is_everybodys_until_somebody_takes_it(site: Site) -> None:
    unknown: dict[str, Any] = {
        "programme_id": ALL_PROGRAMMES,
        "person_id": None,
        "verified": False,
        "door": Door.UNSIGNED,
    }
    service.press(a_call(NOW, caller="caller-1", **unknown), now=NOW, desk=site.desk())
    crisis = present(site, "caller-1")
    assert site.to_whom() == [["prim"]]

    handling.acknowledge(crisis.id, DANA, now=NOW + MINUTE, desk=site.desk())
    handling.contact(crisis.id, DANA, note="A neighbour.", now=NOW + MINUTE, desk=site.desk())
    end = handling.resolve(
        crisis.id, DANA, disposition=Disposition.WARM_TRANSFER, note="988 has them.", now=NOW, desk=site.desk()
    )

    assert (end.programme_id, end.state) == ("iop", State.CLOSED)


def test_of_more_programmes_than_a_request_has_time_for_the_look_pages_all(site: Site) -> None:
    names = [f"iop-{number:03}" for number in range(PROGRAMMES_AT_ONCE + 5)]
    site.programmes = FakeProgrammes(*names)
    site.staff = [replace(a_member("dr", at=NOW), programme_id=name) for name in names]
    site.on_call.duty = Duty()

    call = a_call(NOW, caller="caller-1", person_id=None, verified=False, programme_id=ALL_PROGRAMMES)
    service.press(call, now=NOW, desk=site.desk())
    in_time = {due.name for due in site.dues}
    assert len(in_time) == PROGRAMMES_AT_ONCE
    crisis = present(site, "caller-1")
    assert (crisis.state, crisis.paged_at) == (State.OPEN, None)

    pass_by(site, 1, 1)
    paged = site.crises.find(crisis.id)
    assert paged
    assert (paged.state, len({due.name for due in site.dues})) == (State.PAGED, len(names))
    assert in_time < {due.name for due in site.dues}


def test_a_known_persons_call_waits_behind_no_strangers_that_nothing_has_taken(site: Site) -> None:
    for number in range(5):
        stranger = a_call(NOW, caller=f"caller-{number}", person_id=None, verified=False, programme_id=ALL_PROGRAMMES)
        assert site.crises.keep(stranger)
    assert site.crises.keep(a_call(NOW + MINUTE, caller="zoe"))
    asked = iter(range(99))

    service.sweep(now=NOW + MINUTE, desk=site.desk(), is_over=lambda: next(asked) >= 1)

    assert [crisis.caller for crisis in site.crises.kept_crises.values()] == ["zoe"]


def test_many_unknown_callers_at_once_are_all_kept_and_known_ones_go_first(site: Site) -> None:
    unknown: dict[str, Any] = {"programme_id": ALL_PROGRAMMES, "person_id": None, "verified": False}
    for number in range(40):
        assert site.crises.keep(a_call(NOW, caller=f"caller-{number}", **unknown))
    assert site.crises.keep(a_call(NOW + MINUTE))

    site.mail_is_down = True
    sweep(site, NOW + MINUTE)
    site.mail_is_down = False
    sweep(site, NOW + 2 * MINUTE)

    kinds = list(dict.fromkeys(due.kind for due in site.dues))
    assert len(kinds) == 1 + paging.UNKNOWN_AT_ONCE
    assert kinds[0].split("-")[1] == present(site).id
    pass_by(site, 3, 6)
    assert all(crisis.state is State.PAGED for crisis in site.crises.kept_crises.values())


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


def test_handing_over_pages_the_new_owner_who_owes_an_attempt(site: Site) -> None:
    crisis = called(site)
    with pytest.raises(NotNow):
        handling.hand_over(crisis.id, DANA, to="sup", now=NOW, desk=site.desk())
    handling.acknowledge(crisis.id, DANA, now=NOW + MINUTE, desk=site.desk())

    handling.hand_over(crisis.id, DANA, to="sup", now=NOW + 5 * MINUTE, desk=site.desk())

    assert (present(site).owner, site.to_whom()[-1]) == ("sup", ["sup"])
    pass_by(site, 6, 20)
    assert site.to_whom()[-1] == ["prim", "sec", "sup"]


def test_it_is_handed_over_to_whoever_has_a_telephone_alone(site: Site) -> None:
    phone = Phone(number="+15550100199", confirmed_at=NOW)
    ana = replace(a_member("ana", is_reachable=False, at=NOW), phone=phone)
    site.staff.append(ana)
    site.pager.takes = True
    crisis = called(site)
    handling.acknowledge(crisis.id, DANA, now=NOW + MINUTE, desk=site.desk())

    handling.hand_over(crisis.id, DANA, to="ana", now=NOW + 5 * MINUTE, desk=site.desk())

    assert present(site).owner == "ana"
    assert [member_id for member_id, _, at in site.pager.paged if at == NOW + 5 * MINUTE] == [ana.id]


def test_whoever_called_sees_how_far_their_own_call_is_and_nothing_before_it(site: Site) -> None:
    crisis = called(site)
    handling.acknowledge(crisis.id, DANA, now=NOW + MINUTE, desk=site.desk())
    service.press(a_call(NOW + 2 * MINUTE, key="later"), now=NOW + 2 * MINUTE, desk=site.desk())
    first, later = site.crises.presses.values()

    def stages(kept: Kept) -> Stage:
        return progress(kept.press.at, kept.number, site.crises.log(crisis.id)).stage

    assert (stages(first), stages(later)) == (Stage.ACKNOWLEDGED, Stage.SENT)
    handling.contact(crisis.id, SAM, note=None, now=NOW + 5 * MINUTE, desk=site.desk())
    assert (stages(first), stages(later)) == (Stage.CONTACTED, Stage.CONTACTED)


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


def test_strangers_of_one_address_who_call_two_programmes_are_two_crises() -> None:
    def caller(programme_id: str | None, address: str = "198.51.100.7", **who: str) -> str:
        return Caller(door=Door.UNSIGNED, address=address, programme_id=programme_id, **who).id  # type: ignore[arg-type]

    assert len({caller("iop"), caller("other"), caller(None)}) == 3
    assert len({caller("iop", account="a"), caller("other", account="a"), caller("iop", account="b")}) == 3
    assert caller("iop", person_id="p1") == caller("other", person_id="p1")


def test_whoever_changes_the_end_of_an_ipv6_address_is_the_same_caller() -> None:
    def caller(address: str) -> str:
        return Caller(door=Door.UNSIGNED, address=address).id

    assert caller("2001:db8:1:2::1") == caller("2001:db8:1:2:ffff::9")
    assert len({caller(one) for one in ("2001:db8:1:2::1", "2001:db8:1:3::1", "198.51.100.7", "198.51.100.8")}) == 4


def test_no_key_that_somebody_sends_is_that_of_an_answer() -> None:
    ana = replace(a_recipient(), person_id="p1")
    sent = call(Caller(door=Door.APP, address="", person_id="p1"), Sent(), key="2026-11-26-daily-1", at=NOW)

    answered = call_of(ana, "2026-11-26-daily-1", at=NOW, verified=True, by=None)
    assert answered.id != sent.id
    assert answered == call_of(ana, "2026-11-26-daily-1", at=NOW, verified=True, by=None)


class Broken:
    """Stands for whatever can't be reached."""

    def __getattr__(self, name: str) -> Any:
        def fail(*_args: object, **_named: object) -> Any:
            raise ConnectionError(name)

        return fail


def test_a_page_goes_out_where_nobody_can_say_whether_it_is_still_needed(site: Site) -> None:
    called(site)

    assert paging.objection(site.dues[-1], desk=replace(site.desk(), crises=Broken())) is None
    assert site.troubles


def test_what_staff_did_stands_though_nobody_could_be_paged_for_it(site: Site) -> None:
    crisis = called(site)
    handling.acknowledge(crisis.id, DANA, now=NOW + MINUTE, desk=site.desk())
    desk = replace(site.desk(), members=site.desk().members, dues=Broken(), tasks=Broken())
    site.crises.look_again = Broken().look_again  # type: ignore[method-assign]

    assert handling.hand_over(crisis.id, DANA, to="sec", now=NOW + 2 * MINUTE, desk=desk).owner == "sec"

    del site.crises.look_again
    sweep(site, NOW + 3 * MINUTE)
    assert site.to_whom()[-1] == ["sec"]


def test_a_programme_whose_staff_cannot_be_read_keeps_no_other_from_being_paged(site: Site) -> None:
    site.programmes.known = {"a-broken-one": Minutes(), "iop": Minutes()}
    members = site.desk().members

    class SomeBroken:
        def of_programme(self, programme_id: str) -> list[Member]:
            return members.of_programme(programme_id) if programme_id == "iop" else Broken().of_programme()

        def find(self, programme_id: str, account: str) -> Member | None:
            return members.find(programme_id, account)

    call = a_call(NOW, caller="caller-1", programme_id=ALL_PROGRAMMES, person_id=None, verified=False)
    service.press(call, now=NOW, desk=replace(site.desk(), members=SomeBroken()))

    assert site.to_whom() == [["prim"]]


def test_whoever_floods_by_naming_a_programme_holds_up_nobody_who_is_known_and_is_paged_for_in_turn(site: Site) -> None:
    for number in range(30):
        call = a_call(NOW, caller=f"caller-{number}", person_id=None, verified=False, door=Door.UNSIGNED)
        service.press(call, now=NOW, desk=site.desk())
    called(site)

    paged = [one for one in site.crises.kept_crises.values() if one.state is State.PAGED]
    assert len(paged) == paging.UNKNOWN_AT_ONCE + 1
    assert present(site) in paged
    pass_by(site, 1, 3)
    assert all(one.state is State.PAGED for one in site.crises.kept_crises.values())


lines = st.builds(
    lambda what, minutes, step, agreed, end: (what, minutes, step, agreed, end),
    st.sampled_from(list(What)),
    st.integers(0, 600),
    st.none() | st.integers(0, 9),
    st.booleans(),
    st.sampled_from(list(Disposition)),
)


@given(st.lists(lines, max_size=12), st.integers(0, 3000))
def test_whatever_happened_an_unanswered_crisis_always_has_a_next_step(
    happened: list[tuple[What, int, int | None, bool, Disposition]], later: int
) -> None:
    crisis, first = opened("c", a_call(NOW))
    at = NOW
    events = [first]
    for what, minutes, step, agreed, end in happened:
        at += minutes * MINUTE
        event = Event(
            number=crisis.version + 1,
            what=what,
            at=at,
            by="dr",
            step=step,
            to=("dr",),
            agreed=agreed,
            disposition=end,
            press=a_call(at, key=str(crisis.version)) if what is What.PRESS else None,
        )
        crisis = after(crisis, event)
        events.append(event)

    assert reduce(after, events[1:], opened("c", a_call(NOW))[0]) == crisis
    now, rules = at + later * MINUTE, Minutes()
    step_now, coming = ladder.due(crisis, rules, now=now), ladder.looked_at(crisis, rules)
    if crisis.wait not in {Wait.FOLLOW_UP, Wait.NOTHING}:
        assert coming is not None
        assert (step_now is not None) == (coming <= now)
    else:
        assert step_now is None
