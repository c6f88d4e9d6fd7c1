"""An item that is edited is another one from then on: which follows which, and what an edit changed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chalicelib.routine.domain import Item, Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """An item as it was, and as it is now: the same one, or the one that follows it."""

    before: Item
    after: Item


def lineage(items: Iterable[Item], item_id: str) -> set[str]:
    """Return the ids of an item, of those that it follows, and of those that follow it."""
    items = list(items)
    return {item_id, *before(items, item_id), *(item.id for item in items if item_id in before(items, item.id))}


def before(items: Iterable[Item], item_id: str) -> set[str]:
    """Return the ids of those that an item follows."""
    follows = {item.id: item.follows for item in items}
    found: set[str] = set()
    one = follows.get(item_id)
    while one and one not in found:
        found.add(one)
        one = follows.get(one)
    return found


def edits(was: Template, now: Template) -> Iterator[Edited]:
    """Give what comes at other times or is called otherwise since a version: first those that follow another."""
    known = {item.id: item for item in was.items}
    for item in now.items:
        if item.id not in known and item.follows in known:
            yield Edited(before=known[item.follows], after=item)
    for item in now.items:
        if item.id in known and not known[item.id].says(item):
            yield Edited(before=known[item.id], after=item)
