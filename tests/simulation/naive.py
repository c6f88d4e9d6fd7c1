"""
The rules once more, as plainly as they can be said, for the checker alone.

Shares no code with the engine's: of chalicelib it takes only the table of categories (which is the declared policy) and
the types in which facts are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.category import Category
from chalicelib.outreach.domain import Channel, ChannelKind, Reason, Recipient, Standing
from chalicelib.outreach.quiet import QuietHours
from tests.simulation.facts import Wish
from tests.simulation.kernel import EPOCH

DAY = timedelta(days=1)


def name_of_category(kind: str) -> str:
    """Return what a kind is called without what it is about."""
    return kind.split("-", maxsplit=1)[0]


def category(kind: str) -> Category:
    """Return how a kind of message was declared to behave."""
    return CATEGORIES[name_of_category(kind)]


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """Return a zone of the tz database."""
    return ZoneInfo(name)


def utc(seconds: float) -> datetime:
    """Return seconds since 1970 as an instant."""
    return EPOCH + timedelta(seconds=seconds)


def local(seconds: float, zone: str) -> datetime:
    """Return what a clock on the wall shows in a zone."""
    return utc(seconds).astimezone(zone_of(zone))


@lru_cache(maxsize=100_000)
def instant(on: date, at: time, zone: str) -> float:
    """
    Return when it is this local time on this date, in seconds since 1970.

    Twice: the first. Never: what the clock would have shown had it not been changed (RFC 5545 3.3.5).
    """
    wall = datetime.combine(on, at)
    tz = zone_of(zone)
    offsets = []
    for day in (-1, 0, 1):
        offset = (wall.replace(tzinfo=UTC) + day * DAY).astimezone(tz).utcoffset()
        assert offset is not None
        offsets.append(offset)
    fits = [
        wall.replace(tzinfo=UTC) - offset
        for offset in offsets
        if (wall.replace(tzinfo=UTC) - offset).astimezone(tz).replace(tzinfo=None) == wall
    ]
    found = min(fits) if fits else wall.replace(tzinfo=UTC) - offsets[0]
    return (found - EPOCH).total_seconds()


def falls_due(wish: Wish, *, after: float, before: float) -> Iterator[tuple[date, float]]:
    """Give the local dates and instants at which somebody wants to be asked, strictly after and before two instants."""
    if wish.once:
        at = instant(wish.once, wish.at, wish.zone)
        if after < at < before:
            yield wish.once, at
        return
    on = max(wish.starts_on, utc(after).date() - 2 * DAY)
    while True:
        at = instant(on, wish.at, wish.zone)
        if at >= before:
            return
        fits = on.weekday() in wish.days and (on - wish.starts_on).days % wish.every == 0
        if fits and at > after:
            yield on, at
        on += DAY


def is_quiet(hours: QuietHours, seconds: float, zone: str) -> bool:
    """Say whether somebody doesn't want to be disturbed; quiet hours that ended before clocks went back are over."""
    shown = local(seconds, zone)
    if not _is_between(hours, shown.time()):
        return False
    return not shown.fold or all(_is_between(hours, local(seconds - back, zone).time()) for back in range(60, 3600, 60))


def _is_between(hours: QuietHours, clock: time) -> bool:
    if hours.start < hours.end:
        return hours.start <= clock < hours.end
    return hours.start != hours.end and (clock >= hours.start or clock < hours.end)


def is_quiet_throughout(hours: QuietHours, first: float, last: float, zone: str) -> bool:
    """Say whether it is quiet all the time between, looked at every five minutes."""
    at = first
    while at < last:
        if not is_quiet(hours, at, zone):
            return False
        at += 300
    return True


def closes(kind: str, on: date, due_at: float, zone: str) -> float:
    """Return when it is too late for an occurrence."""
    declared = category(kind).closes
    if isinstance(declared, timedelta):
        return due_at + declared.total_seconds()
    return instant(on + DAY, declared, zone)


def consented(state: Recipient, kind: str) -> set[ChannelKind]:
    """Return the kinds of channel over which somebody agreed to this kind of message."""
    declared = category(kind)
    if declared.consent is None:
        return set(declared.channels)
    return {way for way in declared.channels if declared.consent[way] in state.consents}


def ways(state: Recipient, kind: str) -> list[Channel]:
    """Return the channels over which somebody may be reached with this kind of message."""
    if name_of_category(kind) == "confirm_channel":
        return [one for one in state.channels if kind == f"confirm_channel-{one.id}-{one.revision}"]
    agreed = consented(state, kind)
    return [one for one in state.channels if one.usable and one.kind in agreed and not opted_out(state, kind, one.kind)]


def opted_out(state: Recipient, kind: str, way: ChannelKind) -> bool:
    """Say whether somebody switched this kind of message off on this kind of channel."""
    name = name_of_category(kind)
    return category(kind).opt_out and bool({(name, None), (name, way)} & state.opt_outs)


def standing_forbids(state: Recipient, kind: str) -> Reason | None:
    """Return why somebody's episode lets no such message through, if so."""
    declared = category(kind)
    if name_of_category(kind) == "crisis_page":
        return None
    by_standing = {
        Standing.ON_HOLD: Reason.ON_HOLD,
        Standing.ENDED: Reason.ENDED,
        Standing.NONE: Reason.NO_EPISODE,
    }
    if state.standing in by_standing:
        return by_standing[state.standing]
    if state.standing is Standing.ALUMNI and declared.alumni_consent and declared.alumni_consent not in state.consents:
        return Reason.NO_CONSENT
    return None


def may_tell(state: Recipient, kind: str, way: ChannelKind) -> str | None:
    """Return what speaks against telling somebody of this over this kind of channel; None if nothing does."""
    against = standing_forbids(state, kind)
    if against:
        return str(against)
    if way not in consented(state, kind):
        return "no consent"
    if opted_out(state, kind, way):
        return "opted out"
    if category(kind).held_by_holds and state.holds:
        return "held back"
    return None
