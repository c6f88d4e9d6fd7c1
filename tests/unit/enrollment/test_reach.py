"""The copy of a record that outreach reads says of its person what the record says, after whatever happened to it."""

import inspect
import json
from dataclasses import fields, replace
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.enrollment import reach
from chalicelib.enrollment.changing import Change, Marker, next_of
from chalicelib.enrollment.changing import after as record_after
from chalicelib.enrollment.channels import Channel, Verification
from chalicelib.enrollment.consents import Action, Consent, Via
from chalicelib.enrollment.domain import Person, Record, recipient_of
from chalicelib.enrollment.episodes import Episode, State
from chalicelib.enrollment.preferences import Preference
from chalicelib.enrollment.programmes import Programme
from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.domain import ChannelKind, DetailLevel, Schedule
from chalicelib.outreach.recurrence import Elapsed, Once, OnDay, Recurrence, When

PERSON = "0f" * 16
START = datetime(2026, 11, 1, tzinfo=UTC)
PROGRAMME = Programme(id="iop-evening", name="Evening")

minutes = st.integers(0, 60 * 24 * 90)
instants = minutes.map(lambda passed: START + timedelta(minutes=passed))
maybe = st.none() | instants
times = st.times().map(lambda at: at.replace(microsecond=0, tzinfo=None))
dates = st.dates(date(2020, 1, 1), date(2030, 1, 1))
zones = st.sampled_from(["America/New_York", "Pacific/Apia", "Europe/Madrid"])
moments = st.builds(Once, on=dates, at=times, zone=zones) | st.builds(
    Recurrence, at=times, rule=st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,FR"]), zone=zones, starts_on=dates
)
whens: st.SearchStrategy[When] = (
    moments
    | st.builds(Elapsed, of=moments, by=st.integers(-999, 999).map(lambda by: timedelta(minutes=by)), zone=zones)
    | st.builds(OnDay, of=dates | moments, days=st.integers(-9, 9), at=times, zone=zones)
)
persons = st.builds(
    Person,
    id=st.just(PERSON),
    external_id=st.just("TBH-1"),
    given_name=st.text(min_size=1, max_size=20),
    family_name=st.just("O'Brien"),
    preferred_name=st.none() | st.text(max_size=20),
    language=st.sampled_from(["en", "es-MX"]),
    zone=zones,
    quiet_from=st.none() | times,
    quiet_to=st.none() | times,
    calendar_invites=st.booleans(),
)
episodes = st.builds(
    Episode,
    number=st.just(1),
    programme_id=st.just("iop-evening"),
    state=st.sampled_from(State),
    admitted_on=dates,
    changed_at=instants,
)
channels = st.builds(
    Channel,
    id=st.sampled_from(["a", "b", "c"]),
    kind=st.sampled_from(ChannelKind),
    address=st.text(max_size=30),
    added_at=instants,
    revision=st.integers(1, 9),
    verification=st.sampled_from(Verification),
    verified_at=maybe,
    detail=st.sampled_from(DetailLevel),
    push_key=st.text(max_size=9),
    push_auth=st.text(max_size=9),
    heartbeat_at=maybe,
    gone_at=maybe,
    gone_why=st.none() | st.just("bounced"),
    complained_at=maybe,
    ends_at=maybe,
)
consents = st.builds(
    Consent,
    person_id=st.just(PERSON),
    scope=st.sampled_from(["contact_email", "contact_push", "alumni_contact", "email_risk_ack"]),
    action=st.sampled_from(Action),
    at=instants,
    via=st.sampled_from(Via),
    by=st.just("staff"),
    expires_at=maybe,
) | st.builds(
    Consent,
    person_id=st.just(PERSON),
    scope=st.just("detail_level"),
    action=st.sampled_from(Action),
    at=instants,
    via=st.sampled_from(Via),
    by=st.just("staff"),
    value=st.sampled_from(["standard", "detailed"]),
)
schedules = st.builds(
    Schedule,
    person_id=st.just(PERSON),
    kind=st.sampled_from(["check_in", "appointment-1", "appointment-2"]),
    version=st.integers(1, 9),
    when=whens,
    title=st.text(max_size=20),
    keeps_zone=st.booleans(),
    paused=st.booleans(),
    since=maybe,
)
preferences = st.builds(
    Preference,
    category=st.sampled_from([name for name, category in CATEGORIES.items() if category.opt_out]),
    off=st.frozensets(st.sampled_from([None, *ChannelKind])),
    changed_at=instants,
    via=st.sampled_from(Via),
    by=st.none() | st.just("account"),
)
changes = st.builds(
    Change,
    person=persons,
    episode=episodes,
    channels=st.lists(channels, max_size=2).map(tuple),
    no_channels=st.lists(st.sampled_from(["a", "b"]), max_size=1).map(tuple),
    consents=st.lists(consents, max_size=3, unique_by=lambda row: (row.scope, row.at)).map(tuple),
    schedules=st.lists(schedules, max_size=2).map(tuple),
    no_schedules=st.lists(st.sampled_from(["check_in", "appointment-1"]), max_size=1).map(tuple),
    preferences=st.lists(preferences, max_size=2).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(first=changes, more=st.lists(st.tuples(changes, st.integers(0, 1)), max_size=4), beyond=minutes)
def test_the_copy_says_what_the_record_says_after_any_changes(
    first: Change, more: list[tuple[Change, int]], beyond: int
) -> None:
    first = replace(first, marker=Marker(person_id=PERSON))
    record = record_after(Record(person=first.person, episodes=()), first)
    copy = reach.after(first)
    for change, readmitted in more:
        version, number = record.person.version + 1, record.episode.number + readmitted
        known = {(row.scope, row.at) for row in record.consents}
        made = replace(
            change,
            person=replace(change.person, version=version),
            episode=replace(change.episode, number=number),
            consents=tuple(row for row in change.consents if (row.scope, row.at) not in known),
            copy=copy,
        )
        record, copy = record_after(record, made), reach.after(made)

        assert copy is not None
        copied = reach.read(PERSON, copy)
        assert copied is not None
        # Nobody reads it as of a time before it was written: behind every consent in it.
        at = max([START, *(row.at for row in record.consents)]) + timedelta(minutes=beyond)
        assert recipient_of(copied, PROGRAMME, at=at) == recipient_of(record, PROGRAMME, at=at)


def a_record() -> Record:
    person = Person(
        id=PERSON, external_id="TBH-1", given_name="Ana", family_name="O'Brien", language="en", zone="America/New_York"
    )
    episode = Episode(
        number=1, programme_id="iop-evening", state=State.ACTIVE, admitted_on=date(2026, 10, 1), changed_at=START
    )
    record = Record(person=person, episodes=(episode,))
    return replace(record, copy=reach.written(record))


def test_a_copy_of_another_version_or_form_makes_none() -> None:
    record = a_record()
    later = replace(record, person=replace(record.person, version=2))
    assert reach.after(next_of(record)) is not None
    assert reach.after(next_of(later)) is None

    _, *parts = json.loads(record.copy or "")
    other = json.dumps([reach.FORM + 1, *parts])
    assert reach.read(PERSON, other) is None
    assert reach.after(next_of(replace(record, copy=other))) is None
    assert reach.after(next_of(replace(record, copy=None))) is None


LEFT_OUT = {
    Record: {"care_team", "holds", "waiting", "copy"},
    Person: {"external_id", "family_name", "preferred_name", "recovery_on", "sign_in", "asked_at"},
    Episode: {"held_from", "opened_at", "graduated_at"},
    Channel: {"verified_at", "verified_by", "gone_why", "device_id"},
    Consent: {"by", "text_version", "text_hash", "locale", "on_behalf_of", "ip", "episode", "ends", "to", "discloser"},
    Schedule: set[str](),
    Preference: {"by"},
}
"""What the copy lacks, since it says nothing about reaching somebody (or lies beside it)."""


def test_every_field_of_a_record_is_copied_or_left_out_on_purpose() -> None:
    """Who adds a field that outreach reads must add it to the copy: here, and with another ``FORM``."""
    source = inspect.getsource(reach)
    for part, left_out in LEFT_OUT.items():
        names = {field.name for field in fields(part)}
        made = source.rpartition(f"    return {part.__name__}(")[2].partition("\n    )\n")[0]
        copied = {each.partition("=")[0].strip() for each in made.splitlines() if "=" in each}
        blank = {each.partition("=")[0].strip() for each in made.splitlines() if each.endswith('="",')}
        copied = {"id" if name == "channel_id" else name for name in copied - blank}

        assert names == copied | left_out, part
        assert not copied & left_out, part


def test_a_copy_has_no_family_name_number_or_past() -> None:
    record = a_record()
    past = replace(record.episode, state=State.DISCHARGED_EARLY, programme_id="detox")
    now = replace(record.episode, number=2)

    text = reach.written(replace(record, episodes=(past, now)))

    assert not any(each in text for each in ("O'Brien", "TBH-1", "detox"))


def test_a_copy_of_much_fits_one_read_unit() -> None:
    """Four kilobytes, read consistently, are one unit."""
    devices = tuple(
        Channel(
            id=f"{number:032x}",
            kind=ChannelKind.PUSH,
            address="https://fcm.googleapis.com/fcm/send/" + "x" * 160,
            added_at=START,
            push_key="k" * 87,
            push_auth="a" * 22,
        )
        for number in range(3)
    )
    granted = tuple(
        Consent(person_id=PERSON, scope=scope, action=Action.GRANTED, at=START, via=Via.WEB, by="x")
        for scope in ("tpo", "contact_email", "contact_push", "email_risk_ack", "alumni_contact", "peer_circle")
    )
    when = Recurrence(at=time(9), rule="FREQ=WEEKLY;BYDAY=MO,WE,FR", zone="America/New_York", starts_on=START.date())
    kept = tuple(
        Schedule(person_id=PERSON, kind=f"appointment-{number:032x}", version=1, when=when, title="Group")
        for number in range(5)
    )

    text = reach.written(replace(a_record(), channels=devices, consents=granted, schedules=kept))

    assert 2500 < len(text.encode()) < 3500
