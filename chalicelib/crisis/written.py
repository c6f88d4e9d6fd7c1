"""Calls, crises and lines of a log as JSON, and back: what is None or empty is left out."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar, get_args, get_type_hints

from chalicelib.crisis.domain import Crisis, Event, Press

T = TypeVar("T", Press, Crisis, Event)


def written(one: Press | Crisis | Event) -> dict[str, Any]:
    """Return it as JSON; ``read`` reads it back."""
    return {name: _plain(value) for name, value in asdict(one).items() if value is not None and value != ()}


def read(kind: type[T], facts: Mapping[str, Any]) -> T:
    """Return what was written; facts that this version doesn't know are passed over."""
    known = {name: _read(types, facts[name]) for name, types in _TYPES[kind.__name__].items() if name in facts}
    return kind(**known)


def _plain(value: Any) -> Any:  # noqa: ANN401 (whatever a field holds)
    match value:
        case datetime():
            return value.isoformat()
        case Enum():
            return value.value
        case dict():
            return {name: _plain(one) for name, one in value.items() if one is not None and one != ()}
        case tuple() | list():
            return [_plain(one) for one in value]
        case _:
            return value


def _read(types: tuple[Any, ...], value: Any) -> Any:  # noqa: ANN401 (as above)
    if isinstance(value, list):
        return tuple(value)
    if Press in types:
        return read(Press, value)
    if datetime in types:
        return datetime.fromisoformat(value)
    enums = [one for one in types if isinstance(one, type) and issubclass(one, Enum)]
    return enums[0](value) if enums else value


_TYPES = {
    kind.__name__: {field.name: (hint := get_type_hints(kind)[field.name], *get_args(hint)) for field in fields(kind)}
    for kind in (Press, Crisis, Event)
}
"""What each field holds."""
