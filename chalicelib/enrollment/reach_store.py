"""What outreach reads of each person, in one item: the copy of their record, their holds, what waits for them."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from pynamodb.attributes import UnicodeAttribute, UnicodeSetAttribute
from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.edge.log import count, logger
from chalicelib.edge.table import Item, lost_the_race, undisturbed
from chalicelib.enrollment.channels import NO_END
from chalicelib.enrollment.holds import PlacedHold
from chalicelib.enrollment.items import instant, partition
from chalicelib.outreach.domain import Hold, Waiting
from chalicelib.outreach.store import instant as second

KEY = "REACH"


class ReachItem(Item, discriminator="reach"):
    """
    pk ``PERSON#{person}``, sk ``REACH``. ``record`` is the copy (``reach.written``), missing where it can't be known.

    ``waiting`` (``{local date}#{kind}#{instant}``) and the holds (``{until}#{since}#{by}``) lie nowhere else. They
    aren't behind the person's version: a call for help waits for nobody.
    """

    record = UnicodeAttribute(null=True)
    waiting = UnicodeSetAttribute(null=True)
    crisis = UnicodeAttribute(null=True)
    conversation = UnicodeAttribute(null=True)


_HOLDS = {Hold.CRISIS: ReachItem.crisis, Hold.CONVERSATION: ReachItem.conversation}


def copying(person_id: str, copy: str | None) -> tuple[ReachItem, list[Action]]:
    """Return the update that puts this copy in place of the one there is; without one, people are read whole."""
    return _item(person_id), [_is_one(), ReachItem.record.set(copy) if copy else ReachItem.record.remove()]


def waiting_of(texts: Iterable[str]) -> tuple[Waiting, ...]:
    """Return what waits, each occurrence once."""
    found = {}
    for text in sorted(texts):
        on, kind, due_at = text.split("#")
        found[on, kind] = Waiting(kind=kind, on=date.fromisoformat(on), due_at=datetime.fromisoformat(due_at))
    return tuple(found.values())


def holds_of(texts: Mapping[Hold, str | None]) -> tuple[PlacedHold, ...]:
    """Return the holds that these are, live or not."""
    found = []
    for kind, text in texts.items():
        if text:
            until, since, by = text.split("#", 2)
            until_at, since_at = datetime.fromisoformat(until), datetime.fromisoformat(since)
            found.append(PlacedHold(kind=kind, until=until_at, since=since_at, by=by))
    return tuple(found)


def kept_with(item: ReachItem) -> dict[str, Any]:
    """Return what an item keeps besides the copy, as parts of a record."""
    return {
        "waiting": waiting_of(item.waiting or ()),
        "holds": holds_of({Hold.CRISIS: item.crisis, Hold.CONVERSATION: item.conversation}),
    }


def kept_raw(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the same of an item as DynamoDB writes it."""
    return {
        "waiting": waiting_of(item["waiting"]["SS"]) if "waiting" in item else (),
        "holds": holds_of({kind: item[kind.value]["S"] for kind in _HOLDS if kind.value in item}),
    }


def keep_waiting(person_id: str, waiting: Iterable[Waiting]) -> None:
    """Keep with the person what is to go along with the next message to them; again is the same."""
    texts = {_waits(one) for one in waiting}
    if texts:
        _change(person_id, [ReachItem.waiting.add(texts)])


def told(person_id: str, waiting: Iterable[Waiting]) -> None:
    """Let go of what no longer waits; gone already is fine."""
    texts = {_waits(one) for one in waiting}
    while texts:
        item = _change(person_id, [ReachItem.waiting.delete(texts)])
        # One that fell due anew in between stands there twice; the update answers with what is left.
        names = {text.rpartition("#")[0] for text in texts}
        texts = {text for text in item.waiting or () if text.rpartition("#")[0] in names}


class DynamoHolds:
    """Implements ``holds.Holds``."""

    def place(self, person_id: str, hold: PlacedHold) -> None:
        """Put this hold in place of the one of its kind."""
        _change(person_id, [_HOLDS[hold.kind].set(_held(hold))])

    def extend(self, person_id: str, hold: PlacedHold) -> None:
        """Put this hold unless one of its kind lasts as long or longer; never raises."""
        attribute = _HOLDS[hold.kind]
        # The text begins with the end, so that its order is that of the ends.
        ends_earlier = attribute.does_not_exist() | (attribute < instant(hold.until))
        try:
            _change(person_id, [attribute.set(_held(hold))], ends_earlier)
        except PynamoDBException as error:
            if lost_the_race(error):
                return
            logger.error("hold not kept", extra={"person_id": person_id, "hold": hold.kind.value})
            count("UnexpectedErrors")

    def settle(self, person_id: str, hold: PlacedHold) -> None:
        """Put this hold in place of one that has no end and began before it; any other stays, and none stays none."""
        attribute, endless = _HOLDS[hold.kind], instant(NO_END)
        began_before = attribute.between(endless, f"{endless}#{instant(hold.since)}#~")
        try:
            _change(person_id, [attribute.set(_held(hold))], began_before)
        except PynamoDBException as error:
            if not lost_the_race(error):
                raise

    def lift(self, person_id: str, kind: Hold) -> None:
        """Take the hold of this kind away; none there is fine."""
        _change(person_id, [_HOLDS[kind].remove()])


def _change(person_id: str, actions: list[Action], condition: Condition | None = None) -> ReachItem:
    """Do this to what lies beside the copy, and return the item as it is then."""
    item = _item(person_id)
    undisturbed(lambda: item.update(actions=[_is_one(), *actions], condition=condition))
    return item


def _item(person_id: str) -> ReachItem:
    return ReachItem(partition(person_id), KEY)


def _is_one() -> Action:
    # An update makes the item where there is none, and then has to say what it is.
    return ReachItem.item.set(ReachItem)


def _waits(one: Waiting) -> str:
    return f"{one.on.isoformat()}#{one.kind}#{second(one.due_at)}"


def _held(hold: PlacedHold) -> str:
    return f"{instant(hold.until)}#{instant(hold.since)}#{hold.by}"
