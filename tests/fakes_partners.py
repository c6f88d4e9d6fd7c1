"""A fake per port of the partners' slice."""

from dataclasses import replace

from chalicelib.partners.domain import Pair, Side


class FakePairs:
    def __init__(self, *pairs: Pair) -> None:
        self.kept: dict[tuple[Side, Side], Pair] = {pair.sides: pair for pair in pairs}

    def of(self, side: Side) -> list[Pair]:
        return [pair for sides, pair in sorted(self.kept.items()) if side in sides]

    def find(self, side: Side, other: Side) -> Pair | None:
        one, another = sorted((side, other))
        return self.kept.get((one, another))

    def save(self, pair: Pair) -> bool:
        present = self.kept.get(pair.sides)
        if (present.version if present else 0) != pair.version:
            return False
        self.kept[pair.sides] = replace(pair, version=pair.version + 1)
        return True
