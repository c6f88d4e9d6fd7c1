from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from chalicelib.enrollment import agreeing, devices, reaching, service
from chalicelib.enrollment.changing import TRIES, Change, Marker
from chalicelib.enrollment.channels import NoSuchChannel
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import CheckInPreference, HasDied, NoSuchPerson, Person, Record
from chalicelib.enrollment.episodes import EpisodeStillOpen, State
from chalicelib.enrollment.programmes import NoSuchProgramme, Programme
from chalicelib.enrollment.reaching import MOST_ASKED, MOST_CHANNELS, AskedTooOften, ChannelTaken, TooManyChannels
from chalicelib.enrollment.service import Enrolment
from chalicelib.errors import Conflict, Invalid, Stale
from chalicelib.outreach.categories import confirm_kind
from chalicelib.outreach.domain import DetailLevel, Standing
from chalicelib.outreach.recurrence import DAYS
from tests.build import A_KEY
from tests.fakes_enrollment import FakePeople, FakeProgrammes, Ids

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
STAFF = Will(by="staff-sub", via=Via.STAFF)
PROGRAMME = Programme(id="iop-evening", name="Evening")
DAILY = frozenset(DAYS)
ID = "0f" * 16


class Practice:
    """A programme with one person in it."""

    def __init__(
        self,
        state: State = State.ACTIVE,
        *,
        attested: bool = True,
        asks: bool = True,
        email: str | None = "ana@example.com",
    ) -> None:
        self.programmes = FakeProgrammes({PROGRAMME.id: PROGRAMME})
        self.people = FakePeople(programmes=self.programmes)
        self.new_id = Ids()
        person = Person(
            id=ID, external_id="A-1", given_name="Ana", family_name="Lee", language="en", zone="America/New_York"
        )
        enrolment = Enrolment(
            person=person,
            state=state,
            admitted_on=date(2026, 11, 1),
            email=email,
            detail=DetailLevel.DISCREET,
            attested=attested,
            consents=(("contact_email", None),),
            check_in=CheckInPreference(at=time(9), days=DAILY) if asks else None,
            marker=Marker(person_id=ID),
        )
        service.enrol(enrolment, programme=PROGRAMME, will=STAFF, now=NOW, people=self.people, new_id=self.new_id)

    @property
    def record(self) -> Record:
        return self.people.records[ID]

    def move(self, *states: State) -> None:
        for state in states:
            service.move_episode(ID, state, now=LATER, people=self.people)

    def versions(self) -> list[int]:
        return [due.version for due in self.people.dues if due.kind == "check_in"]

    def prefer(self, preference: CheckInPreference, *, quiet_from: time | None = None) -> Record:
        return service.prefer_check_ins(
            ID,
            preference,
            quiet_from=quiet_from,
            quiet_to=None,
            version=self.record.person.version,
            now=NOW,
            people=self.people,
        )

    def grant(self, scope: str, **more: object) -> None:
        given: dict[str, object] = {
            "value": None,
            "text_version": 1,
            "locale": "en",
            "will": STAFF,
            "expires_at": None,
            "now": LATER,
        } | more
        agreeing.grant(ID, scope, people=self.people, **given)  # type: ignore[arg-type]

    def add_email(self, address: str, *, now: datetime = NOW) -> None:
        reaching.add_email(ID, address, detail=DetailLevel.DISCREET, now=now, people=self.people, new_id=self.new_id)


def test_an_address_that_nobody_stands_for_is_asked() -> None:
    practice = Practice(attested=False)

    kinds = [due.kind for due in practice.people.dues]

    assert kinds == [confirm_kind(practice.record.channels[0].id, 1), "check_in"]
    assert not practice.record.channels[0].is_usable(at=NOW)


def test_somebody_can_be_enrolled_without_check_ins() -> None:
    practice = Practice(asks=False)

    assert practice.record.schedules == ()
    assert practice.versions() == []
    practice.prefer(CheckInPreference(at=time(9), days=DAILY))
    assert practice.versions() == [1]


def test_another_time_makes_another_version_of_the_schedule_and_the_same_does_not() -> None:
    practice = Practice()

    practice.prefer(CheckInPreference(at=time(10), days=DAILY))
    practice.prefer(CheckInPreference(at=time(10), days=DAILY), quiet_from=time(20))

    assert practice.versions() == [1, 2]
    assert practice.record.person.quiet_from == time(20)
    assert practice.people.dues[-1].due_at == datetime(2026, 11, 25, 15, 0, tzinfo=UTC)


