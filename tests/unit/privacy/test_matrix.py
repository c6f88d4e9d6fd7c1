"""Every role, field, act and relationship against a table written by hand from the rules, not from the code."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product

import pytest

from chalicelib.errors import Forbidden, NotFound
from chalicelib.privacy.domain import (
    Act,
    Action,
    Actor,
    Caseload,
    Field,
    Grant,
    Outcome,
    PersonStanding,
    Relationship,
    Role,
    Rule,
    Tie,
    View,
)
from chalicelib.privacy.matrix import MATRIX
from chalicelib.privacy.service import authorise
from tests.fakes_privacy import FakeAuditLog, FakeStandings

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)

# R read and list, r read only, L list only, W write; then who: self, caseload, partner, mentor, mentee, group, rota,
# programme, totals (the programme with nobody named); then how much if less than everything; then "if" and the consent.
# Nothing there: denied.
TABLE = """
participant            profile          RW self; R group name-only; r partner name-only; r mentee name-only if MATCH
participant            check-in-scores  RW self; r partner done-lately if partner_share:checkin_done
participant            free-text        RW self
participant            flags            R self plain-words
participant            milestones       RW self; r partner if partner_share:milestones; R group if group_celebrate
participant            attendance       R self
participant            crisis           W self; R self state-only
participant            messages         R self
participant            preferences      RW self
participant            consents         RW self
participant            audit            R self
participant            episode          R self
participant            care-team        R self
participant            sign-in          R self
participant            care-plan        RW self
participant            plan             RW self
participant            partners         RW self; r partner
participant            supporters       RW self
participant            kudos            RW self; W partner if partner_share:milestones
participant            groups           RW self
participant            alumni           RW self
participant            mentoring        RW self
participant            programme        R programme

alumni                 profile          RW self; r partner name-only
alumni                 check-in-scores  RW self; r partner done-lately if partner_share:checkin_done
alumni                 free-text        RW self
alumni                 flags            R self plain-words
alumni                 milestones       RW self; r partner if partner_share:milestones
alumni                 attendance       R self
alumni                 crisis           W self; R self state-only
alumni                 messages         R self
alumni                 preferences      RW self
alumni                 consents         RW self
alumni                 audit            R self
alumni                 episode          R self
alumni                 care-team        R self
alumni                 sign-in          R self
alumni                 care-plan        RW self
alumni                 plan             RW self
alumni                 partners         RW self; r partner
alumni                 supporters       RW self
alumni                 kudos            RW self; W partner if partner_share:milestones
alumni                 groups           RW self
alumni                 alumni           RW self
alumni                 mentoring        RW self
alumni                 programme        R programme

clinician              profile          R caseload
clinician              check-in-scores  RW caseload
clinician              free-text        R caseload
clinician              flags            RW caseload
clinician              milestones       RW caseload
clinician              attendance       RW caseload
clinician              crisis           RW programme
clinician              rota             R programme
clinician              messages         R programme
clinician              preferences      R programme
clinician              consents         R caseload
clinician              episode          RW caseload
clinician              care-team        R caseload
clinician              notices          R programme
clinician              programme        R programme
clinician              tasks            RW caseload
clinician              contacts         RW caseload
clinician              caseload         L caseload
clinician              care-plan        RW caseload
clinician              plan             RW caseload
clinician              templates        R programme
clinician              partners         RW caseload; RW partner
clinician              kudos            LW caseload
clinician              supporters       R caseload
clinician              groups           RW programme
clinician              alumni           RW caseload
clinician              mentoring        rW caseload; L programme
clinician              own-work         RW programme

