"""The account's rate of e-mails, shared by all processes: a bucket of tokens per stretch of seconds, in the table."""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import ceil
from typing import Protocol

from pynamodb.attributes import NumberAttribute
from pynamodb.exceptions import UpdateError

from chalicelib.edge.table import Item, lost_the_race
from chalicelib.outreach.domain import Urgency

KEPT_FOR = timedelta(minutes=10)
"""How long a process goes by the rate that it read from the account."""

TRIES = 3
"""Stretches that are tried before the e-mails go back to wait."""

SHARES = {Urgency.PEER: 0.75, Urgency.CELEBRATION: 0.5}
"""How much of a stretch these may fill: what is left of it is for what can't wait as long."""

FORGOTTEN_AFTER = timedelta(hours=1)


class PaceItem(Item, discriminator="pace"):
    """pk ``PACE``, sk ``SES#{seconds}#{stretch}``: e-mails handed over in a stretch of so many seconds."""

    used = NumberAttribute()
    expires_at = NumberAttribute()


class Clock(Protocol):
    """What a bucket asks of the clock."""

    def utc_now(self) -> datetime:
        """Return the present instant."""
        ...

    def wait_until(self, instant: datetime, *, at_most: timedelta) -> datetime:
        """Return the present instant: ``instant`` or later, unless that is further off than ``at_most``."""
        ...


class DynamoPace:
    """
    Says whether there is room for more e-mails now; less for what is less urgent.

    ``rate`` reads how many e-mails a second the account may send. A write of one unit for those of one urgency in a
    batch, not per e-mail.
    """

    def __init__(self, *, rate: Callable[[], float], clock: Clock) -> None:
        self._rate = rate
        self._clock = clock
        self._kept: tuple[datetime, float] | None = None

    def __call__(self, letters: int, urgency: Urgency) -> bool:
        """Take tokens for these e-mails, waiting a moment if need be; False if there are none now."""
        now = self._clock.utc_now()
        rate = self._present_rate(now)
        # A small account's second may have no room for a whole batch, ever: then it is counted in longer stretches.
        seconds = max(1, ceil(letters / rate))
        for _ in range(TRIES):
            stretch = int(now.timestamp()) // seconds
            if self._take(letters, seconds, stretch, most=int(rate * seconds * SHARES.get(urgency, 1))):
                return True
            following = datetime.fromtimestamp((stretch + 1) * seconds, tz=now.tzinfo)
            now = max(self._clock.wait_until(following, at_most=timedelta(seconds=seconds + 1)), following)
        return False

    def _take(self, letters: int, seconds: int, stretch: int, *, most: int) -> bool:
        # A share that is smaller than the batch still has room for it where nobody else was yet.
        item = PaceItem("PACE", f"SES#{seconds}#{stretch}")
        expires_at = int(stretch * seconds + FORGOTTEN_AFTER.total_seconds())
        try:
            item.update(
                actions=[PaceItem.used.add(letters), PaceItem.expires_at.set(expires_at)],
                condition=PaceItem.used.does_not_exist() | (PaceItem.used <= max(0, most - letters)),
            )
        except UpdateError as error:
            if lost_the_race(error):
                return False
            raise
        return True

    def _present_rate(self, now: datetime) -> float:
        if self._kept is None or not timedelta() <= now - self._kept[0] < KEPT_FOR:
            self._kept = now, max(1.0, self._rate())
        return self._kept[1]
