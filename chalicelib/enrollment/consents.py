"""Consents (domain rules 4.3): rows that never change. Whether one is live is a function of the rows and an instant."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.enrollment.texts import ConsentText
from chalicelib.errors import Fault, Invalid, NotFound
from chalicelib.outreach.domain import DetailLevel

SUPPORTER = "supporter:"
"""What the scopes begin with that are about one supporter: ``supporter:{tie}:{what}``."""

SCOPE = re.compile(
    r"tpo|contact_email|email_risk_ack|contact_push|detail_level|group_membership_visible|"
    r"partner_share:(mood|checkin_done|milestones)|"
    r"supporter:[0-9a-f]{32}:(invitation|attendance|milestones|general_progress|family_sessions|crisis_contact)|"
    r"group_celebrate|peer_circle|alumni_contact|mentor_match|mentor_share:milestones|caring_contacts|birthday|"
    r"research_deidentified|legal"
)
"""Every scope that there is; a scope can be granted once it has a text (``texts.py``)."""

TICK = timedelta(microseconds=1)

LEVELS = (DetailLevel.DISCREET, DetailLevel.STANDARD, DetailLevel.DETAILED)
"""Detail levels, from the one that says least."""


class Action(StrEnum):
    """What a consent row says. To revoke is a row of its own, and so is to pause, and to go on."""

    GRANTED = "granted"
    REVOKED = "revoked"
    PAUSED = "paused"
    RESUMED = "resumed"


class Ends(StrEnum):
    """An event with which a consent expires, where that is no date (42 CFR 2.31)."""

    EPISODE = "episode"
    """When the episode in which it was given is over: with graduation, a transfer, a discharge or a death."""


class Via(StrEnum):
    """How the person's will reached us."""

    WEB = "web"
    STAFF = "staff"
    ROSTER = "roster"
    LINK = "link"
    MAIL = "mail"


class NoSuchConsent(NotFound):
    """There is no live consent of this scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """
    One act: this scope was granted or revoked at this instant.

    ``value`` is what was chosen where the scope has a choice (``detail_level``). ``text_version`` and ``text_hash``
    (SHA-256 of the text, hexadecimal) pin what was read, in ``locale``. ``by`` is the account that acted,
    ``on_behalf_of`` the person it acted for where that is someone else. ``episode`` is the number of the episode in
    which it was given, ``ends`` an event that it expires with, ``to`` who may be told, where the scope doesn't say so,
    and ``discloser`` the programme that tells them (42 CFR 2.31; the purpose is in the text).
    """

    person_id: str
    scope: str
    action: Action
    at: datetime
    via: Via
    by: str
    expires_at: datetime | None = None
    value: str | None = None
    text_version: int | None = None
    text_hash: str | None = None
    locale: str | None = None
    on_behalf_of: str | None = None
    ip: str | None = None
    episode: int | None = None
    ends: Ends | None = None
    to: str | None = None
    discloser: str | None = None

    @property
    def id(self) -> str:
        """Its name among the person's consents."""
        return f"{self.scope}@{self.at.isoformat(timespec='microseconds')}"

    def lasts(self, *, at: datetime) -> bool:
        """Say whether its date of expiry, if any, is still to come."""
        return self.expires_at is None or at < self.expires_at


_LIVE = frozenset({Action.GRANTED, Action.RESUMED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """Who acts, for whom and from where: what a consent row says of how it came about."""

    by: str
    via: Via
    on_behalf_of: str | None = None
    ip: str | None = None


def granted(
    person_id: str, text: ConsentText, value: str | None, *, episode: int, will: Will, now: datetime
) -> Consent:
    """Return the row that says that this person agreed to this text."""
    return Consent(
        person_id=person_id,
        scope=text.scope,
        action=Action.GRANTED,
        at=now,
        via=will.via,
        by=will.by,
        value=value,
        text_version=text.version,
        text_hash=text.sha256,
        locale=text.locale,
        on_behalf_of=will.on_behalf_of,
        ip=will.ip,
        episode=episode,
    )


def revoked(given: Consent, *, episode: int, will: Will, at: datetime) -> Consent:
    """Return the row that takes a consent back."""
    return replace(
        given,
        action=Action.REVOKED,
        at=at,
        expires_at=None,
        via=will.via,
        by=will.by,
        on_behalf_of=will.on_behalf_of,
        ip=will.ip,
        episode=episode,
    )


def following(rows: Iterable[Consent], scope: str, now: datetime) -> datetime:
    """Return an instant after the scope's last row, so that the later act is the one that counts."""
    last = max((row.at for row in rows if row.scope == scope), default=now - TICK)
    return max(now, last + TICK)


def live(rows: Iterable[Consent], *, at: datetime) -> dict[str, Consent]:
    """
    Return the consents that hold at ``at``, by scope.

    Of each scope the last row up to then decides: it must be a grant, or say that one goes on, and not be expired (an
    expired consent is none). Which event has come is not in the rows: ``domain.Record`` knows.
    """
    return {scope: row for scope, row in last_of_each(rows, at=at).items() if row.action in _LIVE and row.lasts(at=at)}


def unless_ended(found: dict[str, Consent], *, episode: int | None) -> dict[str, Consent]:
    """Return those that don't end with an episode which is over; ``episode`` is the one that isn't, if any."""
    return {scope: row for scope, row in found.items() if row.ends is None or row.episode == episode}


def last_of_each(rows: Iterable[Consent], *, at: datetime) -> dict[str, Consent]:
    """Return the row of each scope that decides at ``at``."""
    last: dict[str, Consent] = {}
    for row in rows:
        if row.at <= at and (row.scope not in last or last[row.scope].at < row.at):
            last[row.scope] = row
    return last


def detail_allowed(consents: dict[str, Consent], *, email: bool) -> DetailLevel:
    """
    Return how much the live consents let a message say: discreet unless the person chose more.

    Email goes in the clear through other people's machines, so that more than discreet needs ``email_risk_ack`` too.
    """
    chosen = consents.get("detail_level")
    if chosen is None or chosen.value is None or (email and "email_risk_ack" not in consents):
        return DetailLevel.DISCREET
    return DetailLevel(chosen.value)


def least(one: DetailLevel, other: DetailLevel) -> DetailLevel:
    """Return the level of the two that says less."""
    return min(one, other, key=LEVELS.index)


def check_choice(scope: str, value: str | None) -> None:
    """
    Check what was chosen: only ``detail_level`` has a choice, and it is more than discreet, which needs no consent.

    :raises Invalid: names what is wrong
    """
    if not SCOPE.fullmatch(scope):
        raise Invalid(Fault(field="scope", reason="there is no such scope"))
    if scope == "detail_level" and value not in {DetailLevel.STANDARD, DetailLevel.DETAILED}:
        raise Invalid(Fault(field="value", reason="must be standard or detailed"))
    if scope != "detail_level" and value is not None:
        raise Invalid(Fault(field="value", reason="this scope has nothing to choose"))
