"""Holds as items of a person's partition. The only place for these keys."""

from pynamodb.attributes import UnicodeAttribute
from pynamodb.exceptions import PynamoDBException

from chalicelib.edge.log import count, logger
from chalicelib.edge.table import Item, lost_the_race
from chalicelib.enrollment.holds import PlacedHold
from chalicelib.enrollment.items import InstantAttribute, partition
from chalicelib.outreach.domain import Hold


class HoldItem(Item, discriminator="hold"):
    """pk ``PERSON#{person}``, sk ``HOLD#{kind}``. Not behind the person's version: a call for help waits for nobody."""

    until = InstantAttribute()
    since = InstantAttribute()
    by = UnicodeAttribute()


def hold_item(person_id: str, hold: PlacedHold) -> HoldItem:
    """Return the hold as an item."""
    return HoldItem(partition(person_id), f"HOLD#{hold.kind.value}", until=hold.until, since=hold.since, by=hold.by)


def hold_of(item: HoldItem) -> PlacedHold:
    """Return the hold that an item holds."""
    return PlacedHold(kind=Hold(item.sk.removeprefix("HOLD#")), until=item.until, since=item.since, by=item.by)


class DynamoHolds:
    """Implements ``holds.Holds``."""

    def place(self, person_id: str, hold: PlacedHold) -> None:
        """Put this hold in place of the one of its kind."""
        hold_item(person_id, hold).save()

    def extend(self, person_id: str, hold: PlacedHold) -> None:
        """Put this hold unless one of its kind lasts as long or longer; never raises."""
        try:
            hold_item(person_id, hold).save(HoldItem.pk.does_not_exist() | (HoldItem.until < hold.until))
        except PynamoDBException as error:
            if lost_the_race(error):
                return
            logger.error("hold not kept", extra={"person_id": person_id, "hold": hold.kind.value})
            count("UnexpectedErrors")

    def lift(self, person_id: str, kind: Hold) -> None:
        """Take the hold of this kind away; none there is fine."""
        HoldItem(partition(person_id), f"HOLD#{kind.value}").delete()
