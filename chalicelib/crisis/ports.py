"""What crises need from outside."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.crisis.domain import Crisis, Event, Press
from chalicelib.crisis.duty import OnCall, Pager
from chalicelib.crisis.ladder import Minutes
from chalicelib.enrollment.holds import Holds
from chalicelib.outreach.domain import Due
from chalicelib.staff.domain import Member
from chalicelib.tasks.domain import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A call for help as it is kept: ``crisis_id`` and its line's ``number``, once a crisis has taken it."""

    press: Press
    crisis_id: str | None = None
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Untaken:
    """A call that no crisis has taken yet."""

    id: str
    caller: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What the minute's look needs to know of a crisis that isn't closed."""

    id: str
    opened_at: datetime
    look_at: datetime
    is_unanswered: bool
    is_pressing: bool
    programme_id: str
    is_known: bool = True
    is_drill: bool = False


class Crises(Protocol):
    """Where calls for help and crises are kept."""

    def keep(self, press: Press) -> bool:
        """Write a call down, and that it waits to be taken; False if one of its id is there, which stays as it is."""
        ...

    def kept(self, press_id: str) -> Kept | None:
        """Return a call as it is now."""
        ...

    def waiting(self, *, limit: int) -> list[Untaken]:
        """Return calls that no crisis has taken yet, the earliest first."""
        ...

    def find(self, crisis_id: str) -> Crisis | None:
        """Return a crisis as it is now."""
        ...

    def many(self, crisis_ids: Iterable[str]) -> dict[str, Crisis]:
        """Return those of these crises that there are."""
        ...

    def present_of(self, caller: str) -> Crisis | None:
        """Return a caller's crisis that isn't closed, as it is now; there is one at most."""
        ...

    def of_caller(self, caller: str) -> list[Crisis]:
        """Return all of a caller's crises, the newest first."""
        ...

    def log(self, crisis_id: str) -> list[Event]:
        """Return a crisis's log, in order."""
        ...

    def save(self, crisis: Crisis, events: Sequence[Event], *, look_at: datetime, tasks: Sequence[Task] = ()) -> bool:
        """
        Write how a crisis stands after more lines of its log, with the lines and the tasks that it opens: all or none.

        The call of a line of ``press`` is noted as taken in the same breath. False if it was changed since it was read,
        or if its caller got another one meanwhile.
        """
        ...

    def look_again(self, crisis: Crisis, *, at: datetime) -> None:
        """Have it looked at then, since nothing can be done before; if it was changed meanwhile that stands."""
        ...

    def open_ones(self) -> list[Looked]:
        """Return all that aren't closed."""
        ...


class Members(Protocol):
    """A programme's staff."""

    def of_programme(self, programme_id: str) -> list[Member]:
        """Return all of a programme's staff that can be read, removed ones too."""
        ...

    def find(self, programme_id: str, account: str) -> Member | None:
        """Return a member as they are now, removed ones too."""
        ...


class Programmes(Protocol):
    """The programmes, as far as crises go."""

    def ids(self) -> list[str]:
        """Return all of them."""
        ...

    def minutes(self, programme_id: str) -> Minutes:
        """Return a programme's own minutes; the defaults where it has none."""
        ...


class Tasks(Protocol):
    """The tasks, to look at."""

    def find(self, person_id: str, task_id: str) -> Task | None:
        """Return a task as it is now."""
        ...


class Dues(Protocol):
    """What is waiting to fall due."""

    def put(self, dues: Iterable[Due]) -> None:
        """Write these due rows; again is the same rows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """
    What crises work with. ``hurry`` hands over at once what can't wait for a tick.

    ``note`` publishes a figure under its name; ``trouble`` notes an error without its text.
    """

    crises: Crises
    on_call: OnCall
    pager: Pager
    members: Members
    programmes: Programmes
    tasks: Tasks
    dues: Dues
    holds: Holds
    hurry: Callable[[Iterable[Due]], None]
    new_id: Callable[[], str]
    note: Callable[[str, float], None]
    trouble: Callable[[Exception], None]
