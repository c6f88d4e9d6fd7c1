"""
What AWS charges for a call on a DynamoDB table on demand, by its published rule; pure.

Source: Amazon DynamoDB Developer Guide, "DynamoDB Item sizes and formats", "DynamoDB read and write operations" and
"Capacity consumption" of conditional writes, transactions, secondary indexes and PartiQL. A unit of writing is one
started KB of the larger of the item before and after; half a unit of reading is one started 4 KB, a whole one where the
read is strongly consistent; a transaction doubles both.
"""

import re
from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

Item = Mapping[str, Mapping[str, Any]]
"""An item as it goes over the wire: each attribute's value by its type."""

WRITE_BLOCK, READ_BLOCK = 1024, 4096
_CONTAINER, _ELEMENT = 3, 1
"""A list or a map costs three bytes, and one for each thing in it."""


def size(item: Item | None) -> int:
    """Return the bytes of an item, names and values; 0 for none."""
    return sum(len(name.encode()) + _value(value) for name, value in (item or {}).items())


def _value(value: Mapping[str, Any]) -> int:  # noqa: PLR0911 (one per type)
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number(content)
        case "B":
            return len(content)
        case "SS":
            return sum(len(text.encode()) for text in content)
        case "NS":
            return sum(map(_number, content))
        case "BS":
            return sum(map(len, content))
        case "L":
            return _CONTAINER + sum(_ELEMENT + _value(one) for one in content)
        case "M":
            return _CONTAINER + sum(_ELEMENT + len(name.encode()) + _value(one) for name, one in content.items())
        case _:  # BOOL, NULL
            return 1


def _number(text: str) -> int:
    # One byte for each two significant digits, and one more; zeros at both ends don't count; a sign costs a byte.
    digits = re.sub(r"[eE].*", "", text).lstrip("+-").replace(".", "").strip("0")
    return ceil(len(digits) / 2) + 1 + text.startswith("-")


def write(before: Item | None, after: Item | None, *, transacted: bool = False) -> float:
    """Return the units of a put, update or delete; where its condition refused it, ``after`` is ``before``."""
    return max(1, ceil(max(size(before), size(after)) / WRITE_BLOCK)) * (2 if transacted else 1)


def read(items: Iterable[Item | None], *, consistent: bool, transacted: bool = False) -> float:
    """Return the units of items that one query reads, rounded up together; for a single read give the one item."""
    blocks = max(1, ceil(sum(map(size, items)) / READ_BLOCK))
    return blocks * (2 if transacted else 1 if consistent else 0.5)


def index(before: Item | None, after: Item | None, *, keys: tuple[str, ...]) -> float:
    """
    Return the further units that a global secondary index of all attributes costs a write.

    An item without one of the index's ``keys`` isn't in it. A key that changes is a delete and a put.
    """

    def entry(item: Item | None) -> Item | None:
        return item if item and all(key in item for key in keys) else None

    old, new = entry(before), entry(after)
    if old is None and new is None:
        return 0
    if old is None or new is None:
        return write(old, new)
    if any(old[key] != new[key] for key in keys):
        return write(old, None) + write(None, new)
    return write(old, new) if old != new else 0