def test_another_zone_moves_check_ins_and_another_name_does_not() -> None:
    practice = Practice()

    def edit(change: Callable[[Person], Person], version: int) -> None:
        service.edit_person(
            ID, change, version=version, now=NOW, people=practice.people, programmes=practice.programmes
        )

    edit(lambda person: replace(person, given_name="Anna", external_id="other", id="other"), 1)
    edit(lambda person: replace(person, zone="America/Los_Angeles"), 2)

    assert practice.versions() == [1, 2]
    assert practice.people.dues[-1].due_at == datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
    assert (practice.record.person.given_name, practice.record.person.external_id) == ("Anna", "A-1")
    with pytest.raises(Invalid):
        edit(lambda person: replace(person, zone="Mars"), 3)


def test_a_preference_needs_a_day() -> None:
    with pytest.raises(Invalid):
        Practice().prefer(CheckInPreference(at=time(10), days=frozenset()))


def test_check_ins_begin_anew_when_somebody_is_admitted_again() -> None:
    practice = Practice()
    practice.move(State.DISCHARGED_EARLY)
    standing = practice.record.standing(at=LATER)

    service.readmit(
        ID,
        programme_id=PROGRAMME.id,
        will=Will(by="ben", via=Via.STAFF),
        admitted_on=date(2026, 12, 1),
        now=LATER,
        people=practice.people,
        programmes=practice.programmes,
    )

    assert standing is Standing.ENDED
    assert practice.record.standing(at=LATER) is Standing.REACHABLE
    assert [episode.state for episode in practice.record.episodes] == [State.DISCHARGED_EARLY, State.ENROLLED]
    assert practice.versions() == [1, 2]


def test_nobody_is_admitted_twice_at_once_or_into_nothing() -> None:
    practice = Practice()

    def readmit(programme_id: str) -> None:
        service.readmit(
            ID,
            programme_id=programme_id,
            will=Will(by="ben", via=Via.STAFF),
            admitted_on=date(2026, 12, 1),
            now=LATER,
            people=practice.people,
            programmes=practice.programmes,
        )

    with pytest.raises(EpisodeStillOpen):
        readmit(PROGRAMME.id)
    with pytest.raises(NoSuchProgramme):
        readmit("iop-none")


def test_a_hold_stops_and_starts_nothing_of_the_schedule() -> None:
    practice = Practice()

    practice.move(State.ON_HOLD, State.ACTIVE)

    assert practice.versions() == [1]


def test_a_referral_is_asked_once_it_is_enrolled() -> None:
    practice = Practice(State.REFERRED)

    practice.move(State.ENROLLED)

    assert practice.versions() == [1, 2]


def test_a_graduate_is_reached_again_only_by_their_own_opt_in() -> None:
    practice = Practice()
    practice.move(State.GRADUATED)
    before = practice.record.standing(at=LATER)

    practice.grant("alumni_contact")
    practice.grant("contact_push")

    assert (before, practice.record.standing(at=LATER)) == (Standing.ENDED, Standing.ALUMNI)
    # Care's check-ins rest; hellos come instead.
    assert practice.versions() == [1]
    assert {due.kind for due in practice.people.dues if due.at > LATER} >= {"hello"}
    recipient = practice.people.load(ID, now=LATER)
    assert recipient is not None
    assert {"alumni_contact", "contact_email", "contact_push"} == recipient.consents


def test_nothing_is_set_up_any_more_for_who_has_died() -> None:
    practice = Practice()
    practice.move(State.DECEASED)

    for act in (
        lambda: practice.grant("contact_push"),
        lambda: practice.prefer(CheckInPreference(at=time(10), days=DAILY)),
        lambda: practice.add_email("ana@example.org"),
        lambda: reaching.change_channel(
            ID,
            practice.record.channels[0].id,
            address="ana@example.org",
            detail=None,
            now=LATER,
            people=practice.people,
        ),
    ):
        with pytest.raises(HasDied):
            act()

    recipient = practice.people.load(ID, now=LATER)
    assert recipient is not None
    assert recipient.standing is Standing.ENDED


def test_a_consent_ends_when_it_says() -> None:
    practice = Practice()

    practice.grant("contact_push", expires_at=LATER + timedelta(days=1))

    assert "contact_push" in practice.record.live_consents(at=LATER)
    assert "contact_push" not in practice.record.live_consents(at=LATER + timedelta(days=1))
    with pytest.raises(Invalid):
        practice.grant("contact_push", expires_at=LATER)


