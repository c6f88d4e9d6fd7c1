"""Grant consents and take them back."""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.enrollment.changing import Change, People, change_record, next_of, restarted
from chalicelib.enrollment.consents import Action, Consent, NoSuchConsent, Will, check_choice, granted, last_of_each
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.texts import ConsentText, current_text
from chalicelib.errors import Conflict, Fault, Invalid

TICK = timedelta(microseconds=1)


def grant(
    person_id: str,
    scope: str,
    *,
    value: str | None,
    text_version: int,
    locale: str,
    will: Will,
    expires_at: datetime | None,
    now: datetime,
    people: People,
) -> Consent:
    """
    Record that a person agrees to a text that they were shown.

    :raises Invalid: if the scope, the choice or the end can't be
    :raises Conflict: if the text has been replaced by a newer one
    """
    check_choice(scope, value)
    text = current_text(scope, locale)
    if text.version != text_version:
        raise Conflict("this text is not the present one; show the present one and ask again")
    if expires_at is not None and expires_at <= now:
        raise Invalid(Fault(field="expiresAt", reason="must lie ahead"))

    def decide(record: Record) -> Change:
        record.must_be_alive()
        row = given(record, scope, text, value=value, will=will, now=now)
        row = replace(row, expires_at=expires_at)
        return restarted(record, replace(next_of(record), consents=(row,)), now=now)

    return _last(change_record(person_id, decide, people=people), scope)


def revoke(person_id: str, scope: str, *, will: Will, now: datetime, people: People) -> Consent:
    """
    Record that a person takes a consent back, as a row of its own. It holds from this instant.

    :raises NoSuchConsent: if there is no live one
    """

    def decide(record: Record) -> Change:
        row = taken_back(record, scope, will=will, now=now)
        if row is None:
            raise NoSuchConsent("there is no consent of this scope to take back")
        return replace(next_of(record), consents=(row,))

    return _last(change_record(person_id, decide, people=people), scope)


def given(
    record: Record, scope: str, text: ConsentText, *, value: str | None = None, will: Will, now: datetime
) -> Consent:
    """Return the row that says that the person agreed to this text, for this scope, after all that they said of it."""
    at = _following(record, scope, now)
    row = granted(record.person.id, text, value, episode=record.episode.number, will=will, now=at)
    return replace(row, scope=scope)


def taken_back(record: Record, scope: str, *, will: Will, now: datetime) -> Consent | None:
    """Return the row that takes a consent back, a paused one too; None if there is none."""
    present = last_of_each(record.consents, at=_following(record, scope, now)).get(scope)
    if present is None or present.action is Action.REVOKED or not present.lasts(at=now):
        return None
    row = _about(present, Action.REVOKED, record, will=will, now=now)
    return replace(row, expires_at=None, ends=None, episode=record.episode.number)


def paused(record: Record, scope: str, *, will: Will, now: datetime) -> Consent | None:
    """Return the row that pauses a live consent; None if there is none."""
    present = record.live_consents(at=_following(record, scope, now)).get(scope)
    return _about(present, Action.PAUSED, record, will=will, now=now) if present else None


def resumed(record: Record, scope: str, *, will: Will, now: datetime) -> Consent | None:
    """Return the row with which a paused consent goes on, as it was and no longer than it was; None if it isn't."""
    present = last_of_each(record.consents, at=_following(record, scope, now)).get(scope)
    if present is None or present.action is not Action.PAUSED:
        return None
    return _about(present, Action.RESUMED, record, will=will, now=now)


def _about(present: Consent, action: Action, record: Record, *, will: Will, now: datetime) -> Consent:
    return replace(
        present,
        action=action,
        at=_following(record, present.scope, now),
        via=will.via,
        by=will.by,
        on_behalf_of=will.on_behalf_of,
        ip=will.ip,
    )


def _following(record: Record, scope: str, now: datetime) -> datetime:
    """Return an instant after the scope's last row, so that the later act is the one that counts."""
    last = max((row.at for row in record.consents if row.scope == scope), default=now - TICK)
    return max(now, last + TICK)


def _last(record: Record, scope: str) -> Consent:
    return max((row for row in record.consents if row.scope == scope), key=lambda row: row.at)
