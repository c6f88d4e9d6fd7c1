"""
Every role, every field that families could see, in every state of consent: generated, as domain rules 4.4 have it.

The table is written by hand from the rules, not from the matrix. All of it goes through the one function that decides,
on rows of consents as they are stored; what has a door goes through that, too, over the table.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from chalicelib.enrollment.changing import Change, change_record, next_of
from chalicelib.enrollment.consents import Action, Consent, Ends, Via
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Forbidden, NotFound
from chalicelib.family.domain import Relation, What, scope_of
from chalicelib.family.domain import Tie as FamilyTie
from chalicelib.family.kin_store import supporter_item
from chalicelib.family.service import supporter_of
from chalicelib.family.store import DynamoTies
from chalicelib.privacy.domain import Act, Actor, Field, PersonStanding, Relationship, Role, Rule, Tie, View
from chalicelib.privacy.service import authorise
from tests import family_api
from tests.fakes_privacy import FakeAuditLog, FakeStandings
from tests.fakes_progress import a_record
from tests.family_api import FamilyApi
from tests.toy import NOW

api, ana = family_api.api, family_api.ana

# Rules 4.4, to read about one person: how much, and after "c" under which consent; - nothing. For a caseload, a pair, a
# supporter that they are in.
TABLE = """
                       profile       check-in-scores                             free-text                  flags        milestones                       attendance                      crisis                                 preferences  audit  general-progress                             family-sessions
