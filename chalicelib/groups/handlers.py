"""The shells of groups: the tick's look, the fan-out, what delivery asks when it sends, and who is a member no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from chalicelib.edge.clock import utc_now
from chalicelib.edge.config import config
from chalicelib.edge.log import count, flush, logger, places
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.groups import entries, ringing
from chalicelib.groups.bell_store import DynamoBells, DynamoLooks
from chalicelib.groups.belonging import ALUMNI_CONTACT, let_go
from chalicelib.groups.domain import Kind
from chalicelib.groups.member_store import DynamoMembers
from chalicelib.groups.ringing import ANYBODY, Invited, StillTrue
from chalicelib.groups.store import DynamoGroups
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.fanning_handlers import Desk
from chalicelib.outreach.fanning_store import SqsFanOut
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.moments import Moment
from chalicelib.outreach.store import DynamoDues

AT_MOST = timedelta(seconds=10)
"""How long a tick looks at series: the rest is looked at a minute later."""


def look() -> int:
    """
    Look at each series whose instant has come; return how many bells there are to ring.

    It goes along with the tick, which must not fail with it: whatever is wrong here is seen in the metric and again in
    a minute.
    """
    now, bells = utc_now(), 0
    ends = now + AT_MOST
    groups, looks, kept = DynamoGroups(), DynamoLooks(), DynamoBells()
    try:
        coming = looks.coming(by=now, limit=ringing.A_MINUTE)
    except Exception as error:  # noqa: BLE001 (see above)
        _log_error(error)
        coming = []
    for since, series_id in coming:
        if utc_now() >= ends:
            break
        try:
            bells += ringing.look(series_id, since, now=now, groups=groups, looks=looks, bells=kept)
        except Exception as error:  # noqa: BLE001 (one series' fault must not hold up the others)
            _log_error(error)
            _put_off(since, series_id, looks)
    flush()
    return bells


def _put_off(since: datetime, series_id: str, looks: DynamoLooks) -> None:
    """Move a series that can't be looked at behind those that come meanwhile."""
    try:
        looks.put(utc_now() + ringing.AGAIN_IN, series_id)
        looks.remove(since, series_id)
    except Exception as error:  # noqa: BLE001 (it stays where it is)
        _log_error(error)


def fan_out_desk() -> Desk:
    """Return what fanning out bells works with."""
    return Desk(DynamoBells(), ringing.meant_by(DynamoMembers()), _queue())


@dataclass(frozen=True, slots=True)
class Memberships:
    """End the memberships of who moved on, died, or took the consent back that they hang on; a stream's listener."""

    people: DynamoPeople
    name: str = "memberships"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whose episode changed its state, and who said whether they are to be contacted as an alumnus."""
        person_id = stored.under("PERSON#")
        if person_id is None or stored.was_removed:
            return None
        if stored.sk.startswith("EPISODE#"):
            return (person_id,) if stored.before.get("state") != stored.now.get("state") else None
        return (person_id,) if stored.sk.startswith(f"CONSENT#{ALUMNI_CONTACT}#") else None

    def follow(self, about: tuple[str, ...]) -> int:
        """End what nothing holds any more."""
        [person_id] = about
        now = utc_now()
        recipient = self.people.load(person_id, now=now)
        if recipient is None:
            return 0
        return let_go(recipient, now=now, groups=DynamoGroups(), members=DynamoMembers())


@dataclass(frozen=True, slots=True)
class Entries:
    """Put a group's meetings into the calendar of who joined it, and take them out when they left; a listener, too."""

    people: DynamoPeople
    name: str = "entries"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at who came into a group, or is in it no more."""
        recipient_id = stored.under("GROUPSOF#")
        return (recipient_id, stored.sk) if recipient_id else None

    def follow(self, about: tuple[str, ...]) -> int:
        """Have their calendar told, if they want that."""
        recipient_id, group_id = about
        now, groups, members = utc_now(), DynamoGroups(), DynamoMembers()
        recipient = self.people.load(recipient_id, now=now)
        group = groups.find(group_id) if recipient and recipient.calendar_invites else None
        if recipient is None or group is None:
            return 0
        member = members.find(group_id, recipient_id)
        left_at = None if member else members.left_at(group_id, recipient_id)
        series = [one for series_id in group.series if (one := groups.series(series_id))]
        dues = entries.tells(recipient, member, left_at, series, now=now)
        DynamoDues().put(dues)
        return len(dues)


@cache
def _queue() -> SqsFanOut:
    return SqsFanOut(config().fan_out_queue_url, "bell")


@cache
def _asked() -> StillTrue:
    return StillTrue(groups=DynamoGroups(), members=DynamoMembers(), ledger=DynamoLedger(), clock=utc_now)


def still_true(due: Due, *, invited: Mapping[Kind, Invited] = ANYBODY) -> Reason | None:
    """
    Return why an occurrence must not go out any more, where it is a meeting's: for outreach to ask when sending.

    ``invited`` is asked, by the kind of group, whether a member may hear of it just now: a slice above knows.
    """
    return _asked()(due, invited=invited)


def moment(due: Due) -> Moment | None:
    """Return when the meeting is, or would have been, that a message tells of: for outreach to ask when sending."""
    return _asked().moment(due)


def _log_error(error: Exception) -> None:
    logger.error("series not looked at", extra={"error": type(error).__name__, "at": places(error)})
    count("MeetingErrors")
