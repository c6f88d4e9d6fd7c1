"""The minute's look at crises has little time: nobody uses up another's, and what is slow or fails isn't waited for."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from chalicelib.crisis import handling, looking, service
from chalicelib.crisis.domain import Crisis, State
from chalicelib.crisis.ports import Desk
from chalicelib.outreach.domain import Due
from chalicelib.privacy.domain import ALL_PROGRAMMES
from tests.crisis_calls import DANA, MINUTE, NOW, Broken, called, present, sweep, whats
from tests.fakes_crisis import FakePager, FakeProgrammes, Site, a_call

LOOK = 30.0
"""Seconds that a look has."""
UNKNOWN: dict[str, Any] = {"person_id": None, "verified": False, "programme_id": ALL_PROGRAMMES}


@dataclass
class Watch(FakePager):
    """A queue and a sender of texts that take their time."""

    hand_over: float = 0.0
    text: float = 0.0
    seconds: float = 0.0
    done: list[str] = field(default_factory=list)

    def hurry(self, dues: Iterable[Due]) -> None:
        self.seconds += self.hand_over
        self.done += dict.fromkeys(f"mail {due.kind.split('-')[1]}" for due in dues)

    def page(self, member_id: str, reference: str, *, at: datetime) -> bool:
        self.seconds += self.text
        self.done.append(f"text {reference}")
        return super().page(member_id, reference, at=at)

    def spent(self) -> float:
        return self.seconds / LOOK

    def look(self, site: Site, at: datetime) -> None:
        self.seconds = 0.0
        self.done.clear()
        service.sweep(now=at, desk=self.desk(site), spent=self.spent)

    def desk(self, site: Site) -> Desk:
        return replace(site.desk(), pager=self, hurry=self.hurry)


def call(site: Site, *callers: str) -> list[Crisis]:
    for caller in callers:
        service.press(a_call(NOW, caller=caller, person_id=caller), now=NOW, desk=site.desk())
    return [present(site, caller) for caller in callers]


def texted(watch: Watch) -> set[str]:
    return {reference for _, reference, _ in watch.paged}


def test_no_text_is_sent_before_e_mail_and_push_of_all_crises_are_on_their_way(site: Site) -> None:
    crises = call(site, "zoe", "yan")
    watch = Watch()

    watch.look(site, NOW + 5 * MINUTE)

    assert [one.partition(" ")[0] for one in watch.done] == ["mail", "mail", "text", "text", "text", "text"]
    assert texted(watch) == {crisis.reference for crisis in crises}


def test_whatever_dies_over_a_text_takes_no_page_along_and_it_is_done_again(site: Site) -> None:
    crises = call(site, "zoe", "yan")
    before = len(site.dues)

    class Dying(FakePager):
        def page(self, member_id: str, reference: str, *, at: datetime) -> bool:  # noqa: ARG002 (the port's)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        service.sweep(now=NOW + 5 * MINUTE, desk=replace(site.desk(), pager=Dying()), spent=lambda: 0.0)

    assert {due.kind.split("-")[1] for due in site.dues[before:]} == {crisis.id for crisis in crises}
    sweep(site, NOW + 6 * MINUTE)
    assert [whats(site, crisis)[-1] for crisis in crises] == ["page", "page"]


def test_a_look_that_died_leaves_the_first_turn_to_those_whom_it_did_not_come_to(site: Site) -> None:
    call(site, "xia", "yan", "zoe")

    class Dying(Watch):
        def page(self, member_id: str, reference: str, *, at: datetime) -> bool:  # noqa: ARG002 (the port's)
            raise KeyboardInterrupt

    # Two of them take all the time that there is to begin with.
    first, last = Dying(hand_over=LOOK * 0.3), Watch()
    with pytest.raises(KeyboardInterrupt):
        first.look(site, NOW + 5 * MINUTE)
    last.look(site, NOW + 6 * MINUTE)

    begun = [one for one in first.done if one.startswith("mail")]
    assert len(begun) == 2
    assert last.done[0] not in begun


def test_who_acknowledged_and_then_did_nothing_waits_behind_no_later_call(site: Site) -> None:
    (forgotten,) = call(site, "xia")
    handling.acknowledge(forgotten.id, DANA, now=NOW + MINUTE, desk=site.desk())
    service.press(a_call(NOW + 12 * MINUTE, caller="yan", person_id="yan"), now=NOW + 12 * MINUTE, desk=site.desk())
    watch = Watch()

    watch.look(site, NOW + 17 * MINUTE)

    assert watch.done[:2] == [f"mail {forgotten.id}", f"mail {present(site, 'yan').id}"]


def test_who_acknowledges_while_a_look_is_under_way_stops_its_texts(site: Site) -> None:
    first, last = sorted(call(site, "zoe", "yan"), key=lambda one: one.id)

    class Acked(Watch):
        def page(self, member_id: str, reference: str, *, at: datetime) -> bool:
            if reference == first.reference:
                handling.acknowledge(last.id, DANA, now=at, desk=site.desk())
            return super().page(member_id, reference, at=at)

    watch = Acked()
    watch.look(site, NOW + 5 * MINUTE)

    assert texted(watch) == {first.reference}
    assert whats(site, last)[-1] == "ack"


def test_who_calls_again_while_a_look_is_under_way_stops_no_text(site: Site) -> None:
    first, last = sorted(call(site, "zoe", "yan"), key=lambda one: one.id)

    class Calling(Watch):
        def page(self, member_id: str, reference: str, *, at: datetime) -> bool:
            if reference == first.reference:
                again = a_call(at, caller=last.caller, person_id=last.person_id, key="again")
                service.press(again, now=at, desk=site.desk())
            return super().page(member_id, reference, at=at)

    watch = Calling()
    watch.look(site, NOW + 5 * MINUTE)

    assert texted(watch) == {first.reference, last.reference}


def test_pages_that_take_long_leave_time_for_texts_and_the_others_come_a_minute_later(site: Site) -> None:
    crises = call(site, *(f"p{number:02}" for number in range(20)))
    watch = Watch(hand_over=2.0)

    watch.look(site, NOW + 5 * MINUTE)
    paged = {crisis.id for crisis in crises if whats(site, crisis).count("page") == 2}
    assert len(paged) == len(texted(watch)) == 9  # 18 of 30 seconds

    for minute in (6, 7):
        watch.look(site, NOW + minute * MINUTE)
    assert all(whats(site, crisis).count("page") == 2 for crisis in crises)


def test_texts_that_take_long_leave_time_for_strangers(site: Site) -> None:
    call(site, *(f"p{number:02}" for number in range(20)))
    service.press(a_call(NOW, caller="stranger", **UNKNOWN), now=NOW, desk=site.desk())
    watch = Watch(text=2.9)

    watch.look(site, NOW + 5 * MINUTE)

    assert present(site, "stranger").reference in texted(watch)


def test_a_stranger_who_is_paged_for_in_hundreds_of_programmes_holds_up_nobody_who_is_known(site: Site) -> None:
    site.programmes = FakeProgrammes("iop", *(f"other-{number:03}" for number in range(400)))
    service.press(a_call(NOW, caller="stranger", **UNKNOWN), now=NOW, desk=site.desk())
    (zoe,) = call(site, "zoe")
    watch = Watch(hand_over=2.0)

    watch.look(site, NOW + 5 * MINUTE)

    assert whats(site, zoe).count("page") == 2
    assert watch.done.index(f"text {zoe.reference}") < watch.done.index(f"mail {present(site, 'stranger').id}")
    # One queue that doesn't answer is waited for once a crisis.
    assert watch.seconds == 4.0


def test_a_call_that_nothing_took_is_paged_before_reminders_and_though_the_list_cannot_be_read(site: Site) -> None:
    for caller in (f"p{number:02}" for number in range(20)):
        (crisis,) = call(site, caller)
        handling.acknowledge(crisis.id, DANA, now=NOW, desk=site.desk())
        handling.attempt(crisis.id, DANA, note=None, now=NOW, desk=site.desk())
    at = NOW + 20 * MINUTE
    assert site.crises.keep(a_call(at, caller="zoe", person_id="zoe"))
    watch = Watch(hand_over=2.0)

    watch.look(site, at)
    zoe = present(site, "zoe")
    assert watch.done[0] == f"mail {zoe.id}"

    class NoList:
        open_ones = Broken().open_ones

        def __getattr__(self, name: str) -> object:
            return getattr(site.crises, name)

    assert site.crises.keep(a_call(at, caller="yan", person_id="yan"))
    service.sweep(now=at, desk=replace(site.desk(), crises=NoList()), spent=lambda: 0.0)  # type: ignore[arg-type]
    assert present(site, "yan").state is State.PAGED


def test_taking_calls_leaves_time_to_page_for_them(site: Site) -> None:
    callers = [f"p{number:02}" for number in range(30)]
    for caller in callers:
        assert site.crises.keep(a_call(NOW, caller=caller, person_id=caller))
    watch = Watch()

    class Slow:
        def kept(self, press_id: str) -> object:
            watch.seconds += 1.0
            return site.crises.kept(press_id)

        def __getattr__(self, name: str) -> object:
            return getattr(site.crises, name)

    service.sweep(now=NOW, desk=replace(watch.desk(site), crises=Slow()), spent=watch.spent)  # type: ignore[arg-type]

    found = [site.crises.present_of(caller) for caller in callers]
    assert [crisis.state for crisis in found if crisis] == 9 * [State.PAGED]  # nine of thirty seconds


def test_a_new_call_comes_before_a_reminder(site: Site) -> None:
    crisis = called(site)
    handling.acknowledge(crisis.id, DANA, now=NOW, desk=site.desk())
    handling.attempt(crisis.id, DANA, note=None, now=NOW, desk=site.desk())
    (zoe,) = call(site, "zoe")
    watch = Watch()

    watch.look(site, NOW + 20 * MINUTE)

    assert watch.done[:2] == [f"mail {zoe.id}", f"mail {crisis.id}"]
    assert looking.BEGUN_BY < looking.FINISHED_BY < 1
