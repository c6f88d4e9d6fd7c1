"""Rotas and covers in the table. The only place for their keys."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError

from chalicelib.crisis.duty import Tier
from chalicelib.crisis.rota import Cover, Holiday, Rota, Shift, Span
from chalicelib.crisis.rota_watch import Looked
from chalicelib.edge.table import Item, in_conflict, lost_the_race, transaction
from chalicelib.enrollment.items import InstantAttribute
from chalicelib.errors import Stale
from chalicelib.outreach.domain import Due
from chalicelib.outreach.hurrying import hurry
from chalicelib.outreach.recurrence import Recurrence
from chalicelib.outreach.store import due_item

_ROTAS = "ROTAS"


class RotaItem(Item, discriminator="rota"):
    """pk ``ROTA#{programme}``, sk ``VERSION#{version:06}``: put once, never changed; the last one holds."""

    zone = UnicodeAttribute()
    shifts = JSONAttribute()
    holidays = JSONAttribute()
    hours = JSONAttribute()
    drills = JSONAttribute(null=True)
    put_by = UnicodeAttribute()
    put_at = InstantAttribute()


class CoverItem(Item, discriminator="cover"):
    """pk ``ROTA#{programme}``, sk ``COVER#{cover}``: the id begins with the instant at which it ends."""

    tier = UnicodeAttribute()
    of = UnicodeAttribute(null=True)
    by = UnicodeAttribute()
    starts = InstantAttribute()
    ends = InstantAttribute()
    asked_by = UnicodeAttribute()
    asked_at = InstantAttribute()
    agreed = JSONAttribute()
    put = BooleanAttribute()
    ended_at = InstantAttribute(null=True)
    ended_by = UnicodeAttribute(null=True)
    version = NumberAttribute()


class LookedItem(Item, discriminator="rota_looked"):
    """pk ``ROTAS``, sk ``{programme}``: when a rota was last looked over, and which gaps were told of."""

    at = InstantAttribute(null=True)
    told = JSONAttribute(null=True)


class DynamoRotas:
    """Implements ``rota_service.Rotas`` and ``rota_watch.Looks``. ``hurry`` is given what was made due."""

    def __init__(self, *, hurry: Callable[[Iterable[Due]], None] = hurry) -> None:
        self._hurry = hurry

    def find(self, programme_id: str, *, since: datetime) -> Rota | None:
        """Return the newest version, with the covers that end after an instant: two consistent queries."""
        versions = RotaItem.query(
            _partition(programme_id),
            RotaItem.sk.startswith("VERSION#"),
            scan_index_forward=False,
            limit=1,
            consistent_read=True,
        )
        item = next(iter(versions), None)
        if item is None:
            return None
        # "~" comes after every id, "Z~" after all that end in that very second.
        after = CoverItem.sk.between(f"COVER#{since:%Y%m%dT%H%M%SZ}~", "COVER#~")
        covers = CoverItem.query(_partition(programme_id), after, consistent_read=True)
        return _rota_of(item, covers=tuple(_cover_of(one) for one in covers))

    def add(self, rota: Rota) -> None:
        """Add a version, to be looked over at the next minute; one transaction."""
        with _or_stale("this rota was changed meanwhile"), transaction() as write:
            write.save(_item_of(rota), condition=RotaItem.pk.does_not_exist())
            write.save(LookedItem(_ROTAS, rota.programme_id))

    def cover(self, programme_id: str, cover_id: str) -> Cover | None:
        """Return a cover as it is now."""
        try:
            return _cover_of(CoverItem.get(_partition(programme_id), f"COVER#{cover_id}", consistent_read=True))
        except CoverItem.DoesNotExist:
            return None

    def save_cover(self, cover: Cover, *, dues: Iterable[Due] = ()) -> None:
        """Put a cover over the version before, or as a new one, with what falls due by it; one transaction."""
        dues = list(dues)
        before = CoverItem.version == cover.version - 1
        with _or_stale("this was changed meanwhile"), transaction() as write:
            write.save(_cover_item(cover), condition=CoverItem.pk.does_not_exist() if cover.version == 1 else before)
            for due in dues:
                write.save(due_item(due))
        self._hurry(dues)

    def looked(self) -> list[Looked]:
        """Return when each rota was last looked over."""
        return [
            Looked(programme_id=item.sk, at=item.at, told=frozenset(map(str, item.told or ())))
            for item in LookedItem.query(_ROTAS)
        ]

    def look(self, looked: Looked) -> None:
        """Keep that a rota was looked over."""
        LookedItem(_ROTAS, looked.programme_id, at=looked.at, told=sorted(looked.told)).save()


