"""What SES events mean and what follows, in any order and however often they come."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.outreach.domain import Channel, Entry, Status
from chalicelib.outreach.reports import NotAReport, Report, What, is_trouble, report_of, take
from chalicelib.tasks.domain import Kind
from tests.build import PERSON, a_device, a_recipient, an_email, utc
from tests.fakes import FakeLedger
from tests.fakes_receipts import FakeAddresses, FakeFates
from tests.fakes_tasks import FakeTasks

EVENTS = Path(__file__).parents[3] / "events"
FILES = sorted(EVENTS.glob("record_receipt*.json"))
AT = utc("2026-11-25T14:00:05")


def an_event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


class Desk:
    """All that reports touch, for one person."""

    def __init__(self, *channels: Channel) -> None:
        self.ledger, self.fates, self.tasks = FakeLedger(), FakeFates(), FakeTasks()
        self.addresses = FakeAddresses(a_recipient(channels=channels or (an_email(), a_device())))

    def take(self, report: Report, *, days: float = 0) -> tuple[bool, Kind | None]:
        return take(
            report,
            at=AT + timedelta(days=days),
            ledger=self.ledger,
            fates=self.fates,
            addresses=self.addresses,
            tasks=self.tasks,
        )

    def all(self) -> tuple[object, ...]:
        return (
            self.ledger.entries,
            self.fates.notes,
            self.fates.turned_away,
            self.addresses.gone,
            self.addresses.stopped,
            {key: task.id for key, task in self.tasks.kept.items()},
        )


def a_report(what: What, *, message: str = "m1", address: str = "ana@example.com", revision: int | None = 1) -> Report:
    return Report(
        what=what,
        message_id=message,
        person_id=PERSON,
        on=AT.date(),
        kind="check_in",
        address=address,
        channel=None if revision is None else ("mail", revision),
    )


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("record_receipt", What.SENT),
        ("record_receipt_delivery", What.DELIVERED),
        ("record_receipt_delivery_delay", What.DELAYED),
        ("record_receipt_bounce_permanent", What.DEAD),
        ("record_receipt_bounce_transient", What.TURNED_AWAY),
        ("record_receipt_bounce_undetermined", What.TURNED_AWAY),
        ("record_receipt_complaint", What.COMPLAINED),
        ("record_receipt_reject", What.REFUSED),
        ("record_receipt_rendering_failure", What.REFUSED),
    ],
)
def test_each_kind_of_event_means_one_thing(name: str, what: What) -> None:
    report = report_of(an_event(name)["detail"])

    assert report.what is what
    assert (report.person_id, report.kind, report.on) == ("0f" * 16, "check_in", AT.date())
    assert (report.address, report.channel) == ("ana@example.com", ("1c" * 16, 1))


def test_every_event_file_is_tried() -> None:
    assert len(FILES) == 9


@pytest.mark.parametrize("broken", ["occurrence", "tags", "destination", "messageId"])
def test_an_event_about_something_else_is_no_report(broken: str) -> None:
    detail = an_event("record_receipt")["detail"]
    (detail["mail"]["tags"] if broken == "occurrence" else detail["mail"]).pop(broken)

    with pytest.raises(NotAReport):
        report_of(detail)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("record_receipt_complaint", {"complaint": None}),
        ("record_receipt_complaint", {"complaint": ["not-spam"]}),
        ("record_receipt_bounce_permanent", {"bounce": None}),
        ("record_receipt", {"eventType": ["Send"]}),
        ("record_receipt", {"mail": None}),
        *(
            ("record_receipt", {"mail": {"messageId": "m", "destination": ["ana@example.com"], "tags": tags}})
            for tags in (
                None,
                "occurrence",
                ["occurrence"],
                {"occurrence": [5]},
                {"occurrence": [None]},
                {"occurrence": None},
                {"occurrence": [f"{PERSON}_2026-11-25_check_in"], "channel": [7]},
                {"occurrence": [f"{PERSON}_2026-11-25_check_in"], "channel": ["mail_one"]},
                {"occurrence": [f"{PERSON}_2026-11-25_check_in"], "channel": {}},
            )
        ),
    ],
)
def test_an_event_of_another_shape_is_no_report(name: str, changes: dict[str, Any]) -> None:
    with pytest.raises(NotAReport):
        report_of(an_event(name)["detail"] | changes)


@pytest.mark.parametrize("event_type", ["Open", "Click", "Subscription", "SomethingNew"])
def test_what_says_nothing_about_a_messages_fate_is_no_report(event_type: str) -> None:
    detail = an_event("record_receipt")["detail"] | {"eventType": event_type}

    with pytest.raises(NotAReport):
        report_of(detail)


def test_taking_a_message_out_of_the_spam_folder_is_no_complaint() -> None:
    detail = an_event("record_receipt_complaint")["detail"]
    detail["complaint"]["complaintFeedbackType"] = "not-spam"

    with pytest.raises(NotAReport):
        report_of(detail)


def test_a_message_that_went_without_the_channels_tag_still_has_an_address() -> None:
    detail = an_event("record_receipt_bounce_permanent")["detail"]
    del detail["mail"]["tags"]["channel"]

    assert report_of(detail).channel is None


def test_a_permanent_bounce_stops_the_address_and_asks_staff() -> None:
    desk = Desk()

    assert desk.take(a_report(What.DEAD)) == (False, Kind.CONTACT_DETAILS)

    assert desk.addresses.gone == {(PERSON, "mail", 1): ("bounced", AT)}
    (task,) = desk.tasks.of_person(PERSON)
    assert (task.kind, task.about, task.programme_id) == (Kind.CONTACT_DETAILS, "mail-1", "iop-evening")


@pytest.mark.parametrize(
    "report",
    [
        a_report(What.DEAD, address="old@example.com"),
        a_report(What.DEAD, address="old@example.com", revision=None),
        replace(a_report(What.DEAD), channel=("mail", 7)),
        replace(a_report(What.DEAD), channel=("another", 1)),
        a_report(What.COMPLAINED, address="old@example.com", revision=None),
        replace(a_report(What.TURNED_AWAY), channel=("mail", 7)),
    ],
    ids=lambda report: f"{report.what}-{report.address}-{report.channel}",
)
def test_a_report_on_an_address_that_was_changed_changes_nothing(report: Report) -> None:
    desk = Desk()

    for number in range(4):
        assert desk.take(replace(report, message_id=f"m{number}"))[1] is None
    assert (desk.addresses.gone, desk.addresses.stopped, desk.tasks.kept, desk.fates.turned_away) == ({}, {}, {}, {})


def test_capitals_in_a_report_are_the_same_address() -> None:
    desk = Desk()
    desk.take(a_report(What.DEAD, address="Ana@EXAMPLE.com", revision=None))

    assert desk.addresses.gone


def test_a_device_is_never_taken_for_an_address() -> None:
    phone = replace(a_device(), address="ana@example.com")
    desk = Desk(phone)
    desk.take(a_report(What.DEAD, revision=None))

    assert not desk.addresses.gone


def test_somebody_who_is_not_there_gets_no_task() -> None:
    desk = Desk()

    assert desk.take(replace(a_report(What.DEAD), person_id="gone")) == (False, None)
    assert not desk.tasks.kept


def test_two_messages_turned_away_are_borne_and_the_third_is_for_staff() -> None:
    desk = Desk()

    found = [desk.take(a_report(What.TURNED_AWAY, message=f"m{day}"), days=day)[1] for day in range(3)]

    assert found == [None, None, Kind.MAIL_TROUBLE]
    assert not desk.addresses.gone
    assert [task.about for task in desk.tasks.of_person(PERSON)] == ["mail-1-2026-11"]


def test_a_message_turned_away_is_counted_once_however_often_it_is_reported() -> None:
    desk = Desk()

    assert [desk.take(a_report(What.TURNED_AWAY))[1] for _ in range(5)] == [None] * 5


def test_messages_turned_away_long_apart_are_not_trouble() -> None:
    desk = Desk()

    found = [desk.take(a_report(What.TURNED_AWAY, message=f"m{day}"), days=day)[1] for day in (0, 3, 7.1, 11, 15)]

    assert found == [None] * 5


@given(st.lists(st.integers(0, 20 * 24), min_size=1, max_size=8), st.integers(0, 20 * 24))
def test_trouble_is_three_in_seven_days_around_an_instant(hours: list[int], at: int) -> None:
    week = 7 * 24
    naive = any(
        start <= at < start + week and len([hour for hour in hours if start <= hour < start + week]) >= 3
        for start in range(21 * 24)
        if start in hours
    )

    found = is_trouble([AT + timedelta(hours=hour) for hour in hours], at=AT + timedelta(hours=at))

    assert found is naive


def test_a_complaint_stops_list_mail_and_is_told_to_staff_only() -> None:
    desk = Desk()
    desk.take(a_report(What.DELIVERED))

    assert desk.take(a_report(What.COMPLAINED)) == (False, Kind.MAIL_COMPLAINT)

    assert desk.addresses.stopped == {(PERSON, "mail", 1): AT}
    assert not desk.addresses.gone
    (noted,) = desk.fates.notes.values()
    assert set(noted) == {What.DELIVERED}, "the person sees their ledger"


@pytest.mark.parametrize("what", [What.REFUSED, What.DELAYED, What.DELIVERED, What.SENT])
def test_what_is_no_fault_of_the_address_stops_nothing(what: What) -> None:
    desk = Desk()

    assert desk.take(a_report(what))[1] is None
    assert (desk.addresses.gone, desk.addresses.stopped, desk.tasks.kept) == ({}, {}, {})


def claimed() -> Entry:
    return Entry(
        person_id=PERSON,
        kind="check_in",
        on=AT.date(),
        due_at=AT,
        status=Status.CLAIMED,
        attempt=1,
        claimed_at=AT,
    )


@pytest.mark.parametrize("what", What)
def test_a_report_vouches_for_the_claim_of_a_sender_that_died_if_the_message_left(what: What) -> None:
    desk = Desk()
    desk.ledger.add([claimed()])

    vouches, _ = desk.take(a_report(what))

    assert vouches is (what is not What.REFUSED)
    (entry,) = desk.ledger.entries.values()
    assert entry.reported_at == (None if what is What.REFUSED else AT)


@given(st.data())
def test_any_order_and_any_repetition_of_reports_comes_to_the_same(data: st.DataObject) -> None:
    reports = [a_report(what, message=f"m{number}") for what in What for number in range(3)]
    in_order = Desk()
    for report in reports:
        in_order.take(report)
    shuffled = data.draw(st.permutations(reports + data.draw(st.lists(st.sampled_from(reports), max_size=10))))
    mixed = Desk()
    for report in shuffled:
        mixed.take(report)

    assert mixed.all() == in_order.all()