def test_a_consent_is_taken_back_even_by_a_clock_that_went_back() -> None:
    practice = Practice()

    revoked = agreeing.revoke(ID, "contact_email", will=STAFF, now=NOW - timedelta(hours=1), people=practice.people)

    assert revoked.at > NOW
    assert "contact_email" not in practice.record.live_consents(at=LATER)


def test_a_person_has_an_address_once_and_not_too_many() -> None:
    practice = Practice()

    with pytest.raises(ChannelTaken):
        practice.add_email("ana@EXAMPLE.com")
    for number in range(MOST_CHANNELS - 1):
        practice.add_email(f"ana{number}@example.com", now=NOW + timedelta(days=number))
    with pytest.raises(TooManyChannels):
        practice.add_email("more@example.com", now=NOW + timedelta(days=MOST_CHANNELS))
    with pytest.raises(Invalid):
        practice.add_email("nowhere")


def test_a_day_has_five_emails_to_addresses_that_may_be_a_strangers() -> None:
    practice = Practice()
    attested = practice.record.channels[0].id

    def change(address: str, minute: int) -> None:
        reaching.change_channel(
            ID, attested, address=address, detail=None, now=NOW + timedelta(minutes=minute), people=practice.people
        )

    practice.add_email("ana0@example.org")
    reaching.remove_channel(ID, practice.record.channels[-1].id, people=practice.people)
    for minute in range(1, MOST_ASKED):
        change(f"ana{minute}@example.org", minute)

    with pytest.raises(AskedTooOften) as refused:
        change("ana9@example.org", 10)
    with pytest.raises(AskedTooOften):
        practice.add_email("ana9@example.org", now=NOW + timedelta(minutes=11))
    change("ana4@example.org", 12)
    assert refused.value.again_at == NOW + timedelta(hours=24)
    practice.add_email("ana9@example.org", now=refused.value.again_at)
    with pytest.raises(AskedTooOften):
        practice.add_email("ana10@example.org", now=refused.value.again_at)


def test_a_channel_changes_its_detail_without_being_asked_again() -> None:
    practice = Practice()
    channel_id = practice.record.channels[0].id

    def change(address: str | None, detail: DetailLevel | None) -> None:
        reaching.change_channel(ID, channel_id, address=address, detail=detail, now=NOW, people=practice.people)

    change(None, DetailLevel.STANDARD)
    assert (practice.record.channels[0].detail, practice.record.channels[0].revision) == (DetailLevel.STANDARD, 1)
    with pytest.raises(Invalid):
        change("nowhere", None)
    change("ana@example.org", None)
    assert practice.people.dues[-1].kind == confirm_kind(channel_id, 2)
    assert practice.record.channels[0].detail is DetailLevel.STANDARD


def test_a_devices_subscription_is_not_an_address_to_change() -> None:
    practice = Practice()
    device = devices.add_browser(
        ID,
        devices.Browser(endpoint="https://push.example/1", key=A_KEY, auth="A" * 22),
        detail=DetailLevel.DISCREET,
        origins=frozenset({"https://push.example"}),
        now=NOW,
        people=practice.people,
        new_id=practice.new_id,
    )

    with pytest.raises(Invalid):
        reaching.change_channel(ID, device.id, address="a@example.com", detail=None, now=NOW, people=practice.people)


def test_a_change_that_lost_the_race_is_decided_anew() -> None:
    practice = Practice()
    people = Racing(practice.people, times=TRIES - 1)

    service.move_episode(ID, State.ON_HOLD, now=NOW, people=people)

    assert practice.record.episode.state is State.ON_HOLD
    assert practice.record.person.version == 1 + TRIES


def test_a_record_that_others_keep_changing_is_given_up_on() -> None:
    practice = Practice()

    with pytest.raises(Conflict):
        service.move_episode(ID, State.ON_HOLD, now=NOW, people=Racing(practice.people, times=TRIES))


def test_an_edit_of_a_known_version_that_lost_the_race_is_stale() -> None:
    practice = Practice()

    with pytest.raises(Stale):
        service.prefer_check_ins(
            ID,
            CheckInPreference(at=time(10), days=DAILY),
            quiet_from=None,
            quiet_to=None,
            version=1,
            now=NOW,
            people=Racing(practice.people, times=1),
        )


