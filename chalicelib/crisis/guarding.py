"""What must not stop the rest where it fails: it is noted, and comes again."""

from collections.abc import Callable
from typing import TypeVar

from chalicelib.crisis.ports import Desk

T = TypeVar("T")


def guarded(do: Callable[[], T], *, desk: Desk) -> T | None:
    """Do it; what fails is noted, and must not hold up the others: it comes again a minute later."""
    try:
        return do()
    except Exception as error:  # noqa: BLE001 (see above)
        desk.trouble(error)
        return None


def insisted(do: Callable[[], T], *, desk: Desk) -> T | None:
    """Do it, twice more where it fails: who called must not become nobody by one read that did. At last None."""
    for _ in range(2):
        try:
            return do()
        except Exception as error:  # noqa: BLE001 (see above)
            desk.trouble(error)
    return guarded(do, desk=desk)
