"""Who may do what with which facts about a person: the matrix as data, and the words of access and audit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What somebody is in a programme. Sign-in gives roles as groups named ``{programme_id}/{role}``."""

    PARTICIPANT = "participant"
    CLINICIAN = "clinician"
    CASE_MANAGER = "case-manager"
    PEER_SPECIALIST = "peer-specialist"
    ACCOUNTABILITY_PARTNER = "accountability-partner"
    SUPPORTER = "supporter"
    ALUMNI = "alumni"
    MENTOR = "mentor"
    PROGRAM_ADMIN = "program-admin"
    PRIVACY_OFFICER = "privacy-officer"


class Field(StrEnum):
    """A class of facts. Every door names the one that it opens."""

    PROFILE = "profile"
    CHECK_IN_SCORES = "check-in-scores"
    FREE_TEXT = "free-text"
    FLAGS = "flags"
    MILESTONES = "milestones"
    ATTENDANCE = "attendance"
    CRISIS = "crisis"
    ROTA = "rota"
    MESSAGES = "messages"
    PREFERENCES = "preferences"
    CONSENTS = "consents"
    AUDIT = "audit"
    ROSTER = "roster"
    EPISODE = "episode"
    PROGRAMME = "programme"
    CARE_TEAM = "care-team"
    SIGN_IN = "sign-in"
    TASKS = "tasks"
    CONTACTS = "contacts"
    CASELOAD = "caseload"
    CARE_PLAN = "care-plan"
    PLAN = "plan"
    PARTNERS = "partners"
    ALUMNI = "alumni"
    MENTORING = "mentoring"
    KUDOS = "kudos"
    SUPPORTERS = "supporters"
    GENERAL_PROGRESS = "general-progress"
    FAMILY_SESSIONS = "family-sessions"
    GROUPS = "groups"
    NOTICES = "notices"
    TEMPLATES = "templates"
    STAFF = "staff"
    OWN_WORK = "own-work"


class Act(StrEnum):
    """What is done: ``list`` reads many, of a programme or of a person."""

    READ = "read"
    WRITE = "write"
    LIST = "list"


class View(StrEnum):
    """How much of a field may be shown or done, most permissive first."""

    FULL = "full"
    CONTACT_ONLY = "contact-only"
    PLAIN_WORDS = "plain-words"
    STATE_ONLY = "state-only"
    WALKS_ONLY = "walks-only"
    CRAVING_BAND = "craving-band"
    DONE_ONLY = "done-only"
    DONE_LATELY = "done-lately"
    NAME_ONLY = "name-only"
    ALERT_ONLY = "alert-only"
    CALL_ONLY = "call-only"
    AGGREGATE = "aggregate"
    COUNTS = "counts"


SMALLEST_CELL = 11
"""An aggregate over fewer people is not shown (domain rule: suppress cells under 11)."""


ALL_PROGRAMMES = "*"
"""Stands for every programme in the audit log, where an operator did something to all of them at once."""


