"""A fake per port of outreach and check-ins: the contract suite runs on these and on the real stores."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from chalicelib.checkins.domain import CheckIn, HelpRequest
from chalicelib.outreach.domain import Channel, Due, Entry, Recipient, Status
from chalicelib.outreach.ports import Handed

Key = tuple[str, str, date]


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
        self.rows: dict[tuple[datetime, str, str, int], Due] = {}
        self.mark: datetime | None = None

    def put(self, due: Due) -> None:
        self.rows[due.at, due.person_id, due.kind, due.version] = due

    def remove(self, due: Due) -> None:
        self.rows.pop((due.at, due.person_id, due.kind, due.version), None)

    def waiting(self, hour: datetime, *, before: datetime) -> Iterator[Due]:
        for at, *_ in sorted(self.rows):
            if at.replace(minute=0, second=0, microsecond=0) == hour and at < before:
                yield from [due for due in list(self.rows.values()) if due.at == at]

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

    def add(self, entry: Entry) -> bool:
        key = (entry.person_id, entry.kind, entry.on)
        if key in self.entries:
            return False
        self.entries[key] = entry
        return True

    def replace(self, entry: Entry, *, attempt: int) -> bool:
        key = (entry.person_id, entry.kind, entry.on)
        present = self.entries.get(key)
        if present is None or present.attempt != attempt or present.status is not Status.CLAIMED:
            return False
        self.entries[key] = entry
        return True

    def release(self, entry: Entry) -> None:
        key = (entry.person_id, entry.kind, entry.on)
        present = self.entries.get(key)
        if present and present.attempt == entry.attempt and present.status is Status.CLAIMED:
            del self.entries[key]

    def received(self, person_id: str, kind: str, on: date, *, at: datetime) -> bool:
        present = self.entries.get((person_id, kind, on))
        if present is None or present.status is not Status.CLAIMED:
            return False
        self.entries[person_id, kind, on] = replace(present, status=Status.SENT, ended_at=at)
        return True


class FakeQueue:
    def __init__(self) -> None:
        self.handed: list[Due] = []

    def hand_over(self, dues: list[Due], *, now: datetime) -> int:  # noqa: ARG002 (the port's)
        self.handed.extend(dues)
        return len(dues)


class FakeRecipients:
    def __init__(self, *recipients: Recipient) -> None:
        self.people = {recipient.person_id: recipient for recipient in recipients}
        self.gone: list[tuple[str, str]] = []

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:  # noqa: ARG002 (the port's)
        return self.people.get(person_id)

    def channel_is_gone(self, person_id: str, channel_id: str, *, why: str, now: datetime) -> None:  # noqa: ARG002
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
    refusals: list[Exception] = field(default_factory=list)
    report: Callable[[Entry], object] = lambda entry: None  # noqa: ARG005

    def send(self, entry: Entry, recipient: Recipient, channel: Channel, *, closes_at: datetime) -> Handed:  # noqa: ARG002
        if self.refusals:
            raise self.refusals.pop(0)
        self.sent.append((entry.name, channel.id))
        self.report(entry)
        return Handed(provider_id=f"m{len(self.sent)}", template="check_in.1")


class FakeCheckIns:
    def __init__(self) -> None:
        self.found: dict[tuple[str, date], CheckIn] = {}

    def get(self, person_id: str, on: date) -> CheckIn:
        return self.found.get((person_id, on), CheckIn(person_id=person_id, on=on))

    def of_people(self, keys: Iterable[tuple[str, date]]) -> Iterator[CheckIn]:
        for key in keys:
            if key in self.found:
                yield self.found[key]

    def save(self, check_in: CheckIn) -> bool:
        key = (check_in.person_id, check_in.on)
        present = self.found.get(key)
        if (present.version if present else 0) != check_in.version:
            return False
        self.found[key] = replace(check_in, version=check_in.version + 1)
        return True


class FakeHelpRequests:
    def __init__(self) -> None:
        self.requests: dict[tuple[str, str], HelpRequest] = {}

    def add(self, request: HelpRequest) -> None:
        self.requests.setdefault((request.programme_id, request.id), request)

    def of_programme(self, programme_id: str, *, since: datetime) -> Iterator[HelpRequest]:
        found = [request for request in self.requests.values() if request.programme_id == programme_id]
        for request in sorted(found, key=lambda request: request.at, reverse=True):
            if request.at >= since:
                yield request