class _or_stale:  # noqa: N801 (reads as what it does)
    """Turns a lost race into ``Stale``."""

    def __init__(self, because: str) -> None:
        self._because = because

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """End."""
        if isinstance(error, TransactWriteError) and (lost_the_race(error) or in_conflict(error)):
            raise Stale(self._because) from error


def _partition(programme_id: str) -> str:
    return f"ROTA#{programme_id}"


def _item_of(rota: Rota) -> RotaItem:
    return RotaItem(
        _partition(rota.programme_id),
        f"VERSION#{rota.version:06}",
        zone=rota.zone,
        shifts=[
            {
                "id": one.id,
                "tier": one.tier.value,
                "span": _written(one.span),
                "members": list(one.members),
                "turns_from": one.turns_from.isoformat(),
                "zone": one.zone,
            }
            for one in rota.shifts
        ],
        holidays=[[one.on.isoformat(), one.shift_id, one.account, one.why] for one in rota.holidays],
        hours=[_written(one) for one in rota.hours],
        drills=_written_rule(rota.drills) if rota.drills else None,
        put_by=rota.put_by,
        put_at=rota.put_at,
    )


def _rota_of(item: RotaItem, *, covers: tuple[Cover, ...]) -> Rota:
    return Rota(
        programme_id=item.pk.removeprefix("ROTA#"),
        zone=item.zone,
        shifts=tuple(
            Shift(
                id=one["id"],
                tier=Tier(one["tier"]),
                span=_read(one["span"]),
                members=tuple(one["members"]),
                turns_from=date.fromisoformat(one["turns_from"]),
                zone=one["zone"],
            )
            for one in item.shifts
        ),
        holidays=tuple(
            Holiday(on=date.fromisoformat(on), shift_id=shift_id, account=account, why=why)
            for on, shift_id, account, why in item.holidays
        ),
        hours=tuple(_read(one) for one in item.hours),
        drills=_read_rule(item.drills) if item.drills else None,
        covers=covers,
        put_by=item.put_by,
        put_at=item.put_at,
        version=int(item.sk.removeprefix("VERSION#")),
    )


def _written(span: Span) -> list[Any]:
    return [sorted(span.days), f"{span.start:%H:%M}", f"{span.end:%H:%M}"]


def _read(found: list[Any]) -> Span:
    days, start, end = found
    return Span(days=frozenset(days), start=time.fromisoformat(start), end=time.fromisoformat(end))


def _written_rule(rule: Recurrence) -> list[str]:
    return [rule.rule, f"{rule.at:%H:%M}", rule.zone, rule.starts_on.isoformat()]


def _read_rule(found: list[str]) -> Recurrence:
    rule, at, zone, starts_on = found
    return Recurrence(rule=rule, at=time.fromisoformat(at), zone=zone, starts_on=date.fromisoformat(starts_on))


def _cover_item(cover: Cover) -> CoverItem:
    return CoverItem(
        _partition(cover.programme_id),
        f"COVER#{cover.id}",
        tier=cover.tier.value,
        of=cover.of,
        by=cover.by,
        starts=cover.starts,
        ends=cover.ends,
        asked_by=cover.asked_by,
        asked_at=cover.asked_at,
        agreed=sorted(cover.agreed),
        put=cover.put,
        ended_at=cover.ended_at,
        ended_by=cover.ended_by,
        version=cover.version,
    )


def _cover_of(item: CoverItem) -> Cover:
    return Cover(
        id=item.sk.removeprefix("COVER#"),
        programme_id=item.pk.removeprefix("ROTA#"),
        tier=Tier(item.tier),
        of=item.of,
        by=item.by,
        starts=item.starts,
        ends=item.ends,
        asked_by=item.asked_by,
        asked_at=item.asked_at,
        agreed=frozenset(map(str, item.agreed)),
        put=item.put,
        ended_at=item.ended_at,
        ended_by=item.ended_by,
        version=int(item.version),
    )
