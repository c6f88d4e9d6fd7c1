"""Schedules, due rows, the watermark and what was set aside, in the table. The only place for their keys."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError

from chalicelib.edge.log import count, logger
from chalicelib.edge.table import Item, Row, delete_all, item_of, lost_the_race, put_all, row_of, rows_of
from chalicelib.outreach.categories import shard_of
from chalicelib.outreach.domain import URGENT, Due, Schedule
from chalicelib.outreach.parking import Parked
from chalicelib.outreach.ticking import HOUR
from chalicelib.outreach.written import read, read_occurrence, written, written_occurrence


class ScheduleItem(Item, discriminator="schedule"):
    """pk ``PERSON#{person}``, sk ``SCHEDULE#{kind}``: lies with the person, so that one read has all of it."""

    version = NumberAttribute()
    when = JSONAttribute()
    title = UnicodeAttribute(null=True)
    keeps_zone = BooleanAttribute(null=True)
    paused = BooleanAttribute(null=True)
    since = UnicodeAttribute(null=True)
    fell_due = UnicodeAttribute(null=True)


class DueItem(Item, discriminator="due"):
    """pk ``DUE#{hour}#{shard}``, sk ``{instant}#{person}#{kind}#{local date}#{version}``: only what is waiting."""

    due_at = UnicodeAttribute()


class ParkedItem(Item, discriminator="parked"):
    """pk ``PARKED``, sk ``{person}#{kind}#{on}``: what could not be handled. ``row`` is the sort key of its due row."""

    row = UnicodeAttribute()
    due_at = UnicodeAttribute(null=True)
    at = UnicodeAttribute()
    why = UnicodeAttribute()


class WatermarkItem(Item, discriminator="watermark"):
    """pk ``WATERMARK``, sk ``DUE``: the first hour that may still hold a due row."""

    hour = UnicodeAttribute()


