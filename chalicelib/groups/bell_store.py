"""Bells of meetings, and when to look for them, in the table. The only place for their keys."""

from collections.abc import Iterable
from datetime import datetime

from pynamodb.attributes import BooleanAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError

from chalicelib.edge.table import Item, lost_the_race, transaction
from chalicelib.groups.bells import Bell, about_of
from chalicelib.outreach.fanning_store import DynamoFanOuts, FanOutItem, progress_in, progress_of
from chalicelib.outreach.kinds import MEETING
from chalicelib.outreach.store import instant

LOOKS = "LOOKS"


class LookItem(Item, discriminator="look"):
    """pk ``LOOKS``, sk ``{instant}#{series}``: when to look at a series next."""


class BellItem(FanOutItem, discriminator="bell"):
    """pk ``BELL#{bell}``, sk ``BELL``: one thing about one meeting, and how far its fan-out is."""

    group_id = UnicodeAttribute()
    meets_at = UnicodeAttribute()
    was_at = UnicodeAttribute(null=True)
    to_all = BooleanAttribute()


def look_items(series_id: str, at: datetime | None) -> Iterable[LookItem]:
    """Return the row that has a series looked at, to be written together with it."""
    return [LookItem(LOOKS, f"{instant(at)}#{series_id}")] if at else []


class DynamoLooks:
    """Implements ``ringing.Looks``."""

    def coming(self, *, by: datetime, limit: int) -> list[tuple[datetime, str]]:
        """Return which series are to be looked at by now, the earliest first, and since when."""
        found = LookItem.query(LOOKS, LookItem.sk < f"{instant(by)}~", limit=limit)
        return [
            (datetime.fromisoformat(at), series_id) for at, _, series_id in (one.sk.partition("#") for one in found)
        ]

    def put(self, at: datetime, series_id: str) -> None:
        """Have a series looked at then; again is the same row."""
        LookItem(LOOKS, f"{instant(at)}#{series_id}").save()

    def remove(self, at: datetime, series_id: str) -> None:
        """Let it go; gone already is fine."""
        LookItem(LOOKS, f"{instant(at)}#{series_id}").delete()


class DynamoBells(DynamoFanOuts[Bell]):
    """Implements ``ringing.Bells``."""

    item = BellItem
    name = "BELL"
    open_list = "BELLS#OPEN"

    def add(self, bell: Bell) -> None:
        """Keep a new bell, to be fanned out; one that is kept under its id stays as it is."""
        item = BellItem(
            f"BELL#{bell.id}",
            "BELL",
            group_id=bell.group_id,
            meets_at=instant(bell.meets_at),
            was_at=instant(bell.was_at) if bell.was_at else None,
            to_all=bell.to_all,
            **progress_of(bell),
        )
        try:
            with transaction() as write:
                write.save(item, BellItem.pk.does_not_exist())
                write.save(self.noted(bell))
        except TransactWriteError as error:
            if not lost_the_race(error):
                raise

    def read(self, item: BellItem) -> Bell:
        """Return the bell that an item holds."""
        bell_id = item.pk.removeprefix("BELL#")
        about = about_of(f"{MEETING}-{bell_id}")
        if about is None:
            raise ValueError("is no bell of ours")
        return Bell(
            id=bell_id,
            group_id=item.group_id,
            about=about,
            meets_at=datetime.fromisoformat(item.meets_at),
            was_at=datetime.fromisoformat(item.was_at) if item.was_at else None,
            to_all=item.to_all,
            **progress_in(item),
        )