case-manager           profile          R caseload
case-manager           check-in-scores  RW caseload
case-manager           free-text        R caseload
case-manager           flags            RW caseload
case-manager           milestones       RW caseload
case-manager           attendance       RW caseload
case-manager           crisis           RW programme
case-manager           rota             R programme
case-manager           messages         R caseload
case-manager           preferences      RW caseload; W totals
case-manager           consents         RW caseload
case-manager           roster           RW programme
case-manager           episode          RW caseload
case-manager           care-team        RW programme
case-manager           sign-in          RW programme
case-manager           notices          R programme
case-manager           programme        R programme
case-manager           tasks            RW caseload
case-manager           contacts         RW caseload
case-manager           caseload         L caseload
case-manager           care-plan        RW caseload
case-manager           plan             RW caseload
case-manager           templates        R programme
case-manager           partners         RW caseload; RW partner
case-manager           kudos            LW caseload
case-manager           groups           RW programme
case-manager           alumni           RW caseload
case-manager           mentoring        rW caseload; L programme
case-manager           staff            R programme
case-manager           supporters       R caseload
case-manager           own-work         RW programme

peer-specialist        profile          R caseload name-only
peer-specialist        check-in-scores  R caseload done-only; R caseload craving-band if peer_share:craving_band
peer-specialist        free-text        R caseload if peer_share:free_text
peer-specialist        plan             R caseload if peer_share:free_text
peer-specialist        milestones       R caseload
peer-specialist        attendance       R caseload
peer-specialist        crisis           RW rota state-only; W programme call-only
peer-specialist        rota             R programme
peer-specialist        tasks            RW caseload walks-only
peer-specialist        contacts         W caseload
peer-specialist        caseload         L caseload done-only
peer-specialist        programme        R programme
peer-specialist        partners         RW caseload; RW partner
peer-specialist        kudos            LW caseload
peer-specialist        groups           RW programme
peer-specialist        mentoring        rW caseload; L programme
peer-specialist        own-work         RW programme

accountability-partner profile          r partner name-only
accountability-partner check-in-scores  r partner done-lately if partner_share:checkin_done
accountability-partner milestones       r partner if partner_share:milestones
accountability-partner partners         RW partner
accountability-partner kudos            W partner if partner_share:milestones
accountability-partner programme        R programme

supporter              profile          r supporter name-only
supporter              milestones       r supporter if supporter:tie:milestones
supporter              attendance       r supporter counts if supporter:tie:attendance
supporter              general-progress r supporter plain-words if supporter:tie:general_progress
supporter              family-sessions  r supporter if supporter:tie:family_sessions
supporter              crisis           r supporter alert-only if supporter:tie:crisis_contact; W supporter
supporter              supporters       RW supporter
supporter              messages         R self
supporter              preferences      RW self
supporter              programme        R programme

mentor                 profile          r mentor name-only if mentor_match
mentor                 milestones       r mentor if mentor_share:milestones
mentor                 mentoring        r mentor if mentor_match
mentor                 messages         R self
mentor                 preferences      RW self
mentor                 programme        R programme

program-admin          profile          R programme contact-only
program-admin          check-in-scores  L totals aggregate
program-admin          flags            L totals counts
program-admin          milestones       L totals counts
program-admin          attendance       R programme
program-admin          crisis           R programme state-only; W rota state-only
program-admin          rota             RW programme
program-admin          messages         R programme
program-admin          preferences      R programme; W totals
program-admin          roster           RW programme
program-admin          episode          R programme
program-admin          care-team        RW programme
program-admin          sign-in          RW programme
program-admin          tasks            L programme state-only
program-admin          notices          RW programme
program-admin          groups           RW programme
program-admin          programme        RW programme
program-admin          templates        R programme
program-admin          staff            RW programme
program-admin          own-work         RW programme

