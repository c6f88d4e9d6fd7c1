"""A fake per port of what operators see and do."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.outreach.operating import Position


@dataclass
class FakeSwitch:
    stands: Position | None = None

    def position(self) -> Position | None:
        return self.stands

    def turn(self, position: Position) -> None:
        self.stands = position

    def paused(self, now: datetime) -> bool:
        del now
        return self.stands is not None and self.stands.paused