def instant(at: datetime) -> str:
    """Write an instant so that text order is time order: UTC, to the second."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def schedule_item(schedule: Schedule) -> ScheduleItem:
    """Return the schedule as an item, to be written together with what it belongs to."""
    return ScheduleItem(
        f"PERSON#{schedule.person_id}",
        f"SCHEDULE#{schedule.kind}",
        version=schedule.version,
        when=written(schedule.when),
        title=schedule.title or None,
        keeps_zone=schedule.keeps_zone or None,
        paused=schedule.paused or None,
        since=instant(schedule.since) if schedule.since else None,
        fell_due=written_occurrence(schedule.fell_due),
    )


def schedule_of(item: ScheduleItem) -> Schedule:
    """Return the schedule that an item holds."""
    return Schedule(
        person_id=item.pk.removeprefix("PERSON#"),
        kind=item.sk.removeprefix("SCHEDULE#"),
        version=int(item.version),
        when=read(item.when),
        title=item.title or "",
        keeps_zone=bool(item.keeps_zone),
        paused=bool(item.paused),
        since=datetime.fromisoformat(item.since) if item.since else None,
        fell_due=read_occurrence(item.fell_due),
    )


def due_row(due: Due) -> Row:
    """Return the due row as DynamoDB writes it. The same due gives the same row."""
    at = instant(due.at)
    return row_of(
        DueItem,
        _due_partition(due.at, shard_of(due)),
        _due_key(due),
        due_at=at if due.due_at == due.at else instant(due.due_at),
    )


def due_item(due: Due) -> DueItem:
    """Return the due row as an item, to be written together with what it belongs to."""
    return item_of(DueItem, due_row(due))


def due_of(item: DueItem) -> Due:
    """Return the due that an item holds."""
    return _due_from(item.sk, item.due_at)


def _due_key(due: Due) -> str:
    # With its date: what an outage left behind of several days may all be put at one instant.
    return f"{instant(due.at)}#{due.person_id}#{due.kind}#{due.on.isoformat()}#{due.version}"


def _due_from(key: str, due_at: str) -> Due:
    at, person_id, kind, on, version = key.split("#")
    due = Due(
        person_id=person_id,
        kind=kind,
        on=date.fromisoformat(on),
        at=_instant_of(at),
        due_at=_instant_of(due_at),
        version=int(version),
    )
    if _due_key(due) != key:
        raise ValueError("is no key that we write, so its row could never be removed")
    return due


def _instant_of(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("names no instant")
    return at


_UNREADABLE = (LookupError, ValueError, TypeError)
"""Errors of a row that somebody changed by hand."""


def _read_due(row: Row) -> Due | None:
    """Return the due of a row; None if nobody can read it."""
    try:
        due = _due_from(row["sk"]["S"], row["due_at"]["S"])
        is_ours = row["item"]["S"] == "due" and row["pk"]["S"].startswith(f"DUE#{_hour(due.at)}#")
    except _UNREADABLE:
        return None
    return due if is_ours else None


def _due_partition(at: datetime, shard: int) -> str:
    return f"DUE#{_hour(at)}#{'urgent' if shard == URGENT else f'{shard:02}'}"


def _hour(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H}"


class DynamoDues:
    """Implements ``ports.Dues``."""

    def put(self, dues: Iterable[Due]) -> None:
        """Write these due rows; again is the same rows."""
        put_all([due_row(due) for due in dues])

    def remove(self, dues: Iterable[Due]) -> None:
        """Let these due rows go; gone already is fine."""
        delete_all([due_row(due) for due in dues])

    def waiting(
        self,
        hour: datetime,
        shard: int,
        *,
        before: datetime,
        limit: int,
        first: datetime | None = None,
        after: Due | None = None,
    ) -> list[Due]:
        """
        Return at most ``limit`` that wait in this partition of an hour, in the order of their instants.

        A row that can't be read is set aside, so that it stands in nobody's way.
        """
        low = f"{due_item(after).sk}!" if after else instant(first) if first else " "
        # Once the hour is over also what no instant sorts before: nobody comes by here again.
        high = instant(before) if before < hour + HOUR else "~"
        found: list[Due] = []
        for row in rows_of(_due_partition(hour, shard), between=(low, high), limit=limit):
            due = _read_due(row)
            if due is None:
                _park_unreadable(row, at=before)
                continue
            found.append(due)
            if len(found) == limit:
                break
        return found

    def watermark(self) -> datetime | None:
        """Return the first hour that may still hold rows; None before the first tick ever."""
        try:
            return datetime.fromisoformat(WatermarkItem.get("WATERMARK", "DUE").hour)
        except WatermarkItem.DoesNotExist:
            return None

    def advance(self, hour: datetime) -> None:
        """Move the watermark on; never back."""
        item = WatermarkItem("WATERMARK", "DUE", hour=instant(hour))
        try:
            item.save(WatermarkItem.pk.does_not_exist() | (WatermarkItem.hour < item.hour))
        except PutError as error:
            if not lost_the_race(error):
                raise


class DynamoParking:
    """Implements ``parking.Parking``."""

    def put(self, parked: Parked) -> None:
        """Keep it; the same occurrence again is the same row."""
        due = parked.due
        row = due_item(due)
        ParkedItem(
            _PARKED, _parked_key(due), row=row.sk, due_at=row.due_at, at=instant(parked.at), why=parked.why
        ).save()

    def remove(self, due: Due) -> None:
        """Let it go; gone already is fine."""
        ParkedItem(_PARKED, _parked_key(due)).delete()

    def all(self) -> Iterator[Parked]:
        """Give all that are set aside and can be brought back."""
        return filter(None, map(_read_parked, rows_of(_PARKED)))

    def unreadable(self) -> list[str]:
        """Return the keys of due rows, or of rows set aside, that can't be read and so can't be brought back."""
        return [_key_shown(row) for row in rows_of(_PARKED) if _read_parked(row) is None]


_PARKED = "PARKED"


def _park_unreadable(row: Row, *, at: datetime) -> None:
    key = row["sk"]["S"]
    ParkedItem(_PARKED, key, row=f"{row['pk']['S']} {key}", at=instant(at), why="unreadable").save()
    delete_all([row])
    logger.error("unreadable due row")
    count("Parked")


def _read_parked(row: Row) -> Parked | None:
    """Return what a row set aside; None if nobody can read it."""
    try:
        due = _due_from(row["row"]["S"], row["due_at"]["S"])
        parked = Parked(due=due, at=_instant_of(row["at"]["S"]), why=row["why"]["S"])
        is_ours = row["item"]["S"] == "parked" and row["sk"]["S"] == _parked_key(due)
    except _UNREADABLE:
        return None
    return parked if is_ours else None


def _key_shown(row: Row) -> str:
    """Return the key of the due row that was set aside unread, else that of the row itself."""
    key = row.get("row", {}).get("S", "")
    return str(key) if key.startswith("DUE#") else f"{_PARKED} {row['sk']['S']}"


def _parked_key(due: Due) -> str:
    return f"{due.person_id}#{due.kind}#{due.on.isoformat()}"
