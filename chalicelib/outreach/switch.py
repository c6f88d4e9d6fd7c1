"""The switch that pauses outreach, in the table. The only place for its key."""

from datetime import datetime, timedelta
from functools import cache

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute

from chalicelib.edge.table import Item
from chalicelib.outreach.operating import Position

KEPT_FOR = timedelta(seconds=10)
"""How long a process goes by what it read: so long a message may still go out after the switch was turned."""


class SwitchItem(Item, discriminator="switch"):
    """pk ``SWITCH``, sk ``OUTREACH``: written by ``operate`` alone. No row: outreach runs."""

    paused = BooleanAttribute()
    since = UnicodeAttribute(null=True)
    by = UnicodeAttribute()
    why = UnicodeAttribute()


class DynamoSwitch:
    """Implements ``operating.Switch``, and says to the tick and to delivery whether outreach is paused."""

    def __init__(self) -> None:
        self._kept: tuple[datetime, bool] | None = None

    def position(self) -> Position | None:
        """Return how the switch stands, as it is now; None if it was never turned."""
        try:
            item = SwitchItem.get("SWITCH", "OUTREACH", consistent_read=True)
        except SwitchItem.DoesNotExist:
            return None
        return Position(
            paused=item.paused,
            since=datetime.fromisoformat(item.since) if item.since else None,
            by=item.by,
            why=item.why,
        )

    def turn(self, position: Position) -> None:
        """Put the switch so."""
        SwitchItem(
            "SWITCH",
            "OUTREACH",
            paused=position.paused,
            since=position.since.isoformat(timespec="seconds") if position.since else None,
            by=position.by,
            why=position.why,
        ).save()

    def paused(self, now: datetime) -> bool:
        """Say whether all but crisis outreach is paused; what was read up to ten seconds ago counts."""
        # A clock that was moved back counts as the ten seconds gone by.
        if self._kept is None or not timedelta() <= now - self._kept[0] < KEPT_FOR:
            position = self.position()
            self._kept = now, position is not None and position.paused
        return self._kept[1]


@cache
def switch() -> DynamoSwitch:
    """Return this process's switch, which remembers for ten seconds what it read."""
    return DynamoSwitch()
