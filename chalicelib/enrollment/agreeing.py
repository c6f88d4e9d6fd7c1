"""Grant consents and take them back."""

from dataclasses import replace
from datetime import datetime

from chalicelib.enrollment.after_care import CONTACT, Pace, staying
from chalicelib.enrollment.changing import Change, People, change_record, next_of, restarted
from chalicelib.enrollment.consents import (
    Action,
    Consent,
    NoSuchConsent,
    Will,
    check_choice,
    following,
    granted,
    last_of_each,
    revoked,
)
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.texts import ConsentText, current_text
from chalicelib.errors import Conflict, Fault, Invalid
from chalicelib.outreach.kinds import HELLO


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
    pace: Pace | None = None,
) -> Consent:
    """
    Record that a person agrees to a text that they were shown.

    Who graduated and agrees to stay in touch becomes an alumnus by it, asked at ``pace`` how they are.

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
        change = replace(next_of(record), consents=(row,))
        if scope == CONTACT and record.episode.state is State.GRADUATED:
            return staying(record, change, pace=pace, now=now)
        return restarted(record, change, now=now)

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
        hellos = (HELLO,) if scope == CONTACT and any(one.kind == HELLO for one in record.schedules) else ()
        return replace(next_of(record), consents=(row,), no_schedules=hellos)

    return _last(change_record(person_id, decide, people=people), scope)


def given(
    record: Record, scope: str, text: ConsentText, *, value: str | None = None, will: Will, now: datetime
) -> Consent:
    """Return the row that says that the person agreed to this text, for this scope, after all that they said of it."""
    at = following(record.consents, scope, now)
    row = granted(record.person.id, text, value, episode=record.episode.number, will=will, now=at)
    return replace(row, scope=scope)


def taken_back(record: Record, scope: str, *, will: Will, now: datetime) -> Consent | None:
    """Return the row that takes a consent back, a paused one too; None if there is none."""
    present = last_of_each(record.consents, at=following(record.consents, scope, now)).get(scope)
    if present is None or present.action is Action.REVOKED or not present.lasts(at=now):
        return None
    at = following(record.consents, scope, now)
    return replace(revoked(present, episode=record.episode.number, will=will, at=at), ends=None)


def paused(record: Record, scope: str, *, will: Will, now: datetime) -> Consent | None:
    """Return the row that pauses a live consent; None if there is none."""
    present = record.live_consents(at=following(record.consents, scope, now)).get(scope)
    return _about(present, Action.PAUSED, record, will=will, now=now) if present else None


def resumed(record: Record, scope: str, *, will: Will, now: datetime) -> Consent | None:
    """Return the row with which a paused consent goes on, as it was and no longer than it was; None if it isn't."""
    present = last_of_each(record.consents, at=following(record.consents, scope, now)).get(scope)
    if present is None or present.action is not Action.PAUSED:
        return None
    return _about(present, Action.RESUMED, record, will=will, now=now)


def _about(present: Consent, action: Action, record: Record, *, will: Will, now: datetime) -> Consent:
    return replace(
        present,
        action=action,
        at=following(record.consents, present.scope, now),
        via=will.via,
        by=will.by,
        on_behalf_of=will.on_behalf_of,
        ip=will.ip,
    )


def _last(record: Record, scope: str) -> Consent:
    return max((row for row in record.consents if row.scope == scope), key=lambda row: row.at)
