"""A fake per port of outreach and check-ins: the contract suite runs on these and on the real stores."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from chalicelib.checkins.domain import CheckIn
from chalicelib.crisis.domain import Press
from chalicelib.errors import Stale
from chalicelib.flags.domain import CareRules
from chalicelib.outreach.categories import shard_of
from chalicelib.outreach.domain import Channel, Due, Entry, Recipient, Status, Waiting
from chalicelib.outreach.parking import Parked
from chalicelib.outreach.ports import Handed, Letter
from chalicelib.tasks.domain import Task
from tests.fakes_crisis import FakeCrises
from tests.fakes_tasks import FakeTasks

Key = tuple[str, str, date]
Row = tuple[datetime, str, str, date, int]


class Crashed(BaseException):
    """The process dies here. Not an Exception: no code of ours may survive it."""


class Mortal:
    """
    Wraps a port so that the process can die around any of its calls.

    ``moments`` is shared by all ports of a process: call n is moment 2n before it happens, and 2n + 1 after it did.
    """

    def __init__(self, port: object, moments: "Moments") -> None:
        self._port = port
        self._moments = moments

    def __getattr__(self, name: str) -> Callable[..., object]:
        call = getattr(self._port, name)

        def dying(*args: object, **kwargs: object) -> object:
            self._moments.pass_one()
            result = call(*args, **kwargs)
            self._moments.pass_one()
            return result

        return dying


@dataclass
class Moments:
    """Counts the moments at which a process could die, and dies at those in ``fatal``."""

    fatal: frozenset[int] = frozenset()
    passed: int = 0

    def pass_one(self) -> None:
        """Live through one moment, or don't."""
        self.passed += 1
        if self.passed - 1 in self.fatal:
            raise Crashed


class FakeDues:
    def __init__(self) -> None:
        self.rows: dict[Row, Due] = {}
        self.partitions: dict[tuple[datetime, int], dict[Row, Due]] = {}
        self.mark: datetime | None = None

    def put(self, dues: Iterable[Due]) -> None:
        for due in dues:
            self.rows[_row(due)] = due
            self.partitions.setdefault(_partition(due), {})[_row(due)] = due

    def remove(self, dues: Iterable[Due]) -> None:
        for due in dues:
            self.rows.pop(_row(due), None)
            self.partitions.get(_partition(due), {}).pop(_row(due), None)

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
        rows = self.partitions.get((hour, shard), {})
        start = first or hour
        found = [rows[key] for key in sorted(rows) if start <= key[0] < before and (after is None or key > _row(after))]
        return found[:limit]

    def watermark(self) -> datetime | None:
        return self.mark

    def advance(self, hour: datetime) -> None:
        if self.mark is None or self.mark < hour:
            self.mark = hour


class FakeLedger:
    def __init__(self) -> None:
        self.entries: dict[Key, Entry] = {}

    def get(self, person_id: str, kind: str, on: date) -> Entry | None:
        return self.entries.get((person_id, kind, on))

    def of_people(self, keys: Iterable[Key]) -> Iterator[Entry]:
        for key in keys:
            if key in self.entries:
                yield self.entries[key]

    def between(self, person_id: str, first: date, last: date, *, limit: int = 1000) -> list[Entry]:
        found = [
            entry for (person, _, on), entry in self.entries.items() if person == person_id and first <= on <= last
        ]
        return sorted(found, key=lambda entry: (entry.on, entry.kind), reverse=True)[:limit]

    def add(self, entries: Sequence[Entry]) -> list[bool]:
        return [self._if(entry, None, lambda present: present is None) for entry in entries]

    def end(self, entries: Sequence[Entry]) -> list[bool]:
        return [
            self._if(
                entry,
                None,
                lambda present, entry=entry: (  # type: ignore[misc]
                    present is not None and (present.attempt, present.status) == (entry.attempt, Status.CLAIMED)
                ),
            )
            for entry in entries
        ]

    def swap(self, entry: Entry, *, before: Entry) -> bool:
        return self._if(entry, before, _is_still(before))

    def release(self, entry: Entry) -> None:
        if _is_still(entry)(self.entries.get(_key(entry))):
            del self.entries[_key(entry)]

    def received(
        self, person_id: str, kind: str, on: date, *, at: datetime, by_device: bool, channel_id: str | None = None
    ) -> bool:
        present = self.entries.get((person_id, kind, on))
        if present is None or (present.received_at if by_device else present.reported_at):
            return False
        is_its_own = present.channel_id in {None, channel_id} or any(f":{channel_id}:" in way for way in present.ways)
        if by_device and channel_id and not is_its_own:
            return False
        if not by_device and present.status is not Status.CLAIMED:
            return False
        change = {"received_at": at} if by_device else {"reported_at": at}
        self.entries[person_id, kind, on] = replace(present, **change)  # type: ignore[arg-type]
        return True

    def _if(self, entry: Entry, before: Entry | None, test: Callable[[Entry | None], bool]) -> bool:
        del before
        present = self.entries.get(_key(entry))
        if not test(present):
            return False
        if present is not None:
            # What others report is theirs: a sender's own write leaves it as it is.
            entry = replace(entry, received_at=present.received_at, reported_at=present.reported_at)
        self.entries[_key(entry)] = entry
        return True


def _row(due: Due) -> Row:
    return due.at, due.person_id, due.kind, due.on, due.version


def _partition(due: Due) -> tuple[datetime, int]:
    return due.at.replace(minute=0, second=0, microsecond=0), shard_of(due)


def _key(entry: Entry) -> Key:
    return entry.person_id, entry.kind, entry.on


def _is_still(entry: Entry) -> Callable[[Entry | None], bool]:
    return lambda present: present is not None and (present.attempt, present.status) == (entry.attempt, entry.status)


