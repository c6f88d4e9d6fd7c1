"""The ledger in the table: one row per occurrence. The only place for its keys."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import DeleteError, PutError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from chalicelib.edge.table import Item, Row, insert_all, item_of, lost_the_race, row_of, update_all
from chalicelib.outreach.domain import ChannelKind, Entry, Reason, Status
from chalicelib.outreach.store import instant


class LedgerItem(Item, discriminator="ledger"):
    """pk ``LEDGER#{person}``, sk ``{local date}#{kind}``: one row per occurrence, the claim and the outcome in one."""

    due_at = UnicodeAttribute()
    status = UnicodeAttribute()
    attempt = NumberAttribute()
    claimed_at = UnicodeAttribute()
    ended_at = UnicodeAttribute(null=True)
    reason = UnicodeAttribute(null=True)
    channel_id = UnicodeAttribute(null=True)
    channel_kind = UnicodeAttribute(null=True)
    provider_id = UnicodeAttribute(null=True)
    template = UnicodeAttribute(null=True)
    carries = UnicodeAttribute(null=True)
    merged_into = UnicodeAttribute(null=True)
    received_at = UnicodeAttribute(null=True)
    reported_at = UnicodeAttribute(null=True)
    fallback = BooleanAttribute(null=True)
    ways = UnicodeAttribute(null=True)
    # Written by receipt_store.py when the provider reports on the message.
    delivered_at = UnicodeAttribute(null=True)
    delayed_at = UnicodeAttribute(null=True)
    bounced_at = UnicodeAttribute(null=True)
    bounce = UnicodeAttribute(null=True)


class DynamoLedger:
    """Implements ``ports.Ledger``."""

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

    def between(
        self, person_id: str, first: date, last: date, *, limit: int = 1000, consistent: bool = False
    ) -> list[Entry]:
        """Return a person's entries of these local dates, both included, newest first."""
        dates = LedgerItem.sk.between(first.isoformat(), f"{last.isoformat()}~")
        found = LedgerItem.query(
            _partition(person_id), dates, scan_index_forward=False, limit=limit, consistent_read=consistent
        )
        return [_entry_of(item) for item in found]

    def add(self, entries: Sequence[Entry]) -> list[bool]:
        """Write the first entry of each occurrence; False for those that have one already."""
        return insert_all([_row_of(entry) for entry in entries])

    def end(self, entries: Sequence[Entry]) -> list[bool]:
        """Put an end over each one's own claim (of the same attempt); False where it is no longer that claim."""
        return update_all(
            [
                (_row_of(entry), {"attempt": {"N": str(entry.attempt)}, "status": {"S": Status.CLAIMED.value}})
                for entry in entries
            ]
        )

    def swap(self, entry: Entry, *, before: Entry) -> bool:
        """Put ``entry`` over ``before``; False if status or attempt are no longer as there."""
        item = item_of(LedgerItem, _row_of(entry))
        actions: list[Action] = []
        for name, attribute in LedgerItem.get_attributes().items():
            if name not in _NOT_SWAPPED:
                value = getattr(item, name)
                actions.append(attribute.remove() if value is None else attribute.set(value))
        return _if_unchanged(lambda: item.update(actions=actions, condition=_is_still(before)))

    def release(self, entry: Entry) -> None:
        """Take back an entry whose message was certainly not accepted; nothing if it is no longer as it was."""
        _if_unchanged(lambda: item_of(LedgerItem, _row_of(entry)).delete(_is_still(entry)))

    def received(
        self, person_id: str, kind: str, on: date, *, at: datetime, by_device: bool, channel_id: str | None = None
    ) -> bool:
        """
        Note that a provider (or the device itself) reported the message; say whether that was news.

        A device's word counts where the entry was sent over its channel, or doesn't say yet where it is sent.
        A provider's report costs half a read unit where the sender has written its end already, which is nearly always.
        """
        item = LedgerItem(*_ledger_key(person_id, kind, on))
        if by_device:
            seen = LedgerItem.received_at.set(instant(at))
            may_count = LedgerItem.pk.exists() & LedgerItem.received_at.does_not_exist()
            if channel_id is not None:
                is_its_own = LedgerItem.channel_id.does_not_exist() | (LedgerItem.channel_id == channel_id)
                may_count &= is_its_own | LedgerItem.ways.contains(f":{channel_id}:")
            return _if_unchanged(lambda: item.update(actions=[seen], condition=may_count))
        try:
            if LedgerItem.get(item.pk, item.sk).status != Status.CLAIMED:
                return False
        except LedgerItem.DoesNotExist:
            pass  # the claim may be too young for a read that isn't strongly consistent: let the condition decide
        reported = LedgerItem.reported_at.set(instant(at))
        is_news = (LedgerItem.status == Status.CLAIMED.value) & LedgerItem.reported_at.does_not_exist()
        return _if_unchanged(lambda: item.update(actions=[reported], condition=is_news))


def _is_still(entry: Entry) -> Condition:
    still: Condition = (LedgerItem.attempt == entry.attempt) & (LedgerItem.status == entry.status.value)
    return still


def _if_unchanged(write: Callable[[], object]) -> bool:
    """Do a conditional write; False if its condition did not hold."""
    try:
        write()
    except (PutError, UpdateError, DeleteError) as error:
        if lost_the_race(error):
            return False
        raise
    return True


_NOT_SWAPPED = frozenset(
    {"pk", "sk", "item", "received_at", "reported_at", "delivered_at", "delayed_at", "bounced_at", "bounce"}
)
"""What others report of a message: a sender's own write leaves it as it is."""


def _partition(person_id: str) -> str:
    return f"LEDGER#{person_id}"


def _ledger_key(person_id: str, kind: str, on: date) -> tuple[str, str]:
    return _partition(person_id), f"{on.isoformat()}#{kind}"


def _row_of(entry: Entry) -> Row:
    row = row_of(
        LedgerItem,
        *_ledger_key(entry.person_id, entry.kind, entry.on),
        due_at=instant(entry.due_at),
        status=entry.status.value,
        claimed_at=instant(entry.claimed_at),
        ended_at=instant(entry.ended_at) if entry.ended_at else None,
        reason=entry.reason.value if entry.reason else None,
        channel_id=entry.channel_id,
        channel_kind=entry.channel_kind.value if entry.channel_kind else None,
        provider_id=entry.provider_id,
        template=entry.template,
        carries=" ".join(entry.carries) or None,
        merged_into=entry.merged_into,
        ways=" ".join(entry.ways) or None,
    )
    row["attempt"] = {"N": str(entry.attempt)}
    if entry.fallback:
        row["fallback"] = {"BOOL": True}
    return row


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
        carries=tuple(item.carries.split()) if item.carries else (),
        merged_into=item.merged_into,
        received_at=datetime.fromisoformat(item.received_at) if item.received_at else None,
        reported_at=datetime.fromisoformat(item.reported_at) if item.reported_at else None,
        fallback=bool(item.fallback),
        ways=tuple(item.ways.split()) if item.ways else (),
        delivered_at=datetime.fromisoformat(item.delivered_at) if item.delivered_at else None,
        delayed_at=datetime.fromisoformat(item.delayed_at) if item.delayed_at else None,
        bounced_at=datetime.fromisoformat(item.bounced_at) if item.bounced_at else None,
        bounce=item.bounce,
    )
