"""The one place that decides who may see or do what, and that writes it down before anything is released."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from chalicelib.errors import DomainError, Forbidden, NotFound
from chalicelib.privacy.domain import (
    TIED,
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
from chalicelib.privacy.matrix import MATRIX

SHARED_CASELOAD_ROLES = frozenset({Role.CLINICIAN, Role.CASE_MANAGER})
"""Who holds everybody in a programme whose caseload is shared."""

_KNOWN = Rule(act=Act.READ, field=Field.PROFILE, purpose="know that somebody is there", views=frozenset(View))
_VIEWS, _ROLES, _RELATIONSHIPS = list(View), list(Role), list(Relationship)


class AuditUnavailable(DomainError):
    """The audit log can't be written, so nothing may be released."""


class Standings(Protocol):
    """What access depends on, as of ``now``. Kept by enrollment."""

    def of_person(self, person_id: str, *, now: datetime) -> PersonStanding | None:
        """Return how the person stands; None if there is no such person."""
        ...

    def ties_of(self, person_id: str, relationship: Relationship, *, now: datetime) -> Mapping[str, Tie]:
        """Return who stands so to a person by an agreement of the two, by account or by their own person's id."""
        ...

    def is_on_call(self, subject: str, programme_id: str, *, now: datetime) -> bool:
        """Say whether an account is on call for a programme at this instant."""
        ...

    def person_of(self, subject: str) -> str | None:
        """Return the person whose sign-in this is, if it is anybody's."""
        ...

    def programme(self, programme_id: str) -> Caseload | None:
        """Return whether the programme's caseload is shared; None if there is no such programme."""
        ...


class AuditLog(Protocol):
    """Where access is written down."""

    def write(self, event: AuditEvent) -> None:
        """
        Add the event.

        :raises AuditUnavailable: if it could not be stored
        """
        ...

    def spool(self, event: AuditEvent) -> None:
        """Keep the event somewhere else while the log is down."""
        ...


def authorise(
    actor: Actor,
    rule: Rule,
    *,
    person_id: str | None,
    programme_id: str | None,
    now: datetime,
    request_id: str,
    event_id: str,
    standings: Standings,
    audit: AuditLog,
) -> Grant:
    """
    Decide whether the actor may do what the rule says, write it down, and say how far it goes.

    A person of whom the actor may not even know is answered as one who doesn't exist.

    :raises Forbidden: the actor knows of the person or programme, but may not do this
    :raises NotFound: no such person or programme, or not for this actor
    :raises AuditUnavailable: nothing was released, because it could not be written down (except for a crisis)
    """
    asking = _Asking(actor, person_id, programme_id, standings=standings, now=now)
    grant = asking.grant(rule)
    event = AuditEvent(
        id=event_id,
        at=now,
        actor=actor.subject,
        role=grant.role if grant else None,
        relationship=grant.relationship if grant else Relationship.NONE,
        subject=person_id,
        programme_id=programme_id or (grant.programme_id if grant else None),
        action=Action(rule.act) if grant else Action.DENY,
        asked=rule.act,
        field=rule.field,
        purpose=rule.purpose,
        consent_id=grant.consent_id if grant else None,
        request_id=request_id,
        outcome=Outcome.ALLOWED if grant else Outcome.DENIED,
    )
    write_down(event, audit)
    if grant:
        return grant
    if asking.knows_of_it():
        raise Forbidden("Your roles don't allow this.")
    raise NotFound("There is no such thing, or not for you.")


def would_be_granted(
    actor: Actor, rule: Rule, *, person_id: str, programme_id: str, now: datetime, standings: Standings
) -> Grant | None:
    """
    Return how far the rule would go for somebody else; None if not at all.

    For who shows a person what others see of them: nothing is released by it, so nothing is written down.
    """
    return _Asking(actor=actor, person_id=person_id, programme_id=programme_id, standings=standings, now=now).grant(
        rule
    )


def write_down(event: AuditEvent, audit: AuditLog) -> None:
    """
    Write an event down; of a crisis somewhere else while the log is down.

    :raises AuditUnavailable: if it could not be written, and was no crisis's
    """
    try:
        audit.write(event)
    except AuditUnavailable:
        # Help must not wait for the log (domain rule: allow, spool).
        if event.field is not Field.CRISIS:
            raise
        audit.spool(replace(event, outcome=Outcome.SPOOLED) if event.outcome is Outcome.ALLOWED else event)


