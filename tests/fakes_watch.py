"""A fake per port of what operators see and do."""

from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.enrollment.channels import NO_END
from chalicelib.enrollment.holds import PlacedHold
from chalicelib.outreach.domain import Hold
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


@dataclass
class FakeHolds:
    placed: dict[tuple[str, Hold], PlacedHold] = field(default_factory=dict)
    is_down: bool = False

    def place(self, person_id: str, hold: PlacedHold) -> None:
        self.placed[person_id, hold.kind] = hold

    def extend(self, person_id: str, hold: PlacedHold) -> None:
        present = self.placed.get((person_id, hold.kind))
        if not self.is_down and (present is None or present.until < hold.until):
            self.placed[person_id, hold.kind] = hold

    def settle(self, person_id: str, hold: PlacedHold) -> None:
        present = self.placed.get((person_id, hold.kind))
        if present is not None and present.until == NO_END and present.since <= hold.since:
            self.placed[person_id, hold.kind] = hold

    def lift(self, person_id: str, kind: Hold) -> None:
        self.placed.pop((person_id, kind), None)
