"""The role matrix. A role, field, act and relationship that is not here is denied."""

from chalicelib.privacy.domain import Act, Allowance, Field, Relationship, Role, View

_SEE = frozenset({Act.READ, Act.LIST})
_DO = frozenset({Act.WRITE})
_ALL = _SEE | _DO
_LIST = frozenset({Act.LIST})
_READ = frozenset({Act.READ})


def _allow(
    acts: frozenset[Act], relationship: Relationship, view: View = View.FULL, consent: str | None = None
) -> Allowance:
    return Allowance(acts=acts, relationship=relationship, view=view, consent=consent)


_OWN = Relationship.SELF
_CASELOAD = Relationship.CASELOAD
_PARTNER = Relationship.PARTNER
_SUPPORTER = Relationship.SUPPORTER
_MENTOR = Relationship.MENTOR
_MENTEE = Relationship.MENTEE
_PROGRAMME = Relationship.PROGRAMME
_GROUP = Relationship.GROUP
_TOTALS = Relationship.TOTALS
_ROTA = Relationship.ROTA

_PERSON: dict[Field, tuple[Allowance, ...]] = {
    Field.PROFILE: (_allow(_ALL, _OWN),),
    Field.CHECK_IN_SCORES: (_allow(_ALL, _OWN),),
    Field.FREE_TEXT: (_allow(_ALL, _OWN),),
    Field.FLAGS: (_allow(_SEE, _OWN, View.PLAIN_WORDS),),
    Field.MILESTONES: (_allow(_ALL, _OWN),),
    Field.ATTENDANCE: (_allow(_SEE, _OWN),),
    Field.CRISIS: (_allow(_DO, _OWN), _allow(_SEE, _OWN, View.STATE_ONLY)),
    Field.MESSAGES: (_allow(_SEE, _OWN),),
    Field.PREFERENCES: (_allow(_ALL, _OWN),),
    Field.CONSENTS: (_allow(_ALL, _OWN),),
    Field.AUDIT: (_allow(_SEE, _OWN),),
    Field.EPISODE: (_allow(_SEE, _OWN),),
    Field.CARE_TEAM: (_allow(_SEE, _OWN),),
    Field.SIGN_IN: (_allow(_SEE, _OWN),),
    Field.CARE_PLAN: (_allow(_ALL, _OWN),),
    Field.PLAN: (_allow(_ALL, _OWN),),
    Field.PARTNERS: (_allow(_ALL, _OWN),),
    Field.ALUMNI: (_allow(_ALL, _OWN),),
    Field.MENTORING: (_allow(_ALL, _OWN),),
    Field.KUDOS: (_allow(_ALL, _OWN),),
    Field.SUPPORTERS: (_allow(_ALL, _OWN),),
    Field.GROUPS: (_allow(_ALL, _OWN),),
    Field.PROGRAMME: (_allow(_SEE, _PROGRAMME),),
}
"""Participants and alumni: their own record."""

_AS_PARTNER: dict[Field, tuple[Allowance, ...]] = {
    Field.PROFILE: (_allow(_READ, _PARTNER, View.NAME_ONLY),),
    Field.CHECK_IN_SCORES: (_allow(_READ, _PARTNER, View.DONE_LATELY, consent="partner_share:checkin_done"),),
    Field.MILESTONES: (_allow(_READ, _PARTNER, consent="partner_share:milestones"),),
    Field.PARTNERS: (_allow(_READ, _PARTNER),),
    Field.KUDOS: (_allow(_DO, _PARTNER, consent="partner_share:milestones"),),
}
"""Whoever agreed with the person to look out for each other, by what the person shares with them."""

_AS_MENTEE: dict[Field, tuple[Allowance, ...]] = {
    Field.PROFILE: (_allow(_READ, _MENTEE, View.NAME_ONLY, consent="mentor_match"),),
}
"""Whom the person walks with as a mentor."""

_IN_GROUP: dict[Field, tuple[Allowance, ...]] = {
    Field.PROFILE: (_allow(_SEE, _GROUP, View.NAME_ONLY),),
    Field.MILESTONES: (_allow(_SEE, _GROUP, consent="group_celebrate"),),
}
"""Participants again, as members of the same group."""

