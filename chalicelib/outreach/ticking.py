"""
Once a minute, hand over what falls due in the next, and whatever is overdue, no faster than it is delivered.

A tick acts on its event's own time and on stored state: a missed or doubled one changes nothing but lateness.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.outreach.domain import DUE_SHARDS, URGENT, Due
from chalicelib.outreach.ports import Dues, Queue

HOUR = timedelta(hours=1)

LEAD = timedelta(minutes=1)
"""How far ahead of its minute a tick hands over, so that the queue's delay lands on the second."""

UNDER_WAY = timedelta(seconds=10)
"""What fell due this short a while ago is being delivered; what fell due earlier is handed over again."""

FIRST_LOOK_BACK = timedelta(hours=24)
"""How far back the first tick ever looks for rows that were put before ticks began."""

SETTLED_AFTER = timedelta(minutes=10)
"""An hour's partitions count as finished this long after the hour: no writer's clock is that far off."""

RECENT = 12
"""Of so many hours that are late the latest comes first; of those before, nearly all is too late for anything."""

PAGE = 500
"""Rows that a tick reads of one partition; where there are more, it asks another process to hand them over."""

URGENT_PAGE = 5_000
"""Of a crisis it reads so many: the newest come last, and must be among them."""

NEARLY_IDLE = 1_000
"""While more messages than this wait, what is overdue isn't handed over again: it is probably among them."""

URGENT_WAVE = 1_000
"""Of crises so many are handed over again while delivery is idle, the newest: older ones are mostly superseded."""

HURRIED = timedelta(minutes=3)
"""A crisis that fell due so lately is handed over again all the same: who wrote it down may have died over that."""

MOST_FAILURES = 5
"""After so many partitions that fail a tick gives up: the table or the queue is down, and time is short."""

