"""A call for help: how it is taken, whose it is, and that no flood or crash holds one up."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.crisis import handling, looking, service
from chalicelib.crisis.calling import Caller, Sent, call, call_of
from chalicelib.crisis.domain import Crisis, Disposition, Door, Event, State, What
from chalicelib.crisis.duty import Duty
from chalicelib.crisis.handling import By
from chalicelib.crisis.log import after
from chalicelib.crisis.paging import PROGRAMMES_AT_ONCE
from chalicelib.crisis.ports import Kept
from chalicelib.crisis.telling import Stage, progress
from chalicelib.privacy.domain import ALL_PROGRAMMES
from chalicelib.tasks.service import do_task
from tests.build import a_recipient
from tests.crisis_calls import (
    DANA,
    MINUTE,
    NOW,
    SAM,
    SECOND,
    called,
    over,
    pass_by,
    present,
    sweep,
    whats,
)
from tests.fakes_crisis import FakeCrises, FakeProgrammes, Site, a_call, a_member


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


def test_however_many_acknowledge_in_turn_who_presses_on_has_each_paged_once_a_minute(site: Site) -> None:
    crisis = called(site)
    colleagues = [SAM, DANA, By(account="sup", programme_id="iop")]
    for second in range(1, 600):
        at = NOW + timedelta(seconds=second)
        service.press(a_call(at, key=f"k{second}"), now=at, desk=site.desk())
        if second % 5 == 3:
            handling.acknowledge(crisis.id, colleagues[second % 3], now=at, desk=site.desk())
        if second % 60 == 0:
            sweep(site, at)

    assert 9 <= len(site.to_whom()) <= 10
    assert present(site).is_unanswered

    pass_by(site, 10, 11)
    assert (present(site).state, len(site.to_whom())) == (State.PAGED, 11)


class NoPages:
    """A store in which somebody's acknowledgement comes before the line of each page."""

    def __init__(self, crises: FakeCrises) -> None:
        self._crises = crises

    def __getattr__(self, name: str) -> Any:
        return getattr(self._crises, name)

    def save(self, crisis: Crisis, events: Sequence[Event], **more: Any) -> bool:
        return events[0].what is not What.PAGE and self._crises.save(crisis, events, **more)


def test_an_acknowledgement_that_overtakes_the_pages_line_counts_as_one_that_follows_it(site: Site) -> None:
    service.press(a_call(NOW), now=NOW, desk=replace(site.desk(), crises=NoPages(site.crises)))
    crisis = present(site)
    assert crisis.paged_at is None
    handling.acknowledge(crisis.id, SAM, now=NOW + 2 * SECOND, desk=site.desk())

    assert called(site, NOW + 3 * SECOND, key="again").state is State.OPEN
    sweep(site, NOW + MINUTE)
    assert (present(site).state, site.to_whom()) == (State.PAGED, [["prim"], ["prim", "sec"]])


def test_whoever_calls_on_is_paged_for_however_the_acknowledgements_fall_between_the_looks(site: Site) -> None:
    crisis = called(site, NOW + SECOND)
    handling.acknowledge(crisis.id, SAM, now=NOW + 20 * SECOND, desk=site.desk())
    called(site, NOW + 25 * SECOND, key="again")
    for minute in range(1, 60):
        sweep(site, NOW + minute * MINUTE)
        at = NOW + minute * MINUTE + 50 * SECOND
        handling.acknowledge(crisis.id, (SAM, DANA)[minute % 2], now=at, desk=site.desk())
        called(site, at + 5 * SECOND, key=f"k{minute}")

    assert len(site.to_whom()) >= 30


def test_who_moved_to_another_programme_has_that_ones_staff_paged_at_once(site: Site) -> None:
    called(site)
    site.staff[:] = [replace(member, programme_id="php") for member in site.staff]
    site.on_call.duty = Duty(primary=(site.staff[0].id,))

    moved = called(site, NOW + 5 * SECOND, key="k2", programme_id="php")
    assert (moved.programme_id, moved.paged_at) == ("php", NOW + 5 * SECOND)
    assert site.dues[-1].person_id == site.staff[0].id


def test_whose_staff_take_a_strangers_call_has_its_own_paged_at_once_by_the_next(site: Site) -> None:
    site.programmes = FakeProgrammes(*(f"a{number:02}" for number in range(PROGRAMMES_AT_ONCE)), "iop")
    stranger: dict[str, Any] = {"caller": "caller-1", "person_id": None, "verified": False, "door": Door.UNSIGNED}
    service.press(a_call(NOW, programme_id=ALL_PROGRAMMES, **stranger), now=NOW, desk=site.desk())
    assert site.to_whom() == []

    handling.acknowledge(present(site, "caller-1").id, SAM, now=NOW + 10 * SECOND, desk=site.desk())
    again = a_call(NOW + 15 * SECOND, key="k2", programme_id=ALL_PROGRAMMES, **stranger)
    service.press(again, now=again.at, desk=site.desk())
    assert site.to_whom() == [["prim", "sec"]]


def test_a_host_whose_clock_is_ahead_puts_no_call_off_for_longer_than_a_minute(site: Site) -> None:
    crisis = called(site)
    ahead = Event(number=crisis.version + 1, what=What.PAGE, at=NOW + 10 * MINUTE, step=0, to=("prim",))
    site.crises.save(after(crisis, ahead), [ahead], look_at=NOW)
    handling.acknowledge(crisis.id, SAM, now=NOW + 2 * SECOND, desk=site.desk())

    assert called(site, NOW + 3 * SECOND, key="k2").rings_at == NOW + 3 * SECOND + MINUTE


def test_a_reminder_to_the_owner_puts_no_call_off(site: Site) -> None:
    crisis = called(site)
    handling.acknowledge(crisis.id, SAM, now=NOW + MINUTE, desk=site.desk())
    handling.attempt(crisis.id, SAM, note=None, now=NOW + 2 * MINUTE, desk=site.desk())
    pass_by(site, 3, 22)
    assert site.to_whom()[-1] == ["sec"]

    assert called(site, NOW + 22 * MINUTE + SECOND, key="again").state is State.PAGED


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

    service.sweep(now=NOW + MINUTE, desk=site.desk(), spent=lambda: float(next(asked) >= 1))

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
    assert len(kinds) == 1 + looking.UNKNOWN_AT_ONCE
    assert kinds[0].split("-")[1] == present(site).id
    pass_by(site, 3, 6)
    assert all(crisis.state is State.PAGED for crisis in site.crises.kept_crises.values())


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


def test_whoever_floods_by_naming_a_programme_holds_up_nobody_who_is_known_and_is_paged_for_in_turn(site: Site) -> None:
    for number in range(30):
        call = a_call(NOW, caller=f"caller-{number}", person_id=None, verified=False, door=Door.UNSIGNED)
        service.press(call, now=NOW, desk=site.desk())
    called(site)

    paged = [one for one in site.crises.kept_crises.values() if one.state is State.PAGED]
    assert len(paged) == looking.UNKNOWN_AT_ONCE + 1
    assert present(site) in paged
    pass_by(site, 1, 3)
    assert all(one.state is State.PAGED for one in site.crises.kept_crises.values())
