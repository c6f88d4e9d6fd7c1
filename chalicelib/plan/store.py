"""Plans in the table. The only place for their keys."""

from pynamodb.attributes import JSONAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.exceptions import PutError

from chalicelib.edge.table import Item, lost_the_race
from chalicelib.plan.domain import Entry, Hand, Made, MyPlan, Part


class MyPlanItem(Item, discriminator="my_plan"):
    """pk ``MYPLAN#{person}``, sk ``VERSION#{version}``: put once, never changed; the last one counts."""

    version = NumberAttribute()
    parts = JSONAttribute()
    made = UnicodeAttribute()
    hand = UnicodeAttribute()
    by = UnicodeAttribute()
    at = UTCDateTimeAttribute()


class DynamoMyPlans:
    """Implements ``service.Plans``."""

    def last(self, person_id: str) -> MyPlan | None:
        """Return the newest version: one consistent read."""
        found, _ = self.versions(person_id, before=None, limit=1)
        return found[0] if found else None

    def add(self, plan: MyPlan) -> bool:
        """Put a version unless there is one of its number."""
        try:
            _item_of(plan).save(condition=MyPlanItem.pk.does_not_exist())
        except PutError as error:
            if lost_the_race(error):
                return False
            raise
        return True

    def versions(self, person_id: str, *, before: int | None, limit: int) -> tuple[list[MyPlan], int | None]:
        """Return versions, newest first."""
        below = MyPlanItem.sk < _key(before) if before else MyPlanItem.sk.startswith("VERSION#")
        query = MyPlanItem.query(
            f"MYPLAN#{person_id}", below, scan_index_forward=False, limit=limit + 1, consistent_read=True
        )
        found = [_plan_of(item) for item in query]
        return found[:limit], found[limit - 1].version if len(found) > limit else None


def _key(version: int) -> str:
    return f"VERSION#{version:06}"


def _item_of(plan: MyPlan) -> MyPlanItem:
    return MyPlanItem(
        f"MYPLAN#{plan.person_id}",
        _key(plan.version),
        version=plan.version,
        parts={part.value: [[entry.text, entry.phone] for entry in entries] for part, entries in plan.parts.items()},
        made=plan.made.value,
        hand=plan.hand.value,
        by=plan.by,
        at=plan.at,
    )


def _plan_of(item: MyPlanItem) -> MyPlan:
    return MyPlan(
        person_id=item.pk.removeprefix("MYPLAN#"),
        version=int(item.version),
        parts={
            Part(name): tuple(Entry(text=text, phone=phone) for text, phone in entries)
            for name, entries in item.parts.items()
        },
        made=Made(item.made),
        hand=Hand(item.hand),
        by=item.by,
        at=item.at,
    )
