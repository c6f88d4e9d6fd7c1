"""People and the ways out to them: what enrolment's store and the providers would do, call by call."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from random import Random

from chalicelib.outreach.domain import Channel, ChannelKind, Entry, Recipient, Waiting
from chalicelib.outreach.ports import Handed, Letter, NotAccepted, Refused
from tests.simulation.facts import Facts, Taken, carried, name_of
from tests.simulation.kernel import Kernel, Process
from tests.simulation.weather import Edges

UPDATES = "updates"


class SimPeople:
    """Implements ``ports.Recipients`` and ``ports.Suppressions``: a person is their latest state, read as it is now."""

    def __init__(self, edges: Edges, kernel: Kernel, facts: Facts) -> None:
        self._edges = edges
        self._kernel = kernel
        self._lives = facts.lives
        self.waiting: dict[str, dict[tuple[str, date], Waiting]] = {}

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:  # noqa: ARG002 (the port's)
        return self._edges.call("people", "load", lambda: self._read(person_id), about=person_id)

    def load_all(self, person_ids: Iterable[str], *, now: datetime) -> dict[str, Recipient | Exception]:  # noqa: ARG002
        wanted = list(person_ids)
        if not wanted:
            return {}

        def read() -> dict[str, Recipient | Exception]:
            return {person_id: found for person_id in wanted if (found := self._read(person_id))}

        return self._edges.call("people", "load_all", read, about=wanted)

    def _read(self, person_id: str) -> Recipient | None:
        life = self._lives.get(person_id)
        if life is None:
            return None
        self._kernel.process.read[person_id] = (self._kernel.now, len(life.states) - 1)
        state = life.states[-1]
        waiting = self.waiting.get(person_id)
        return replace(state, waiting=tuple(waiting.values())) if waiting else state

    def keep_waiting(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        kept = list(waiting)

        def write() -> None:
            self.waiting.setdefault(person_id, {}).update({(one.kind, one.on): one for one in kept})

        self._edges.call("people", "keep_waiting", write, about=person_id)

    def told(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        gone = list(waiting)

        def write() -> None:
            present = self.waiting.get(person_id, {})
            for one in gone:
                present.pop((one.kind, one.on), None)
            if not present:
                self.waiting.pop(person_id, None)

        self._edges.call("people", "told", write, about=person_id)

    def channel_is_gone(
        self,
        person_id: str,
        channel_id: str,
        *,
        why: str,  # noqa: ARG002 (the port's)
        now: datetime,  # noqa: ARG002 (the port's)
        revision: int | None = None,
    ) -> None:
        self._edges.call(
            "people", "channel_is_gone", lambda: self._give_up(person_id, channel_id, revision), about=person_id
        )

    def _give_up(self, person_id: str, channel_id: str, revision: int | None) -> None:
        life = self._lives[person_id]
        state = life.states[-1]
        channels = tuple(
            replace(one, usable=False) if one.id == channel_id and revision in {None, one.revision} else one
            for one in state.channels
        )
        if channels != state.channels:
            life.now_is(self._kernel.now, replace(state, channels=channels))


@dataclass(slots=True)
class Providers:
    """What SES, push services and SNS know that we don't: which addresses are dead or unwelcome."""

    dead: set[str] = field(default_factory=set)
    unwelcome: set[str] = field(default_factory=set)


class SimSender:
    """Implements ``ports.Sender`` for one kind of channel; ``report`` hears of every message that was really taken."""

    def __init__(
        self,
        kind: ChannelKind,
        *,
        edges: Edges,
        kernel: Kernel,
        random: Random,
        facts: Facts,
        providers: Providers,
        report: Callable[[Taken], object],
    ) -> None:
        self._kind = kind
        self._port = kind.value
        self._edges = edges
        self._kernel = kernel
        self._random = random
        self._facts = facts
        self._providers = providers
        self._report = report

    def compose(self, entry: Entry, recipient: Recipient, channel: Channel, *, closes_at: datetime) -> Letter:  # noqa: ARG002
        tells = carried(entry)
        if not entry.kind.startswith(UPDATES):
            tells = (name_of(entry), *tells)
        return Letter(entry=entry, channel=channel, template="simulated.1", content=tells)

    def send(self, letter: Letter) -> Handed:
        process = self._kernel.process
        read = process.read[letter.entry.person_id]

        def take() -> Taken:
            if letter.channel.address in self._providers.dead:
                raise Refused(gone=True)
            if letter.channel.address in self._providers.unwelcome:
                raise Refused(gone=False)
            return self._take(letter, process, read)

        taken = self._edges.call(
            self._port,
            "send",
            take,
            takes=0.04,
            refuse=NotAccepted,
            late=lambda: self._late(letter, process, read),
            about=letter.entry,
        )
        taken.heard = True
        return Handed(provider_id=f"{self._port}-{len(self._facts.taken)}")

    def _take(self, letter: Letter, process: Process, read: tuple[float, int]) -> Taken:
        person = letter.entry.person_id
        taken = Taken(
            at=self._kernel.now,
            person=person,
            name=name_of(letter.entry),
            tells=letter.content,
            channel=letter.channel,
            attempt=letter.entry.attempt,
            process=process.number,
            started=process.started,
            read=read,
        )
        self._facts.taken.append(taken)
        self._report(taken)
        return taken

    def _late(self, letter: Letter, process: Process, read: tuple[float, int]) -> None:
        """Take it although the sender has given up waiting."""
        known = self._providers
        if letter.channel.address not in known.dead | known.unwelcome:
            self._take(letter, process, read)
