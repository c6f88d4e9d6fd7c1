"""
``make meeting``: a meeting of many alumni, called off half an hour before, over two days of faults; who got what.

The real look, fan-out and delivery over stand-ins in memory. Any call may be throttled, or be the last of its process,
before or after it did what it was to do. What each person should get is worked out here from their story alone.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any

from chalicelib.groups import belonging, ringing, service
from chalicelib.groups.answering import answer_meeting
from chalicelib.groups.bells import Sort, about_of
from chalicelib.groups.domain import Group, Kind, Said, Tell
from chalicelib.groups.series import Cause, Meeting, Part
from chalicelib.outreach import fanning
from chalicelib.outreach.delivering import deliver
from chalicelib.outreach.domain import Channel, ChannelKind, Due, Entry, Reason, Recipient, Standing, Status
from chalicelib.outreach.kinds import MEETING
from chalicelib.outreach.ports import Handed, Letter, Means, NotAccepted
from chalicelib.outreach.recurrence import Recurrence
from tests.build import a_device, a_recipient, an_email
from tests.fakes import FakeDues, FakeLedger, FakeRecipients
from tests.fakes_groups import FakeBells, FakeGroups, FakeLooks, FakeMembers

START = datetime(2026, 12, 3, 23, tzinfo=UTC)
"""Thursday at six in New York."""

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
BATCH = 10


class Died(BaseException):
    """The process ends here. Not an Exception: no code of ours may survive it."""


class Throttled(Exception):
    """The store has no room just now, and did nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How likely a call is refused, and how likely its process ends before it, or after it."""

    throttled: float = 0.01
    dies_before: float = 0.003
    dies_after: float = 0.003
    not_accepted: float = 0.02


CALM = Weather(throttled=0, dies_before=0, dies_after=0, not_accepted=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What somebody is like, and what they do. Hours are before the start; None: never."""

    name: str
    tell: frozenset[Tell] = frozenset({Tell.DAY, Tell.HOUR})
    joins: float = 100
    leaves: float | None = None
    says: tuple[tuple[float, Said], ...] = ()
    opts_out: bool = False
    revokes: float | None = None
    reachable: bool = True
    zone: str = "America/New_York"
    language: str = "en"
    has_app: bool = False


ALL = frozenset(Tell)
STORIES: tuple[tuple[int, Story], ...] = (
    (40, Story(name="told 24 h and 1 h before")),
    (8, Story(name="wants all three", tell=ALL, has_app=True)),
    (6, Story(name="in Los Angeles, in Spanish", zone="America/Los_Angeles", language="es")),
    (4, Story(name="only 1 h before", tell=frozenset({Tell.HOUR}), zone="America/Phoenix")),
    (4, Story(name="only “starting now”", tell=frozenset({Tell.NOW}))),
    (3, Story(name="no reminders", tell=frozenset())),
    (7, Story(name="says yes", says=((20, Said.YES),))),
    (6, Story(name="says no when told", says=((20, Said.NO),))),
    (2, Story(name="says no before told", says=((60, Said.NO),))),
    (2, Story(name="says maybe, then no", says=((60, Said.MAYBE), (20, Said.NO)))),
    (2, Story(name="says no, then yes", says=((60, Said.NO), (5, Said.YES)))),
    (4, Story(name="switched meetings off", opts_out=True)),
    (2, Story(name="never agreed to be contacted", revokes=100)),
    (2, Story(name="takes consent back between", revokes=12)),
    (2, Story(name="has no address that works", reachable=False)),
    (2, Story(name="joins 5 h before", joins=5)),
    (1, Story(name="joins after it is called off", joins=0.4)),
    (2, Story(name="leaves 12 h before", leaves=12)),
    (1, Story(name="leaves 45 minutes before", leaves=0.75, tell=ALL)),
)
"""Of a hundred people so many live each story."""


def expected(story: Story, *, off: float | None) -> set[Sort]:
    """Return what somebody should get, by their story; ``off``: when it is called off, in hours before; None: never."""
    if story.opts_out or not story.reachable:
        return set()

    def there(hours: float) -> bool:
        left = story.leaves is not None and story.leaves > hours
        gone = story.revokes is not None and story.revokes > hours
        return story.joins > hours and not left and not gone

    def last(hours: float) -> Said | None:
        return next((said for at, said in reversed(story.says) if at > hours), None)

    got = set()
    for sort, tell, hours in ((Sort.DAY, Tell.DAY, 24.0), (Sort.HOUR, Tell.HOUR, 1.0), (Sort.NOW, Tell.NOW, 2 / 60)):
        begun = hours + 10 / 60
        if (
            tell in story.tell
            and there(hours)
            and story.joins > begun
            and last(hours) is not Said.NO
            and hours > (off or 0)
        ):
            got.add(sort)
    counted_on = any(said is not Said.NO for _, said in story.says)
    if off is not None and there(off) and (last(off) is not Said.NO or counted_on or got):
        got.add(Sort.CANCELLED)
    return got


