"""The table's stream brings its function exactly what a slice listens to: nothing follows from what a filter drops."""

import inspect
import re
from itertools import product
from typing import Any

import pytest

import app
from chalicelib.alumni.handlers import Graduates, Hellos
from chalicelib.caring.handlers import CaringContacts
from chalicelib.caseload.handlers import Caseload
from chalicelib.checkins.handlers import Silence
from chalicelib.edge.stream import Listener, Stored
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.family.handlers import AlertedSupporters
from chalicelib.groups.handlers import Entries, Memberships
from chalicelib.mentors.handlers import Steps, Walks
from chalicelib.milestones.handlers import Awards
from chalicelib.outreach.domain import Status
from chalicelib.partners.handlers import QuietPartners
from chalicelib.plan.handlers import FollowedUp
from chalicelib.routine.handlers import Absence, Edits
from chalicelib.staff.handlers import Opened
from tests.streaming import passes

KEYS = [
    ("CHECKINS#p", "2026-11-24#daily"),
    ("CHECKINS#p", "2026-11-24#weekly"),
    ("LEDGER#p", "2026-11-24#check_in"),
    ("LEDGER#p", "2026-11-24#check_in-weekly"),
    ("LEDGER#p", "2026-11-24#milestone"),
    ("LEDGER#p", "2026-11-24#hello"),
    ("LEDGER#p", "2026-11-24#mentoring-hello"),
    ("LEDGER#p", "2026-11-24#mentoring-proposed"),
    ("TASKS#p", "flag-silent-2026-11-24"),
    ("TASKLIST#iop#open", "2026-11-24T18:00:00.000000Z#p#flag-silent-2026-11-24"),
    ("CONTACTS#p", "LINE#20261124T180000000000Z-0"),
    ("CONTACTS#p", "CORRECTED#20261124T180000000000Z-0"),
    ("CADENCES#p", "clinician"),
    ("ATTENTION#iop", "p"),
    ("CALLER#p", "OPEN"),
    ("CALLER#p", "CRISIS#2026-11-24T18:00:00.000000Z#id"),
    ("CRISIS#id", "STATE"),
    ("CRISES#OPEN", "id"),
    ("PERSON#p", "REACH"),
    ("PERSON#p", "EPISODE#01"),
    ("PERSON#p", "CONSENT#alumni_contact#2026-11-24"),
    ("PERSON#p", "CONSENT#mentor_match#2026-11-24"),
    ("GROUP#g", "MEMBER#p"),
    ("GROUPSOF#p", "g"),
    ("PERSON#p", "CONSENT#mentor_share:milestones#2026-11-24"),
    ("MENTORS#iop", "MENTOR#p"),
    ("MENTORS#iop", "SEEKER#p"),
    ("WALKS#p", "WITH#q"),
    ("WALKNOTES#id", "1"),
    ("PERSON#p", "PERSON"),
    ("PERSON#p", "CHANNEL#mail"),
    ("ATTENDANCE#p", "2026-11-24#item"),
    ("PLAN#p", "DONE#2026-11-24#item"),
    ("PLAN#p", "WEEK"),
    ("GOALS#p", "GOAL#g"),
    ("GOALS#p", "HISTORY#2026-11-24T18:00:00.000000Z#a"),
    ("MILESTONES#p", "AWARD#01#checkins_3"),
    ("ROUTINE#iop", "VERSION#000002"),
    ("ROUTINE#iop", "DATE#2026-11-24#item"),
    ("PROGRAMME#iop", "MEMBER#p"),
    ("AUDIT#p#2026-11", "2026-11-24T18:00:00.000000Z#id"),
    ("DUE#2026-11-24T18#01", "x"),
]
ENDS = [Status.SENT, Status.SKIPPED, Status.FAILED, Status.MERGED]


def listeners() -> list[Listener]:
    people = DynamoPeople()
    after_answers: list[Listener] = [Awards(people), Silence(people), Absence(people)]
    after_care: list[Listener] = [
        CaringContacts(people),
        Graduates(people),
        Hellos(people),
        Memberships(people),
        Entries(people),
    ]
    walks: list[Listener] = [Walks(people), Steps(people)]
    told: list[Listener] = [Opened(), AlertedSupporters()]
    of_records: list[Listener] = [Edits(people), FollowedUp(people), *after_care, *walks]
    return [*told, *after_answers, *of_records, QuietPartners(people), Caseload(people)]


def test_these_are_all_who_listen() -> None:
    named = re.findall(r"from chalicelib\.\w+\.handlers import ([\w, ]+)", inspect.getsource(app.achieve.func))

    assert {type(one).__name__ for one in listeners()} == set(", ".join(named).split(", "))


def record(key: tuple[str, str], event: str, status: Status) -> tuple[dict[str, Any], Stored]:
    """Return a record in which all changed that a listener may look at, as AWS brings it and as it is read."""
    keys = {"pk": {"S": key[0]}, "sk": {"S": key[1]}}
    after = {**keys, "status": {"S": status.value}, "state": {"S": "active"}, "record": {"S": "new"}}
    after |= {"person_id": {"S": "p"}, "mentor_id": {"S": "p"}, "standing": {"S": "suspended"}, "apart": {"S": "q"}}
    before = {**keys, "status": {"S": "claimed"}, "state": {"S": "enrolled"}, "record": {"S": "old"}}
    old, new = {"INSERT": ({}, after), "MODIFY": (before, after), "REMOVE": (before, {})}[event]
    raw = {"eventName": event, "dynamodb": {"Keys": keys, "OldImage": old, "NewImage": new}}
    was_removed = event == "REMOVE"
    return raw, Stored(pk=key[0], sk=key[1], was_removed=was_removed, number="1", before=old, now=new)


@pytest.mark.parametrize("key", KEYS, ids=" ".join)
def test_a_record_comes_through_where_somebody_listens_and_else_costs_nothing(key: tuple[str, str]) -> None:
    for event, status in product(("INSERT", "MODIFY"), ENDS):
        raw, stored = record(key, event, status)

        followed = [one.name for one in listeners() if one.about(stored) is not None]

        assert passes(raw) == bool(followed), (event, status, followed)


def test_what_is_taken_away_comes_through_where_it_matters() -> None:
    assert passes(record(("CADENCES#p", "clinician"), "REMOVE", Status.SENT)[0])
    for key in KEYS:
        raw, stored = record(key, "REMOVE", Status.SENT)
        followed = [one.name for one in listeners() if one.about(stored) is not None]
        assert passes(raw) or not set(followed) - {"caseload"}, key


def test_what_is_only_claimed_and_a_row_of_the_list_itself_follow_nothing() -> None:
    assert not passes(record(("LEDGER#p", "2026-11-24#check_in"), "INSERT", Status.CLAIMED)[0])
    assert not passes(record(("ATTENTION#iop", "p"), "MODIFY", Status.SENT)[0])


def test_what_waits_with_a_person_changes_nobodys_row() -> None:
    raw, stored = record(("PERSON#p", "REACH"), "MODIFY", Status.SENT)
    assert passes(raw)
    same = {**stored.before, "waiting": {"SS": ["2026-11-24#updates#x"]}}

    assert Caseload(DynamoPeople()).about(stored) == ("p",)
    unchanged = Stored(pk=stored.pk, sk=stored.sk, was_removed=False, number="1", before=stored.before, now=same)
    assert Caseload(DynamoPeople()).about(unchanged) is None