class FakeQueue:
    def __init__(self) -> None:
        self.handed: list[Due] = []
        self.helped: list[tuple[datetime, int, datetime, datetime]] = []
        self.waiting = self.pages_waiting = 0

    def hand_over(self, dues: Sequence[Due], *, now: datetime) -> int:  # noqa: ARG002 (the port's)
        self.handed.extend(dues)
        return len(dues)

    def backlog(self, *, urgent: bool = False) -> int:
        return self.pages_waiting if urgent else self.waiting

    def ask_help(self, hour: datetime, shard: int, *, first: datetime, before: datetime) -> None:
        self.helped.append((hour, shard, first, before))


class FakeParking:
    def __init__(self) -> None:
        self.rows: dict[str, Parked] = {}

    def put(self, parked: Parked) -> None:
        self.rows[parked.due.name] = parked

    def remove(self, due: Due) -> None:
        self.rows.pop(due.name, None)

    def all(self) -> list[Parked]:
        return list(self.rows.values())


class FakeRecipients:
    def __init__(self, *recipients: Recipient) -> None:
        self.people = {recipient.person_id: recipient for recipient in recipients}
        self.gone: list[tuple[str, str]] = []

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:  # noqa: ARG002 (the port's)
        return self.people.get(person_id)

    def load_all(self, person_ids: Iterable[str], *, now: datetime) -> dict[str, Recipient | Exception]:
        found: dict[str, Recipient | Exception] = {}
        for person_id in person_ids:
            try:
                recipient = self.load(person_id, now=now)
            except Exception as error:  # noqa: BLE001 (who can't be read holds up nobody)
                found[person_id] = error
            else:
                found |= {person_id: recipient} if recipient else {}
        return found

    def keep_waiting(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        known = self.people[person_id]
        kept = {(one.on, one.kind): one for one in (*known.waiting, *waiting)}
        self.people[person_id] = replace(known, waiting=tuple(kept[key] for key in sorted(kept)))

    def told(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        gone = {(one.on, one.kind) for one in waiting}
        known = self.people[person_id]
        kept = tuple(one for one in known.waiting if (one.on, one.kind) not in gone)
        self.people[person_id] = replace(known, waiting=kept)

    def channel_is_gone(
        self,
        person_id: str,
        channel_id: str,
        *,
        why: str,  # noqa: ARG002 (the port's)
        now: datetime,  # noqa: ARG002 (the port's)
        revision: int | None = None,  # noqa: ARG002 (the port's)
    ) -> None:
        self.gone.append((person_id, channel_id))
        known = self.people[person_id]
        channels = tuple(
            replace(channel, usable=channel.usable and channel.id != channel_id) for channel in known.channels
        )
        self.people[person_id] = replace(known, channels=channels)


@dataclass
class FakeSender:
    """Takes every message; ``refusals`` are raised first, in order. ``report`` is told of each, as SES events are."""

    sent: list[tuple[str, str]] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)
    refusals: list[Exception] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    report: Callable[[Entry], object] = lambda entry: None  # noqa: ARG005

    def compose(self, entry: Entry, recipient: Recipient, channel: Channel, *, closes_at: datetime) -> Letter:  # noqa: ARG002
        if self.faults:
            raise self.faults.pop(0)
        return Letter(entry=entry, channel=channel, template="check_in.1", content=recipient.first_name)

    def send(self, letter: Letter) -> Handed:
        if self.refusals:
            raise self.refusals.pop(0)
        self.sent.append((letter.entry.name, letter.channel.id))
        self.letters.append(letter)
        self.report(letter.entry)
        return Handed(provider_id=f"m{len(self.sent)}")


class FakeCheckIns:
    def __init__(self, tasks: FakeTasks | None = None, crises: FakeCrises | None = None) -> None:
        self.tasks = tasks or FakeTasks()
        self.crises = crises or FakeCrises(self.tasks)
        self.found: dict[tuple[str, date, str], CheckIn] = {}

    def get(self, person_id: str, on: date, form: str) -> CheckIn:
        return self.found.get((person_id, on, form), CheckIn(person_id=person_id, on=on, form=form))

    def of_people(self, keys: Iterable[tuple[str, date]], form: str) -> Iterator[CheckIn]:
        for person_id, on in keys:
            if (person_id, on, form) in self.found:
                yield self.found[person_id, on, form]

    def between(self, person_id: str, first: date, last: date) -> list[CheckIn]:
        return [self.found[key] for key in sorted(self.found) if key[0] == person_id and first <= key[1] <= last]

    def noted_on(self, person_id: str, first: date, last: date) -> frozenset[date]:
        return frozenset(one.on for one in self.between(person_id, first, last))

    def save(self, check_in: CheckIn, flags: Sequence[Task] = (), call: Press | None = None) -> bool:
        key = (check_in.person_id, check_in.on, check_in.form)
        present = self.found.get(key)
        if (present.version if present else 0) != check_in.version:
            return False
        if any(self.tasks.find(flag.person_id, flag.id) for flag in flags):
            return False
        for flag in flags:
            self.tasks.open(flag)
        if call is not None:
            assert self.crises.keep(call)
        self.found[key] = replace(check_in, version=check_in.version + 1)
        return True


class FakeCareRules:
    def __init__(self, *care: CareRules) -> None:
        self.kept = {one.programme_id: one for one in care}

    def of(self, programme_id: str) -> CareRules:
        return self.kept.get(programme_id, CareRules(programme_id=programme_id))

    def save(self, care: CareRules) -> None:
        if self.of(care.programme_id).version != care.version - 1:
            raise Stale("the rules were changed meanwhile")
        self.kept[care.programme_id] = care
