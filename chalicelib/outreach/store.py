"""Schedules, due rows, the ledger and the watermark in the table. The only place for their keys."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DeleteError, PutError, UpdateError

from chalicelib.edge.table import Item, lost_the_race
from chalicelib.outreach.domain import DUE_SHARDS, ChannelKind, Due, Entry, Reason, Schedule, Status
from chalicelib.outreach.written import read, written


class ScheduleItem(Item, discriminator="schedule"):
    """pk ``PERSON#{person}``, sk ``SCHEDULE#{kind}``: lies with the person, so that one read has all of it."""

    version = NumberAttribute()
    when = JSONAttribute()
    title = UnicodeAttribute(null=True)
    keeps_zone = BooleanAttribute(null=True)
    paused = BooleanAttribute(null=True)


class DueItem(Item, discriminator="due"):
    """pk ``DUE#{hour}#{shard}``, sk ``{instant}#{person}#{kind}#{version}``: only what is waiting."""

    on = UnicodeAttribute()
    due_at = UnicodeAttribute()


class LedgerItem(Item, discriminator="ledger"):
    """pk ``LEDGER#{person}``, sk ``{local date}#{kind}``: one row per occurrence, the claim and the outcome in one."""

    due_at = UnicodeAttribute()
    status = UnicodeAttribute()
    attempt = NumberAttribute()
    claimed_at = UnicodeAttribute()
    ended_at = UnicodeAttribute(null=True)
    received_at = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    channel_id = UnicodeAttribute(null=True)
    channel_kind = UnicodeAttribute(null=True)
    provider_id = UnicodeAttribute(null=True)
    template = UnicodeAttribute(null=True)
    # Written by receipt_store.py when the provider reports on the message.
    delivered_at = UnicodeAttribute(null=True)
    delayed_at = UnicodeAttribute(null=True)
    bounced_at = UnicodeAttribute(null=True)
    bounce = UnicodeAttribute(null=True)


class WatermarkItem(Item, discriminator="watermark"):
    """pk ``WATERMARK``, sk ``DUE``: the first hour that may still hold a due row."""

    hour = UnicodeAttribute()