class Relationship(StrEnum):
    """
    How somebody stands to the person, or to the programme where no person is named.

    ``partner`` is who agreed with the person to look out for each other; of a programme, for those pairs alone.
    ``supporter`` is whom the person invited, and who accepted; of a programme, for those whom they support alone.
    ``mentor`` is who walks with the person as their mentor, both having agreed; ``mentee`` whom they walk with so.
    ``totals`` is the programme as a whole, with nobody in it named. ``rota`` is who is on call for the programme at
    that instant. ``group`` belongs to a slice that doesn't exist yet: until one says otherwise nobody stands so, and
    what needs it is denied.
    """

    SELF = "self"
    CASELOAD = "caseload"
    PARTNER = "partner"
    SUPPORTER = "supporter"
    MENTOR = "mentor"
    MENTEE = "mentee"
    GROUP = "group"
    ROTA = "rota"
    PROGRAMME = "programme"
    TOTALS = "totals"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody signed in: ``subject`` is the sign-in's own id, ``roles`` are (programme id, role)."""

    subject: str
    roles: frozenset[tuple[str, Role]]

    def has(self, role: Role, programme_id: str) -> bool:
        """Say whether they hold the role in the programme."""
        return (programme_id, role) in self.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    What a door opens. ``subject`` and ``programme`` are the names of the path parameters that say of whom.

    ``purpose`` goes into the audit log word for word. ``views`` are those that the door knows how to keep to, and
    ``narrows`` says that it limits a list to the people whose care team names the actor: a grant that would need more
    of the door is no grant, so that a door which forgets a view shows nothing instead of everything.
    """

    act: Act
    field: Field
    purpose: str
    subject: str | None = None
    programme: str | None = None
    views: frozenset[View] = frozenset({View.FULL})
    narrows: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Public:
    """A door that anybody may open, and why that is right."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A door for whoever has a token, which says nothing of anybody else, and why that is right."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """
    One entry of the matrix: these acts, in this relationship, so far, and only under a live consent if one is named.

    ``{tie}`` in a consent's scope stands for the name of what ties who asks to the person.
    """

    acts: frozenset[Act]
    relationship: Relationship
    view: View = View.FULL
    consent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """
    The answer yes: by which role in which programme, as whom, how much, and under which consent.

    ``only_care_team`` limits a list over a programme to the people whose care team names the actor.
    """

    role: Role
    programme_id: str
    relationship: Relationship
    view: View = View.FULL
    consent_id: str | None = None
    only_care_team: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """
    What ties somebody to a person by agreement. ``name``: how the person's consents call it, where they name one.

    ``shares``: whether the person lets them see anything at all; what exactly, their consents say.
    """

    name: str = ""
    shares: bool = True


TIED = frozenset({Relationship.PARTNER, Relationship.SUPPORTER})
"""Relationships that hold by an agreement of the two, which a slice of its own keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonStanding:
    """
    What decides about access to a person, as of one instant.

    ``programmes`` hold an episode of this person, ended ones too: staff keep their duty of record. ``former`` are those
    of them that the person left for another, which holds them now: what is noted there is none of the former's
    (42 CFR 2.31: from one programme to another it takes a consent). ``care_team`` are sign-ins tied to the person,
    whatever their role. ``consents`` maps each scope live at that instant to its row's id.
    """

    programmes: frozenset[str]
    former: frozenset[str] = frozenset()
    care_team: frozenset[str] = frozenset()
    consents: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class Caseload(StrEnum):
    """A programme's choice: staff hold everybody, or only those whose care team names them."""

    SHARED = "shared"
    ASSIGNED = "assigned"


class Action(StrEnum):
    """What the audit log says was done."""

    READ = "read"
    WRITE = "write"
    LIST = "list"
    EXPORT = "export"
    DENY = "deny"


class Outcome(StrEnum):
    """How it ended. ``spooled``: let through on the crisis path while the audit store was down."""

    ALLOWED = "allowed"
    DENIED = "denied"
    SPOOLED = "spooled"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """
    One line of the audit log (45 CFR 164.312(b)); never changed, kept six years (45 CFR 164.316(b)(2)).

    ``asked`` is what was wanted where ``action`` is a denial. ``subject`` is a person id, or None for a programme.
    ``actor`` is a sign-in, or ``operator:{who}`` for somebody in the AWS console.
    """

    id: str
    at: datetime
    actor: str
    role: Role | None
    relationship: Relationship
    subject: str | None
    programme_id: str | None
    action: Action
    asked: Act
    field: Field
    purpose: str
    consent_id: str | None
    request_id: str
    outcome: Outcome

    @property
    def place(self) -> str:
        """Where the event stands among all of one month's, as text that sorts by time."""
        return f"{self.at:%Y-%m-%dT%H:%M:%S.%fZ}#{self.id}"
