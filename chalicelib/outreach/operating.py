"""What operators do to outreach as a whole, from the AWS console: pause it and let it go on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How the switch stands: since when (None: ever), by whom and why. ``paused`` stops all but crisis outreach."""

    paused: bool
    since: datetime | None
    by: str
    why: str


NEVER_TURNED = Position(paused=False, since=None, by="", why="")


class Switch(Protocol):
    """Stops all outreach but a crisis's, for as long as it is turned so."""

    def position(self) -> Position | None:
        """Return how it stands now; None if it was never turned."""
        ...

    def turn(self, position: Position) -> None:
        """Put it so."""
        ...


def turn(switch: Switch, *, paused: bool, by: str, why: str, now: datetime) -> tuple[Position, bool]:
    """
    Pause outreach, or let it go on; return how the switch stands, and whether that is new.

    Pausing twice keeps who paused it first, and since when: that is what the alarm and the next operator need to know.
    """
    present = switch.position() or NEVER_TURNED
    if present.paused is paused:
        return present, False
    position = Position(paused=paused, since=now, by=by, why=why)
    switch.turn(position)
    return position, True
