"""What keeps people must do, whichever it is: the fake that unit tests use, and the table."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from chalicelib.edge.table import Item
from chalicelib.enrollment import agreeing, devices, preferring, reaching, service
from chalicelib.enrollment.changing import Marker, next_of
from chalicelib.enrollment.channels import NoSuchChannel
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import AlreadyEnrolled, CheckInPreference, Person, Record, SignInTaken
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.preferences import Choices, can_be_switched_off
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.programmes import Programme, ProgrammeExists
from chalicelib.enrollment.service import Enrolment
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Stale
from chalicelib.outreach.domain import ChannelKind, DetailLevel, Standing
from chalicelib.outreach.links import NO_END, Claims
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.recurrence import DAYS, Recurrence
from chalicelib.outreach.store import DueItem
from chalicelib.privacy.domain import Caseload
from tests.build import A_KEY
from tests.fakes_enrollment import FakePeople, FakeProgrammes, Ids

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
STAFF = Will(by="staff-sub", via=Via.STAFF)
PROGRAMME = Programme(id="iop-evening", name="Evening")

Kept = tuple[FakePeople | DynamoPeople, FakeProgrammes | DynamoProgrammes]


@pytest.fixture(params=["fake", "table"])
def kept(request: pytest.FixtureRequest) -> Kept:
    if request.param == "fake":
        programmes = FakeProgrammes()
        return FakePeople(programmes=programmes), programmes
    request.getfixturevalue("aws")
    return DynamoPeople(), DynamoProgrammes()


def enrol(kept: Kept, *, number: int = 1, programme: Programme = PROGRAMME, state: State = State.ACTIVE) -> Record:
    people, programmes = kept
    if programmes.find(programme.id) is None:
        programmes.add(programme)
    person = Person(
        id=f"{number:032x}",
        external_id=f"TBH-{number}",
        given_name="Élise",
        family_name="O'Brien",
        language="es",
        zone="America/Denver",
        quiet_from=time(22),
        recovery_on=date(2024, 2, 29),
    )
    enrolment = Enrolment(
        person=person,
        state=state,
        admitted_on=date(2026, 10, 1),
        email="Elise.O@example.com",
        detail=DetailLevel.STANDARD,
        attested=True,
        consents=(("contact_email", None), ("detail_level", "standard"), ("email_risk_ack", None)),
        check_in=CheckInPreference(at=time(7, 30), days=frozenset({"MO", "WE", "FR"})),
        marker=Marker(person_id=person.id, import_id="imported", line=number + 1),
    )
    return service.enrol(
        enrolment, programme=programme, will=STAFF, now=NOW, people=people, new_id=Ids(given=1000 * number)
    )


def test_a_record_comes_back_as_it_was_written(kept: Kept) -> None:
    written = enrol(kept)

    found = kept[0].record(written.person.id)

    assert found is not None
    assert replace(found, consents=()) == replace(written, consents=())
    assert set(found.consents) == set(written.consents)


def test_there_is_no_record_of_a_stranger(kept: Kept) -> None:
    assert kept[0].record("f" * 32) is None
    assert kept[0].load("f" * 32, now=NOW) is None
    assert kept[0].of_person("f" * 32, now=NOW) is None


def test_an_external_id_is_one_persons(kept: Kept) -> None:
    first = enrol(kept)

    with pytest.raises(AlreadyEnrolled):
        enrol(kept)

    marker = Marker(person_id=first.person.id, import_id="imported", line=2)
    assert kept[0].markers(["TBH-1", "TBH-2"]) == {"TBH-1": marker}


def test_outreach_sees_the_person_with_what_is_live(kept: Kept) -> None:
    person_id = enrol(kept).person.id

    seen = kept[0].load(person_id, now=NOW + timedelta(seconds=1))

    assert seen is not None
    assert seen.first_name == "Élise"
    assert seen.standing is Standing.REACHABLE
    assert seen.consents == {"contact_email", "detail_level", "email_risk_ack"}
    assert seen.quiet_hours == QuietHours(start=time(22), end=time(8))
    assert [(way.address, way.usable, way.detail) for way in seen.channels] == [
        ("Elise.O@example.com", True, DetailLevel.STANDARD)
    ]
    assert seen.schedules[0].when == Recurrence(
        at=time(7, 30), rule="FREQ=WEEKLY;BYDAY=MO,WE,FR", zone="America/Denver", starts_on=date(2026, 11, 24)
    )


def test_what_is_switched_off_holds_from_the_next_look_and_can_be_switched_on_again(kept: Kept) -> None:
    people, programmes = kept
    record = enrol(kept)
    claims = Claims(
        person_id=record.person.id,
        kind="check_in",
        on=NOW.date(),
        channel_id=record.channels[0].id,
        revision=1,
        expires_at=NO_END,
    )

    preferring.unsubscribe(claims, via=Via.LINK, now=NOW, people=people, programmes=programmes)
    off = people.load(record.person.id, now=NOW)
    chosen = Choices(
        off={name: frozenset() for name in can_be_switched_off()},
        details={},
        quiet_from=None,
        quiet_to=None,
        calendar_invites=True,
    )
    written = preferring.prefer(record.person.id, chosen, will=STAFF, version=2, now=NOW, people=people)
    on = people.load(record.person.id, now=NOW)

    assert off is not None
    assert on is not None
    assert off.opt_outs == {("check_in", ChannelKind.EMAIL)}
    assert on.opt_outs == frozenset()
    assert (off.calendar_invites, on.calendar_invites) == (False, True)
    found = people.record(record.person.id)
    assert found is not None
    assert found.preferences == written.preferences
    assert [(one.off, one.by) for one in found.preferences] == [(frozenset(), "staff-sub")]


def test_a_programmes_new_quiet_hours_hold_within_a_minute(kept: Kept) -> None:
    people, programmes = kept
    person_id = enrol(kept).person.id
    people.load(person_id, now=NOW)

    service.edit_programme(
        PROGRAMME.id,
        lambda present: replace(present, quiet_hours=QuietHours(start=time(20), end=time(9))),
        version=1,
        programmes=programmes,
    )

    seen = people.load(person_id, now=NOW + timedelta(seconds=60))
    assert seen is not None
    assert seen.quiet_hours == QuietHours(start=time(22), end=time(9))


def test_an_edit_of_an_old_version_is_stale_and_writes_nothing(kept: Kept) -> None:
    people, programmes = kept
    person_id = enrol(kept).person.id
    service.edit_person(
        person_id,
        lambda present: replace(present, zone="America/Chicago"),
        version=1,
        now=NOW,
        people=people,
        programmes=programmes,
    )

    with pytest.raises(Stale):
        service.edit_person(
            person_id,
            lambda present: replace(present, given_name="Other"),
            version=1,
            now=NOW,
            people=people,
            programmes=programmes,
        )

    found = people.record(person_id)
    assert found is not None
    assert (found.person.version, found.person.given_name) == (2, "Élise")
    assert found.check_in is not None
    assert (found.check_in.version, found.check_in.when.zone) == (2, "America/Chicago")


def test_a_write_that_lost_the_race_writes_none_of_it(kept: Kept) -> None:
    people, _ = kept
    record = enrol(kept)
    service.move_episode(record.person.id, State.ON_HOLD, now=NOW, people=people)

    with pytest.raises(Stale):
        people.write(next_of(record, episode=record.episode.to(State.STEP_DOWN, at=NOW)))

    found = people.record(record.person.id)
    assert found is not None
    assert found.episode.state is State.ON_HOLD


def test_the_list_of_a_programme_comes_in_pages(kept: Kept) -> None:
    for number in range(1, 6):
        enrol(kept, number=number)
    enrol(kept, number=9, programme=Programme(id="iop-evening-2", name="Other"))
    people, _ = kept

    first, on = people.members("iop-evening", after=None, limit=3)
    second, end = people.members("iop-evening", after=on, limit=3)

    assert [member.external_id for member in first + second] == [f"TBH-{number}" for number in range(1, 6)]
    assert (on, end) == (f"MEMBER#{3:032x}", None)
    assert people.members("iop-evening", after=f"MEMBER#{5:032x}", limit=3) == ([], None)


def test_the_list_follows_the_person(kept: Kept) -> None:
    people, _ = kept
    person_id = enrol(kept).person.id

    service.move_episode(person_id, State.ON_HOLD, now=NOW, people=people)

    assert people.members("iop-evening", after=None, limit=9)[0][0].state is State.ON_HOLD


def test_a_dead_address_is_not_used_again(kept: Kept) -> None:
    people, _ = kept
    record = enrol(kept)

    people.channel_is_gone(record.person.id, record.channels[0].id, why="bounced", now=NOW)
    people.channel_is_gone(record.person.id, "unknown", why="bounced", now=NOW)

    seen = people.load(record.person.id, now=NOW)
    found = people.record(record.person.id)
    assert seen is not None
    assert found is not None
    assert [way.usable for way in seen.channels] == [False]
    assert (found.channels[0].gone_why, found.channels[0].gone_at) == ("bounced", NOW)


def test_a_device_is_added_heard_from_and_removed(kept: Kept) -> None:
    people, _ = kept
    person_id = enrol(kept).person.id
    device = devices.add_browser(
        person_id,
        devices.Browser(endpoint="https://push.example/device", key=A_KEY, auth="A" * 22),
        detail=DetailLevel.DISCREET,
        origins=frozenset({"https://push.example"}),
        now=NOW,
        people=people,
        new_id=Ids(given=7000),
    )
    soon, later = NOW + timedelta(days=3), NOW + timedelta(days=8)

    devices.hear_from_device(person_id, device.id, now=soon, people=people)

    found = people.record(person_id)
    assert found is not None
    assert found.channel(device.id) == device, "not each of them is worth a write"

    devices.hear_from_device(person_id, device.id, now=later, people=people)

    found = people.record(person_id)
    assert found is not None
    assert found.channel(device.id) == replace(device, heartbeat_at=later)
    assert device.kind is ChannelKind.PUSH

    reaching.remove_channel(person_id, device.id, people=people)
    found = people.record(person_id)
    assert found is not None
    assert [channel.kind for channel in found.channels] == [ChannelKind.EMAIL]
    with pytest.raises(NoSuchChannel):
        devices.hear_from_device(person_id, device.id, now=later, people=people)


def test_a_consent_is_taken_back_by_a_row_of_its_own(kept: Kept) -> None:
    people, _ = kept
    person_id = enrol(kept).person.id
    later = NOW + timedelta(hours=1)

    agreeing.revoke(person_id, "contact_email", will=STAFF, now=later, people=people)

    found = people.record(person_id)
    assert found is not None
    assert len([row for row in found.consents if row.scope == "contact_email"]) == 2
    assert "contact_email" in found.live_consents(at=later - timedelta(microseconds=1))
    assert "contact_email" not in found.live_consents(at=later)


def test_access_is_decided_by_programmes_care_team_and_live_consents(kept: Kept) -> None:
    people, _ = kept
    person_id = enrol(kept).person.id
    reaching.join_care_team(person_id, "nurse-sub", by="admin-sub", now=NOW, people=people)

    standing = people.of_person(person_id, now=NOW)

    assert standing is not None
    assert standing.programmes == {"iop-evening"}
    assert standing.care_team == {"nurse-sub"}
    assert set(standing.consents) == {"contact_email", "detail_level", "email_risk_ack"}
    assert people.programme("iop-evening") is Caseload.SHARED
    assert people.programme("iop-none") is None
    reaching.leave_care_team(person_id, "nurse-sub", people=people)
    without = people.of_person(person_id, now=NOW)
    assert without is not None
    assert without.care_team == frozenset()


def test_an_account_is_one_persons(kept: Kept) -> None:
    people, _ = kept
    first, second = enrol(kept).person.id, enrol(kept, number=2).person.id
    reaching.tie_sign_in(first, "sub-a", people=people)

    with pytest.raises(SignInTaken):
        reaching.tie_sign_in(second, "sub-a", people=people)

    assert people.person_of("sub-a") == first
    reaching.tie_sign_in(first, "sub-b", people=people)
    assert people.person_of("sub-a") is None
    assert people.person_of("sub-b") == first


def test_programmes_are_kept_once_and_edited_in_turn(kept: Kept) -> None:
    _, programmes = kept
    programmes.add(PROGRAMME)
    other = replace(PROGRAMME, id="iop-morning", caseload=Caseload.ASSIGNED)
    programmes.add(other)

    with pytest.raises(ProgrammeExists):
        programmes.add(PROGRAMME)
    with pytest.raises(Stale):
        programmes.save(replace(PROGRAMME, version=3))

    assert programmes.find("iop-morning") == other
    assert programmes.several(["iop-morning", "iop-none", "iop-evening"]) == [PROGRAMME, other]
    assert programmes.several([]) == []


def test_what_falls_due_is_written_with_the_person(kept: Kept) -> None:
    people, _ = kept
    record = enrol(kept)

    if isinstance(people, FakePeople):
        instants = [due.at for due in people.dues]
    else:
        instants = [datetime.fromisoformat(item.due_at) for item in Item.scan() if isinstance(item, DueItem)]

    # Wednesday, 07:30 in Denver; and three years after a leap day.
    assert sorted(instants) == [datetime(2026, 11, 25, 14, 30, tzinfo=UTC), datetime(2027, 2, 28, 14, 30, tzinfo=UTC)]
    assert record.check_in is not None
    assert CheckInPreference.of(record.check_in).days < frozenset(DAYS)