participant            full          full                                        full                       plain-words  full                             full                            state-only                             full         full   -                                            -
alumni                 full          full                                        full                       plain-words  full                             full                            state-only                             full         full   -                                            -
clinician              full          full                                        full                       full         full                             full                            full                                   full         -      -                                            -
case-manager           full          full                                        full                       full         full                             full                            full                                   full         -      -                                            -
peer-specialist        name-only     done-only|c:peer_share:craving_band         c:peer_share:free_text     -            full                             full                            -                                      -            -      -                                            -
accountability-partner name-only     c:partner_share:checkin_done                -                          -            c:partner_share:milestones       -                               -                                      -            -      -                                            -
supporter              name-only     -                                           -                          -            c:supporter:TIE:milestones       c:supporter:TIE:attendance      c:supporter:TIE:crisis_contact         -            -      c:supporter:TIE:general_progress             c:supporter:TIE:family_sessions
program-admin          contact-only  -                                           -                          -            -                                full                            state-only                             full         -      -                                            -
privacy-officer        -             -                                           -                          -            -                                -                               -                                      -            full   -                                            -
"""  # noqa: E501
HOW_MUCH = {
    "peer_share:craving_band": "craving-band",
    "peer_share:free_text": "full",
    "partner_share:checkin_done": "done-lately",
    "partner_share:milestones": "full",
    "supporter:TIE:milestones": "full",
    "supporter:TIE:attendance": "counts",
    "supporter:TIE:crisis_contact": "alert-only",
    "supporter:TIE:general_progress": "plain-words",
    "supporter:TIE:family_sessions": "full",
}
"""How much each consent opens."""
TIE = "a" * 32
STATES = ("granted", "expired", "paused", "revoked", "never")
AT = datetime(2026, 11, 24, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)


def cells() -> Iterator[tuple[Role, Field, str]]:
    head, *rows = filter(None, TABLE.splitlines())
    fields = [Field(name) for name in head.split()]
    for row in rows:
        role, *cut = row.split()
        yield from ((Role(role), field, cell) for field, cell in zip(fields, cut, strict=True))


CELLS = list(cells())


def rows_of(person_id: str, scope: str, state: str, *, at: datetime) -> list[Consent]:
    """Return the rows that bring a scope into a state by ``at``."""

    def row(action: Action, hours: int, **changes: Any) -> Consent:
        made = Consent(
            person_id=person_id, scope=scope, action=action, at=at - hours * HOUR, via=Via.WEB, by="p", episode=1
        )
        return replace(made, **changes)

    return {
        "never": [],
        "granted": [row(Action.GRANTED, 9), row(Action.PAUSED, 8), row(Action.RESUMED, 7, ends=Ends.EPISODE)],
        "expired": [row(Action.GRANTED, 9, expires_at=at - HOUR)],
        "paused": [row(Action.GRANTED, 9), row(Action.PAUSED, 8)],
        "revoked": [row(Action.GRANTED, 9), row(Action.REVOKED, 8)],
    }[state]


def standings(role: Role, live: dict[str, Consent]) -> FakeStandings:
    found = FakeStandings()
    found.people["p1"] = PersonStanding(
        programmes=frozenset({"iop"}),
        care_team=frozenset({"asking"}),
        consents={scope: row.id for scope, row in live.items()},
    )
    if role in {Role.PARTICIPANT, Role.ALUMNI}:
        found.sign_ins["asking"] = "p1"
    if role is Role.ACCOUNTABILITY_PARTNER:
        found.ties["p1", Relationship.PARTNER] = {"asking": Tie()}
    if role is Role.SUPPORTER:
        found.ties["p1", Relationship.SUPPORTER] = {"asking": Tie(name=TIE), "another": Tie(name="b" * 32)}
    return found


def decided(role: Role, field: Field, live: dict[str, Consent], audit: FakeAuditLog) -> str:
    rule = Rule(act=Act.READ, field=field, purpose="test", views=frozenset(View), narrows=True)
    try:
        return authorise(
            Actor(subject="asking", roles=frozenset({("iop", role)})),
            rule,
            person_id="p1",
            programme_id=None,
            now=AT,
            request_id="r",
            event_id="e",
            standings=standings(role, live),
            audit=audit,
        ).view.value
    except (Forbidden, NotFound):
        return "-"


def expected(cell: str, state: str) -> str:
    plain, _, consented = cell.rpartition("|")
    if cell.startswith("c:"):
        plain, consented = "-", cell
    if not consented.startswith("c:"):
        return cell
    return HOW_MUCH[consented.removeprefix("c:")] if state == "granted" else plain


SCOPES = [name.replace("TIE", TIE) for name in HOW_MUCH]


def test_every_role_sees_of_every_field_in_every_state_of_consent_what_the_rules_say() -> None:
    counted: Counter[str] = Counter()
    base = a_record()
    for state, (role, field, cell) in product(STATES, CELLS):
        rows = [row for scope in SCOPES for row in rows_of("p1", scope, state, at=AT)]
        # What another supporter was granted is worth nothing to this one, nor to anybody else.
        rows += [row for what in What for row in rows_of("p1", scope_of("b" * 32, what), "granted", at=AT)]
        record = Record(person=base.person, episodes=(replace(base.episode, number=1),), consents=tuple(rows))
        audit = FakeAuditLog()

        found = decided(role, field, record.live_consents(at=AT), audit)

        assert found == expected(cell, state), (state, role, field)
        (event,) = audit.written
        is_by_consent = "c:" in cell and found == expected(cell, "granted") != expected(cell, "never")
        assert (event.consent_id is not None) == is_by_consent, (state, role, field)
        counted["shown" if found != "-" else "closed"] += 1
    for role, field, cell in CELLS:
        if role is not Role.SUPPORTER:
            continue
        # One thing shared opens that one, and no other.
        for what, state in product(What, STATES):
            rows = rows_of("p1", scope_of(TIE, what), state, at=AT)
            record = Record(person=base.person, episodes=(replace(base.episode, number=1),), consents=tuple(rows))
            found = decided(role, field, record.live_consents(at=AT), FakeAuditLog())
            opens = cell.endswith(f":{what}") and state == "granted"
            assert found == (expected(cell, "granted") if opens else expected(cell, "never")), (what, state, field)
            counted["one thing at a time"] += 1
    total = sum(counted.values())
    print(f"\n{total} combinations decided: {dict(counted)}")  # noqa: T201
    assert total == len(STATES) * len(CELLS) + len(What) * len(STATES) * 11


def test_the_table_names_every_role_that_stands_to_a_person_now() -> None:
    roles = {role for role, _, _ in CELLS}

    # Mentors have a table of their own.
    assert set(Role) - roles == {Role.MENTOR}
    assert len(CELLS) == 9 * 11


SHOWN = {
    What.MILESTONES: "milestones",
    What.ATTENDANCE: "attendance",
    What.GENERAL_PROGRESS: "progress",
    What.FAMILY_SESSIONS: "familySessions",
    What.CRISIS_CONTACT: "crisis",
}


@pytest.fixture
def supporters(api: FamilyApi, ana: str) -> dict[tuple[What, str], str]:
    """Give a supporter for each thing and state: of whom only that thing is in that state."""
    del api
    found: dict[tuple[What, str], str] = {}
    rows: list[Consent] = []
    for number, (what, state) in enumerate(product(What, STATES)):
        tie = FamilyTie(
            id=f"{number:032x}",
            person_id=ana,
            programme_id="iop-evening",
            first_name="Rosa",
            address=f"k{number}@example.org",
            relation=Relation.FRIEND,
            language="en",
            named=False,
            invited_at=NOW - 10 * HOUR,
            account=f"k{number}",
            accepted_at=NOW - 10 * HOUR,
        )
        assert DynamoTies().save(tie)
        supporter_item(supporter_of(tie, f"k{number}", zone="UTC", now=NOW, new_id=lambda: "c" * 32)).save()
        found[what, state] = tie.id
        rows += rows_of(ana, scope_of(tie.id, what), state, at=NOW)

    def decide(record: Record) -> Change:
        return replace(next_of(record), consents=tuple(rows))

    change_record(ana, decide, people=DynamoPeople())
    _point(found, ana)
    return found


def _point(found: dict[tuple[What, str], str], person_id: str) -> None:
    from chalicelib.family.store import InvitedItem  # noqa: PLC0415 (what an invitation would have written)

    for tie_id in found.values():
        InvitedItem(f"INVITED#{tie_id}", "TIE", person_id=person_id).save()


def test_through_the_doors_a_supporter_sees_the_one_thing_that_is_granted(
    api: FamilyApi, ana: str, supporters: dict[tuple[What, str], str]
) -> None:
    counted, nothing = Counter[str](), set[str]()
    for number, ((what, state), tie_id) in enumerate(supporters.items()):
        told = api.view(f"k{number}", tie_id)

        assert told.status == 200, told.text
        seen = {name for name in SHOWN.values() if told.json[name] is not None}
        assert seen == ({SHOWN[what]} if state == "granted" else set()), (what, state)
        assert (told.json["words"] is None) == (state == "granted")
        if state != "granted":
            nothing.add(told.text.replace(tie_id, ""))
        counted["granted" if state == "granted" else "closed"] += 1
        # The doors of others take the same word: they have none for counts, plain words, or an alert.
        direct = api.kin(f"k{number}", "GET", f"/people/{ana}/milestones")
        assert direct.status == (200 if (what, state) == (What.MILESTONES, "granted") else 403), (what, state)
        counted["door of others"] += 1
    # Never, paused, expired and taken back: the same, to the letter, whatever it was.
    assert len(nothing) == 1
    print(f"\n{sum(counted.values())} reads through doors: {dict(counted)}")  # noqa: T201


DOORS = {
    Field.CHECK_IN_SCORES: "check-ins",
    Field.FREE_TEXT: "achievements",
    Field.MILESTONES: "milestones",
    Field.ATTENDANCE: "attendance",
    Field.PREFERENCES: "preferences",
    Field.AUDIT: "audit",
}


def test_what_supporters_were_granted_opens_no_door_to_anybody_else(
    api: FamilyApi, ana: str, supporters: dict[tuple[What, str], str]
) -> None:
    del supporters
    api.by("admin=iop-evening/program-admin", "PUT", f"/people/{ana}/care-team/pam")
    counted: Counter[str] = Counter()
    for role, field, cell in CELLS:
        if field not in DOORS or role in {Role.ACCOUNTABILITY_PARTNER, Role.SUPPORTER}:
            continue
        account = {Role.PARTICIPANT: ana, Role.ALUMNI: ana, Role.PEER_SPECIALIST: "pam"}.get(role, "somebody")
        told = api.by(f"{account}=iop-evening/{role}", "GET", f"/people/{ana}/{DOORS[field]}")
        opens = expected(cell, "never") in {"full", "done-only"}
        assert (told.status == 200) == opens or (role, field) in NO_VIEW, (role, field, told.status)
        counted["open" if opens else "closed"] += 1
    print(f"\n{sum(counted.values())} doors of other roles: {dict(counted)}")  # noqa: T201


NO_VIEW = {(Role.PEER_SPECIALIST, Field.CHECK_IN_SCORES)}
"""The door doesn't keep to the view that they may have, and so shows nothing."""
