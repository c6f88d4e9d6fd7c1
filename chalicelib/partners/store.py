"""Pairs in the table. The only place for their keys."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError

from chalicelib.edge.table import Item, in_conflict, lost_the_race, transaction
from chalicelib.enrollment.items import InstantAttribute
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.partners.domain import Kind, Pair, Side, State
from chalicelib.partners.service import partners_of
from chalicelib.privacy.domain import Tie


class PairItem(Item, discriminator="pair"):
    """
    pk ``PARTNERS#{side}``, sk ``PAIR#{other side}``, a side being ``person:{id}`` or ``staff:{account}``.

    The whole pair under each of its sides, both written in one transaction. ``agreed`` and ``paused`` are lines of
    sides.
    """

    id = UnicodeAttribute()
    programme_id = UnicodeAttribute()
    by = UnicodeAttribute()
    proposed_at = InstantAttribute()
    agreed = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    since = InstantAttribute(null=True)
    paused = UnicodeAttribute(null=True)
    closed_by = UnicodeAttribute(null=True)
    closed_at = InstantAttribute(null=True)
    version = NumberAttribute()


PairItemT = TypeVar("PairItemT", bound=PairItem)


class DynamoPairs:
    """Implements ``service.Pairs``."""

    def of(self, side: Side) -> list[Pair]:
        """Return all that a side was ever part of: one consistent query."""
        found = PairItem.query(f"PARTNERS#{side.name}", PairItem.sk.startswith("PAIR#"), consistent_read=True)
        return [_pair_of(item) for item in found]

    def find(self, side: Side, other: Side) -> Pair | None:
        """Return the pair of these two."""
        try:
            return _pair_of(PairItem.get(*_key(side, other), consistent_read=True))
        except PairItem.DoesNotExist:
            return None

    def save(self, pair: Pair) -> bool:
        """Put it under both sides as the next version; False if it was changed since it was read."""
        unchanged = (PairItem.version == pair.version) if pair.version else PairItem.pk.does_not_exist()
        after = replace(pair, version=pair.version + 1)
        try:
            with transaction() as write:
                for side in pair.sides:
                    write.save(_item_of(after, side), condition=unchanged)
        except TransactWriteError as error:
            if lost_the_race(error) or in_conflict(error):
                return False
            raise
        return True


def partner_ties(person_id: str, _now: datetime) -> dict[str, Tie]:
    """Return what ties a person's partners to them, by account or their own person's id."""
    partners = partners_of(person_id, records=DynamoPeople(), pairs=DynamoPairs())
    return {name: Tie(shares=shares) for name, shares in partners.items()}


def _key(side: Side, other: Side) -> tuple[str, str]:
    return f"PARTNERS#{side.name}", f"PAIR#{other.name}"


def _item_of(pair: Pair, side: Side) -> PairItem:
    return pair_item(PairItem, _key(side, pair.other(side)), pair)


def pair_item(kind: type[PairItemT], key: tuple[str, str], pair: Pair) -> PairItemT:
    """Return a pair as an item of this kind."""
    return kind(
        *key,
        id=pair.id,
        programme_id=pair.programme_id,
        by=pair.by,
        proposed_at=pair.proposed_at,
        agreed=_text_of(pair.agreed),
        state=pair.state.value,
        since=pair.since,
        paused=_text_of(pair.paused),
        closed_by=pair.closed_by.name if pair.closed_by else None,
        closed_at=pair.closed_at,
        version=pair.version,
    )


def _pair_of(item: PairItem) -> Pair:
    return pair_of(item, map(_side_of, (item.pk.removeprefix("PARTNERS#"), item.sk.removeprefix("PAIR#"))))


def pair_of(item: PairItem, sides: Iterable[Side]) -> Pair:
    """Return the pair of these two that an item holds."""
    one, another = sorted(sides)
    return Pair(
        id=item.id,
        programme_id=item.programme_id,
        sides=(one, another),
        by=item.by,
        proposed_at=item.proposed_at,
        agreed=_sides_of(item.agreed),
        state=State(item.state),
        since=item.since,
        paused=_sides_of(item.paused),
        closed_by=_side_of(item.closed_by) if item.closed_by else None,
        closed_at=item.closed_at,
        version=int(item.version),
    )


def _text_of(sides: frozenset[Side]) -> str | None:
    return " ".join(sorted(side.name for side in sides)) or None


def _sides_of(text: str | None) -> frozenset[Side]:
    return frozenset(map(_side_of, (text or "").split()))


def _side_of(name: str) -> Side:
    kind, _, side_id = name.partition(":")
    return Side(kind=Kind(kind), id=side_id)
