"""Contacts, cadences and rows: one suite for the fakes and for DynamoDB."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.caseload.attention import Facts, HeldUntil, LastContact, OpenTask, Reach, Run
from chalicelib.caseload.domain import STAFF, AlreadyCorrected, Cadence, Contact, How, Outcome, contact_id
from chalicelib.caseload.following import Row, Rows
from chalicelib.caseload.service import Cadences, Contacts
from chalicelib.caseload.store import AttentionItem, DynamoCadences, DynamoContacts, DynamoRows
from chalicelib.enrollment.episodes import State
from chalicelib.outreach.domain import Hold
from chalicelib.privacy.domain import Role
from chalicelib.tasks.domain import Severity
from tests.build import utc
from tests.fakes_caseload import FakeCadences, FakeContacts, FakeRows

pytestmark = pytest.mark.usefixtures("aws")

AT = utc("2026-11-24T18:00:00.123456")
FACTS = Facts(
    person_id="p",
    name="Ana Lee",
    zone="America/New_York",
    state=State.ACTIVE,
    admitted_on=date(2026, 11, 1),
    care_team=frozenset({"cam", "pia"}),
    last_contact=LastContact(at=utc("2026-11-24T18:00:00"), how=How.CALL, outcome=Outcome.REACHED, role=Role.CLINICIAN),
    run=Run(earlier=2, closes=(utc("2026-11-24T09:00:00"),), since=date(2026, 11, 21)),
    tasks=(
        OpenTask(
            id="flag-silent-2026-11-21",
            severity=Severity.OUTREACH,
            owner=Role.CASE_MANAGER,
            opened_at=utc("2026-11-24T14:00:00"),
            due_at=utc("2026-11-25T22:00:00"),
            because="3 in a row",
        ),
    ),
    holds=(HeldUntil(kind=Hold.CRISIS, until=utc("2026-11-27T18:00:00"), since=utc("2026-11-24T18:00:00")),),
    reach=Reach(until=utc("2027-01-01T00:00:00")),
)


@pytest.fixture(params=[FakeContacts, DynamoContacts])
def contacts(request: pytest.FixtureRequest) -> Contacts:
    found: Contacts = request.param()
    return found


@pytest.fixture(params=[FakeCadences, DynamoCadences])
def cadences(request: pytest.FixtureRequest) -> Cadences:
    found: Cadences = request.param()
    return found


@pytest.fixture(params=[FakeRows, DynamoRows])
def rows(request: pytest.FixtureRequest) -> Rows:
    found: Rows = request.param()
    return found


def a_contact(number: int, *, person: str = "p", corrects: str | None = None, minutes: int = 0) -> Contact:
    at = AT + timedelta(minutes=minutes)
    return Contact(
        id=contact_id(at, f"{number:032x}"),
        person_id=person,
        programme_id="iop",
        at=at,
        how=How.VIDEO,
        outcome=Outcome.REACHED,
        role=Role.CASE_MANAGER,
        by="cam",
        noted_at=AT,
        note="Two lines:\nhere. 🌱",
        task_id="flag-x-2026-11-24",
        corrects=corrects,
    )


def test_a_line_is_kept_as_it_was_written(contacts: Contacts) -> None:
    line = a_contact(1)
    contacts.add(line)

    assert contacts.find("p", line.id) == line
    assert (contacts.find("q", line.id), contacts.find("p", "none")) == (None, None)
    assert contacts.page("q", before=None, limit=9) == ([], None)
    bare = replace(a_contact(2, minutes=1), note="", task_id=None)
    contacts.add(bare)
    assert list(contacts.newest("p")) == [bare, line]


def test_two_contacts_of_one_instant_are_two_lines(contacts: Contacts) -> None:
    for number in (1, 2):
        contacts.add(a_contact(number))

    assert len(list(contacts.newest("p"))) == 2


def test_of_two_corrections_at_once_one_is_taken(contacts: Contacts) -> None:
    wrong = a_contact(1)
    contacts.add(wrong)
    right = a_contact(2, corrects=wrong.id)
    contacts.add(right)

    with pytest.raises(AlreadyCorrected):
        contacts.add(a_contact(3, corrects=wrong.id))
    assert list(contacts.newest("p")) == [right, replace(wrong, corrected_by=right.id)]
    # What stands in a line's place can be wrong, too.
    last = a_contact(4, corrects=right.id)
    contacts.add(last)
    assert [one.corrected_by for one in contacts.newest("p")] == [None, last.id, right.id]


def test_the_log_comes_in_pages_and_each_knows_its_corrections(contacts: Contacts) -> None:
    lines = [a_contact(number, minutes=number) for number in range(60)]
    for line in lines:
        contacts.add(line)
    # Noted last, and standing where the contact lies in time: far from the line that it corrects.
    fix = a_contact(99, corrects=lines[3].id, minutes=30)
    contacts.add(fix)

    seen: list[Contact] = []
    after: str | None = None
    while True:
        page, after = contacts.page("p", before=after, limit=7)
        seen += page
        if after is None:
            break

    assert seen == list(contacts.newest("p"))
    assert [one.id for one in seen] == sorted([line.id for line in [*lines, fix]], reverse=True)
    assert [one.id for one in seen if one.corrected_by] == [lines[3].id]


def test_a_role_has_one_cadence(cadences: Cadences) -> None:
    made = [
        Cadence(person_id="p", role=role, every_days=7, starts_on=date(2026, 11, 20), by="cam", set_at=AT)
        for role in STAFF
    ]
    for cadence in [*made, replace(made[0], every_days=3), replace(made[0], person_id="q")]:
        cadences.put(cadence)
    for _ in range(2):
        cadences.remove("p", Role.PEER_SPECIALIST)

    assert sorted(cadences.of_person("p"), key=lambda one: one.role) == [made[1], replace(made[0], every_days=3)]
    assert cadences.of_person("nobody") == []


def test_a_row_is_put_over_the_version_that_was_read_and_no_other(rows: Rows) -> None:
    assert rows.find("iop", "p") == Row(version=0, facts=None)
    first = Row(version=1, facts=FACTS)
    assert rows.put("iop", "p", first, now=AT)
    assert not rows.put("iop", "p", replace(first, facts=None), now=AT)
    second = Row(version=2, facts=replace(FACTS, run=None, tasks=(), last_contact=None))

    assert rows.put("iop", "p", second, now=AT)
    assert not rows.put("iop", "p", second, now=AT)
    assert rows.find("iop", "p") == second
    assert list(rows.of_programme("iop")) == [second.facts]
    assert list(rows.of_programme("other")) == []


def test_who_left_is_remembered_so_that_nothing_older_brings_them_back(rows: Rows) -> None:
    rows.put("iop", "p", Row(version=1, facts=FACTS), now=AT)
    rows.put("iop", "p", Row(version=2, facts=None), now=AT)

    assert list(rows.of_programme("iop")) == []
    assert rows.find("iop", "p") == Row(version=2, facts=None)
    assert not rows.put("iop", "p", Row(version=1, facts=FACTS), now=AT)
    assert rows.put("iop", "p", Row(version=3, facts=FACTS), now=AT)
    assert list(rows.of_programme("iop")) == [FACTS]


def test_a_row_of_another_form_is_nobodys_and_is_replaced() -> None:
    rows = DynamoRows()
    AttentionItem("ATTENTION#iop", "p", facts='[0,"whatever"]', version=4).save()

    assert list(rows.of_programme("iop")) == []
    assert rows.find("iop", "p") == Row(version=4, facts=None)
    assert rows.put("iop", "p", Row(version=5, facts=FACTS), now=AT)
    assert list(rows.of_programme("iop")) == [FACTS]
