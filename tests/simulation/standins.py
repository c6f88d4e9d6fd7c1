"""In-memory stand-ins of outreach's ports: what the table, the people and the providers would do, call by call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from random import Random

from chalicelib.outreach.categories import shard_of
from chalicelib.outreach.domain import Due, Entry, Status
from tests.simulation.facts import Facts, Name, Written, name_of
from tests.simulation.kernel import Kernel
from tests.simulation.weather import Edges, Weather

OPEN = frozenset({Status.CLAIMED, Status.WAITING})

Key = tuple[datetime, str, str, date, int]
Partition = tuple[datetime, int]

EMPTY_LOOKS = 8
"""Of so many looks at empty partitions, one takes time and may meet with a fault."""

STALE_BY = 1.0
"""How old a read that isn't strongly consistent may be, in seconds."""


def hour_of(instant: datetime) -> datetime:
    """Return the whole hour that an instant is in."""
    return instant.replace(minute=0, second=0, microsecond=0)


def _key(due: Due) -> Key:
    return due.at, due.person_id, due.kind, due.on, due.version


class DueRows:
    """Due rows as a table keeps them: by hour and shard, in the order of their instants."""

    def __init__(self) -> None:
        self.rows: dict[Partition, dict[Key, tuple[Due, float]]] = {}
        self.removed: dict[Partition, list[tuple[Due, float, float]]] = {}
        self.mark: datetime | None = None

    def put(self, due: Due, now: float) -> None:
        """Store a row over whatever had its key."""
        if due.at.microsecond:
            # Keys are written to the second (outreach/store.py).
            due = replace(due, at=due.at.replace(microsecond=0))
        partition = self.rows.setdefault((hour_of(due.at), shard_of(due)), {})
        key = _key(due)
        before = partition.get(key)
        partition[key] = (due, before[1] if before else now)

    def remove(self, due: Due, now: float) -> None:
        """Let a row go."""
        where = hour_of(due.at), shard_of(due)
        partition = self.rows.get(where)
        if partition is None:
            return
        found = partition.pop(_key(replace(due, at=due.at.replace(microsecond=0))), None)
        if found:
            gone = [one for one in self.removed.get(where, ()) if one[2] >= now - STALE_BY]
            self.removed[where] = [*gone, (found[0], found[1], now)]
        if not partition:
            del self.rows[where]

    def waiting(self, where: Partition, before: datetime, as_of: float | None) -> list[Due]:
        """Return what waits, in the order of its keys; as it was a moment ago where ``as_of`` is given."""
        partition = self.rows.get(where)
        if as_of is None:
            if not partition:
                return []
            found = [due for due, _ in partition.values() if due.at < before]
        else:
            found = [due for due, put_at in (partition or {}).values() if due.at < before and put_at <= as_of]
            found += [
                due
                for due, put_at, removed_at in self.removed.get(where, ())
                if due.at < before and put_at <= as_of < removed_at
            ]
        if len(found) > 1:
            found.sort(key=_key)
        return found

    def forgets(self, where: Partition, now: float) -> bool:
        """Say whether no read, however old, can still see a row that was removed here."""
        gone = self.removed.get(where)
        if gone is None:
            return True
        if gone[-1][2] < now - STALE_BY:
            del self.removed[where]
            return True
        return False

    def all(self) -> Iterator[Due]:
        """Give every row."""
        for partition in self.rows.values():
            for due, _ in partition.values():
                yield due


