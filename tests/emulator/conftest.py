"""The stack that all tests here share, a morning that was played on it, and the links that came of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.emulator.local_stack import Stack, is_check_in, link_of, move_clock, roster, start, stop

NEW_YORK = ZoneInfo("America/New_York")
WRITTEN_ON = date(2026, 11, 24)
"""The day of the roster, before which some of its dates would lie in the future."""

WEDNESDAY = 2
SET_UP = timedelta(minutes=20)
"""How long before the morning the stack starts: more than it takes to come up."""


@dataclass(slots=True)
class Morning:
    """A Wednesday morning that went by: the stretch of time, and the check-ins that reached somebody in it."""

    start: datetime
    end: datetime
    summary: str
    messages: list[dict[str, Any]]
    _left: list[dict[str, Any]] = field(default_factory=list)

    def someone(self, *, kind: str = "email", language: str = "en") -> "Someone":
        """Return somebody who was reached and whom nothing else was given: theirs to answer for."""
        found = self._first(self._left, kind, language)
        self._left.remove(found.message)
        return found

    def anyone(self, *, kind: str = "email", language: str = "en") -> "Someone":
        """Return somebody who was reached, to look at only."""
        return self._first([*self._left, *self.messages], kind, language)

    @staticmethod
    def read(message: dict[str, Any]) -> "Someone":
        """Return whose message this is and where it leads."""
        row = next(row for row in roster() if row["email"].lower() == message["to"].lower())
        return Someone(row=row, message=message, link=link_of(message))

    def _first(self, messages: list[dict[str, Any]], kind: str, language: str) -> "Someone":
        for message in messages:
            found = self.read(message)
            if message["kind"] == kind and found.row["language"] == language:
                return found
        raise AssertionError(f"nobody is left who got a {kind} in {language}")


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of the roster, the message that reached them, and its link."""

    row: dict[str, str]
    message: dict[str, Any]
    link: str


def a_wednesday() -> date:
    """
    Return the Wednesday that the tests play: the first one that lies ahead of the real time and of the roster.

    Ahead, since DynamoDB's own deletion of old rows goes by the real time.
    """
    first = max(WRITTEN_ON, datetime.now(UTC).date()) + timedelta(days=1)  # noqa: TID251 (see above)
    return first + timedelta(days=(WEDNESDAY - first.weekday()) % 7)


@pytest.fixture(scope="session")
def morning_start() -> datetime:
    """Give the instant at which the morning begins, just before 07:30 in New York."""
    return datetime.combine(a_wednesday(), time(7, 25), NEW_YORK).astimezone(UTC)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, morning_start: datetime) -> Iterator[Stack]:
    """Give a whole Cairn with the demo's roster, in a folder and on ports of its own."""
    folder = tmp_path_factory.mktemp("cairn")
    move_clock(folder / "clock", morning_start - SET_UP)
    process, running = start(folder)
    yield running
    running.close()
    stop(process)


@pytest.fixture(scope="session")
def morning(stack: Stack, morning_start: datetime) -> Morning:
    """Let the morning go by, to just after 09:00 in New York, and give what it brought."""
    end = morning_start + timedelta(minutes=95, seconds=30)
    summary = stack.play(morning_start, end)
    messages = [message for message in stack.messages(since=morning_start.isoformat()) if is_check_in(message)]
    return Morning(start=morning_start, end=end, summary=summary, messages=messages, _left=list(messages))
