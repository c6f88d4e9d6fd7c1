"""Groups and their series of meetings, in the table. The only place for their keys."""

from dataclasses import replace
from datetime import datetime

from pynamodb.attributes import BooleanAttribute, JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError, TransactWriteError

from chalicelib.edge.table import Item, in_conflict, lost_the_race, transaction
from chalicelib.enrollment.items import InstantAttribute
from chalicelib.errors import Stale
from chalicelib.groups.bell_store import look_items
from chalicelib.groups.domain import Group, Kind
from chalicelib.groups.series import Series
from chalicelib.groups.written import read_series, written_series


class GroupItem(Item, discriminator="group"):
    """pk ``GROUP#{group}``, sk ``GROUP``: what it is, and the ids of its series."""

    programme_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    name = UnicodeAttribute()
    language = UnicodeAttribute()
    facilitators = ListAttribute(of=UnicodeAttribute)
    is_open = BooleanAttribute()
    by = UnicodeAttribute()
    made_at = InstantAttribute()
    closed_at = InstantAttribute(null=True)
    series = ListAttribute(of=UnicodeAttribute)
    version = NumberAttribute()


class ProgrammeGroupItem(Item, discriminator="programme_group"):
    """pk ``GROUPS#{programme}``, sk ``{group}``: a programme's groups."""


class SeriesItem(Item, discriminator="series"):
    """pk ``SERIES#{series}``, sk ``SERIES``: its parts, its changed dates, and what members have to hear of those."""

    group_id = UnicodeAttribute()
    meets = JSONAttribute()
    by = UnicodeAttribute()
    version = NumberAttribute()


class DynamoGroups:
    """Implements ``service.Groups``."""

    def find(self, group_id: str) -> Group | None:
        """Return it as it is now."""
        try:
            return _group_of(GroupItem.get(f"GROUP#{group_id}", "GROUP", consistent_read=True))
        except GroupItem.DoesNotExist:
            return None

    def of_programme(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Group], str | None]:
        """Return a programme's groups, and the key to go on after: a query, and a batch read of those of the page."""
        beyond = ProgrammeGroupItem.sk > after if after else None
        listed = [item.sk for item in ProgrammeGroupItem.query(f"GROUPS#{programme_id}", beyond, limit=limit + 1)]
        keys = [(f"GROUP#{group_id}", "GROUP") for group_id in listed[:limit]]
        found = {item.pk: _group_of(item) for item in GroupItem.batch_get(keys, consistent_read=True)} if keys else {}
        return [found[pk] for pk, _ in keys if pk in found], listed[limit - 1] if len(listed) > limit else None

    def add(self, group: Group) -> Group:
        """Keep a new group with its place in the programme's list, or return the one that is there."""
        try:
            with transaction() as write:
                write.save(_group_item(group), GroupItem.pk.does_not_exist())
                write.save(ProgrammeGroupItem(f"GROUPS#{group.programme_id}", group.id))
        except TransactWriteError as error:
            found = self.find(group.id) if lost_the_race(error) else None
            if found is None:
                raise
            return found
        return group

    def save(self, group: Group) -> None:
        """Put it as the next version over the one that it was read as."""
        try:
            _group_item(replace(group, version=group.version + 1)).save(GroupItem.version == group.version)
        except PutError as error:
            _as_stale(error)

    def series(self, series_id: str) -> Series | None:
        """Return a series as it is now."""
        try:
            return _series_of(SeriesItem.get(f"SERIES#{series_id}", "SERIES", consistent_read=True))
        except SeriesItem.DoesNotExist:
            return None

    def add_series(self, series: Series, group: Group, *, look_at: datetime | None) -> None:
        """Keep a new series, the group that has it, and when to look at it: all or nothing."""
        try:
            with transaction() as write:
                write.save(_series_item(series), SeriesItem.pk.does_not_exist())
                write.save(_group_item(replace(group, version=group.version + 1)), GroupItem.version == group.version)
                for item in look_items(series.id, look_at):
                    write.save(item)
        except TransactWriteError as error:
            _as_stale(error)

    def save_series(self, series: Series, *, look_at: datetime | None) -> None:
        """Put it over the version before it, with when to look at it."""
        try:
            with transaction() as write:
                write.save(_series_item(series), SeriesItem.version == series.version - 1)
                for item in look_items(series.id, look_at):
                    write.save(item)
        except TransactWriteError as error:
            _as_stale(error)


def _as_stale(error: PutError | TransactWriteError) -> None:
    if lost_the_race(error) or in_conflict(error):
        raise Stale("this was changed meanwhile") from error
    raise error


def _group_item(group: Group) -> GroupItem:
    return GroupItem(
        f"GROUP#{group.id}",
        "GROUP",
        programme_id=group.programme_id,
        kind=group.kind.value,
        name=group.name,
        language=group.language,
        facilitators=sorted(group.facilitators),
        is_open=group.is_open,
        by=group.by,
        made_at=group.made_at,
        closed_at=group.closed_at,
        series=list(group.series),
        version=group.version,
    )


def _group_of(item: GroupItem) -> Group:
    return Group(
        id=item.pk.removeprefix("GROUP#"),
        programme_id=item.programme_id,
        kind=Kind(item.kind),
        name=item.name,
        language=item.language,
        facilitators=frozenset(str(account) for account in item.facilitators),
        is_open=item.is_open,
        by=item.by,
        made_at=item.made_at,
        closed_at=item.closed_at,
        series=tuple(str(series_id) for series_id in item.series),
        version=int(item.version),
    )


def _series_item(series: Series) -> SeriesItem:
    return SeriesItem(
        f"SERIES#{series.id}",
        "SERIES",
        group_id=series.group_id,
        meets=written_series(series),
        by=series.by,
        version=series.version,
    )


def _series_of(item: SeriesItem) -> Series:
    return read_series(
        item.meets,
        series_id=item.pk.removeprefix("SERIES#"),
        group_id=item.group_id,
        by=item.by,
        version=int(item.version),
    )