class Racing(FakePeople):
    """People whom somebody else changes right before each of the first writes."""

    def __init__(self, people: FakePeople, *, times: int) -> None:
        super().__init__(people.programmes, people.records, people.external, people.sign_ins, people.lists, people.dues)
        self.times = times

    def write(self, change: Change) -> None:
        if self.times:
            self.times -= 1
            record = self.records[change.person.id]
            person = replace(record.person, version=record.person.version + 1)
            self.records[person.id] = replace(record, person=person)
        super().write(change)


def test_a_channel_is_confirmed_forgotten_and_no_longer_heard_from() -> None:
    practice = Practice(attested=False)
    channel_id = practice.record.channels[0].id

    def confirm() -> None:
        reaching.confirm_channel(ID, channel_id, revision=1, expires_at=LATER, now=NOW, people=practice.people)

    confirm()
    version = practice.record.person.version
    confirm()
    assert practice.record.person.version == version
    devices.hear_from_device(ID, channel_id, now=NOW, people=practice.people)
    reaching.remove_channel(ID, channel_id, people=practice.people)
    with pytest.raises(NoSuchChannel):
        devices.hear_from_device(ID, channel_id, now=NOW, people=practice.people)


def test_to_join_or_leave_a_care_team_again_changes_nothing() -> None:
    practice = Practice()
    for _ in range(2):
        reaching.join_care_team(ID, "nurse", by="admin", now=NOW, people=practice.people)
    assert practice.record.person.version == 2
    for _ in range(2):
        reaching.leave_care_team(ID, "nurse", people=practice.people)
    assert practice.record.person.version == 3


def test_somebody_can_be_enrolled_without_an_address() -> None:
    assert Practice(email=None).record.channels == ()


def test_an_unknown_person_is_no_person() -> None:
    with pytest.raises(NoSuchPerson):
        service.move_episode("1" * 32, State.ON_HOLD, now=NOW, people=FakePeople())


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": ""}, ["name"]),
        ({"sender_name": "Recovery Center"}, ["senderName"]),
        ({"sender_name": ""}, ["senderName"]),
        ({"languages": ()}, ["languages"]),
        ({"languages": ("de",)}, ["languages"]),
        ({"emergency_country": "USA"}, ["emergencyCountry"]),
        ({"id": "Not An Id", "name": "x" * 101}, ["id", "name"]),
    ],
)
def test_a_programme_says_what_is_wrong_with_it(changes: dict[str, object], fields: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        service.add_programme(replace(PROGRAMME, **changes), programmes=FakeProgrammes())  # type: ignore[arg-type]

    assert [fault.field for fault in refusal.value.faults] == fields


@pytest.mark.parametrize(
    "name",
    [
        "Recovery Center",
        "Opioid Team",
        "Methadone Desk",
        "Substance Services",
        "12-Step Friends",
        "Treatment Team",
        "Equipo de adicción",
        "Tratamiento",
        "So\u200dber Team",
        "\uff33\uff4f\uff42\uff45\uff52 Team",
        "S\u043eber Team",
        "S\u00f3ber Team",
        "S\u1d0fber Team",
        "S.o.b.e.r Team",
        "s o b e r",
        "So\u2028ber",
        "Команда",
    ],
)
def test_a_sender_tells_nobody_what_the_programme_is_about_however_it_is_written(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        service.add_programme(replace(PROGRAMME, sender_name=name), programmes=FakeProgrammes())

    assert [fault.field for fault in refusal.value.faults] == ["senderName"]


@pytest.mark.parametrize(
    "name", ["Care Team", "Équipo Mañana", "St. Mary's & Co.", "Care Habit", "Team 12", "José's Desk"]
)
def test_a_sender_may_have_any_other_name(name: str) -> None:
    service.add_programme(replace(PROGRAMME, sender_name=name), programmes=FakeProgrammes())


def test_a_programme_is_edited_from_its_present_version_only() -> None:
    programmes = FakeProgrammes({PROGRAMME.id: PROGRAMME})

    edited = service.edit_programme(
        PROGRAMME.id, lambda present: replace(present, id="other", name="Night"), version=1, programmes=programmes
    )

    assert (edited.id, edited.name, edited.version) == (PROGRAMME.id, "Night", 2)
    with pytest.raises(Stale):
        service.edit_programme(PROGRAMME.id, lambda present: present, version=1, programmes=programmes)
