"""Caring contacts in the table. The only place for their keys."""

from datetime import date

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError

from chalicelib.caring.domain import Because, Reply, Series
from chalicelib.edge.table import Item, in_conflict, lost_the_race, transaction, undisturbed
from chalicelib.enrollment.changing import Change
from chalicelib.enrollment.items import InstantAttribute
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.tasks.domain import Task
from chalicelib.tasks.store import open_within


class SeriesItem(Item, discriminator="caring_series"):
    """pk ``CARING#{person}``, sk ``SERIES``: written with the person, whose version guards it."""

    programme_id = UnicodeAttribute()
    episode = NumberAttribute()
    because = UnicodeAttribute()
    of = UnicodeAttribute()
    birthday = UnicodeAttribute(null=True)
    started_by = UnicodeAttribute()
    started_at = InstantAttribute()
    signer = UnicodeAttribute(null=True)
    again = BooleanAttribute(null=True)
    ended_at = InstantAttribute(null=True)
    ended_by = UnicodeAttribute(null=True)


class ReplyItem(Item, discriminator="caring_reply"):
    """pk ``CARINGREPLIES#{person}``, sk ``{id}``: the page's id, so that it is one reply however often it is sent."""

    at = InstantAttribute()
    text = UnicodeAttribute()


class DynamoSeries:
    """Implements ``service.AllSeries``."""

    def __init__(self, people: DynamoPeople) -> None:
        self._people = people

    def find(self, person_id: str) -> Series | None:
        """Return a person's: one consistent read."""
        try:
            return _series_of(SeriesItem.get(f"CARING#{person_id}", "SERIES", consistent_read=True))
        except SeriesItem.DoesNotExist:
            return None

    def write(self, change: Change, series: Series) -> None:
        """Write a change of the person and this series, or nothing."""
        self._people.write(change, along=[(_item_of(series), None)])


class DynamoReplies:
    """Implements ``replying.Replies``."""

    def add(self, reply: Reply, task: Task) -> bool:
        """Keep a reply and open its task in one transaction."""
        item = ReplyItem(f"CARINGREPLIES#{reply.person_id}", reply.id, at=reply.at, text=reply.text)

        def write() -> None:
            with transaction() as writes:
                writes.save(item, condition=ReplyItem.pk.does_not_exist())
                open_within(writes, task)

        try:
            undisturbed(write)
        except TransactWriteError as error:
            if lost_the_race(error) and not in_conflict(error):
                return False
            raise
        return True

    def of_person(self, person_id: str) -> list[Reply]:
        """Return all of a person's: one consistent query; they are few."""
        found = [_reply_of(item) for item in ReplyItem.query(f"CARINGREPLIES#{person_id}", consistent_read=True)]
        return sorted(found, key=lambda reply: reply.at, reverse=True)


def _item_of(series: Series) -> SeriesItem:
    return SeriesItem(
        f"CARING#{series.person_id}",
        "SERIES",
        programme_id=series.programme_id,
        episode=series.episode,
        because=series.because.value,
        of=series.of.isoformat(),
        birthday=series.birthday,
        started_by=series.started_by,
        started_at=series.started_at,
        signer=series.signer,
        again=series.again,
        ended_at=series.ended_at,
        ended_by=series.ended_by,
    )


def _series_of(item: SeriesItem) -> Series:
    return Series(
        person_id=item.pk.removeprefix("CARING#"),
        programme_id=item.programme_id,
        episode=int(item.episode),
        because=Because(item.because),
        of=date.fromisoformat(item.of),
        birthday=item.birthday,
        started_by=item.started_by,
        started_at=item.started_at,
        signer=item.signer,
        again=bool(item.again),
        ended_at=item.ended_at,
        ended_by=item.ended_by,
    )


def _reply_of(item: ReplyItem) -> Reply:
    return Reply(id=item.sk, person_id=item.pk.removeprefix("CARINGREPLIES#"), at=item.at, text=item.text)
