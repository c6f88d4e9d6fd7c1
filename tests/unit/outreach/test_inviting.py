"""Which calendar entry goes with which e-mail, and what a mail program finds of it in the message."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, time, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
import vobject
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.edge.log import flush
from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.checking import when_faults
from chalicelib.outreach.coming import preview
from chalicelib.outreach.domain import DetailLevel, Entry, Recipient, Schedule, Status
from chalicelib.outreach.email import EmailSender, Ses, compose
from chalicelib.outreach.invites import Method, Part
from chalicelib.outreach.inviting import Calendars, appointment_of, invite_kind, moment_of, to_tell
from chalicelib.outreach.kinds import APPOINTMENT, CHECK_IN, INVITE
from chalicelib.outreach.links import Links, Signer
from chalicelib.outreach.recurrence import Elapsed, Once, OnDay, Recurrence, When
from chalicelib.outreach.rrule import DAYS, NotARule
from chalicelib.outreach.service import first_due, following
from chalicelib.outreach.wording import words_for
from chalicelib.outreach.written import read, written
from tests.build import NEW_YORK, PERSON, a_recipient, an_email, utc

NOW = utc("2026-11-25T14:00")
DENTIST = f"{APPOINTMENT}-{'ab' * 16}"
MEETING = Once(on=date(2026, 12, 1), at=time(18), zone=NEW_YORK)
SERIES = Recurrence(at=time(18), rule="FREQ=WEEKLY;BYDAY=TU", zone=NEW_YORK, starts_on=date(2026, 11, 1))
CALENDARS = Calendars(address="replies@care.example", page="https://app.example")


def a_schedule(when: When = MEETING, *, kind: str = DENTIST, version: int = 1) -> Schedule:
    return Schedule(person_id=PERSON, kind=kind, version=version, when=when, title="Sobriety group with Dr. Lee")


def entry(kind: str) -> Entry:
    return Entry(
        person_id=PERSON,
        kind=kind,
        on=date(2026, 11, 25),
        due_at=NOW,
        status=Status.CLAIMED,
        attempt=1,
        claimed_at=NOW,
    )


def somebody(*schedules: Schedule, wants: bool = True, language: str = "en") -> Recipient:
    return replace(a_recipient(language=language), schedules=schedules, calendar_invites=wants)


def part(
    kind: str, recipient: Recipient, *, detail: DetailLevel = DetailLevel.DISCREET, language: str = "en"
) -> Part | None:
    return CALENDARS.part_for(entry(kind), recipient, an_email(detail=detail), language=language)


def told(kind: str, recipient: Recipient) -> tuple[str, int, bool]:
    found = part(kind, recipient)
    assert found is not None
    event = vobject.readOne(found.ics.decode()).vevent
    return found.method.value, int(event.sequence.value), "status" in event.contents


def test_a_reminder_brings_its_appointment_to_who_wants_that_and_to_nobody_else() -> None:
    assert told(DENTIST, somebody(a_schedule(version=3))) == ("REQUEST", 2, False)
    assert part(DENTIST, somebody(a_schedule(), wants=False)) is None
    assert part(CHECK_IN, somebody(a_schedule())) is None


def test_each_change_counts_on_from_the_version_that_is_stored() -> None:
    assert told(invite_kind(DENTIST, 1), somebody(a_schedule(version=1))) == ("REQUEST", 0, False)
    assert told(invite_kind(DENTIST, 2), somebody(a_schedule(version=2))) == ("REQUEST", 1, False)
    assert told(invite_kind(DENTIST, 3), somebody()) == ("CANCEL", 2, True)
    # What comes late says what is true by then, so that the calendar can't go back.
    assert told(invite_kind(DENTIST, 2), somebody(a_schedule(version=5))) == ("REQUEST", 4, False)


def test_who_wants_entries_no_more_has_them_withdrawn() -> None:
    assert told(invite_kind(DENTIST, 2), somebody(a_schedule(version=2), wants=False)) == ("CANCEL", 1, False)


def test_an_appointment_that_is_now_a_mere_day_leaves_the_calendar() -> None:
    day = OnDay(of=date(2026, 12, 24), days=-1, at=time(9), zone=NEW_YORK)

    assert told(invite_kind(DENTIST, 2), somebody(a_schedule(day, version=2))) == ("CANCEL", 1, True)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("detail", list(DetailLevel))
def test_an_entry_never_says_what_it_is_about(language: str, detail: DetailLevel) -> None:
    found = part(DENTIST, somebody(a_schedule()), detail=detail, language=language)

    assert found is not None
    text = found.ics.decode().replace("\r\n ", "")
    assert not re.search(r"sobri|group|lee|recover|program|session|VALARM", text, re.IGNORECASE)
    assert PERSON not in text
    assert "ab" * 16 not in text
    summary = vobject.readOne(text).vevent.summary.value
    assert (summary in {"Appointment", "Cita"}) == (detail is DetailLevel.DISCREET)


@pytest.mark.parametrize(
    ("when", "moment"),
    [
        (MEETING, MEETING),
        (SERIES, SERIES),
        (Elapsed(of=SERIES, by=-timedelta(hours=24), zone="America/Denver"), SERIES),
        (OnDay(of=MEETING, days=-1, at=time(9), zone=NEW_YORK), MEETING),
        (OnDay(of=date(2026, 12, 1), days=-1, at=time(9), zone=NEW_YORK), None),
    ],
)
def test_what_is_entered_is_what_a_reminder_reminds_of(when: When, moment: When | None) -> None:
    assert moment_of(when) == moment


def test_a_kind_says_which_appointment_and_version() -> None:
    assert appointment_of(invite_kind(DENTIST, 12)) == (DENTIST, 12)
    assert invite_kind(DENTIST, 12).startswith(f"{INVITE}-")


def test_calendars_are_told_of_what_is_new_moved_or_gone_and_of_nothing_else() -> None:
    before = [a_schedule(), a_schedule(kind=CHECK_IN)]
    moved = a_schedule(replace(MEETING, at=time(19)), version=2)
    renamed = replace(a_schedule(version=2), title="Other")
    over = a_schedule(replace(MEETING, on=date(2026, 11, 1)), kind=f"{APPOINTMENT}-over")

    def tell(*changed: Schedule, gone: tuple[str, ...] = (), all_of_them: bool = False) -> list[str]:
        return to_tell([*before, over], changed, gone, all_of_them=all_of_them, now=NOW)

    new = a_schedule(kind=f"{APPOINTMENT}-new")
    assert tell(new) == [invite_kind(new.kind, 1)]
    assert tell(moved) == [invite_kind(DENTIST, 2)]
    assert tell(renamed) == []
    assert tell(renamed, all_of_them=True) == [invite_kind(DENTIST, 2)]
    assert tell(a_schedule(kind=CHECK_IN, version=2), all_of_them=True) == []
    assert tell(gone=(DENTIST, over.kind, CHECK_IN, "unheard_of-1")) == [invite_kind(DENTIST, 2)]


def message(kind: str, recipient: Recipient) -> EmailMessage:
    said = words_for(entry(kind), recipient, an_email())
    mime = compose(
        said,
        "https://care.example/m/t",
        sender_name="Care Team",
        from_address="hello@care.example",
        reply_to="replies@care.example",
        to="ana@example.com",
        name="p_2026-11-25_x",
        at=NOW,
        calendar=CALENDARS.part_for(entry(kind), recipient, an_email(), language=said.language),
    )
    assert mime.count(b"\r\n") == mime.count(b"\n")
    return message_from_bytes(mime, policy=default)


@pytest.mark.parametrize(
    ("kind", "schedules", "method"),
    [
        (DENTIST, (a_schedule(),), Method.REQUEST),
        (invite_kind(DENTIST, 1), (a_schedule(),), Method.REQUEST),
        (invite_kind(DENTIST, 2), (), Method.CANCEL),
    ],
)
def test_a_mail_program_finds_the_entry_twice_and_the_same(
    kind: str, schedules: tuple[Schedule, ...], method: Method
) -> None:
    whole = message(kind, somebody(*schedules, language="es"))

    assert whole.get_content_type() == "multipart/mixed"
    assert whole["Content-Language"] == "es"
    alternative, attached = whole.iter_parts()
    assert isinstance(alternative, EmailMessage)
    assert isinstance(attached, EmailMessage)
    assert [one.get_content_type() for one in alternative.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    calendar = list(alternative.iter_parts())[-1]
    assert calendar["Content-Type"].params == {"charset": "utf-8", "method": method.value}
    assert attached.get_filename() == "invite.ics"
    assert attached.get_content_type() == "application/ics"
    inline = str(calendar.get_content()).encode().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    assert inline == attached.get_content()
    assert vobject.readOne(inline.decode()).method.value == method.value


def composed(kind: str, schedule: Schedule) -> EmailMessage:
    """Return the message as the sender itself makes it."""
    sender = EmailSender(
        links=Links(
            public_url="https://care.example", app_url="https://app.example", signer=Signer(("a-key-for-links",))
        ),
        ses=Ses(from_address="hello@care.example", configuration_set="cairn"),
        from_address="hello@care.example",
        reply_to="replies@care.example",
        app_url="https://app.example",
    )
    letter = sender.compose(entry(kind), somebody(schedule), an_email(), closes_at=NOW + timedelta(hours=2))
    return message_from_bytes(letter.content, policy=default)


@pytest.mark.usefixtures("settings")
def test_a_reminder_whose_entry_can_not_be_made_goes_without_it(log: Callable[[], list[dict[str, object]]]) -> None:
    broken = a_schedule(replace(SERIES, rule="FREQ=WEEKLY;BYDAY=ana@example.com"))

    assert composed(DENTIST, a_schedule(SERIES)).get_content_type() == "multipart/mixed"
    assert composed(DENTIST, broken).get_content_type() == "multipart/alternative"
    flush()

    lines = log()
    [line] = [line for line in lines if line.get("message") == "no calendar part"]
    assert (line["level"], line["error"]) == ("ERROR", "NotARule")
    assert "_by_day" in str(line["at"])
    assert "ana@" not in json.dumps(lines)
    assert [line["DeliveryErrors"] for line in lines if "DeliveryErrors" in line] == [[1]]


@pytest.mark.usefixtures("settings")
def test_news_that_has_no_entry_to_bring_is_a_fault() -> None:
    with pytest.raises(NotARule):
        composed(invite_kind(DENTIST, 1), a_schedule(replace(SERIES, rule="FREQ=NEVER")))


def signed(most: int) -> st.SearchStrategy[str]:
    return st.builds("{}{}".format, st.sampled_from(["", "+", "-"]), st.integers(1, most))


def part_of_a_rule(name: str, values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    several = st.lists(values, min_size=1, max_size=3, unique=True).map(",".join)
    return st.one_of(st.just(""), several.map(f";{name}={{}}".format))


RULES = st.tuples(
    st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY", "freq=daily"]),
    part_of_a_rule("BYDAY", st.builds("{}{}".format, st.one_of(st.just(""), signed(5)), st.sampled_from(DAYS))),
    part_of_a_rule("BYMONTHDAY", signed(31)),
    part_of_a_rule("BYMONTH", st.one_of(st.integers(1, 12).map(str), signed(12))),
    st.one_of(
        st.just(""),
        st.integers(1, 1000).map(";COUNT={}".format),
        st.sampled_from([";UNTIL=99991231", ";UNTIL=99991231T235959Z", ";UNTIL=20300101", ";until=20270101T120000z"]),
    ),
    st.sampled_from(["", ";WKST=SU", ";INTERVAL=2", ";INTERVAL=10"]),
).map("".join)
ZONES = st.sampled_from([NEW_YORK, "Pacific/Honolulu", "Pacific/Kiritimati", "Pacific/Apia", "Europe/Dublin", "UTC"])
TIMES = st.sampled_from([time(0), time(2, 30), time(9), time(20), time(23, 59)])
NEAR = st.dates(date(2026, 11, 1), date(2036, 12, 31))
SERIES_OF_ANY_KIND = st.builds(
    Recurrence, at=TIMES, rule=RULES, zone=ZONES, starts_on=st.one_of(NEAR, st.dates(date(1899, 12, 1)))
)
DATES_OF_ANY_KIND = st.builds(Once, on=NEAR, at=TIMES, zone=ZONES)
MOMENTS = SERIES_OF_ANY_KIND | DATES_OF_ANY_KIND
WHENS = st.one_of(
    MOMENTS,
    st.builds(
        Elapsed,
        of=MOMENTS,
        by=st.integers(-366 * 1440, 366 * 1440).map(lambda minutes: timedelta(minutes=minutes)),
        zone=ZONES,
    ),
    st.builds(
        OnDay, of=MOMENTS | NEAR, days=st.integers(-3660, 3660), at=TIMES, zone=ZONES, months=st.integers(-120, 120)
    ),
)


@settings(max_examples=200)
@given(when=WHENS)
@example(when=replace(SERIES, rule="FREQ=DAILY;UNTIL=99991231", at=time(20)))
@example(when=replace(SERIES, rule="FREQ=DAILY;UNTIL=99991231T235959Z"))
@example(when=replace(SERIES, rule="FREQ=DAILY;BYMONTH=11,+12"))
@example(when=replace(SERIES, rule="freq=daily;until=20270101t120000z"))
def test_what_may_be_set_can_be_shown_planned_and_entered_into_a_calendar(when: When) -> None:
    if when_faults(when, now=NOW):
        return
    schedule = a_schedule(read(written(when)))

    shown = preview(when, after=NOW, count=3, language="en")
    due = first_due(schedule, after=NOW)
    for each in shown:
        assert due is not None
        assert (due.at, due.on) == (each.at, each.on)
        following(due, somebody(schedule), now=due.at)
        due = first_due(schedule, after=due.at)

    entered = part(DENTIST, somebody(schedule))
    assert shown
    assert entered is not None
    assert vobject.readOne(entered.ics.decode()).vevent


def test_other_messages_have_no_attachment() -> None:
    assert message(CHECK_IN, somebody(a_schedule())).get_content_type() == "multipart/alternative"


def test_news_of_a_change_can_be_switched_off_and_goes_by_email_only() -> None:
    assert CATEGORIES[INVITE].opt_out
    assert [kind.value for kind in CATEGORIES[INVITE].channels] == ["email"]
