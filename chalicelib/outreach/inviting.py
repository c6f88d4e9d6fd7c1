"""Which calendar entry goes with which e-mail: an appointment's reminders bring it, and each change of one does."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.outreach.categories import category_name
from chalicelib.outreach.domain import Channel, DetailLevel, Entry, Recipient, Schedule
from chalicelib.outreach.invites import (
    Invite,
    Part,
    cancelled,
    cancelled_once,
    requested,
    requested_once,
    uid_of,
    withdrawn,
)
from chalicelib.outreach.kinds import APPOINTMENT, INVITE
from chalicelib.outreach.moments import InSeries, Shows
from chalicelib.outreach.recurrence import Elapsed, Once, OnDay, Recurrence, When, next_occurrence

SUMMARIES = {
    "en": {DetailLevel.DISCREET: "Appointment", DetailLevel.STANDARD: "Meeting with your care team"},
    "es": {DetailLevel.DISCREET: "Cita", DetailLevel.STANDARD: "Reunión con tu equipo de cuidado"},
}
"""What an entry is called; ``detailed`` says no more than ``standard``, since calendars are shared."""

MEETS = {"en": "Meeting", "es": "Reunión"}
"""What that of a group is called, for who chose more than discreet."""

WITHDRAWN = {"en": "Invitation withdrawn", "es": "Invitación retirada"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendars:
    """Who invites: the address that replies go to, and the page that entries lead to."""

    address: str
    page: str

    def part_for(self, entry: Entry, recipient: Recipient, channel: Channel, *, language: str) -> Part | None:
        """
        Return the calendar part of an occurrence's e-mail; None for most.

        A reminder brings the appointment as it is. News of a change brings it as it is, or takes it out: it is gone,
        or the person wants no entries any more. The version of the schedule is the SEQUENCE: whatever comes late
        or twice, the calendar keeps the newest.
        """
        kind, version = entry.kind, 0
        met = recipient.moment.entry if recipient.moment else None
        if met:
            return self._met(entry, met, recipient, channel, language=language)
        if category_name(entry.kind) == INVITE:
            kind, version = appointment_of(entry.kind)
        elif category_name(entry.kind) != APPOINTMENT or not recipient.calendar_invites:
            return None
        schedule = recipient.schedule(kind)
        invite = Invite(
            uid=uid_of(recipient.person_id, kind, self.address.rpartition("@")[2]),
            sequence=max(schedule.version if schedule else 0, version) - 1,
            summary=_summary(language, channel),
            link=self.page,
            organizer=(recipient.sender_name, self.address),
            attendee=channel.address,
            at=entry.claimed_at,
        )
        if not recipient.calendar_invites:
            return withdrawn(invite, comment=WITHDRAWN[language])
        when = moment_of(schedule.when) if schedule else None
        return (requested(invite, when) if when else None) or cancelled(invite)

    def _met(
        self, entry: Entry, met: InSeries, recipient: Recipient, channel: Channel, *, language: str
    ) -> Part | None:
        """Return what a message about a date of a series brings: that date where it is other than planned, or all."""
        if not recipient.calendar_invites:
            return None
        discreet = channel.detail is DetailLevel.DISCREET
        invite = Invite(
            uid=uid_of(recipient.person_id, met.name, self.address.rpartition("@")[2]),
            sequence=met.sequence,
            summary=SUMMARIES[language][DetailLevel.DISCREET] if discreet else MEETS[language],
            link=self.page,
            organizer=(recipient.sender_name, self.address),
            attendee=channel.address,
            at=entry.claimed_at,
            without=met.without,
            lasts=met.lasts,
        )
        if met.shows is Shows.NOTHING:
            return withdrawn(invite, comment=WITHDRAWN[language])
        if met.shows is Shows.ALL:
            return requested(invite, met.when, moved=dict(met.moved))
        if met.is_off:
            return cancelled_once(invite, met.when, on=met.on)
        moved = dict(met.moved)
        if met.on in moved:
            return requested_once(invite, met.when, on=met.on, moved_to=moved[met.on])
        return requested(invite, met.when, moved=moved)


def moment_of(when: When) -> Recurrence | Once | None:
    """Return what a reminder reminds of: the moment it is counted from, else its own; None where that is a mere day."""
    match when:
        case Elapsed(of=moment):
            return moment
        case OnDay(of=date()):
            return None
        case OnDay(of=(Recurrence() | Once()) as moment):
            return moment
        case Recurrence() | Once():
            return when
    return None


def invite_kind(appointment: str, version: int) -> str:
    """Return the kind of an occurrence that tells a calendar of this version of an appointment."""
    return f"{INVITE}-{appointment.partition('-')[2]}-{version}"


def appointment_of(kind: str) -> tuple[str, int]:
    """Return the appointment that such a kind is about, and its version then."""
    about, _, version = kind.partition("-")[2].rpartition("-")
    return f"{APPOINTMENT}-{about}", int(version)


def to_tell(
    before: Iterable[Schedule],
    changed: Iterable[Schedule],
    gone: Iterable[str],
    *,
    all_of_them: bool,
    now: datetime,
) -> list[str]:
    """
    Return the kinds by which calendars learn what changed: appointments at another time, and those that are gone.

    ``all_of_them``: also those that merely have another version, since the person began or stopped to want entries.
    What is over stays in calendars as it was.
    """
    known = {schedule.kind: schedule for schedule in before}
    kinds = []
    for schedule in changed:
        present = known.get(schedule.kind)
        same = present is not None and moment_of(present.when) == moment_of(schedule.when)
        if category_name(schedule.kind) == APPOINTMENT and (all_of_them or not same):
            kinds.append(invite_kind(schedule.kind, schedule.version))
    for kind in gone:
        moment = moment_of(known[kind].when) if kind in known and category_name(kind) == APPOINTMENT else None
        if moment and next_occurrence(moment, after=now):
            kinds.append(invite_kind(kind, known[kind].version + 1))
    return kinds


def _summary(language: str, channel: Channel) -> str:
    level = DetailLevel.DISCREET if channel.detail is DetailLevel.DISCREET else DetailLevel.STANDARD
    return SUMMARIES[language][level]
