"""The table's stream: what was stored, for every slice that follows it. No slice needs to know who else does."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from chalicelib.edge.log import count, flush, logger, places
from chalicelib.edge.table import Row

REMOVED = "REMOVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One record: what an item was (``before``) and is (``now``), empty where it wasn't or isn't there."""

    pk: str
    sk: str
    was_removed: bool
    number: str
    before: Row = field(default_factory=dict)
    now: Row = field(default_factory=dict)

    def under(self, prefix: str) -> str | None:
        """Return what follows ``prefix`` in the partition key; None if it begins otherwise."""
        return self.pk.removeprefix(prefix) if self.pk.startswith(prefix) else None


class Listener(Protocol):
    """
    A slice that follows the stream.

    What it does must be worked out anew from what is stored: a record may come twice, late, or after a later one.
    """

    @property
    def name(self) -> str:
        """What the log calls it."""
        ...

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Return what has to be looked at since this was stored, None if nothing; the same twice is looked at once."""
        ...

    def follow(self, about: tuple[str, ...]) -> int:
        """Look at it, do what follows, and return how much of that was news."""
        ...


def follow(event: Mapping[str, Any], listeners: Iterable[Listener]) -> dict[str, list[dict[str, str]]]:
    """
    Let each listener follow what was stored.

    Answers with the first record that has to come again, if any. All behind it come again too, which changes nothing.
    A listener that fails holds up no other.
    """
    records, unread = _read(event["Records"])
    failed = [unread] if unread is not None else []
    for listener in listeners:
        todo: dict[tuple[str, ...], int] = {}
        news = 0
        for at, stored in enumerate(records):
            try:
                about = listener.about(stored)
            except Exception as error:  # noqa: BLE001 (as below)
                failed.append(_note(error, listener.name, at))
                break
            if about is not None:
                todo.setdefault(about, at)
        for about, at in todo.items():
            try:
                news += listener.follow(about)
            except Exception as error:  # noqa: BLE001 (the stream brings it again, and goes on at last)
                failed.append(_note(error, listener.name, at))
        if news:
            logger.info("followed", extra={"listener": listener.name, "news": news})
    flush()
    numbers = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
    return {"batchItemFailures": [{"itemIdentifier": numbers[min(failed)]}] if failed else []}


def _note(error: Exception, who: str, at: int) -> int:
    logger.error("nothing followed", extra={"listener": who, "error": type(error).__name__, "at": places(error)})
    count("UnexpectedErrors")
    return at


def _read(records: list[dict[str, Any]]) -> tuple[list[Stored], int | None]:
    """Return what can be read up to the first that can't, and the place of that one."""
    found: list[Stored] = []
    for record in records:
        try:
            change = record["dynamodb"]
            found.append(
                Stored(
                    pk=change["Keys"]["pk"]["S"],
                    sk=change["Keys"]["sk"]["S"],
                    was_removed=record["eventName"] == REMOVED,
                    number=change["SequenceNumber"],
                    before=change.get("OldImage", {}),
                    now=change.get("NewImage", {}),
                )
            )
        except (KeyError, TypeError) as error:
            return found, _note(error, "stream", len(found))
    return found, None
