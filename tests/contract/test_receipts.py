"""What receipts keep: the fakes and the table, and each SES event through the function's own door."""

import json
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

import app
from chalicelib.enrollment import reaching, service
from chalicelib.enrollment.changing import Marker
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import CheckInPreference, Person, Record
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.service import Enrolment
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.domain import ChannelKind, DetailLevel, Entry, Status
from chalicelib.outreach.ledger_store import DynamoLedger, LedgerItem
from chalicelib.outreach.receipt_store import DynamoFates
from chalicelib.outreach.reports import Addresses, Fates, Report, What
from chalicelib.privacy.domain import Role
from chalicelib.tasks.store import DynamoTasks
from tests.build import an_email, utc
from tests.fakes_enrollment import FakePeople, FakeProgrammes, Ids
from tests.fakes_receipts import FakeFates

AT = utc("2026-11-25T14:00:05")
TODAY = date(2026, 11, 25)
ADDRESS = "ana@example.com"
EVENTS = Path(__file__).parents[2] / "events"
PERSON = f"{1:032x}"

pytestmark = pytest.mark.usefixtures("aws")


def enrol(people: Any, programmes: Any) -> Record:
    programme = Programme(id="iop-evening", name="Evening")
    programmes.add(programme)
    return service.enrol(
        Enrolment(
            person=Person(
                id=PERSON,
                external_id="TBH-1",
                given_name="Ana",
                family_name="Quintero",
                language="es",
                zone="America/New_York",
            ),
            state=State.ACTIVE,
            admitted_on=date(2026, 11, 1),
            email=ADDRESS,
            detail=DetailLevel.DISCREET,
            attested=True,
            consents=(("contact_email", None),),
            check_in=CheckInPreference(at=time(9), days=frozenset({"MO"})),
            marker=Marker(person_id=PERSON),
        ),
        programme=programme,
        will=Will(by="staff", via=Via.STAFF),
        now=utc("2026-11-24T20:00"),
        people=people,
        new_id=Ids(),
    )


@pytest.fixture(params=["fake", "table"])
def people(request: pytest.FixtureRequest) -> FakePeople | DynamoPeople:
    if request.param == "table":
        enrol(DynamoPeople(), DynamoProgrammes())
        return DynamoPeople()
    programmes = FakeProgrammes()
    fake = FakePeople(programmes=programmes)
    enrol(fake, programmes)
    return fake


@pytest.fixture(params=[FakeFates, DynamoFates])
def fates(request: pytest.FixtureRequest) -> Fates:
    found: Fates = request.param()
    return found


def the_channel(people: FakePeople | DynamoPeople) -> Any:
    record = people.record(PERSON)
    assert record is not None
    (channel,) = record.channels
    return channel


def test_a_dead_address_is_used_no_more_and_the_first_word_on_it_stays(people: FakePeople | DynamoPeople) -> None:
    addresses: Addresses = people
    channel = the_channel(people)
    for minute, why in enumerate(("bounced", "again")):
        addresses.channel_is_gone(PERSON, channel.id, why=why, now=AT + timedelta(minutes=minute), revision=1)

    found = the_channel(people)

    assert (found.gone_at, found.gone_why, found.is_usable(at=AT)) == (AT, "bounced", False)


def test_a_word_on_an_address_that_was_changed_is_dropped(people: FakePeople | DynamoPeople) -> None:
    channel = the_channel(people)
    reaching.change_channel(PERSON, channel.id, address="new@example.com", detail=None, now=AT, people=people)

    people.channel_is_gone(PERSON, channel.id, why="bounced", now=AT, revision=1)
    people.no_list_mail(PERSON, channel.id, revision=1, now=AT)

    found = the_channel(people)
    assert (found.gone_at, found.complained_at, found.revision) == (None, None, 2)


def test_after_a_complaint_only_what_cannot_be_switched_off_goes_by_mail(people: FakePeople | DynamoPeople) -> None:
    channel = the_channel(people)
    for minute in range(2):
        people.no_list_mail(PERSON, channel.id, revision=1, now=AT + timedelta(minutes=minute))

    recipient = people.load(PERSON, now=AT)
    assert recipient is not None
    assert recipient.opt_outs == {(name, ChannelKind.EMAIL) for name, one in CATEGORIES.items() if one.opt_out}
    assert recipient.channels[0].usable
    assert the_channel(people).complained_at == AT


def test_another_address_is_not_held_to_the_complaint_about_the_last(people: FakePeople | DynamoPeople) -> None:
    channel = the_channel(people)
    people.no_list_mail(PERSON, channel.id, revision=1, now=AT)
    reaching.change_channel(PERSON, channel.id, address="new@example.com", detail=None, now=AT, people=people)

    recipient = people.load(PERSON, now=AT)
    assert recipient is not None
    assert recipient.opt_outs == frozenset()


def test_nothing_is_made_up_for_a_channel_that_is_not_there(people: FakePeople | DynamoPeople) -> None:
    before = people.record(PERSON)
    people.channel_is_gone(PERSON, "none", why="bounced", now=AT, revision=1)
    people.no_list_mail(PERSON, "none", revision=1, now=AT)

    assert people.record(PERSON) == before


def a_report(what: What, *, message: str = "m1") -> Report:
    return Report(what=what, message_id=message, person_id=PERSON, on=TODAY, kind="check_in", address=ADDRESS)


