"""What a person wants less of: kinds of messages that they switched off, by channel, and longer quiet hours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time

from chalicelib.enrollment.consents import Via
from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.domain import ChannelKind, DetailLevel
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.sorts import Sort

Off = tuple[str, ChannelKind | None]
"""A category that is switched off on one channel, or (None) on every one, those to come among them."""

DAY = 24 * 60
LEAST_OPEN = 60
"""Minutes of a day that quiet hours made longer by a link leave open: with none, nothing could be sent at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """
    On which channels a person switched a category off (None: on every one), when, how and by whom.

    ``by`` is an account; None where it came by a link, whose bearer is not known to be the person.
    """

    category: str
    off: frozenset[ChannelKind | None]
    changed_at: datetime
    via: Via
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Less:
    """
    What the bearer of a link may ask for: only ever less.

    ``off`` are categories to stop, ``discreet`` channels whose messages shall say as little as possible, ``quiet``
    hours to add to the quiet ones.
    """

    off: frozenset[Off] = frozenset()
    discreet: frozenset[ChannelKind] = frozenset()
    quiet: QuietHours | None = None

    def __bool__(self) -> bool:
        """Whether anything is asked for at all."""
        return bool(self.off or self.discreet or self.quiet)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """
    All that a person chose, known to be theirs.

    ``off`` maps every category that can be switched off to the channels on which it is; ``details`` are by channel id;
    quiet hours are None where the programme's hold.
    """

    off: Mapping[str, frozenset[ChannelKind]]
    details: Mapping[str, DetailLevel]
    quiet_from: time | None
    quiet_to: time | None
    calendar_invites: bool


def can_be_switched_off() -> tuple[str, ...]:
    """Return the categories that a person may switch off; account and crisis messages are none of them."""
    return tuple(name for name, category in CATEGORIES.items() if category.opt_out and category.to is Sort.PERSON)


def everything() -> frozenset[Off]:
    """Return what is off where all that isn't essential is off."""
    return frozenset((name, None) for name in can_be_switched_off())


def canonical(kinds: Iterable[ChannelKind | None]) -> frozenset[ChannelKind | None]:
    """Return the one way to write these channels: all of them are None alone, so that a new kind is off too."""
    off = frozenset(kinds)
    return frozenset({None}) if None in off or off >= set(ChannelKind) else off


def is_off(preferences: Iterable[Preference], category: str, kind: ChannelKind) -> bool:
    """Say whether a category is switched off on a channel."""
    return any(one.category == category and bool(one.off & {None, kind}) for one in preferences)


def with_less(present: Iterable[Preference], off: Iterable[Off], *, via: Via, now: datetime) -> tuple[Preference, ...]:
    """Return the preferences that change where these are switched off besides; none where they all are already."""
    before = {one.category: one.off for one in present}
    wanted: dict[str, set[ChannelKind | None]] = {}
    for category, kind in off:
        if category in can_be_switched_off():
            wanted.setdefault(category, set()).add(kind)
    return tuple(
        Preference(category=category, off=after, changed_at=now, via=via)
        for category, kinds in sorted(wanted.items())
        if (after := canonical(kinds | before.get(category, frozenset()))) != before.get(category)
    )


def longer(present: QuietHours, asked: QuietHours) -> QuietHours:
    """
    Return the shortest quiet hours that hold both: whatever was quiet stays so.

    Together they may fill the day; then ``LEAST_OPEN`` minutes before the present ones stay open, which wins over
    what was asked but never over what was set.
    """
    start, length = _arc(present)
    other_start, other_length = _arc(asked)
    if not length:
        return asked
    if not other_length:
        return present
    both = min(
        (max(length, (other_start - start) % DAY + other_length), start),
        (max(other_length, (start - other_start) % DAY + length), other_start),
    )
    if both[0] > DAY - LEAST_OPEN:
        both = (max(length, DAY - LEAST_OPEN), start)
    return QuietHours(start=_clock(both[1]), end=_clock(both[1] + both[0]))


def _arc(hours: QuietHours) -> tuple[int, int]:
    start, end = (at.hour * 60 + at.minute for at in (hours.start, hours.end))
    return start, (end - start) % DAY


def _clock(minutes: int) -> time:
    return time(*divmod(minutes % DAY, 60))
