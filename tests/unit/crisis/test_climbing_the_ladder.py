"""Whom a crisis pages and when: the ladder of domain rules 3.3, minute by minute."""

from dataclasses import replace
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.crisis import handling, ladder, paging, service
from chalicelib.crisis.domain import Disposition, Event, NotNow, State, Wait, What
from chalicelib.crisis.duty import Duty
from chalicelib.crisis.ladder import Minutes
from chalicelib.crisis.log import after, opened
from chalicelib.outreach.domain import Reason
from chalicelib.privacy.domain import ALL_PROGRAMMES
from chalicelib.staff.domain import Member
from chalicelib.staff.phones import Phone
from tests.crisis_calls import (
    DANA,
    MINUTE,
    NOW,
    PRIM,
    SAM,
    SECOND,
    Broken,
    called,
    pass_by,
    present,
    sweep,
)
from tests.fakes_crisis import Site, a_call, a_member


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


def test_after_a_long_time_in_which_nobody_looked_everybody_is_paged_once_and_not_step_by_step(site: Site) -> None:
    site.crises.keep(a_call(NOW))

    sweep(site, NOW + 40 * MINUTE)
    sweep(site, NOW + 41 * MINUTE)

    assert site.to_whom() == [["boss", "peer", "prim", "sec", "sup"]]


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


def test_a_page_that_is_handed_over_again_after_a_look_died_gives_way_to_none(site: Site) -> None:
    crisis = called(site)
    begun = paging.begin(crisis, now=NOW + 5 * MINUTE, desk=site.desk())
    assert begun
    first, before = site.dues[-1], len(site.dues)

    sweep(site, NOW + 12 * MINUTE)

    assert first.name in {due.name for due in site.dues[before:]}
    assert paging.objection(first, desk=site.desk()) is None


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