@dataclass
class Provider:
    """Takes messages; what it took, it reports, also for a sender that died."""

    ledger: FakeLedger
    storm: Storm
    now: Callable[[], datetime]
    sent: list[tuple[datetime, str, str]] = field(default_factory=list)

    def compose(self, entry: Entry, recipient: Recipient, channel: Channel, *, closes_at: datetime) -> Letter:
        assert recipient.moment is not None
        assert closes_at > self.now()
        return Letter(entry=entry, channel=channel, template=f"{recipient.language}", content=recipient.moment.at)

    def send(self, letter: Letter) -> Handed:
        if self.storm.random.random() < self.storm.weather.not_accepted:
            raise NotAccepted
        entry = letter.entry
        self.sent.append((self.now(), entry.person_id, entry.kind))
        self.ledger.received(
            entry.person_id,
            entry.kind,
            entry.on,
            at=self.now(),
            by_device=letter.channel.kind is ChannelKind.PUSH,
            channel_id=letter.channel.id,
        )
        self.storm.may_die()
        return Handed(provider_id=f"m{len(self.sent)}")


@dataclass
class Storm:
    """Throws faults around calls, by chance that can be repeated."""

    random: Random
    weather: Weather
    throttled: int = 0
    died: int = 0

    def may_die(self) -> None:
        if self.random.random() < self.weather.dies_after:
            self.died += 1
            raise Died

    def over(self, port: object) -> Any:
        return _Stormy(port, self)


class _Stormy:
    def __init__(self, port: object, storm: Storm) -> None:
        self._port, self._storm = port, storm

    def __getattr__(self, name: str) -> Callable[..., object]:
        call, storm = getattr(self._port, name), self._storm

        def stormy(*args: object, **kwargs: object) -> object:
            drawn = storm.random.random()
            if drawn < storm.weather.throttled:
                storm.throttled += 1
                raise Throttled
            if drawn < storm.weather.throttled + storm.weather.dies_before:
                storm.died += 1
                raise Died
            result = call(*args, **kwargs)
            storm.may_die()
            return result

        return stormy


