from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.enrollment import reaching
from chalicelib.enrollment.changing import change_record, next_of
from chalicelib.enrollment.consents import Via
from chalicelib.enrollment.domain import NoSuchPerson, Record, recipient_of
from chalicelib.enrollment.preferences import (
    DAY,
    LEAST_OPEN,
    Choices,
    Less,
    can_be_switched_off,
    canonical,
    everything,
    is_off,
    longer,
    with_less,
)
from chalicelib.enrollment.preferring import in_programme, prefer, take_less, unsubscribe
from chalicelib.enrollment.service import edit_person
from chalicelib.errors import Invalid, Stale
from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.domain import ChannelKind, DetailLevel, Schedule
from chalicelib.outreach.inviting import invite_kind
from chalicelib.outreach.kinds import APPOINTMENT, CHECK_IN, CONFIRM_CHANNEL, INVITE
from chalicelib.outreach.links import NO_END, Claims
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.recurrence import Once
from tests.unit.enrollment.test_service import ID, NOW, PROGRAMME, STAFF, Practice

LATER = NOW + timedelta(days=1)
NIGHT = QuietHours(start=time(20), end=time(9))
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
quiet_hours = st.builds(QuietHours, start=clocks, end=clocks)
offs = st.frozensets(st.tuples(st.sampled_from([*CATEGORIES, "gone"]), st.sampled_from([None, *ChannelKind])))


def link(practice: Practice, *, kind: str = CHECK_IN, revision: int = 1, channel_id: str | None = None) -> Claims:
    return Claims(
        person_id=ID,
        kind=kind,
        on=date(2026, 11, 24),
        channel_id=channel_id or record_of(practice).channels[0].id,
        revision=revision,
        expires_at=NO_END,
    )


def record_of(practice: Practice) -> Record:
    found = practice.people.record(ID)
    assert found is not None
    return found


def ask_less(practice: Practice, asked: Less, claims: Claims | None = None) -> bool:
    return take_less(
        claims or link(practice),
        asked,
        via=Via.LINK,
        now=LATER,
        people=practice.people,
        programmes=practice.programmes,
    )


def choices(practice: Practice, **changes: object) -> Choices:
    record = record_of(practice)
    chosen = Choices(
        off={category: frozenset() for category in can_be_switched_off()},
        details={channel.id: channel.detail for channel in record.channels},
        quiet_from=None,
        quiet_to=None,
        calendar_invites=False,
    )
    return replace(chosen, **changes)  # type: ignore[arg-type]


def test_one_click_stops_the_emails_of_one_kind_before_the_next_send() -> None:
    practice = Practice()

    assert unsubscribe(link(practice), via=Via.LINK, now=LATER, people=practice.people, programmes=practice.programmes)

    seen = recipient_of(record_of(practice), PROGRAMME, at=LATER)
    assert seen.opt_outs == {(CHECK_IN, ChannelKind.EMAIL)}
    assert record_of(practice).preferences[0].changed_at == LATER
    assert (record_of(practice).preferences[0].via, record_of(practice).preferences[0].by) == (Via.LINK, None)


def test_one_click_again_changes_nothing_at_all() -> None:
    practice = Practice()
    for _ in range(3):
        unsubscribe(link(practice), via=Via.LINK, now=LATER, people=practice.people, programmes=practice.programmes)

    assert record_of(practice).person.version == 2


def test_a_link_ends_with_the_address_it_was_sent_to() -> None:
    practice = Practice()
    asked = Less(off=everything())

    assert not ask_less(practice, asked, link(practice, revision=2))
    assert not ask_less(practice, asked, link(practice, channel_id="other"))
    assert not ask_less(practice, asked, replace(link(practice), person_id="f" * 32))
    assert record_of(practice).preferences == ()


def test_account_and_crisis_messages_can_not_be_switched_off_by_a_link() -> None:
    practice = Practice()

    assert ask_less(practice, Less(off=frozenset({(CONFIRM_CHANNEL, None), ("unheard_of", None)})))
    assert record_of(practice).preferences == ()
    assert record_of(practice).person.version == 1


def test_stopping_all_stops_every_kind_on_every_channel_those_to_come_among_them() -> None:
    practice = Practice()

    ask_less(practice, Less(off=everything()))

    assert recipient_of(record_of(practice), PROGRAMME, at=LATER).opt_outs == everything()
    assert all(is_off(record_of(practice).preferences, name, kind) for name, _ in everything() for kind in ChannelKind)


def test_every_channel_of_today_means_every_channel() -> None:
    assert canonical(ChannelKind) == {None}
    assert canonical({ChannelKind.EMAIL, None}) == {None}
    assert canonical({ChannelKind.EMAIL}) == {ChannelKind.EMAIL}


def test_a_link_makes_messages_say_less_and_leaves_other_channels_alone() -> None:
    practice = Practice()
    channel_id = record_of(practice).channels[0].id
    reaching.change_channel(ID, channel_id, address=None, detail=DetailLevel.DETAILED, now=NOW, people=practice.people)

    ask_less(practice, Less(discreet=frozenset({ChannelKind.PUSH, ChannelKind.MOBILE})))
    assert record_of(practice).channel(channel_id).detail is DetailLevel.DETAILED

    ask_less(practice, Less(discreet=frozenset({ChannelKind.EMAIL})))
    assert record_of(practice).channel(channel_id).detail is DetailLevel.DISCREET


def test_a_link_makes_quiet_hours_longer_from_those_of_the_programme() -> None:
    practice = Practice()

    ask_less(practice, Less(quiet=NIGHT))
    ask_less(practice, Less(quiet=QuietHours(start=time(22), end=time(7))))

    person = record_of(practice).person
    assert (person.quiet_from, person.quiet_to) == (time(20), time(9))