def test_messages_turned_away_are_kept_once_each_and_apart_by_revision(fates: Fates) -> None:
    channel = an_email()

    def turn_away(message: str, minute: int) -> list[datetime]:
        return sorted(
            fates.note_turned_away(
                a_report(What.TURNED_AWAY, message=message),
                channel,
                at=AT + timedelta(minutes=minute),
                keep=timedelta(days=14),
            )
        )

    assert turn_away("m1", 0) == [AT]
    assert turn_away("m1", 0) == [AT]
    assert turn_away("m2", 1) == [AT, AT + timedelta(minutes=1)]


def an_end(**changes: Any) -> Entry:
    given = {
        "person_id": PERSON,
        "kind": "check_in",
        "on": TODAY,
        "due_at": AT,
        "status": Status.SENT,
        "attempt": 1,
        "claimed_at": AT,
        "ended_at": AT,
        "provider_id": "m1",
    }
    return Entry(**{**given, **changes})


def noted() -> dict[str, str]:
    item = LedgerItem.get(f"LEDGER#{PERSON}", f"{TODAY}#check_in").to_simple_dict()
    return {name: item[name] for name in ("delivered_at", "delayed_at", "bounced_at", "bounce") if item.get(name)}


def test_the_ledger_shows_what_became_of_its_message() -> None:
    DynamoLedger().add([an_end()])
    for minute, what in enumerate((What.DELAYED, What.DELIVERED, What.DELIVERED, What.TURNED_AWAY)):
        DynamoFates().note(a_report(what), at=AT + timedelta(minutes=minute))

    assert noted() == {
        "delayed_at": "2026-11-25T14:00:05Z",
        "delivered_at": "2026-11-25T14:01:05Z",
        "bounced_at": "2026-11-25T14:03:05Z",
        "bounce": "turned_away",
    }


def test_a_report_on_an_earlier_attempts_message_is_not_taken_for_the_last() -> None:
    DynamoLedger().add([an_end(provider_id="m2")])

    DynamoFates().note(a_report(What.DEAD), at=AT)

    assert noted() == {}


def test_a_report_on_what_the_ledger_does_not_know_makes_no_entry() -> None:
    DynamoFates().note(a_report(What.DELIVERED), at=AT)

    assert DynamoLedger().get(PERSON, "check_in", TODAY) is None


@pytest.fixture
def send(aws: None) -> Callable[[str], bool]:
    del aws
    record = enrol(DynamoPeople(), DynamoProgrammes())
    DynamoLedger().add([an_end(status=Status.CLAIMED, ended_at=None, provider_id=None)])

    def handle(name: str) -> bool:
        event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
        event["detail"]["mail"]["tags"]["occurrence"] = [f"{PERSON}_{TODAY}_check_in"]
        event["detail"]["mail"]["tags"]["channel"] = [f"{record.channels[0].id}_1"]
        ended: bool = app.record_receipt(event, None)
        return ended

    return handle


@pytest.mark.parametrize(
    ("name", "status", "fate", "task", "usable"),
    [
        ("record_receipt", Status.SENT, set(), None, True),
        ("record_receipt_delivery", Status.SENT, {"delivered_at"}, None, True),
        ("record_receipt_delivery_delay", Status.SENT, {"delayed_at"}, None, True),
        ("record_receipt_bounce_permanent", Status.SENT, {"bounced_at", "bounce"}, "contact_details", False),
        ("record_receipt_bounce_transient", Status.SENT, {"bounced_at", "bounce"}, None, True),
        ("record_receipt_bounce_undetermined", Status.SENT, {"bounced_at", "bounce"}, None, True),
        ("record_receipt_complaint", Status.SENT, set(), "mail_complaint", True),
        ("record_receipt_reject", Status.CLAIMED, {"bounced_at", "bounce"}, None, True),
        ("record_receipt_rendering_failure", Status.CLAIMED, {"bounced_at", "bounce"}, None, True),
    ],
)
def test_each_event_of_ses_has_its_effect_once(
    send: Callable[[str], bool],
    name: str,
    status: Status,
    fate: set[str],
    task: str | None,
    usable: bool,  # noqa: FBT001 (a column of the table above)
) -> None:
    assert [send(name), send(name)] == [status is Status.SENT, False]

    entry = DynamoLedger().get(PERSON, "check_in", TODAY)
    assert entry is not None
    assert (entry.reported_at is not None) is (status is Status.SENT)
    assert set(noted()) == fate
    assert [(one.kind, one.owner) for one in DynamoTasks().of_person(PERSON)] == (
        [(task, Role.CASE_MANAGER)] if task else []
    )
    recipient = DynamoPeople().load(PERSON, now=AT)
    assert recipient is not None
    assert recipient.channels[0].usable is usable


def test_an_event_about_something_else_is_counted_and_let_go(
    send: Callable[[str], bool], log: Callable[[], list[dict[str, object]]]
) -> None:
    event = json.loads((EVENTS / "record_receipt.json").read_text(encoding="utf-8"))
    event["detail"]["mail"]["tags"] = {}

    assert app.record_receipt(event, None) is False
    send("record_receipt_bounce_permanent")

    lines = log()
    assert {name for line in lines for name in line} >= {"ReceiptsNotOurs", "MailBounced", "Receipts"}
    assert ADDRESS not in json.dumps(lines)
