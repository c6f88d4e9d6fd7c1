from dataclasses import replace
from datetime import UTC, datetime
from itertools import permutations

import pytest

from chalicelib.errors import Forbidden, NotFound
from chalicelib.privacy.accounting import accounting
from chalicelib.privacy.domain import (
    Act,
    Action,
    Actor,
    AuditEvent,
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
from chalicelib.privacy.service import AuditUnavailable, authorise
from tests.fakes_privacy import FakeAuditLog, FakeStandings

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


def an_actor(*roles: tuple[str, Role]) -> Actor:
    return Actor(subject="sub-asking", roles=frozenset(roles))


def standings_of(standing: PersonStanding, caseload: Caseload = Caseload.SHARED) -> FakeStandings:
    standings = FakeStandings()
    standings.people["p1"] = standing
    standings.programmes = dict.fromkeys(standing.programmes, caseload)
    return standings


def ask(
    actor: Actor,
    *,
    standings: FakeStandings,
    audit: FakeAuditLog | None = None,
    act: Act = Act.READ,
    field: Field = Field.PROFILE,
    person_id: str | None = "p1",
    programme_id: str | None = None,
    views: frozenset[View] = frozenset(View),
    narrows: bool = True,
) -> Grant:
    return authorise(
        actor,
        Rule(act=act, field=field, purpose="see how they are", views=views, narrows=narrows),
        person_id=person_id,
        programme_id=programme_id,
        now=NOW,
        request_id="request-1",
        event_id="event-1",
        standings=standings,
        audit=audit or FakeAuditLog(),
    )


def test_the_audit_event_says_who_did_what_to_whom_why_and_under_which_consent() -> None:
    standings = standings_of(
        PersonStanding(programmes=frozenset({"iop"}), consents={"partner_share:checkin_done": "consent-7"})
    )
    standings.ties["p1", Relationship.PARTNER] = {"sub-asking": Tie()}
    audit = FakeAuditLog()

    grant = ask(
        an_actor(("iop", Role.ACCOUNTABILITY_PARTNER)), standings=standings, audit=audit, field=Field.CHECK_IN_SCORES
    )

    assert grant.view is View.DONE_LATELY
    assert audit.written == [
        AuditEvent(
            id="event-1",
            at=NOW,
            actor="sub-asking",
            role=Role.ACCOUNTABILITY_PARTNER,
            relationship=Relationship.PARTNER,
            subject="p1",
            programme_id="iop",
            action=Action.READ,
            asked=Act.READ,
            field=Field.CHECK_IN_SCORES,
            purpose="see how they are",
            consent_id="consent-7",
            request_id="request-1",
            outcome=Outcome.ALLOWED,
        )
    ]


def test_a_revoked_consent_ends_access_on_the_next_request() -> None:
    tied = PersonStanding(
        programmes=frozenset({"iop"}),
        consents={"partner_share:milestones": "consent-7"},
    )
    partner = an_actor(("iop", Role.ACCOUNTABILITY_PARTNER))
    standings = standings_of(tied)
    standings.ties["p1", Relationship.PARTNER] = {"sub-asking": Tie()}
    ask(partner, standings=standings, field=Field.MILESTONES)

    standings.people["p1"] = PersonStanding(programmes=tied.programmes)

    with pytest.raises(Forbidden):
        ask(partner, standings=standings, field=Field.MILESTONES)


def test_a_partner_with_whom_nothing_is_shared_now_sees_a_name_and_after_the_end_nothing_at_all() -> None:
    tied = PersonStanding(programmes=frozenset({"iop"}), consents={"partner_share:milestones": "consent-7"})
    partner = an_actor(("iop", Role.PARTICIPANT))
    standings = standings_of(tied)
    standings.sign_ins = {"sub-asking": "p2"}
    standings.ties["p1", Relationship.PARTNER] = {"p2": Tie(shares=False)}

    assert ask(partner, standings=standings).view is View.NAME_ONLY
    with pytest.raises(Forbidden):
        ask(partner, standings=standings, field=Field.MILESTONES)

    standings.ties["p1", Relationship.PARTNER] = {}
    with pytest.raises(NotFound):
        ask(partner, standings=standings, field=Field.MILESTONES)


def test_whose_partner_somebody_is_is_not_read_to_open_their_own_record() -> None:
    class Counts(FakeStandings):
        asked = 0

        def ties_of(self, person_id: str, relationship: Relationship, *, now: datetime) -> dict[str, Tie]:
            self.asked += 1
            return super().ties_of(person_id, relationship, now=now)

    standings = Counts()
    standings.people["p1"] = PersonStanding(programmes=frozenset({"iop"}))
    standings.sign_ins = {"sub-asking": "p1", "sub-other": "p2"}

    ask(an_actor(("iop", Role.PARTICIPANT)), standings=standings, field=Field.MILESTONES)
    assert standings.asked == 0
    with pytest.raises(NotFound):
        ask(replace(an_actor(("iop", Role.ALUMNI)), subject="sub-other"), standings=standings, field=Field.MILESTONES)
    assert standings.asked == 1


def test_one_supporters_consent_is_not_anothers() -> None:
    standings = standings_of(
        PersonStanding(programmes=frozenset({"iop"}), consents={"supporter:another:milestones": "consent-7"})
    )
    standings.ties["p1", Relationship.SUPPORTER] = {"sub-asking": Tie(name="one"), "sub-else": Tie(name="another")}

    with pytest.raises(Forbidden):
        ask(an_actor(("iop", Role.SUPPORTER)), standings=standings, field=Field.MILESTONES)
    assert ask(
        replace(an_actor(("iop", Role.SUPPORTER)), subject="sub-else"), standings=standings, field=Field.MILESTONES
    )


def test_the_most_permissive_of_several_roles_decides_in_whatever_order_they_come() -> None:
    held = (("iop", Role.PROGRAM_ADMIN), ("iop", Role.PEER_SPECIALIST), ("iop", Role.CLINICIAN))
    standings = standings_of(
        PersonStanding(programmes=frozenset({"iop", "evening"}), care_team=frozenset({"sub-asking"}))
    )

    grants = {ask(an_actor(*roles), standings=standings) for roles in permutations(held)}

    assert grants == {
        Grant(role=Role.CLINICIAN, programme_id="iop", relationship=Relationship.CASELOAD, view=View.FULL)
    }


def test_a_role_in_one_programme_opens_nothing_in_another() -> None:
    standings = standings_of(PersonStanding(programmes=frozenset({"evening"}), care_team=frozenset({"sub-asking"})))

    with pytest.raises(NotFound):
        ask(an_actor(("iop", Role.CLINICIAN)), standings=standings)


@pytest.mark.parametrize("role", [Role.CLINICIAN, Role.CASE_MANAGER, Role.PROGRAM_ADMIN, Role.PRIVACY_OFFICER])
@pytest.mark.parametrize("act", [Act.READ, Act.WRITE])
def test_staff_of_a_programme_that_another_took_over_from_see_nothing(role: Role, act: Act) -> None:
    standings = standings_of(
        PersonStanding(
            programmes=frozenset({"iop", "evening"}), former=frozenset({"iop"}), care_team=frozenset({"sub-asking"})
        )
    )

    with pytest.raises((NotFound, Forbidden)):
        ask(an_actor(("iop", role)), act=act, standings=standings)


def test_somebody_elses_record_is_answered_as_one_that_does_not_exist() -> None:
    standings = standings_of(PersonStanding(programmes=frozenset({"iop"})))
    standings.sign_ins["sub-asking"] = "p2"
    participant = an_actor(("iop", Role.PARTICIPANT))

    with pytest.raises(NotFound) as someone:
        ask(participant, standings=standings)
    with pytest.raises(NotFound) as nobody:
        ask(participant, standings=standings, person_id="p9")

    assert str(someone.value) == str(nobody.value)


def test_a_person_without_a_role_sees_nothing_not_even_their_own_record() -> None:
    standings = standings_of(PersonStanding(programmes=frozenset({"iop"})))
    standings.sign_ins["sub-asking"] = "p1"

    with pytest.raises(NotFound):
        ask(an_actor(), standings=standings)


def test_a_member_of_a_programme_is_told_that_they_may_not_a_stranger_that_it_is_not_there() -> None:
    standings = standings_of(PersonStanding(programmes=frozenset({"iop"})))

    with pytest.raises(Forbidden):
        ask(
            an_actor(("iop", Role.PARTICIPANT)),
            standings=standings,
            person_id=None,
            programme_id="iop",
            act=Act.WRITE,
            field=Field.ROSTER,
        )
    with pytest.raises(NotFound):
        ask(
            an_actor(("evening", Role.PROGRAM_ADMIN)),
            standings=standings,
            person_id=None,
            programme_id="iop",
            act=Act.WRITE,
            field=Field.ROSTER,
        )


def test_a_person_is_looked_for_in_the_programme_that_the_address_names() -> None:
    clinician = an_actor(("iop", Role.CLINICIAN), ("evening", Role.CLINICIAN))
    standings = standings_of(PersonStanding(programmes=frozenset({"iop"})))
    standings.programmes["evening"] = Caseload.SHARED

    assert ask(clinician, standings=standings, programme_id="iop").programme_id == "iop"
    with pytest.raises(NotFound):
        ask(clinician, standings=standings, programme_id="evening")


def test_a_question_about_no_programme_in_particular_is_answered_from_any_role() -> None:
    grant = ask(
        an_actor(("iop", Role.CLINICIAN)),
        standings=FakeStandings(),
        person_id=None,
        act=Act.LIST,
        field=Field.PROGRAMME,
    )

    assert grant.programme_id == "iop"


def test_a_list_over_assigned_caseloads_is_limited_to_ones_own_people() -> None:
    standings = FakeStandings()
    standings.programmes = {"iop": Caseload.ASSIGNED}

    grant = ask(
        an_actor(("iop", Role.CLINICIAN)),
        standings=standings,
        person_id=None,
        programme_id="iop",
        act=Act.LIST,
        field=Field.CHECK_IN_SCORES,
    )

    assert grant.only_care_team


def test_a_door_that_can_not_narrow_its_list_is_closed_to_those_who_hold_a_part() -> None:
    standings = FakeStandings()
    standings.programmes = {"iop": Caseload.ASSIGNED}

    with pytest.raises(Forbidden):
        ask(
            an_actor(("iop", Role.CLINICIAN)),
            standings=standings,
            person_id=None,
            programme_id="iop",
            act=Act.LIST,
            field=Field.CHECK_IN_SCORES,
            narrows=False,
        )


def test_a_door_is_closed_to_those_whose_view_it_does_not_know_how_to_keep_to() -> None:
    admin = an_actor(("iop", Role.PROGRAM_ADMIN))
    standings = standings_of(PersonStanding(programmes=frozenset({"iop"})))

    assert ask(admin, standings=standings, views=frozenset({View.CONTACT_ONLY})).view is View.CONTACT_ONLY
    with pytest.raises(Forbidden):
        ask(admin, standings=standings, views=frozenset({View.FULL}))


def test_a_door_that_keeps_to_a_lesser_view_only_gives_that_one() -> None:
    both = an_actor(("iop", Role.PROGRAM_ADMIN), ("iop", Role.CLINICIAN))
    standings = standings_of(PersonStanding(programmes=frozenset({"iop"})))

    assert ask(both, standings=standings, views=frozenset({View.CONTACT_ONLY})).role is Role.PROGRAM_ADMIN


def test_nothing_is_released_that_can_not_be_written_down() -> None:
    standings = standings_of(PersonStanding(programmes=frozenset({"iop"})))

    with pytest.raises(AuditUnavailable):
        ask(an_actor(("iop", Role.CLINICIAN)), standings=standings, audit=FakeAuditLog(is_down=True))


def test_a_crisis_does_not_wait_for_the_log_and_is_spooled() -> None:
    standings = standings_of(PersonStanding(programmes=frozenset({"iop"})))
    audit = FakeAuditLog(is_down=True)

    ask(an_actor(("iop", Role.CLINICIAN)), standings=standings, audit=audit, field=Field.CRISIS)

    assert [(event.outcome, event.field) for event in audit.spooled] == [(Outcome.SPOOLED, Field.CRISIS)]


def test_a_denied_crisis_is_denied_even_while_the_log_is_down() -> None:
    standings = standings_of(PersonStanding(programmes=frozenset({"iop"})))
    audit = FakeAuditLog(is_down=True)

    with pytest.raises(NotFound):
        ask(an_actor(("iop", Role.SUPPORTER)), standings=standings, audit=audit, field=Field.CRISIS)

    assert [event.outcome for event in audit.spooled] == [Outcome.DENIED]


def an_event(id_: str, *, subject: str | None, programme_id: str | None, action: Action = Action.READ) -> AuditEvent:
    return AuditEvent(
        id=id_,
        at=NOW.replace(minute=int(id_)),
        actor="sub-staff",
        role=Role.CLINICIAN,
        relationship=Relationship.CASELOAD,
        subject=subject,
        programme_id=programme_id,
        action=action,
        asked=Act.READ,
        field=Field.PROFILE,
        purpose="care",
        consent_id=None,
        request_id="request",
        outcome=Outcome.ALLOWED,
    )


@pytest.fixture
def log() -> FakeAuditLog:
    log = FakeAuditLog()
    for event in (
        an_event("01", subject="p1", programme_id="iop"),
        an_event("02", subject="p1", programme_id="evening"),
        an_event("03", subject=None, programme_id="iop", action=Action.LIST),
        an_event("04", subject=None, programme_id="iop", action=Action.WRITE),
        an_event("05", subject="p1", programme_id=None, action=Action.DENY),
        an_event("06", subject="p2", programme_id="iop"),
    ):
        log.write(event)
    return log


def seen(log: FakeAuditLog, relationship: Relationship, *, limit: int = 25) -> tuple[list[str], str | None]:
    standings = standings_of(PersonStanding(programmes=frozenset({"iop", "evening"})))
    events, last = accounting(
        "p1",
        grant=Grant(role=Role.PARTICIPANT, programme_id="iop", relationship=relationship),
        month="2026-11",
        before=None,
        limit=limit,
        now=NOW,
        standings=standings,
        trail=log,
    )
    return [event.id for event in events], last


def test_a_person_sees_every_access_to_their_record_lists_and_refusals_too(log: FakeAuditLog) -> None:
    assert seen(log, Relationship.SELF) == (["05", "03", "02", "01"], None)


def test_a_privacy_officer_sees_what_belongs_to_their_programme(log: FakeAuditLog) -> None:
    assert seen(log, Relationship.PROGRAMME) == (["05", "03", "01"], None)


def test_a_page_of_the_log_says_where_to_go_on_even_if_it_shows_less_than_it_looked_at(log: FakeAuditLog) -> None:
    assert seen(log, Relationship.SELF, limit=2) == (["05"], "2026-11-24T18:04:00.000000Z#04")
