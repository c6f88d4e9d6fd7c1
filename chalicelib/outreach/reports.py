"""
What an SES event means, and what follows from it.

SES reports at least once and in any order, so every effect may be repeated, and none depends on another one having
come first: what is written is named by the message, by the address and its revision, or by what has to be done.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

from chalicelib.outreach.domain import Channel, ChannelKind, Recipient, occurrence_named
from chalicelib.outreach.sorts import Sort, sort_of
from chalicelib.tasks.domain import Kind, task_for
from chalicelib.tasks.service import Tasks

TROUBLE_WITHIN = timedelta(days=7)
TROUBLE_IS = 3
"""So many messages turned away for a time, within so many days, are for staff to look at (domain rules 5.1)."""


KEPT = 2 * TROUBLE_WITHIN
"""How long it is kept that a message was turned away: events may come in any order."""


class What(StrEnum):
    """What became of a message."""

    SENT = "sent"
    DELIVERED = "delivered"
    DELAYED = "delayed"
    DEAD = "dead"
    """The address takes nothing, and never will."""
    TURNED_AWAY = "turned_away"
    """SES gave up after trying for a while; the address may take the next one."""
    COMPLAINED = "complained"
    REFUSED = "refused"
    """SES itself didn't send it: a fault of ours, not of the address."""


_BY_TYPE = {
    "Send": What.SENT,
    "Delivery": What.DELIVERED,
    "DeliveryDelay": What.DELAYED,
    "Reject": What.REFUSED,
    "Rendering Failure": What.REFUSED,
}


class NotAReport(ValueError):
    """The event isn't about one of Cairn's messages, or of a kind that says nothing about its fate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """SES's word on one message that went to ``address``; ``channel`` is the id and revision that its tag names."""

    what: What
    message_id: str
    person_id: str
    on: date
    kind: str
    address: str
    channel: tuple[str, int] | None = None

    @property
    def is_about_a_message_that_left(self) -> bool:
        """Say whether SES took the message and passed it on: then it was sent, whoever died meanwhile."""
        return self.what is not What.REFUSED


def report_of(detail: Mapping[str, Any]) -> Report:
    """
    Read the ``detail`` of an SES event (SES Developer Guide, event publishing).

    :raises NotAReport: if it isn't one that anything follows from
    """
    try:
        mail = detail["mail"]
        tags: Mapping[str, list[str]] = mail["tags"]
        person_id, on, kind = occurrence_named(tags["occurrence"][0])
        what = _meaning(detail)
        channel_id, _, revision = tags.get("channel", [""])[0].rpartition("_")
        return Report(
            what=what,
            message_id=str(mail["messageId"]),
            person_id=person_id,
            on=on,
            kind=kind,
            address=str(mail["destination"][0]),
            channel=(channel_id, int(revision)) if channel_id else None,
        )
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise NotAReport("this event is not about a message of Cairn's") from error


def _meaning(detail: Mapping[str, Any]) -> What:
    match detail["eventType"]:
        case "Bounce":
            # Undetermined: SES couldn't read the other side's answer. Taken for the milder of the two.
            return What.DEAD if detail["bounce"]["bounceType"] == "Permanent" else What.TURNED_AWAY
        case "Complaint":
            if detail["complaint"].get("complaintFeedbackType") == "not-spam":
                raise NotAReport("somebody took a message out of their spam folder")
            return What.COMPLAINED
        case other:
            return _BY_TYPE[other]


class Ledger(Protocol):
    """The ledger, as far as reports go."""

    def received(self, person_id: str, kind: str, on: date, *, at: datetime, by_device: bool) -> bool:
        """Note that a message was sent; say whether that was news: only of a claim that has no outcome."""
        ...


class Fates(Protocol):
    """What became of messages after they were handed over, kept with their ledger entries."""

    def note(self, report: Report, *, at: datetime) -> None:
        """Keep it with the entry of this very message; a report on an earlier attempt's message changes nothing."""
        ...

    def note_turned_away(self, report: Report, channel: Channel, *, at: datetime, keep: timedelta) -> list[datetime]:
        """Keep for this long that a message was turned away there; return when all that are kept were, each once."""
        ...


class Addresses(Protocol):
    """People's and staff's addresses, as far as reports go."""

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:
        """Return the person as outreach sees them; None if there is no such person."""
        ...

    def channel_is_gone(
        self, person_id: str, channel_id: str, *, why: str, now: datetime, revision: int | None = None
    ) -> None:
        """Keep it, so that nothing is sent there again; not if the address was changed since that ``revision``."""
        ...

    def no_list_mail(self, person_id: str, channel_id: str, *, revision: int, now: datetime) -> None:
        """Send there only what nobody can switch off; not if the address was changed since that ``revision``."""
        ...


def take(
    report: Report, *, at: datetime, ledger: Ledger, fates: Fates, addresses: Addresses, tasks: Tasks
) -> tuple[bool, Kind | None]:
    """
    Do what follows from a report; say whether it vouches for a claim, and what staff have to see to.

    A task is about a person in care: trouble with an address of staff's own is seen in the list of a programme's staff.

    ``at`` is the event's own time, so that a repetition does the same. All of it may be repeated. A report on an
    address that the person no longer has changes nothing about the one that they have now.
    """
    vouches = report.is_about_a_message_that_left and ledger.received(
        report.person_id, report.kind, report.on, at=at, by_device=False
    )
    if report.what not in {What.SENT, What.COMPLAINED}:
        # The ledger shows the person what became of their messages, and they are not to be told of a complaint.
        fates.note(report, at=at)
    if report.what not in {What.DEAD, What.TURNED_AWAY, What.COMPLAINED}:
        return vouches, None
    recipient = addresses.load(report.person_id, now=at)
    channel = _meant(report, recipient) if recipient else None
    if recipient is None or channel is None:
        return vouches, None
    kind, about = None, f"{channel.id}-{channel.revision}"
    match report.what:
        case What.DEAD:
            addresses.channel_is_gone(report.person_id, channel.id, why="bounced", now=at, revision=channel.revision)
            kind = Kind.CONTACT_DETAILS
        case What.COMPLAINED:
            addresses.no_list_mail(report.person_id, channel.id, revision=channel.revision, now=at)
            kind = Kind.MAIL_COMPLAINT
        case _ if is_trouble(fates.note_turned_away(report, channel, at=at, keep=KEPT), at=at):
            # Once a month at most for an address that goes on like this.
            kind, about = Kind.MAIL_TROUBLE, f"{about}-{at:%Y-%m}"
    if kind and sort_of(recipient.person_id) is Sort.PERSON:
        tasks.open(task_for(kind, about, programme_id=recipient.programme_id, person_id=recipient.person_id, at=at))
    return vouches, kind


def is_trouble(turned_away: list[datetime], *, at: datetime) -> bool:
    """Say whether ``at`` lies within a time in which too many messages were turned away, in whatever order."""
    return any(
        sum(start <= other < start + TROUBLE_WITHIN for other in turned_away) >= TROUBLE_IS
        for start in turned_away
        if start <= at < start + TROUBLE_WITHIN
    )


def _meant(report: Report, recipient: Recipient) -> Channel | None:
    """Return the address that the report is about, if the person still has it."""
    for channel in recipient.channels:
        if channel.kind is not ChannelKind.EMAIL or channel.address.casefold() != report.address.casefold():
            continue
        if report.channel in {None, (channel.id, channel.revision)}:
            return channel
    return None
