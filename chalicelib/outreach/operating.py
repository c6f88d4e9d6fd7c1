"""What operators do to outreach as a whole, from the AWS console: pause it and let it go on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How the switch stands: since when, by whom and why. ``paused`` stops all outreach but a crisis's."""

    paused: bool
    since: datetime
    by: str
    why: str


class Switch(Protocol):
    """Stops all outreach but a crisis's, for as long as it is turned."""

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
    present = switch.position()
    if (present.paused if present else False) is paused:
        return present or Position(paused=False, since=now, by=by, why=why), False
    position = Position(paused=paused, since=now, by=by, why=why)
    switch.turn(position)
    return position, True
