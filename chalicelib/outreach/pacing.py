"""
The account's rate of e-mails, shared by all processes: each batch takes its turn, one behind the other.

One row says until when the account is spoken for (a leaky bucket as a meter, kept as the time at which it is empty).
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from pynamodb.attributes import NumberAttribute
from pynamodb.exceptions import UpdateError

from chalicelib.edge.table import Item, lost_the_race
from chalicelib.outreach.domain import Urgency

KEPT_FOR = timedelta(minutes=10)
"""How long a process goes by the rate that it read from the account."""

TRIES = 8
"""How often a turn is tried that other processes take at the same moment."""

PATIENCE = {
    Urgency.CRISIS: timedelta.max,
    Urgency.ACCOUNT: timedelta(seconds=15),
    Urgency.CLINICAL: timedelta(seconds=15),
    Urgency.PEER: timedelta(seconds=10),
    Urgency.CELEBRATION: timedelta(seconds=5),
}
"""How long a wait for one's turn may be: the fuller the account, the fewer of those that can wait get any."""

LONGEST_TURN = timedelta(seconds=15)

_MILLISECOND = timedelta(milliseconds=1)


class PaceItem(Item, discriminator="pace"):
    """pk ``PACE``, sk ``SES``: until when the account is spoken for, in milliseconds since 1970."""

    until = NumberAttribute()


class DynamoPace:
    """Gives turns. ``rate`` reads how many e-mails a second the account may send."""

    def __init__(self, *, rate: Callable[[], float]) -> None:
        self._rate = rate
        self._kept: tuple[datetime, float] | None = None

    def turn(self, letters: int, urgency: Urgency, *, now: datetime) -> datetime | None:
        """Take a turn for so many e-mails; return when it begins, or None if that is later than they may wait."""
        present = _milliseconds(now)
        lasts = int(letters / self._present_rate(now) * 1000)
        for _ in range(TRIES):
            before = _until()
            begins = max(present, before)
            if (begins - present) * _MILLISECOND > PATIENCE[urgency]:
                return None
            if _speak_for(begins + lasts, before=before):
                return now + (begins - present) * _MILLISECOND
        return None

    def give_back(self, letters: int, *, now: datetime) -> None:
        """Let others have what a turn had room for and did not use."""
        PaceItem("PACE", "SES").update(actions=[PaceItem.until.add(-int(letters / self._present_rate(now) * 1000))])

    def _present_rate(self, now: datetime) -> float:
        if self._kept is None or not timedelta() <= now - self._kept[0] < KEPT_FOR:
            try:
                self._kept = now, max(1.0, self._rate())
            except Exception:
                # The rate that was true a while ago is better than none.
                if self._kept is None:
                    raise
                self._kept = now, self._kept[1]
        return self._kept[1]


def _until() -> int:
    try:
        return int(PaceItem.get("PACE", "SES", consistent_read=True).until)
    except PaceItem.DoesNotExist:
        return 0


def _speak_for(until: int, *, before: int) -> bool:
    unchanged = (PaceItem.until == before) if before else PaceItem.pk.does_not_exist()
    try:
        PaceItem("PACE", "SES").update(actions=[PaceItem.until.set(until)], condition=unchanged)
    except UpdateError as error:
        if lost_the_race(error):
            return False
        raise
    return True


def _milliseconds(instant: datetime) -> int:
    return (instant - datetime.fromtimestamp(0, UTC)) // _MILLISECOND
