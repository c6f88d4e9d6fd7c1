"""
One thing to tell to many: fanned out page by page, each recipient with a due row and a ledger key of their own.

A page may be done any number of times, even twice at once: who is on it is written first and once, their due rows are
the same each time, and progress moves on behind a condition (docs/decisions/0020-fan-out.md). What is told is the
slices' own: a notice of staff, a bell of a meeting.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol, Self, TypeVar

from chalicelib.outreach.domain import Due
from chalicelib.outreach.service import STILL_LOOKED_AT

PAGE = 200
"""People looked at for one message of the queue: some 8 batch writes, far below what the function has time for."""

LEAD = timedelta(minutes=10)
"""How long before its instant something is fanned out: more than 10,000 recipients take."""

SOONEST = timedelta(minutes=3)
"""From now to the earliest full minute for which the due rows are there before the tick looks for them."""


class Stage(StrEnum):
    """How far it is: ``open`` until everybody whom it is for has a due row, then ``complete``."""

    OPEN = "open"
    COMPLETE = "complete"
    CANCELLED = "cancelled"


class Step(StrEnum):
    """What became of one message of the fan-out."""

    MOVED = "moved"
    COMPLETED = "completed"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    Recipients, in order, written once and never changed: a page done again reaches the same people.

    ``first`` is how many recipients come before; ``after`` is where to go on, None on the last page.
    """

    number: int
    first: int
    person_ids: tuple[str, ...]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOut(ABC):
    """
    How far one thing to tell is. ``at`` is when the first recipient is reached, ``A_SECOND`` of them a second.

    ``pages`` and ``recipients`` say how far the fan-out is, ``after`` where it goes on, ``moved_at`` when it last
    moved, ``late_by`` how much later than planned those go out who still come.
    """

    A_SECOND: ClassVar[int] = 5

    id: str
    at: datetime
    created_at: datetime
    moved_at: datetime
    stage: Stage = Stage.OPEN
    pages: int = 0
    recipients: int = 0
    after: str | None = field(default=None)
    late_by: timedelta = timedelta()

    @property
    @abstractmethod
    def kind(self) -> str:
        """The kind of its occurrences."""

    @property
    def on(self) -> date:
        """
        The date in the name of its occurrences: that of UTC, whatever the recipient's zone.

        A person who moves between two tries of a page would else have two ledger keys, and two messages.
        """
        return self.at.date()

    @property
    def begins_at(self) -> datetime:
        """When the fan-out begins. Who joins later isn't meant."""
        return max(self.created_at, self.at - LEAD)

    def page(self, person_ids: Iterable[str], *, after: str | None) -> Page:
        """Return the page that comes next, of these people."""
        return Page(number=self.pages, first=self.recipients, person_ids=tuple(person_ids), after=after)

    def not_behind(self, page: Page, *, now: datetime, looked_at: timedelta) -> Self:
        """
        Return it with ``late_by`` moved on if this page's turn was longer than ``looked_at`` ago.

        Nobody looks any more for what should have come before that. All that follow move along, so that they still
        don't come all at once.
        """
        turn = self._turn(page.first) + self.late_by
        if turn >= now - looked_at:
            return self
        return replace(self, late_by=self.late_by + (now.replace(microsecond=0) - turn))

    def dues(self, page: Page) -> list[Due]:
        """Return what falls due for the people of a page: the same for the same page and lateness."""
        return [
            Due(
                person_id=person_id,
                kind=self.kind,
                on=self.on,
                at=self._turn(place) + self.late_by,
                due_at=self._turn(place),
                version=1,
            )
            for place, person_id in enumerate(page.person_ids, start=page.first)
        ]

    def _turn(self, place: int) -> datetime:
        return self.at + timedelta(seconds=place // self.A_SECOND)

    def past(self, page: Page, *, now: datetime) -> Self:
        """Return it with this page behind it."""
        return replace(
            self,
            stage=Stage.OPEN if page.after else Stage.COMPLETE,
            pages=page.number + 1,
            recipients=page.first + len(page.person_ids),
            after=page.after,
            moved_at=now.replace(microsecond=0),
        )

    def is_stuck(self, *, now: datetime) -> bool:
        """
        Say whether its fan-out should be pushed on at this minute, because it should have moved and did not.

        Pushed at 1, 2, 4, 8 … minutes, then every hour: a page that can't be done must not fill the dead-letter queue.
        """
        if self.stage is not Stage.OPEN:
            return False
        minutes = (now - max(self.moved_at, self.begins_at)) // timedelta(minutes=1)
        if minutes <= 0:
            return minutes == 0 and self.pages == 0
        return minutes % 60 == 0 if minutes >= 60 else minutes & (minutes - 1) == 0  # noqa: PLR2004 (an hour)


FanOutT = TypeVar("FanOutT", bound=FanOut)


class FanOuts(Protocol[FanOutT]):
    """Where one sort of them, and the pages of their recipients, are kept."""

    def find(self, fan_out_id: str, /) -> FanOutT | None:
        """Return it as it is now; None if there is none."""
        ...

    def begun(self, *, by: datetime) -> list[FanOutT]:
        """Return those that began by this instant and aren't known to be over."""
        ...

    def keep_page(self, fan_out_id: str, page: Page, /) -> Page:
        """Write who is on a page, unless that is written; return what is."""
        ...

    def pages(self, fan_out_id: str, /, *, first: int = 0) -> Iterator[Page]:
        """Give the pages from this one on, in order."""
        ...

    def advance(self, fan_out: FanOutT, /, *, pages: int) -> bool:
        """Write how far it is, if it is open and had ``pages`` behind it; False otherwise."""
        ...

    def close(self, fan_out: FanOutT, /) -> None:
        """Let go of the note that this one is to be fanned out."""
        ...


class Dues(Protocol):
    """What is waiting to fall due."""

    def put(self, dues: Iterable[Due]) -> None:
        """Write these due rows; again is the same rows."""
        ...


class FanOutQueue(Protocol):
    """Brings pages to be done."""

    def put(self, fan_out_id: str, page: int, /) -> None:
        """Have this page of it done."""
        ...


Meant = Callable[[FanOutT, int], tuple[Sequence[str], str | None]]
"""Gives whom it is for among the next so many people to look at, and where to go on; None at the end."""


def fan_out(
    fan_out_id: str,
    number: int,
    *,
    now: datetime,
    fan_outs: FanOuts[FanOutT],
    meant: Meant[FanOutT],
    dues: Dues,
    queue: FanOutQueue,
) -> Step:
    """
    Do one page: write who is on it, then their due rows, then how far we are, and ask for the next.

    A message that comes twice, late or out of order finds that it isn't its page's turn, and changes nothing.
    """
    one = fan_outs.find(fan_out_id)
    if one is None:
        return Step.STALE
    if one.stage is not Stage.OPEN:
        fan_outs.close(one)
        return Step.STALE
    if one.pages != number or now < one.begins_at:
        return Step.STALE
    found, after = meant(one, PAGE)
    page = fan_outs.keep_page(one.id, one.page(found, after=after))
    one = one.not_behind(page, now=now, looked_at=STILL_LOOKED_AT)
    dues.put(one.dues(page))
    moved = one.past(page, now=now)
    if not fan_outs.advance(moved, pages=number):
        # Somebody else did it meanwhile, and asks for the next one; or it was cancelled.
        return Step.STALE
    if moved.stage is Stage.OPEN:
        queue.put(one.id, moved.pages)
        return Step.MOVED
    fan_outs.close(moved)
    return Step.COMPLETED


def push_on(*, now: datetime, fan_outs: FanOuts[FanOutT], queue: FanOutQueue) -> int:
    """
    Begin those whose time has come, and go on with those whose message got lost; return how many.

    Those that are over but still noted as begun are sent on too: their message tidies up.
    """
    pushed = 0
    for one in fan_outs.begun(by=now):
        if one.stage is not Stage.OPEN or one.is_stuck(now=now):
            queue.put(one.id, one.pages)
            pushed += 1
    return pushed


def soonest(now: datetime) -> datetime:
    """Return the earliest instant for which something can be asked: a full minute."""
    return now.replace(second=0, microsecond=0) + SOONEST