class SimDues:
    """Implements ``ports.Dues`` over rows in memory, with faults."""

    def __init__(self, rows: DueRows, edges: Edges, kernel: Kernel, random: Random, weather: Weather) -> None:
        self._rows = rows
        self._edges = edges
        self._kernel = kernel
        self._random = random
        self._stale = weather.stale
        self._looks = 0

    def put(self, dues: Iterable[Due]) -> None:
        all_of_them = list(dues)
        if all_of_them:
            self._edges.call(
                "dues",
                "put",
                lambda: self._put(all_of_them),
                partly=self._some(all_of_them, self._put),
                about=all_of_them,
            )

    def remove(self, dues: Iterable[Due]) -> None:
        all_of_them = list(dues)
        if all_of_them:
            self._edges.call(
                "dues",
                "remove",
                lambda: self._remove(all_of_them),
                partly=self._some(all_of_them, self._remove),
                about=all_of_them,
            )

    def waiting(
        self,
        hour: datetime,
        shard: int,
        *,
        before: datetime,
        limit: int,
        first: datetime | None = None,
        after: Due | None = None,
    ) -> list[Due]:
        where = hour, shard
        rows = self._rows
        if where not in rows.rows and rows.forgets(where, self._kernel.now):
            # Most looks are at partitions that hold nothing: a few of them are enough for faults to strike.
            self._looks += 1
            if self._looks % EMPTY_LOOKS:
                return []
        return self._edges.call("dues", "waiting", lambda: self._look(where, before, limit, first, after), takes=0.003)

    def _look(
        self, where: Partition, before: datetime, limit: int, first: datetime | None, after: Due | None
    ) -> list[Due]:
        stale = self._stale and self._random.random() < self._stale
        as_of = self._kernel.now - self._random.random() * STALE_BY if stale else None
        found = self._rows.waiting(where, before, as_of)
        if first is not None:
            found = [due for due in found if due.at >= first]
        if after is not None:
            found = [due for due in found if _key(due) > _key(after)]
        return found[:limit]

    def watermark(self) -> datetime | None:
        return self._edges.call("dues", "watermark", lambda: self._rows.mark)

    def advance(self, hour: datetime) -> None:
        def write() -> None:
            if self._rows.mark is None or self._rows.mark < hour:
                self._rows.mark = hour

        self._edges.call("dues", "advance", write)

    def _put(self, dues: list[Due]) -> None:
        for due in dues:
            self._rows.put(due, self._kernel.now)

    def _remove(self, dues: list[Due]) -> None:
        for due in dues:
            self._rows.remove(due, self._kernel.now)

    @staticmethod
    def _some(dues: list[Due], do: Callable[[list[Due]], None]) -> Callable[[Random], None]:
        return lambda random: do([due for due in dues if random.random() < 0.5])


def _with_reports_of(present: Entry, entry: Entry) -> Entry:
    # The table's writes set what an entry says; reports are attributes of their own, and stay.
    if (present.received_at, present.reported_at) == (None, None):
        return entry
    return replace(entry, received_at=present.received_at or entry.received_at, reported_at=present.reported_at)


def _to_the_second(entry: Entry) -> Entry:
    # Instants are written to the second (outreach/store.py).
    return replace(
        entry,
        claimed_at=entry.claimed_at.replace(microsecond=0),
        ended_at=entry.ended_at and entry.ended_at.replace(microsecond=0),
        received_at=entry.received_at and entry.received_at.replace(microsecond=0),
        reported_at=entry.reported_at and entry.reported_at.replace(microsecond=0),
    )


