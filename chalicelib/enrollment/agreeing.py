"""Grant consents and take them back."""

from dataclasses import replace
from datetime import datetime

from chalicelib.enrollment.after_care import CONTACT, Pace, staying
from chalicelib.enrollment.changing import Change, People, change_record, next_of, restarted
from chalicelib.enrollment.consents import Consent, NoSuchConsent, Will, check_choice, following, granted, revoked
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.texts import current_text
from chalicelib.errors import Conflict, Fault, Invalid
from chalicelib.outreach.alumni_categories import HELLO


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
        at = following(record.consents, scope, now)
        row = granted(person_id, text, value, episode=record.episode.number, will=will, now=at)
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
        at = following(record.consents, scope, now)
        given = record.live_consents(at=at).get(scope)
        if given is None:
            raise NoSuchConsent("there is no consent of this scope to take back")
        row = revoked(given, episode=record.episode.number, will=will, at=at)
        hellos = (HELLO,) if scope == CONTACT and any(one.kind == HELLO for one in record.schedules) else ()
        return replace(next_of(record), consents=(row,), no_schedules=hellos)

    return _last(change_record(person_id, decide, people=people), scope)


def _last(record: Record, scope: str) -> Consent:
    return max((row for row in record.consents if row.scope == scope), key=lambda row: row.at)