def instant(at: datetime) -> str:
    """Write an instant so that text order is time order: UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
    )


def due_item(due: Due) -> DueItem:
    """Return the due row, to be written together with what it belongs to. The same due gives the same item."""
    return DueItem(
        _due_partition(due.at, due.shard),
        f"{instant(due.at)}#{due.person_id}#{due.kind}#{due.version}",
        on=due.on.isoformat(),
        due_at=instant(due.due_at),
    )


def due_of(item: DueItem) -> Due:
    """Return the due that an item holds."""
    at, person_id, kind, version = item.sk.split("#")
    return Due(
        person_id=person_id,
        kind=kind,
        on=date.fromisoformat(item.on),
        at=datetime.fromisoformat(at),
        due_at=datetime.fromisoformat(item.due_at),
        version=int(version),
    )


def _due_partition(at: datetime, shard: int) -> str:
    return f"DUE#{at.astimezone(UTC):%Y-%m-%dT%H}#{shard:02}"


class DynamoDues:
    """Implements ``service.Dues``."""

    def put(self, due: Due) -> None:
        """Write the due row; again is the same row."""
        due_item(due).save()

    def remove(self, due: Due) -> None:
        """Let the due row go; gone already is fine."""
        item = due_item(due)
        item.delete()

    def waiting(self, hour: datetime, *, before: datetime) -> Iterator[Due]:
        """Give what waits in this hour of UTC with an instant earlier than ``before``, shard by shard."""
        for shard in range(DUE_SHARDS):
            for item in DueItem.query(_due_partition(hour, shard), DueItem.sk < instant(before)):
                yield due_of(item)

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


class DynamoLedger:
    """Implements ``service.Ledger``."""

    def get(self, person_id: str, kind: str, on: date) -> Entry | None:
        """Return the entry of an occurrence as it stands."""
        try:
            return _entry_of(LedgerItem.get(*_ledger_key(person_id, kind, on), consistent_read=True))
        except LedgerItem.DoesNotExist:
            return None

    def of_people(self, keys: Iterable[tuple[str, str, date]]) -> Iterator[Entry]:
        """Give the entries of these (person, kind, local date), in no order; 100 a call."""
        for item in LedgerItem.batch_get([_ledger_key(*key) for key in keys]):
            yield _entry_of(item)

    def add(self, entry: Entry) -> bool:
        """Write the first entry of an occurrence; False if there is one already."""
        try:
            _item_of(entry).save(LedgerItem.pk.does_not_exist())
        except PutError as error:
            if lost_the_race(error):
                return False
            raise
        return True

    def replace(self, entry: Entry, *, attempt: int) -> bool:
        """Put a new attempt, or an end, over a claim of this ``attempt``; False if it is no longer that claim."""
        try:
            _item_of(entry).save((LedgerItem.attempt == attempt) & (LedgerItem.status == Status.CLAIMED.value))
        except PutError as error:
            if lost_the_race(error):
                return False
            raise
        return True

    def release(self, entry: Entry) -> None:
        """Take back a claim whose message was certainly not accepted, so that it can be tried at once."""
        try:
            _item_of(entry).delete((LedgerItem.attempt == entry.attempt) & (LedgerItem.status == Status.CLAIMED.value))
        except DeleteError as error:
            if not lost_the_race(error):
                raise

    def received(self, person_id: str, kind: str, on: date, *, at: datetime) -> bool:
        """
        Record that a provider or device reported the message; ends a claim whose sender died.

        Costs half a read unit where the sender has written its end already, which is nearly always. False where
        there was nothing to end.
        """
        key = _ledger_key(person_id, kind, on)
        try:
            if LedgerItem.get(*key).status != Status.CLAIMED:
                return False
        except LedgerItem.DoesNotExist:
            pass  # the claim may be too young for a read that isn't strongly consistent: let the condition decide
        try:
            LedgerItem(*key).update(
                actions=[
                    LedgerItem.status.set(Status.SENT.value),
                    LedgerItem.ended_at.set(instant(at)),
                    LedgerItem.received_at.set(instant(at)),
                ],
                condition=LedgerItem.status == Status.CLAIMED.value,
            )
        except UpdateError as error:
            if lost_the_race(error):
                return False
            raise
        return True


def _ledger_key(person_id: str, kind: str, on: date) -> tuple[str, str]:
    return f"LEDGER#{person_id}", f"{on.isoformat()}#{kind}"


def _item_of(entry: Entry) -> LedgerItem:
    return LedgerItem(
        *_ledger_key(entry.person_id, entry.kind, entry.on),
        due_at=instant(entry.due_at),
        status=entry.status.value,
        attempt=entry.attempt,
        claimed_at=instant(entry.claimed_at),
        ended_at=instant(entry.ended_at) if entry.ended_at else None,
        reason=entry.reason.value if entry.reason else None,
        channel_id=entry.channel_id,
        channel_kind=entry.channel_kind.value if entry.channel_kind else None,
        provider_id=entry.provider_id,
        template=entry.template,
    )


def _entry_of(item: LedgerItem) -> Entry:
    on, kind = item.sk.split("#")
    return Entry(
        person_id=item.pk.removeprefix("LEDGER#"),
        kind=kind,
        on=date.fromisoformat(on),
        due_at=datetime.fromisoformat(item.due_at),
        status=Status(item.status),
        attempt=int(item.attempt),
        claimed_at=datetime.fromisoformat(item.claimed_at),
        ended_at=datetime.fromisoformat(item.ended_at) if item.ended_at else None,
        reason=Reason(item.reason) if item.reason else None,
        channel_id=item.channel_id,
        channel_kind=ChannelKind(item.channel_kind) if item.channel_kind else None,
        provider_id=item.provider_id,
        template=item.template,
    )


def hours(first: datetime, last: datetime) -> Iterator[datetime]:
    """Give the whole hours of UTC from that of ``first`` to that of ``last``."""
    hour = first.replace(minute=0, second=0, microsecond=0)
    while hour <= last:
        yield hour
        hour += timedelta(hours=1)