privacy-officer        audit            R programme
privacy-officer        programme        R programme
"""
BEST_FIRST = [
    "full",
    "contact-only",
    "plain-words",
    "state-only",
    "walks-only",
    "craving-band",
    "done-only",
    "done-lately",
    "name-only",
    "alert-only",
    "call-only",
    "aggregate",
    "counts",
]
ACTS = {"R": {"read", "list"}, "r": {"read"}, "L": {"list"}, "W": {"write"}}
ENTRY = re.compile(r"([RrLW]+) (\w+)(?: ((?!if )[\w-]+))?(?: if (\S+))?")
TIES = {"partner", "supporter"}
HOLD_EVERYBODY = {"clinician", "case-manager"}
SCOPES = {
    "group_celebrate",
    "peer_share:craving_band",
    "peer_share:free_text",
    "partner_share:checkin_done",
    "partner_share:milestones",
    "supporter:tie:milestones",
    "supporter:tie:attendance",
    "supporter:tie:general_progress",
    "supporter:tie:family_sessions",
    "supporter:tie:crisis_contact",
    # Of another supporter: worth nothing to this one.
    "supporter:another:milestones",
    "mentor_match",
    "mentor_share:milestones",
}


@dataclass(frozen=True)
class Situation:
    name: str
    person: bool
    programme: str = "iop"
    caseload: Caseload = Caseload.ASSIGNED
    own: bool = False
    in_care_team: bool = False
    tie: Relationship | None = None
    """What ties them by agreement, and whether the person lets them see anything at all."""
    shares: bool = True
    on_call: bool = False
    walks: str | None = None
    """Whether who asks is their mentor, or whom they walk with."""


SITUATIONS = (
    Situation("their own record", person=True, own=True),
    Situation("named in the care team", person=True, in_care_team=True),
    Situation("not named in the care team", person=True),
    Situation("a partner with whom they share", person=True, tie=Relationship.PARTNER),
    Situation("a partner with whom they share nothing now", person=True, tie=Relationship.PARTNER, shares=False),
    Situation("a partner of another programme", person=True, programme="other", tie=Relationship.PARTNER),
    Situation("a supporter", person=True, tie=Relationship.SUPPORTER),
    Situation(
        "a supporter of somebody who is shared with nobody", person=True, tie=Relationship.SUPPORTER, shares=False
    ),
    Situation("a supporter of another programme", person=True, programme="other", tie=Relationship.SUPPORTER),
    Situation("on call", person=True, on_call=True),
    Situation("on call for another programme", person=True, programme="other", on_call=True),
    Situation("their mentor", person=True, walks="mentor"),
    Situation("whom they are a mentor to", person=True, walks="mentee"),
    Situation("a mentor of another programme", person=True, programme="other", walks="mentor"),
    Situation("a shared caseload", person=True, caseload=Caseload.SHARED),
    Situation("a person of another programme", person=True, programme="other", own=True, in_care_team=True),
    Situation("the programme, assigned caseloads", person=False),
    Situation("the programme, shared caseload", person=False, caseload=Caseload.SHARED),
    Situation("the programme, on call", person=False, on_call=True),
    Situation("another programme", person=False, programme="other", caseload=Caseload.SHARED),
)


def entries(role: Role, field: Field) -> list[tuple[set[str], str, str, str | None]]:
    found = []
    for line in filter(None, TABLE.splitlines()):
        row_role, row_field, cell = line.split(None, 2)
        if (row_role, row_field) != (role, field):
            continue
        for entry in cell.replace("MATCH", "mentor_match").split("; "):
            match = ENTRY.fullmatch(entry)
            assert match, entry
            acts = set().union(*(ACTS[letter] for letter in match[1]))
            found.append((acts, match[2], match[3] or "full", match[4]))
    return found


def stands(role: Role, act: Act, situation: Situation) -> set[str]:
    if situation.programme != "iop":
        return set()
    rota = {"rota"} if situation.on_call else set[str]()
    if not situation.person:
        return {"programme", "totals", *TIES} | rota | (set() if act is Act.WRITE else {"caseload"})
    holds = situation.in_care_team or (situation.caseload is Caseload.SHARED and role in HOLD_EVERYBODY)
    tie = rota if situation.tie is None else rota | {situation.tie.value}
    walks = {situation.walks} if situation.walks else set[str]()
    return {"programme"} | tie | walks | ({"self"} if situation.own else set()) | ({"caseload"} if holds else set())


def expected(role: Role, field: Field, act: Act, situation: Situation, *, consents: bool) -> tuple[str, bool] | None:
    """Return the view, and whether a list holds only those whose care team names one; None if it is denied."""
    standing = stands(role, act, situation)
    everybody = situation.caseload is Caseload.SHARED and role in HOLD_EVERYBODY
    allowed = [
        (view, not situation.person and (relationship in TIES or (relationship == "caseload" and not everybody)))
        for acts, relationship, view, consent in entries(role, field)
        if act in acts
        and relationship in standing
        and (consent is None or (consents and situation.person and (relationship not in TIES or situation.shares)))
    ]
    return min(allowed, key=lambda each: (BEST_FIRST.index(each[0]), each[1]), default=None)


@pytest.mark.parametrize("field", list(Field))
@pytest.mark.parametrize("role", list(Role))
def test_access_is_what_the_table_says_and_nothing_else(role: Role, field: Field) -> None:
    actor = Actor(subject="sub-asking", roles=frozenset({("iop", role)}))

    for act, situation, consents in product(Act, SITUATIONS, (False, True)):
        standings, audit = FakeStandings(), FakeAuditLog()
        standings.programmes = {"iop": situation.caseload, "other": situation.caseload}
        standings.people["p1"] = PersonStanding(
            programmes=frozenset({situation.programme}),
            care_team=frozenset({"sub-asking"} if situation.in_care_team else ()),
            consents={scope: f"consent of {scope}" for scope in SCOPES} if consents else {},
        )
        standings.sign_ins = {"sub-asking": "p1"} if situation.own else {}
        tie = None if situation.tie is None else Tie(name="tie", shares=situation.shares)
        standings.ties = {("p1", situation.tie): {"sub-asking": tie}} if situation.tie and tie else {}
        if situation.walks:
            standings.sign_ins = {"sub-asking": "p2"}
            mentee, mentor = ("p1", "p2") if situation.walks == "mentor" else ("p2", "p1")
            standings.ties[mentee, Relationship.MENTOR] = {mentor: Tie()}
        standings.on_call = {("sub-asking", situation.programme)} if situation.on_call else set()
        case = f"{role} {act} {field}: {situation.name}, {'every' if consents else 'no'} consent"
        rule = Rule(act=act, field=field, purpose="test", views=frozenset(View), narrows=True)
        allowed = expected(role, field, act, situation, consents=consents)

        def decide(rule: Rule = rule, situation: Situation = situation) -> Grant:
            return authorise(
                actor,
                rule,
                person_id="p1" if situation.person else None,
                programme_id=None if situation.person else situation.programme,
                now=NOW,
                request_id="request",
                event_id="event",
                standings=standings,  # noqa: B023 (called in the same round)
                audit=audit,  # noqa: B023
            )

        if allowed is None:
            if situation.person:
                knows = expected(role, Field.PROFILE, Act.READ, situation, consents=consents) is not None
            else:
                knows = situation.programme == "iop"
            with pytest.raises(Forbidden if knows else NotFound):
                decide()
            denied = [(event.action, event.outcome, event.asked) for event in audit.written]
            assert denied == [(Action.DENY, Outcome.DENIED, act)], case
        else:
            grant = decide()
            assert (grant.view, grant.only_care_team) == allowed, case
            assert (grant.role, grant.programme_id) == (role, "iop"), case
            assert [(event.action, event.role) for event in audit.written] == [(act.value, role)], case


def test_the_table_names_only_what_exists() -> None:
    rows = [line.split(None, 2)[:2] for line in filter(None, TABLE.splitlines())]

    assert {role for role, _ in rows} == set(Role)
    assert {field for _, field in rows} == set(Field)
    assert len({tuple(row) for row in rows}) == len(rows)


def test_what_waits_for_groups_is_in_the_matrix_as_in_the_table() -> None:
    # No decision can show these yet: nobody stands so to anybody.
    waiting = {"group"}
    for role, field in product(Role, Field):
        told = [entry for entry in entries(role, field) if entry[1] in waiting]
        held = [
            (set(allowance.acts), allowance.relationship, allowance.view, allowance.consent)
            for allowance in MATRIX[role].get(field, ())
            if allowance.relationship in waiting
        ]
        assert held == told, f"{role} {field}"