_OWN_PREFERENCES: dict[Field, tuple[Allowance, ...]] = {
    Field.MESSAGES: (_allow(_SEE, _OWN),),
    Field.PREFERENCES: (_allow(_ALL, _OWN),),
    Field.PROGRAMME: (_allow(_SEE, _PROGRAMME),),
}

MATRIX: dict[Role, dict[Field, tuple[Allowance, ...]]] = {
    Role.PARTICIPANT: {
        name: _PERSON.get(name, ()) + _AS_PARTNER.get(name, ()) + _AS_MENTEE.get(name, ()) + _IN_GROUP.get(name, ())
        for name in Field
    },
    Role.ALUMNI: {name: _PERSON.get(name, ()) + _AS_PARTNER.get(name, ()) for name in Field},
    Role.CLINICIAN: {
        Field.PROFILE: (_allow(_SEE, _CASELOAD),),
        Field.CHECK_IN_SCORES: (_allow(_ALL, _CASELOAD),),
        Field.FREE_TEXT: (_allow(_SEE, _CASELOAD),),
        Field.FLAGS: (_allow(_ALL, _CASELOAD),),
        Field.MILESTONES: (_allow(_ALL, _CASELOAD),),
        Field.ATTENDANCE: (_allow(_ALL, _CASELOAD),),
        Field.CRISIS: (_allow(_ALL, _PROGRAMME),),
        Field.ROTA: (_allow(_SEE, _PROGRAMME),),
        Field.MESSAGES: (_allow(_SEE, _PROGRAMME),),
        Field.PREFERENCES: (_allow(_SEE, _PROGRAMME),),
        Field.CONSENTS: (_allow(_SEE, _CASELOAD),),
        Field.EPISODE: (_allow(_ALL, _CASELOAD),),
        Field.CARE_TEAM: (_allow(_SEE, _CASELOAD),),
        Field.TASKS: (_allow(_ALL, _CASELOAD),),
        Field.CONTACTS: (_allow(_ALL, _CASELOAD),),
        Field.CASELOAD: (_allow(_LIST, _CASELOAD),),
        Field.CARE_PLAN: (_allow(_ALL, _CASELOAD),),
        Field.PLAN: (_allow(_ALL, _CASELOAD),),
        Field.PARTNERS: (_allow(_ALL, _CASELOAD), _allow(_ALL, _PARTNER)),
        Field.ALUMNI: (_allow(_ALL, _CASELOAD),),
        Field.MENTORING: (_allow(_READ | _DO, _CASELOAD), _allow(_LIST, _PROGRAMME)),
        Field.KUDOS: (_allow(_LIST | _DO, _CASELOAD),),
        Field.SUPPORTERS: (_allow(_SEE, _CASELOAD),),
        Field.GROUPS: (_allow(_ALL, _PROGRAMME),),
        Field.NOTICES: (_allow(_SEE, _PROGRAMME),),
        Field.PROGRAMME: (_allow(_SEE, _PROGRAMME),),
        Field.TEMPLATES: (_allow(_SEE, _PROGRAMME),),
        Field.OWN_WORK: (_allow(_ALL, _PROGRAMME),),
    },
    Role.CASE_MANAGER: {
        Field.PROFILE: (_allow(_SEE, _CASELOAD),),
        Field.CHECK_IN_SCORES: (_allow(_ALL, _CASELOAD),),
        Field.FREE_TEXT: (_allow(_SEE, _CASELOAD),),
        Field.FLAGS: (_allow(_ALL, _CASELOAD),),
        Field.MILESTONES: (_allow(_ALL, _CASELOAD),),
        Field.ATTENDANCE: (_allow(_ALL, _CASELOAD),),
        Field.CRISIS: (_allow(_ALL, _PROGRAMME),),
        Field.ROTA: (_allow(_SEE, _PROGRAMME),),
        Field.MESSAGES: (_allow(_SEE, _CASELOAD),),
        # W of the programme's is for e-mails that ask to stop, which bring their own right and name nobody.
        Field.PREFERENCES: (_allow(_ALL, _CASELOAD), _allow(_DO, _TOTALS)),
        Field.CONSENTS: (_allow(_ALL, _CASELOAD),),
        Field.ROSTER: (_allow(_ALL, _PROGRAMME),),
        Field.EPISODE: (_allow(_ALL, _CASELOAD),),
        Field.CARE_TEAM: (_allow(_ALL, _PROGRAMME),),
        Field.SIGN_IN: (_allow(_ALL, _PROGRAMME),),
        Field.TASKS: (_allow(_ALL, _CASELOAD),),
        Field.CONTACTS: (_allow(_ALL, _CASELOAD),),
        Field.CASELOAD: (_allow(_LIST, _CASELOAD),),
        Field.CARE_PLAN: (_allow(_ALL, _CASELOAD),),
        Field.PLAN: (_allow(_ALL, _CASELOAD),),
        Field.PARTNERS: (_allow(_ALL, _CASELOAD), _allow(_ALL, _PARTNER)),
        Field.ALUMNI: (_allow(_ALL, _CASELOAD),),
        Field.MENTORING: (_allow(_READ | _DO, _CASELOAD), _allow(_LIST, _PROGRAMME)),
        Field.KUDOS: (_allow(_LIST | _DO, _CASELOAD),),
        Field.SUPPORTERS: (_allow(_SEE, _CASELOAD),),
        Field.GROUPS: (_allow(_ALL, _PROGRAMME),),
        Field.NOTICES: (_allow(_SEE, _PROGRAMME),),
        Field.PROGRAMME: (_allow(_SEE, _PROGRAMME),),
        Field.TEMPLATES: (_allow(_SEE, _PROGRAMME),),
        Field.STAFF: (_allow(_SEE, _PROGRAMME),),
        Field.OWN_WORK: (_allow(_ALL, _PROGRAMME),),
    },
    Role.PEER_SPECIALIST: {
        Field.PROFILE: (_allow(_SEE, _CASELOAD, View.NAME_ONLY),),
        Field.CHECK_IN_SCORES: (
            _allow(_SEE, _CASELOAD, View.DONE_ONLY),
            _allow(_SEE, _CASELOAD, View.CRAVING_BAND, consent="peer_share:craving_band"),
        ),
        Field.FREE_TEXT: (_allow(_SEE, _CASELOAD, consent="peer_share:free_text"),),
        Field.PLAN: (_allow(_SEE, _CASELOAD, consent="peer_share:free_text"),),
        Field.MILESTONES: (_allow(_SEE, _CASELOAD),),
        Field.ATTENDANCE: (_allow(_SEE, _CASELOAD),),
        # No call is refused for want of rights; to take one somebody has to be on call (domain rules 3.4).
        Field.CRISIS: (_allow(_ALL, _ROTA, View.STATE_ONLY), _allow(_DO, _PROGRAMME, View.CALL_ONLY)),
        Field.ROTA: (_allow(_SEE, _PROGRAMME),),
        # What two who walk together need is their own work; of all other tasks they see nothing.
        Field.TASKS: (_allow(_ALL, _CASELOAD, View.WALKS_ONLY),),
        # They note what they did, and read nobody's notes.
        Field.CONTACTS: (_allow(_DO, _CASELOAD),),
        Field.CASELOAD: (_allow(_LIST, _CASELOAD, View.DONE_ONLY),),
        Field.PARTNERS: (_allow(_ALL, _CASELOAD), _allow(_ALL, _PARTNER)),
        Field.MENTORING: (_allow(_READ | _DO, _CASELOAD), _allow(_LIST, _PROGRAMME)),
        Field.KUDOS: (_allow(_LIST | _DO, _CASELOAD),),
        Field.GROUPS: (_allow(_ALL, _PROGRAMME),),
        Field.PROGRAMME: (_allow(_SEE, _PROGRAMME),),
        Field.OWN_WORK: (_allow(_ALL, _PROGRAMME),),
    },
    Role.ACCOUNTABILITY_PARTNER: {
        **_AS_PARTNER,
        Field.PARTNERS: (_allow(_ALL, _PARTNER),),
        Field.PROGRAMME: (_allow(_SEE, _PROGRAMME),),
    },
    Role.SUPPORTER: {
        **_OWN_PREFERENCES,
        Field.PROFILE: (_allow(_READ, _SUPPORTER, View.NAME_ONLY),),
        Field.MILESTONES: (_allow(_READ, _SUPPORTER, consent="supporter:{tie}:milestones"),),
        Field.ATTENDANCE: (_allow(_READ, _SUPPORTER, View.COUNTS, consent="supporter:{tie}:attendance"),),
        Field.GENERAL_PROGRESS: (
            _allow(_READ, _SUPPORTER, View.PLAIN_WORDS, consent="supporter:{tie}:general_progress"),
        ),
        Field.FAMILY_SESSIONS: (_allow(_READ, _SUPPORTER, consent="supporter:{tie}:family_sessions"),),
        # Whoever stands by somebody may call for help for them, whatever is shared.
        Field.CRISIS: (
            _allow(_READ, _SUPPORTER, View.ALERT_ONLY, consent="supporter:{tie}:crisis_contact"),
            _allow(_DO, _SUPPORTER),
        ),
        # Whom they support, and what they say themselves.
        Field.SUPPORTERS: (_allow(_ALL, _SUPPORTER),),
    },
    Role.MENTOR: {
        **_OWN_PREFERENCES,
        Field.PROFILE: (_allow(_READ, _MENTOR, View.NAME_ONLY, consent="mentor_match"),),
        Field.MILESTONES: (_allow(_READ, _MENTOR, consent="mentor_share:milestones"),),
        Field.MENTORING: (_allow(_READ, _MENTOR, consent="mentor_match"),),
    },
    Role.PROGRAM_ADMIN: {
        Field.PROFILE: (_allow(_SEE, _PROGRAMME, View.CONTACT_ONLY),),
        Field.CHECK_IN_SCORES: (_allow(_LIST, _TOTALS, View.AGGREGATE),),
        Field.FLAGS: (_allow(_LIST, _TOTALS, View.COUNTS),),
        Field.MILESTONES: (_allow(_LIST, _TOTALS, View.COUNTS),),
        Field.ATTENDANCE: (_allow(_SEE, _PROGRAMME),),
        # Paged when nobody else answers, so that they may say that they have it.
        Field.CRISIS: (_allow(_SEE, _PROGRAMME, View.STATE_ONLY), _allow(_DO, _ROTA, View.STATE_ONLY)),
        Field.ROTA: (_allow(_ALL, _PROGRAMME),),
        Field.MESSAGES: (_allow(_SEE, _PROGRAMME),),
        Field.PREFERENCES: (_allow(_SEE, _PROGRAMME), _allow(_DO, _TOTALS)),
        Field.ROSTER: (_allow(_ALL, _PROGRAMME),),
        Field.EPISODE: (_allow(_SEE, _PROGRAMME),),
        Field.CARE_TEAM: (_allow(_ALL, _PROGRAMME),),
        Field.SIGN_IN: (_allow(_ALL, _PROGRAMME),),
        Field.TASKS: (_allow(_LIST, _PROGRAMME, View.STATE_ONLY),),
        Field.GROUPS: (_allow(_ALL, _PROGRAMME),),
        Field.NOTICES: (_allow(_ALL, _PROGRAMME),),
        Field.PROGRAMME: (_allow(_ALL, _PROGRAMME),),
        Field.TEMPLATES: (_allow(_SEE, _PROGRAMME),),
        Field.STAFF: (_allow(_ALL, _PROGRAMME),),
        Field.OWN_WORK: (_allow(_ALL, _PROGRAMME),),
    },
    Role.PRIVACY_OFFICER: {
        Field.AUDIT: (_allow(_SEE, _PROGRAMME),),
        Field.PROGRAMME: (_allow(_SEE, _PROGRAMME),),
    },
}