WAVE = 10_000
"""What is overdue is handed over in waves of about this many, so that an outage's backlog can't flood delivery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """
    What a tick found.

    ``ahead``: handed over for the minute ahead; ``overdue``: due a minute ago or more and not ended (due minus ended;
    at least, where partitions hold more than was read); ``again``: how many of these were handed over once more;
    ``oldest``: the first of their instants; ``hours``: looked at; ``helpers``: partitions left to other processes;
    ``failures``: what went wrong meanwhile, and held up nothing else.
    """

    ahead: int
    overdue: int
    again: int
    oldest: datetime | None
    hours: int
    helpers: int
    failures: tuple[Exception, ...] = ()


def hand_over(*, tick_at: datetime, now: datetime, dues: Dues, queue: Queue, paused: bool = False) -> Tick:
    """
    Hand over what falls due in the minute after the next, and what should have ended and did not.

    ``tick_at`` is the event's own time. What falls due between the two is already on its way: the tick before handed
    it over, but for what was put to go out at once. A crisis goes first; while ``paused`` nothing else goes.

    :raises Exception: what went wrong first, if too much did: the table or the queue is down
    """
    minute = tick_at.replace(second=0, microsecond=0)
    look = _Look(minute=minute, ahead_from=minute + LEAD, ahead_to=minute + 2 * LEAD, now=now)
    mark = dues.watermark() or minute - FIRST_LOOK_BACK
    first = mark.replace(minute=0, second=0, microsecond=0)
    hours = _hours(first, look.ahead_to)
    look.make_room(queue)
    # The latest first: who called now must not wait behind what failed for hours.
    for hour in reversed(hours):
        look.at(hour, URGENT, dues=dues, queue=queue)
    if look.failures:
        # Where something is wrong, what is overdue can wait for the next tick; a crisis can't.
        look.room = 0
    if not paused:
        # What is ahead comes before what is late already: after an outage of hours, that may take all of a tick. Of
        # what is late the latest comes first, since more of it is still in time for what it is about.
        ahead = [hour for hour in hours if hour + HOUR > look.ahead_from]
        late = hours[: -len(ahead)]
        for hour in (*ahead, *reversed(late[-RECENT:])):
            look.everywhere(hour, dues=dues, queue=queue)
        for hour in late:
            if hour not in late[-RECENT:]:
                look.everywhere(hour, dues=dues, queue=queue)
            if hour == first and hour not in look.busy and hour + HOUR <= minute - SETTLED_AFTER:
                # Hour by hour, so that a tick which dies over many has got somewhere.
                first = hour + HOUR
                dues.advance(first)
    return Tick(
        ahead=look.ahead,
        overdue=look.overdue,
        again=look.again,
        oldest=look.oldest,
        hours=len(hours),
        helpers=look.helpers,
        failures=tuple(look.failures),
    )


def sweep(
    hour: datetime, shard: int, *, first: datetime, before: datetime, now: datetime, dues: Dues, queue: Queue
) -> int:
    """Hand over all that one partition of an hour holds from ``first`` to ``before``; return how many were taken."""
    taken, last = 0, None
    while True:
        found = dues.waiting(hour, shard, first=first, after=last, before=before, limit=PAGE)
        taken += queue.hand_over(found, now=now)
        if len(found) < PAGE:
            return taken
        last = found[-1]


@dataclass(slots=True, kw_only=True)
class _Look:
    """One tick's look at partitions, and what it has found so far."""

    minute: datetime
    ahead_from: datetime
    ahead_to: datetime
    now: datetime
    room: int = WAVE
    urgent_room: int = URGENT_WAVE
    ahead: int = 0
    overdue: int = 0
    again: int = 0
    helpers: int = 0
    oldest: datetime | None = None
    busy: set[datetime] = field(default_factory=set)
    superseded: set[tuple[str, str]] = field(default_factory=set)
    failures: list[Exception] = field(default_factory=list)

    def make_room(self, queue: Queue) -> None:
        """Leave no room for what is probably in a queue still."""
        try:
            self.urgent_room = 0 if queue.backlog(urgent=True) > NEARLY_IDLE else URGENT_WAVE
            self.room = 0 if queue.backlog() > NEARLY_IDLE else WAVE
        except Exception as error:  # noqa: BLE001 (told by the result: nobody must wait for a number)
            self.failed(error)

    def failed(self, error: Exception) -> None:
        """Note what went wrong; raise it if too much did."""
        self.failures.append(error)
        if len(self.failures) >= MOST_FAILURES:
            raise self.failures[0]

    def everywhere(self, hour: datetime, *, dues: Dues, queue: Queue) -> None:
        """Look at all partitions of an hour but a crisis's."""
        # A different one first each minute: where there is no room for all, it is not always the same who wait.
        turn = self.minute.hour * 60 + self.minute.minute
        for shard in range(DUE_SHARDS):
            self.at(hour, (shard + turn) % DUE_SHARDS, dues=dues, queue=queue)

    def at(self, hour: datetime, shard: int, *, dues: Dues, queue: Queue) -> None:
        """Look at one partition of an hour; what fails there must not hold up the others."""
        try:
            self._at(hour, shard, dues=dues, queue=queue)
        except Exception as error:  # noqa: BLE001 (told by the result)
            self.busy.add(hour)
            self.failed(error)

    def _at(self, hour: datetime, shard: int, *, dues: Dues, queue: Queue) -> None:
        most = URGENT_PAGE if shard == URGENT else PAGE
        found = dues.waiting(hour, shard, before=self.ahead_to, limit=most)
        if not found:
            return
        self.busy.add(hour)
        if len(found) == most and hour + HOUR > self.ahead_from:
            queue.ask_help(hour, shard, first=self.ahead_from, before=self.ahead_to)
            self.helpers += 1
        else:
            self.ahead += queue.hand_over([due for due in found if due.at >= self.ahead_from], now=self.now)
        still_here = [due for due in found if due.at <= self.minute - UNDER_WAY]
        taken = queue.hand_over(self._again(still_here, is_urgent=shard == URGENT), now=self.now)
        self.again += taken
        overdue = [due.at for due in still_here if due.at <= self.minute - LEAD]
        if overdue:
            self.overdue += len(overdue)
            self.oldest = min(self.oldest or overdue[0], overdue[0])

    def _again(self, still_here: list[Due], *, is_urgent: bool) -> list[Due]:
        """Return what of a partition there is room to hand over again, and take that room."""
        if not is_urgent:
            found = still_here[: self.room]
            self.room -= len(found)
            return found
        still_here = self._newest_of_each(still_here)
        # Where delivery stands still, a crisis of now must not wait behind a copy a minute of each before it.
        lately = [due for due in still_here if due.at > self.minute - HURRIED]
        newest = still_here[-self.urgent_room :] if self.urgent_room else []
        self.urgent_room -= len(newest)
        return max(newest, lately, key=len)

    def _newest_of_each(self, dues: list[Due]) -> list[Due]:
        """Return those whose place no later one about the same crisis has taken: they come when that one has ended."""
        found = []
        # By when they were decided on: what watches an older one may come later than a newer one.
        for due in sorted(dues, key=lambda due: due.due_at, reverse=True):
            whose = due.person_id, due.kind.rpartition("-")[0]
            if whose not in self.superseded:
                self.superseded.add(whose)
                found.append(due)
        return sorted(found, key=lambda due: due.at)


def _hours(first: datetime, before: datetime) -> list[datetime]:
    hours = [first]
    while hours[-1] + HOUR < before:
        hours.append(hours[-1] + HOUR)
    return hours
