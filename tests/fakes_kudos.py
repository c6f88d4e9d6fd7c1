"""A fake per port of kudos."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from chalicelib.milestones.kudos import MOST_A_DAY, Kudos, KudosEnough, State, is_counted


class FakeKudos:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Kudos] = {}
        self.left: dict[tuple[str, str], int] = {}

    def find(self, person_id: str, kudos_id: str) -> Kudos | None:
        return self.kept.get((person_id, kudos_id))

    def of_person(self, person_id: str) -> list[Kudos]:
        return [one for key, one in sorted(self.kept.items()) if key[0] == person_id]

    def save(self, kudos: Kudos, *, before: Kudos | None) -> bool:
        present = self.kept.get((kudos.person_id, kudos.id))
        if (present.version if present else 0) != (before.version if before else 0):
            return False
        on = kudos.at.astimezone(UTC).date()
        if is_counted(kudos, before):
            key = (kudos.sender, on.isoformat())
            if self.left.get(key, 0) >= MOST_A_DAY:
                midnight = datetime.combine(on + timedelta(days=1), time(), UTC)
                raise KudosEnough("that is enough for today", again_at=midnight)
            self.left[key] = self.left.get(key, 0) + 1
        version = (before.version if before else 0) + 1
        self.kept[kudos.person_id, kudos.id] = replace(kudos, version=version)
        return True

    def held(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Kudos], str | None]:
        def place(one: Kudos) -> str:
            return f"{one.at.astimezone(UTC).isoformat(timespec='microseconds')}#{one.person_id}#{one.id}"

        waiting = [one for one in self.kept.values() if one.state is State.HELD and one.programme_id == programme_id]
        found = sorted((one for one in waiting if after is None or place(one) > after), key=place)
        return found[:limit], place(found[limit - 1]) if len(found) > limit else None
