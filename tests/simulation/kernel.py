"""Virtual time: processes take turns in the order of their instants, each may die, and a seed gives the same run."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Died(BaseException):
    """The process is gone. Not an Exception: no code of ours may survive it."""


def instant_of(seconds: float) -> datetime:
    """Return seconds since 1970 as an instant."""
    return EPOCH + timedelta(seconds=seconds)


def seconds_of(instant: datetime) -> float:
    """Return an instant as seconds since 1970."""
    return (instant - EPOCH).total_seconds()


class Process:
    """
    One invocation of a function. ``skew`` is how far its host's clock is off, in seconds; ``read`` is what it was told.

    ``read`` maps a person to the place in their history of what this process last read of them.
    """

    __slots__ = ("dead", "ended", "name", "number", "read", "skew", "started")

    def __init__(self, number: int, name: str, *, skew: float, started: float) -> None:
        self.number = number
        self.name = name
        self.skew = skew
        self.started = started
        self.dead = False
        self.ended = False
        self.read: dict[str, tuple[float, int]] = {}


class Task(greenlet):  # type: ignore[misc]
    """One line of work of a process: a process that does several things at once has several."""

    process: Process

    def __init__(self, run: Callable[[], object], process: Process, hub: greenlet) -> None:
        super().__init__(run, hub)
        self.process = process


def running() -> Any:
    """Return the line of work that is running, a ``Task`` of a process or the hub."""
    return getcurrent()


class Kernel:
    """The clock and the order of everything."""

    def __init__(self, *, start: float) -> None:
        self.now = start
        self._heap: list[tuple[float, int, Any]] = []
        self._order = 0
        self._processes = 0
        self._hub = getcurrent()

    def at(self, when: float, call: Callable[[], object]) -> None:
        """Have something happen at an instant (or now, if that is past)."""
        self._order += 1
        heapq.heappush(self._heap, (max(when, self.now), self._order, call))

    def run(self, *, until: float, done: Callable[[], bool] = lambda: False) -> None:
        """Let time pass up to an instant, or until ``done`` (which is asked after each event)."""
        heap = self._heap
        self._hub = getcurrent()
        while heap and heap[0][0] <= until:
            self.now, _, event = heapq.heappop(heap)
            if isinstance(event, Task):
                if event.process.dead:
                    event.throw(Died)
                else:
                    event.switch()
            else:
                event()
            if done():
                return
        self.now = max(self.now, until)

    @property
    def process(self) -> Process:
        """The process whose code is running."""
        task = getcurrent()
        if not isinstance(task, Task):
            raise TypeError("only a process may do this")
        return task.process

    def host_time(self) -> datetime:
        """Return what the clock of the running process's host says."""
        return instant_of(self.now + self.process.skew)

    def pause(self, seconds: float) -> None:
        """Let others run for as long."""
        task = getcurrent()
        if not isinstance(task, Task):
            raise TypeError("only a process may wait")
        if task.process.dead:
            raise Died
        self._order += 1
        heapq.heappush(self._heap, (self.now + seconds, self._order, task))
        self._hub.switch()

    def die(self) -> None:
        """End the running process here and now."""
        self.process.dead = True
        raise Died

    def start(
        self,
        name: str,
        work: Callable[[], object],
        *,
        skew: float,
        lives: float,
        then: Callable[[object, BaseException | None], object],
    ) -> Process:
        """
        Run ``work`` as a process of its own from now on.

        It is killed after ``lives`` seconds. ``then`` hears of its result, or of the error that ended it.
        """
        self._processes += 1
        process = Process(self._processes, name, skew=skew, started=self.now)

        def live() -> None:
            result: object = None
            error: BaseException | None = None
            try:
                result = work()
            except BaseException as caught:  # noqa: BLE001 (a process that dies must not take the simulation along)
                error = caught
            if not process.ended:
                process.ended = process.dead = True
                then(result, error)

        def kill() -> None:
            if not process.ended:
                process.ended = process.dead = True
                then(None, Died())

        self.at(self.now, Task(live, process, self._hub))
        self.at(self.now + lives, kill)
        return process

    def each(self, call: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        """Call a function for each item, all at once, within the running process; give the results in order."""
        waiting = list(items)
        if len(waiting) < 2:
            yield from map(call, waiting)
            return
        parent = getcurrent()
        process = self.process
        results: list[tuple[Any, BaseException | None]] = [(None, None)] * len(waiting)
        left = len(waiting)
        asleep = False

        def work(index: int, item: Any) -> None:
            nonlocal left
            try:
                results[index] = (call(item), None)
            except BaseException as error:  # noqa: BLE001 (it is raised where the result is taken)
                results[index] = (None, error)
            left -= 1
            if not left and asleep:
                self.at(self.now, parent)

        for index, item in enumerate(waiting):
            self.at(self.now, Task(lambda index=index, item=item: work(index, item), process, self._hub))  # type: ignore[misc]
        while left:
            asleep = True
            self._hub.switch()
            asleep = False
        if process.dead:
            raise Died
        for result, error in results:
            if error is not None:
                raise error
            yield result