def quiet_minutes(hours: QuietHours) -> set[int]:
    start, end = (at.hour * 60 + at.minute for at in (hours.start, hours.end))
    return {(start + step) % DAY for step in range((end - start) % DAY)}


@given(present=quiet_hours, asked=quiet_hours)
def test_what_was_quiet_stays_quiet_and_what_was_asked_is_as_far_as_a_day_allows(
    present: QuietHours, asked: QuietHours
) -> None:
    before, wanted, after = (quiet_minutes(one) for one in (present, asked, longer(present, asked)))

    assert before <= after
    missed = len(wanted - after)
    assert not missed or (len(before | wanted) > DAY - 2 * LEAST_OPEN and missed <= LEAST_OPEN)
    # Never all day by accident: equal ends would mean none at all.
    assert len(after) <= max(DAY - LEAST_OPEN, len(before), len(wanted))
    assert longer(longer(present, asked), asked) == longer(present, asked) or missed


@given(first=offs, second=offs)
def test_less_only_ever_switches_off_and_never_what_is_essential(
    first: frozenset[tuple[str, ChannelKind | None]], second: frozenset[tuple[str, ChannelKind | None]]
) -> None:
    before = with_less((), first, via=Via.LINK, now=NOW)
    changed = with_less(before, second, via=Via.LINK, now=LATER)
    after = {one.category: one for one in (*before, *changed)}.values()

    for category in CATEGORIES:
        for kind in ChannelKind:
            asked = {(category, kind), (category, None)} & (first | second)
            assert is_off(after, category, kind) == bool(asked and category in can_be_switched_off())
    assert "gone" not in {one.category for one in after}
    assert with_less(after, second, via=Via.LINK, now=LATER) == ()


def test_all_choices_are_put_in_place_of_those_before() -> None:
    practice = Practice()
    channel_id = record_of(practice).channels[0].id
    ask_less(practice, Less(off=everything()))
    chosen = choices(
        practice,
        off={name: frozenset() for name in can_be_switched_off()} | {CHECK_IN: frozenset({ChannelKind.PUSH})},
        details={channel_id: DetailLevel.STANDARD},
        quiet_from=time(22),
        calendar_invites=True,
    )

    record = prefer(ID, chosen, will=STAFF, version=2, now=LATER, people=practice.people)

    seen = recipient_of(record, PROGRAMME, at=LATER)
    assert seen.opt_outs == {(CHECK_IN, ChannelKind.PUSH)}
    assert seen.quiet_hours == QuietHours(start=time(22), end=PROGRAMME.quiet_hours.end)
    assert seen.calendar_invites
    assert record.channel(channel_id).detail is DetailLevel.STANDARD
    assert {one.by for one in record.preferences if one.category == CHECK_IN} == {"staff-sub"}


def test_choices_must_name_every_kind_once_and_nothing_else() -> None:
    practice = Practice()
    wrong = [
        choices(practice, off={}),
        choices(practice, off={**choices(practice).off, CONFIRM_CHANNEL: frozenset({ChannelKind.EMAIL})}),
        choices(practice, details={"other": DetailLevel.STANDARD}),
    ]

    for chosen in wrong:
        with pytest.raises(Invalid):
            prefer(ID, chosen, will=STAFF, version=1, now=LATER, people=practice.people)
    with pytest.raises(Stale):
        prefer(ID, choices(practice), will=STAFF, version=7, now=LATER, people=practice.people)


def test_a_link_belongs_to_the_programmes_of_its_person() -> None:
    practice = Practice()

    in_programme(link(practice), PROGRAMME.id, people=practice.people)
    with pytest.raises(NoSuchPerson):
        in_programme(link(practice), "iop-morning", people=practice.people)


def with_an_appointment(practice: Practice) -> str:
    kind = f"{APPOINTMENT}-{'ab' * 16}"
    when = Once(on=date(2026, 12, 1), at=time(18), zone="America/New_York")
    schedule = Schedule(person_id=ID, kind=kind, version=1, when=when)
    change_record(ID, lambda record: replace(next_of(record), schedules=(schedule,)), people=practice.people)
    return kind


def told(practice: Practice) -> list[str]:
    return [due.kind for due in practice.people.dues if due.kind.startswith(INVITE)]


def test_who_begins_or_stops_to_want_calendar_entries_gets_or_loses_those_there_are() -> None:
    practice = Practice()
    kind = with_an_appointment(practice)

    for wanted in (True, True, False):
        version = record_of(practice).person.version
        chosen = choices(practice, calendar_invites=wanted)
        prefer(ID, chosen, will=STAFF, version=version, now=LATER, people=practice.people)

    assert told(practice) == [invite_kind(kind, 2), invite_kind(kind, 3)]
    present = next(one for one in record_of(practice).schedules if one.kind == kind)
    assert present.version == 3
    # Its reminder goes on under the version that holds now.
    assert (kind, 3) in {(due.kind, due.version) for due in practice.people.dues}


def test_calendars_follow_a_move_only_of_those_who_want_entries() -> None:
    practice = Practice()
    kind = with_an_appointment(practice)

    def move(zone: str) -> None:
        edit_person(
            ID,
            lambda person: replace(person, zone=zone),
            version=record_of(practice).person.version,
            now=LATER,
            people=practice.people,
            programmes=practice.programmes,
        )

    move("America/Denver")
    assert told(practice) == []
    prefer(
        ID,
        choices(practice, calendar_invites=True),
        will=STAFF,
        version=record_of(practice).person.version,
        now=LATER,
        people=practice.people,
    )
    move("America/Chicago")

    assert told(practice) == [invite_kind(kind, 3), invite_kind(kind, 4)]