class Queue:
    """A queue that brings what it was given, sometimes twice, until its page is done."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, int]] = []

    def put(self, bell_id: str, page: int, /) -> None:
        self.messages.append((bell_id, page))


class World:
    """A group, its members with their stories, and all that runs for them, minute by minute."""

    def __init__(self, people: int, *, seed: int = 1, weather: Weather | None = None, off: float | None = 0.5) -> None:
        self.random = Random(seed)
        self.storm = Storm(random=Random(seed + 1), weather=Weather() if weather is None else weather)
        self.off = off
        self.looks = FakeLooks()
        self.groups, self.members, self.bells = FakeGroups(looks=self.looks), FakeMembers(), FakeBells()
        self.queue, self.dues, self.ledger = Queue(), FakeDues(), FakeLedger()
        self.now = START - 100 * HOUR
        self.provider = Provider(ledger=self.ledger, storm=self.storm, now=lambda: self.now)
        self.stories = self._stories(people)
        self.recipients = FakeRecipients(*(self._recipient(one, story) for one, story in self.stories.items()))
        self.group = self.groups.add(_group())
        part = Part(
            when=Recurrence(
                at=time(18), rule="FREQ=WEEKLY;BYDAY=TH", zone="America/New_York", starts_on=date(2026, 12, 3)
            ),
            lasts=HOUR,
            link="https://video.example/room",
            set_at=self.now,
        )
        self.series = service.add_series(
            self.group, part, by="fay", now=self.now, groups=self.groups, new_id=lambda: "5e" * 16
        )
        self.events = sorted(self._events(), key=lambda event: event[0])

    @staticmethod
    def _stories(people: int) -> dict[str, Story]:
        whole = [story for number, story in STORIES for _ in range(number)]
        # Mixed, so that each page holds all sorts.
        return {f"{number:032x}": whole[number * 37 % len(whole)] for number in range(people)}

    @staticmethod
    def _recipient(person_id: str, story: Story) -> Recipient:
        consents = {"contact_email", "contact_push"} | (set() if story.revokes == story.joins else {"alumni_contact"})
        channels = (an_email(usable=story.reachable), *((a_device(),) if story.has_app else ()))
        known = a_recipient(
            person=person_id,
            zone=story.zone,
            standing=Standing.ALUMNI,
            consents=frozenset(consents),
            channels=channels,
            language=story.language,
        )
        opt_outs: frozenset[tuple[str, ChannelKind | None]] = frozenset({(MEETING, None)} if story.opts_out else ())
        return replace(known, opt_outs=opt_outs, schedules=())

    def _events(self) -> list[tuple[datetime, str, Callable[[], object]]]:
        found: list[tuple[datetime, str, Callable[[], object]]] = []
        for one, story in self.stories.items():
            found.append((_before(story.joins), one, partial(self._join, one, story)))
            found += [(_before(at), one, partial(self._answer, one, said)) for at, said in story.says]
            if story.leaves is not None:
                at = _before(story.leaves)
                found.append((at, one, partial(self.members.leave, self.group.id, one, at=at)))
            if story.revokes is not None:
                found.append((_before(story.revokes), one, partial(self._revoke, one)))
        if self.off is not None:
            found.append((_before(self.off), "", self._call_off))
        return found

    @property
    def meeting(self) -> Meeting:
        found = self.groups.all_series[self.series.id].meeting(date(2026, 12, 3))
        assert found
        return found

    def _join(self, one: str, story: Story) -> None:
        belonging.join(self.group, one, by="staff", now=self.now, members=self.members)
        belonging.choose(self.group.id, one, story.tell, members=self.members)

    def _answer(self, one: str, said: Said) -> None:
        answer_meeting(self.meeting, one, said, now=self.now, members=self.members)

    def _revoke(self, one: str) -> None:
        known = self.recipients.people[one]
        self.recipients.people[one] = replace(known, consents=known.consents - {"alumni_contact"})

    def _call_off(self) -> None:
        series = self.groups.all_series[self.series.id]
        service.call_off(series, [date(2026, 12, 3)], Cause.FACILITATOR, now=self.now, groups=self.groups)

    def run(self, until: datetime = START + 2 * HOUR) -> None:
        """Let time pass."""
        while self.now < until:
            self.now += MINUTE
            while self.events and self.events[0][0] <= self.now:
                self.events.pop(0)[2]()
            if self._is_quiet():
                continue
            self._survives(self._tick)
            self._pages()
            self._deliveries()

    def _is_quiet(self) -> bool:
        return not (
            self.queue.messages
            or self.looks.coming(by=self.now, limit=1)
            or any(at <= self.now for at, _ in self.bells.open)
            or any(due.at <= self.now for due in self.dues.rows.values())
        )

    def _tick(self) -> None:
        groups, looks, bells = map(self.storm.over, (self.groups, self.looks, self.bells))
        for since, series_id in looks.coming(by=self.now, limit=ringing.A_MINUTE):
            ringing.look(series_id, since, now=self.now, groups=groups, looks=looks, bells=bells)
        fanning.push_on(now=self.now, fan_outs=bells, queue=self.storm.over(self.queue))

    def _pages(self) -> None:
        meant = ringing.meant_by(self.storm.over(self.members))
        bells, dues, queue = map(self.storm.over, (self.bells, self.dues, self.queue))
        again = []
        while self.queue.messages:
            bell_id, page = self.queue.messages.pop(0)
            done = self._survives(
                partial(
                    fanning.fan_out,
                    bell_id,
                    page,
                    now=self.now,
                    fan_outs=bells,
                    meant=meant,
                    dues=dues,
                    queue=queue,
                )
            )
            # What wasn't done comes again; now and then, so does what was.
            if not done or self.random.random() < 0.1:
                again.append((bell_id, page))
        self.queue.messages = again

    def _deliveries(self) -> None:
        still_true = ringing.StillTrue(
            groups=self.storm.over(self.groups),
            members=self.storm.over(self.members),
            ledger=self.storm.over(self.ledger),
            clock=lambda: self.now,
        )
        means = Means(
            recipients=self.storm.over(self.recipients),
            dues=self.storm.over(self.dues),
            ledger=self.storm.over(self.ledger),
            senders=dict.fromkeys(ChannelKind, self.provider),
            suppressions=self.recipients,
            objections=still_true,
            moment=still_true.moment,
        )
        waiting = sorted(
            (due for due in self.dues.rows.values() if due.at <= self.now), key=lambda due: (due.at, due.person_id)
        )
        for start in range(0, len(waiting), BATCH):
            self._survives(partial(deliver, waiting[start : start + BATCH], now=self.now, means=means))

    @staticmethod
    def _survives(work: Callable[[], object]) -> bool:
        try:
            work()
        except (Died, Throttled):
            return False
        return True

    def got(self) -> dict[str, Counter[Sort]]:
        """Return how often each person was told what."""
        found: dict[str, Counter[Sort]] = {one: Counter() for one in self.stories}
        for _, person_id, kind in self.provider.sent:
            about = about_of(kind)
            assert about
            found[person_id][about.sort] += 1
        return found

    def wrong(self) -> list[tuple[str, str, Counter[Sort], set[Sort]]]:
        """
        Return who got anything else than their story says, or anything twice.

        What faults held up until the meeting would have begun is dropped, and the ledger says so.
        """
        return [
            (one, story.name, got, wanted)
            for one, got in self.got().items()
            if got != Counter(wanted := expected(story := self.stories[one], off=self.off) - self._dropped(one))
        ]

    def _dropped(self, one: str) -> set[Sort]:
        entries = self.ledger.between(one, START.date(), START.date())
        dropped = {Reason.LATE, Reason.UNKNOWN}
        late = [entry for entry in entries if entry.reason in dropped and (entry.ended_at or START) >= START]
        return {about.sort for entry in late if (about := about_of(entry.kind))} & {Sort.CANCELLED}

    def late(self) -> list[tuple[datetime, str, str]]:
        """Return the reminders that went out after it was called off, and all that did after it would have begun."""
        off = _before(self.off or 0)
        return [
            one
            for one in self.provider.sent
            if self.off is not None and (one[0] >= START or (one[0] > off and f"-{Sort.CANCELLED}-" not in one[2]))
        ]

    def waiting(self) -> list[Due]:
        """Return what still waits: nothing should, once the meeting is over."""
        return list(self.dues.rows.values())


def _before(hours: float) -> datetime:
    return START - timedelta(hours=hours)


def _group() -> Group:
    return Group(
        id="60" * 16,
        programme_id="iop-evening",
        kind=Kind.ALUMNI,
        name="Thursday circle",
        language="en",
        facilitators=frozenset({"fay"}),
        is_open=True,
        by="admin",
        made_at=START - 100 * HOUR,
    )


def table(world: World) -> str:
    """Return what people got, by their story, as text."""
    people = Counter(story.name for story in world.stories.values())
    sums: dict[str, Counter[Sort]] = {name: Counter() for name in people}
    for one, got in world.got().items():
        sums[world.stories[one].name] += got
    sorts = (Sort.DAY, Sort.HOUR, Sort.CANCELLED, Sort.NOW)
    lines = [f"{'':32}{'people':>8}" + "".join(f"{sort:>11}" for sort in sorts)]
    for _, story in STORIES:
        if story.name in people:
            counts = "".join(f"{sums[story.name][sort]:>11,}" for sort in sorts)
            lines.append(f"{story.name:32}{people[story.name]:>8,}{counts}")
    total = sum(sums.values(), Counter[Sort]())
    lines.append(f"{'all':32}{len(world.stories):>8,}" + "".join(f"{total[sort]:>11,}" for sort in sorts))
    return "\n".join(lines)


def spans(world: World) -> str:
    """Return from when to when each thing was told, as text."""
    lines = []
    for sort in (Sort.DAY, Sort.HOUR, Sort.CANCELLED):
        at = [sent for sent, _, kind in world.provider.sent if (about := about_of(kind)) and about.sort is sort]
        if at:
            lines.append(f"{sort}: from {min(at):%H:%M} to {max(at):%H:%M} UTC ({len(at):,} messages)")
    ends = Counter(
        str(entry.reason) for entry in world.ledger.entries.values() if entry.status is not Status.SENT and entry.reason
    )
    lines.append("not sent: " + ", ".join(f"{reason} {number:,}" for reason, number in ends.most_common()))
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Run it, print the table, and say whether everybody got what they should, once."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    world = World(given.people, seed=given.seed)
    world.run()
    print(table(world))
    print(spans(world))
    storm = world.storm
    print(f"faults: {storm.throttled:,} calls throttled, {storm.died:,} processes ended")
    wrong, late, waiting = world.wrong(), world.late(), world.waiting()
    print(f"got something else, or twice: {len(wrong)}; told after it was off: {len(late)}; waits: {len(waiting)}")
    for one in wrong[:10]:
        print(*one)
    return 1 if wrong or late or waiting else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