class _Asking:
    """One question about one person, one programme, or neither, asked of the whole matrix."""

    def __init__(
        self, actor: Actor, person_id: str | None, programme_id: str | None, *, standings: Standings, now: datetime
    ) -> None:
        self._actor = actor
        self._person_id = person_id
        self._programme_id = programme_id
        self._standing = standings.of_person(person_id, now=now) if person_id is not None else None
        self._standings = standings
        self._roles = sorted(actor.roles, key=lambda held: (_ROLES.index(held[1]), held[0]))
        self._caseloads: dict[str, Caseload | None] = {}
        self._own_person: str | None = None
        self._looked_up = False
        self._now = now
        self._ties: dict[Relationship, Tie | None] = {}

    def grant(self, rule: Rule) -> Grant | None:
        """Return the most permissive grant, always the same one among equals; None if there is none."""
        return min(
            (
                grant
                for grant in self._grants(rule.act, rule.field)
                if grant.view in rule.views and (rule.narrows or not grant.only_care_team)
            ),
            key=lambda grant: (
                _VIEWS.index(grant.view),
                grant.only_care_team,
                _ROLES.index(grant.role),
                _RELATIONSHIPS.index(grant.relationship),
                grant.programme_id,
            ),
            default=None,
        )

    def knows_of_it(self) -> bool:
        """Say whether the actor may know that the person, or the programme, is there at all."""
        if self._person_id is not None:
            return self._standing is not None and self.grant(_KNOWN) is not None
        return any(self._programme_id in {None, programme_id} for programme_id, _ in self._roles)

    def _grants(self, act: Act, field: Field) -> Iterator[Grant]:
        for programme_id, role in self._roles:
            for allowance in MATRIX.get(role, {}).get(field, ()):
                if act not in allowance.acts:
                    continue
                only_care_team = self._stands(role, programme_id, act, allowance.relationship)
                if only_care_team is None:
                    continue
                consent_id = None
                if allowance.consent is not None:
                    tie = self._tie(allowance.relationship) if allowance.relationship in TIED else Tie()
                    if tie is None or not tie.shares:
                        continue
                    scope = allowance.consent.format(tie=tie.name)
                    # A list over a programme can't rest on one person's consent.
                    consent_id = self._standing.consents.get(scope) if self._standing else None
                    if consent_id is None:
                        continue
                yield Grant(
                    role=role,
                    programme_id=programme_id,
                    relationship=allowance.relationship,
                    view=allowance.view,
                    consent_id=consent_id,
                    only_care_team=only_care_team,
                )

    def _stands(self, role: Role, programme_id: str, act: Act, relationship: Relationship) -> bool | None:
        """Return None if the actor doesn't stand so; else whether they hold only those whose care team names them."""
        if self._programme_id not in {None, programme_id}:
            return None
        if self._person_id is None:
            return self._stands_to_programme(role, programme_id, act, relationship)
        if self._standing is None or programme_id not in self._standing.programmes:
            return None
        if programme_id in self._standing.former and relationship is not Relationship.SELF:
            return None
        stands = self._stands_to_person(self._standing, role, programme_id, relationship)
        return False if stands else None

    def _stands_to_person(  # noqa: PLR0911 (one for each relationship)
        self, standing: PersonStanding, role: Role, programme_id: str, relationship: Relationship
    ) -> bool:
        match relationship:
            case Relationship.SELF:
                return self._own() == self._person_id
            case Relationship.PROGRAMME:
                return True
            case Relationship.CASELOAD:
                return self._actor.subject in standing.care_team or self._shares(role, programme_id)
            case _ if relationship in TIED:
                return self._tie(relationship) is not None
            case Relationship.MENTOR | Relationship.MENTEE:
                return self._walks_with(relationship)
            case Relationship.ROTA:
                return self._standings.is_on_call(self._actor.subject, programme_id, now=self._now)
            case _:
                return False

    def _stands_to_programme(self, role: Role, programme_id: str, act: Act, relationship: Relationship) -> bool | None:
        match relationship:
            case Relationship.PROGRAMME | Relationship.TOTALS:
                return False
            case Relationship.CASELOAD if act is not Act.WRITE:
                return not self._shares(role, programme_id)
            case _ if relationship in TIED:
                # Those whom they are tied to, and no others.
                return True
            case Relationship.ROTA:
                on_call = self._standings.is_on_call(self._actor.subject, programme_id, now=self._now)
                return False if on_call else None
            case _:
                # Writing within a caseload needs a person to write about.
                return None

    def _tie(self, relationship: Relationship) -> Tie | None:
        """Return what ties the actor so to the person; None if nothing does. Read once, if at all."""
        if self._person_id is None or self._own() == self._person_id:
            return None
        if relationship not in self._ties:
            ties = self._standings.ties_of(self._person_id, relationship, now=self._now)
            found = [ties[name] for name in (self._actor.subject, self._own()) if name and name in ties]
            self._ties[relationship] = max(found, key=lambda tie: tie.shares, default=None)
        return self._ties[relationship]

    def _walks_with(self, relationship: Relationship) -> bool:
        """Say whether who asks is the person's mentor, or has the person as one."""
        own = self._own()
        if not self._person_id or not own or own == self._person_id:
            return False
        mentee, mentor = (self._person_id, own) if relationship is Relationship.MENTOR else (own, self._person_id)
        return mentor in self._standings.ties_of(mentee, Relationship.MENTOR, now=self._now)

    def _own(self) -> str | None:
        # A read that only those who have a record of their own need.
        if not self._looked_up:
            self._own_person, self._looked_up = self._standings.person_of(self._actor.subject), True
        return self._own_person

    def _shares(self, role: Role, programme_id: str) -> bool:
        if role not in SHARED_CASELOAD_ROLES:
            return False
        if programme_id not in self._caseloads:
            self._caseloads[programme_id] = self._standings.programme(programme_id)
        return self._caseloads[programme_id] is Caseload.SHARED
