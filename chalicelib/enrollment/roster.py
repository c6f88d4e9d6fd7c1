"""A row of a roster: what is wrong with it, whom it describes, and how that differs from what is on record. Pure."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import TypeVar

from chalicelib.enrollment.changing import Marker
from chalicelib.enrollment.channels import email_address
from chalicelib.enrollment.domain import CheckInPreference, Person, Record, admission_faults, person_faults
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.service import Enrolment
from chalicelib.enrollment.upload import COLUMNS, Line
from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.domain import ChannelKind, DetailLevel
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.recurrence import DAYS

STATES = (State.REFERRED, State.ENROLLED, State.ACTIVE, State.STEP_DOWN, State.ON_HOLD, State.GRADUATED, State.ALUMNI)
"""In which a roster may bring someone. Who left or died isn't enrolled."""

_DAYS = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), DAYS, strict=True))
_COLUMN_OF = {
    "externalId": "external_id",
    "givenName": "given_name",
    "familyName": "family_name",
    "preferredName": "preferred_name",
    "language": "language",
    "timeZone": "time_zone",
    "recoveryDate": "recovery_date",
}

Value = TypeVar("Value")


class Notice(StrEnum):
    """What staff should know of a row that is taken all the same."""

    DIFFERS = "differs"
    QUIET_HOURS = "quiet_hours"
    NEVER_SENT = "never_sent"
    ALUMNI = "alumni_without_consent"
    NO_CONSENT = "no_consent"
    NO_DEVICE = "no_device_yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about one row: line and column as in the file, and a reason without the value."""

    line: int
    column: str
    reason: str
    notice: Notice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Whom a row describes. ``person.id`` is still empty: who it is, is not for the row to say."""

    line: int
    person: Person
    programme: Programme
    email: str
    admitted_on: date
    check_in: CheckInPreference
    email_consent: bool
    push_consent: bool
    detail: DetailLevel
    state: State


def check(line: Line, *, programmes: Mapping[str, Programme], now: datetime) -> Row | list[Finding]:
    """
    Return whom a row describes, or everything that is wrong with it.

    ``programmes`` are those that the importer may enrol into, ``now`` is when the roster was uploaded.
    """
    if line.fields is None:
        reason = f"has not {len(COLUMNS)} fields like the header"
        return [Finding(line=line.number, column="row", reason=reason)]
    text = {name: unicodedata.normalize("NFC", value.strip()) for name, value in zip(COLUMNS, line.fields, strict=True)}
    faults: list[Finding] = []

    def take(column: str, read: Callable[[str], Value], instead: Value) -> Value:
        try:
            return read(text[column])
        except ValueError as error:
            faults.append(Finding(line=line.number, column=column, reason=str(error)))
            return instead

    if line.repeats is not None:
        reason = f"is repeated: line {line.repeats} has it first"
        faults.append(Finding(line=line.number, column="external_id", reason=reason))
    programme = programmes.get(text["programme"])
    if programme is None:
        faults.append(
            Finding(line=line.number, column="programme", reason="is no programme, or not one that you may enrol into")
        )
    programme = programme or Programme(id="", name="")
    person = Person(
        id="",
        external_id=text["external_id"],
        given_name=text["given_name"],
        family_name=text["family_name"],
        preferred_name=text["preferred_name"] or None,
        language=text["language"],
        zone=text["time_zone"],
        quiet_from=take("quiet_from", _time_or_none, None),
        quiet_to=take("quiet_to", _time_or_none, None),
        recovery_on=take("recovery_date", lambda value: _date(value) if value else None, None),
    )
    faults += [
        Finding(line=line.number, column=_COLUMN_OF[fault.field], reason=fault.reason)
        for fault in person_faults(person, programme, now=now)
    ]
    row = Row(
        line=line.number,
        person=person,
        programme=programme,
        email=take("email", _email, ""),
        admitted_on=take("admitted_on", _date, date.min),
        check_in=CheckInPreference(
            at=take("check_in_time", _time, time()), days=take("check_in_days", _days, frozenset(DAYS))
        ),
        email_consent=take("email_consent", _yes_or_no, False),
        push_consent=take("push_consent", _yes_or_no, False),
        detail=take("detail_level", _detail, DetailLevel.DISCREET),
        state=take("status", _state, State.ACTIVE),
    )
    if not faults:
        faults = [
            Finding(line=line.number, column="admitted_on", reason=fault.reason)
            for fault in admission_faults(row.admitted_on, zone=person.zone, now=now)
        ]
    return sorted(faults, key=lambda fault: (*COLUMNS, "row").index(fault.column)) or row


def enrolment_of(row: Row, *, person_id: str, import_id: str) -> Enrolment:
    """
    Return what enrols the person that a row describes.

    The programme stands for the address and for what was agreed to. More than discreet wording by email also needs
    ``email_risk_ack``: a programme that exports such a level with an email consent attests to both. A roster can't
    give ``alumni_contact``, which is no treatment and needs the person's own act.
    """
    consents: list[tuple[str, str | None]] = []
    if row.email_consent:
        consents.append(("contact_email", None))
    if row.push_consent:
        consents.append(("contact_push", None))
    if row.detail is not DetailLevel.DISCREET:
        consents.append(("detail_level", row.detail.value))
        if row.email_consent:
            consents.append(("email_risk_ack", None))
    return Enrolment(
        person=replace(row.person, id=person_id),
        state=row.state,
        admitted_on=row.admitted_on,
        email=row.email,
        detail=row.detail,
        attested=True,
        consents=tuple(consents),
        check_in=row.check_in,
        marker=Marker(person_id=person_id, import_id=import_id, line=row.line),
    )


def differences(row: Row, record: Record, *, at: datetime) -> tuple[str, ...]:
    """Return the columns in which a row says something else than the record does at this instant."""
    person, episode, consents = record.person, record.episode, record.live_consents(at=at)
    check_in = CheckInPreference.of(record.check_in) if record.check_in else None
    detail = consents.get("detail_level")
    same = {
        "given_name": row.person.given_name == person.given_name,
        "family_name": row.person.family_name == person.family_name,
        "preferred_name": row.person.preferred_name == person.preferred_name,
        "email": any(channel.kind is ChannelKind.EMAIL and channel.address == row.email for channel in record.channels),
        "time_zone": row.person.zone == person.zone,
        "language": row.person.language == person.language,
        "programme": row.programme.id == episode.programme_id,
        "admitted_on": row.admitted_on == episode.admitted_on,
        "recovery_date": row.person.recovery_on == person.recovery_on,
        "check_in_time": check_in is not None and row.check_in.at == check_in.at,
        "check_in_days": check_in is not None and row.check_in.days == check_in.days,
        "quiet_from": row.person.quiet_from == person.quiet_from,
        "quiet_to": row.person.quiet_to == person.quiet_to,
        "email_consent": row.email_consent == ("contact_email" in consents),
        "push_consent": row.push_consent == ("contact_push" in consents),
        "detail_level": row.detail.value == (detail.value if detail else DetailLevel.DISCREET.value),
        "status": row.state is episode.state,
    }
    return tuple(column for column in COLUMNS if not same.get(column, True))


def notices(row: Row) -> list[Finding]:
    """Return what staff should know of a row that enrols someone: where less will be sent than they may think."""
    found = []
    if row.state in {State.ALUMNI, State.GRADUATED}:
        reason = "nothing is sent after the programme until the person agrees to it themselves (alumni_contact)"
        found.append(Finding(line=row.line, column="status", reason=reason, notice=Notice.ALUMNI))
    elif not row.email_consent and not row.push_consent:
        reason = "nothing is sent: there is no consent to any way"
        found.append(Finding(line=row.line, column="email_consent", reason=reason, notice=Notice.NO_CONSENT))
    elif not row.email_consent:
        reason = "nothing is sent until the person turns notifications on on a device"
        found.append(Finding(line=row.line, column="push_consent", reason=reason, notice=Notice.NO_DEVICE))
    quiet = row.person.quiet_hours(row.programme.quiet_hours)
    if notice := quiet_notice(row.check_in.at, quiet):
        kind, reason = notice
        found.append(Finding(line=row.line, column="check_in_time", reason=reason, notice=kind))
    return found


def quiet_notice(at: time, quiet: QuietHours) -> tuple[Notice, str] | None:
    """Return what becomes of a check-in at this local time under these quiet hours, if not what one would expect."""
    runs_over_midnight = quiet.start > quiet.end
    is_late = at >= quiet.start
    is_inside = (is_late or at < quiet.end) if runs_over_midnight else (is_late and at < quiet.end)
    if not is_inside:
        return None
    closes = CATEGORIES[CHECK_IN].closes
    if runs_over_midnight and is_late and isinstance(closes, time) and quiet.end >= closes:
        reason = f"is never sent: quiet hours end at {quiet.end:%H:%M} and the check-in closes at {closes:%H:%M}"
        return Notice.NEVER_SENT, reason
    return Notice.QUIET_HOURS, f"is in quiet hours: will be sent when they end, at {quiet.end:%H:%M}"


def _email(text: str) -> str:
    if not text:
        raise ValueError("is missing")
    return email_address(text)


def _time(text: str) -> time:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError("is not a time from 00:00 to 23:59")
    return time.fromisoformat(text)


def _time_or_none(text: str) -> time | None:
    return _time(text) if text else None


def _date(text: str) -> date:
    if not text:
        raise ValueError("is missing")
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("is not a date like 2026-11-24")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ValueError("there is no such date") from error


def _days(text: str) -> frozenset[str]:
    if text == "daily":
        return frozenset(DAYS)
    names = frozenset(re.split(r"[ ,]+", text.lower()))
    if not names <= _DAYS.keys():
        raise ValueError("must be daily, or days like mon,wed,fri")
    return frozenset(_DAYS[name] for name in names)


def _yes_or_no(text: str) -> bool:
    if text not in {"yes", "no"}:
        raise ValueError("must be yes or no")
    return text == "yes"


def _detail(text: str) -> DetailLevel:
    try:
        return DetailLevel(text)
    except ValueError as error:
        raise ValueError(f"must be one of {', '.join(DetailLevel)}") from error


def _state(text: str) -> State:
    if text not in STATES:
        raise ValueError(f"must be one of {', '.join(STATES)}")
    return State(text)