class SimLedger:
    """Implements ``ports.Ledger`` over a dictionary, with the conditions of the table's writes, and with faults."""

    def __init__(self, edges: Edges, kernel: Kernel, facts: Facts) -> None:
        self._edges = edges
        self._kernel = kernel
        self._facts = facts
        self.entries = facts.ledger
        self.open: dict[Name, Entry] = {}
        self._of_person: dict[str, list[Name]] = {}

    def get(self, person_id: str, kind: str, on: date) -> Entry | None:
        return self._edges.call(
            "ledger", "get", lambda: self.entries.get((person_id, kind, on)), about=(person_id, kind, on)
        )

    def of_people(self, keys: Iterable[Name]) -> Iterator[Entry]:
        wanted = list(keys)
        found = self._edges.call(
            "ledger", "of_people", lambda: [self.entries[key] for key in wanted if key in self.entries]
        )
        yield from found

    def between(self, person_id: str, first: date, last: date, *, limit: int = 1000) -> list[Entry]:
        def look() -> list[Entry]:
            theirs = self._of_person.get(person_id, ())
            names = {name for name in theirs if first <= name[2] <= last and name in self.entries}
            return sorted((self.entries[name] for name in names), key=lambda one: (one.on, one.kind), reverse=True)[
                :limit
            ]

        return self._edges.call("ledger", "between", look)

    def add(self, entries: Sequence[Entry]) -> list[bool]:
        adding = list(entries)
        return self._edges.call(
            "ledger",
            "add",
            lambda: self._add(adding),
            partly=lambda random: self._add([entry for entry in adding if random.random() < 0.5]),
            ghost=lambda: [False for _ in self._add(adding)],
            about=adding,
        )

    def end(self, entries: Sequence[Entry]) -> list[bool]:
        ending = list(entries)
        return self._edges.call(
            "ledger",
            "end",
            lambda: self._end(ending),
            partly=lambda random: self._end([entry for entry in ending if random.random() < 0.5]),
            ghost=lambda: [False for _ in self._end(ending)],
            about=ending,
        )

    def swap(self, entry: Entry, *, before: Entry) -> bool:
        def write() -> bool:
            present = self.entries.get(name_of(entry))
            if present is None or (present.status, present.attempt) != (before.status, before.attempt):
                return False
            self._store("swap", _with_reports_of(present, entry))
            return True

        return self._edges.call("ledger", "swap", write, ghost=lambda: write() and False, about=entry)

    def release(self, entry: Entry) -> None:
        def write() -> None:
            name = name_of(entry)
            present = self.entries.get(name)
            if present and (present.attempt, present.status) == (entry.attempt, entry.status):
                del self.entries[name]
                self.open.pop(name, None)
                self._note("release", name, None)

        self._edges.call("ledger", "release", write, about=entry)

    def received(
        self, person_id: str, kind: str, on: date, *, at: datetime, by_device: bool, channel_id: str | None = None
    ) -> bool:
        def write() -> bool:
            present = self.entries.get((person_id, kind, on))
            if present is None:
                return False
            if by_device:
                is_its_own = present.channel_id in {None, channel_id} or any(
                    f":{channel_id}:" in way for way in present.ways
                )
                if present.received_at is not None or not is_its_own:
                    return False
                self._store("received", replace(present, received_at=at))
                return True
            if present.status is not Status.CLAIMED:
                return False
            self._store("reported", replace(present, reported_at=at))
            return True

        about = person_id, kind, on
        return self._edges.call("ledger", "received", write, ghost=lambda: write() and False, about=about)

    def _add(self, entries: list[Entry]) -> list[bool]:
        added = []
        for entry in entries:
            is_new = name_of(entry) not in self.entries
            if is_new:
                self._store("add", entry)
            added.append(is_new)
        return added

    def _end(self, entries: list[Entry]) -> list[bool]:
        ended = []
        for entry in entries:
            present = self.entries.get(name_of(entry))
            ours = False
            if present is not None and present.attempt == entry.attempt and present.status is Status.CLAIMED:
                ours = True
                self._store("end", _with_reports_of(present, entry))
            ended.append(ours)
        return ended

    def _store(self, how: str, entry: Entry) -> None:
        name = name_of(entry)
        entry = _to_the_second(entry)
        if how == "add":
            self._of_person.setdefault(name[0], []).append(name)
        self.entries[name] = entry
        if entry.status in OPEN:
            self.open[name] = entry
        else:
            self.open.pop(name, None)
        self._note(how, name, entry)

    def _note(self, how: str, name: Name, entry: Entry | None) -> None:
        process = self._kernel.process
        self._facts.written.append(
            Written(
                at=self._kernel.now,
                how=how,
                name=name,
                entry=entry,
                process=process.number,
                started=process.started,
                read=process.read.get(name[0]),
            )
        )
