"""Kudos in the table. The only place for their keys."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.edge.table import Item, in_conflict, lost_the_race, transaction
from chalicelib.enrollment.items import InstantAttribute, instant
from chalicelib.milestones.kudos import MOST_A_DAY, Kudos, KudosEnough, State, is_counted


class KudosItem(Item, discriminator="kudos"):
    """pk ``KUDOS#{person}``, sk ``{milestone}-{run}-{sender}``: one of each sender for a milestone."""

    programme_id = UnicodeAttribute()
    which = UnicodeAttribute()
    run = NumberAttribute()
    sender = UnicodeAttribute()
    phrase = UnicodeAttribute(null=True)
    text = UnicodeAttribute(null=True)
    at = InstantAttribute()
    state = UnicodeAttribute()
    visible_at = InstantAttribute(null=True)
    decided_by = UnicodeAttribute(null=True)
    decided_at = InstantAttribute(null=True)
    hidden = BooleanAttribute()
    version = NumberAttribute()


class HeldKudosItem(Item, discriminator="held_kudos"):
    """pk ``KUDOSHELD#{programme}``, sk ``{instant}#{person}#{milestone}-{run}-{sender}``: what waits for staff."""

    version = NumberAttribute()


class KudosDayItem(Item, discriminator="kudos_day"):
    """pk ``KUDOSBY#{sender}``, sk ``{date of UTC}``: how many somebody left on it; TTL after two days."""

    left = NumberAttribute()
    expires_at = NumberAttribute()


class DynamoKudos:
    """Implements ``kudos.KudosKept``."""

    def find(self, person_id: str, kudos_id: str) -> Kudos | None:
        """Return one as it is now."""
        try:
            return _kudos_of(KudosItem.get(f"KUDOS#{person_id}", kudos_id, consistent_read=True))
        except KudosItem.DoesNotExist:
            return None

    def of_person(self, person_id: str) -> list[Kudos]:
        """Return all that were left for a person: one consistent query."""
        return [_kudos_of(item) for item in KudosItem.query(f"KUDOS#{person_id}", consistent_read=True)]

    def save(self, kudos: Kudos, *, before: Kudos | None) -> bool:
        """
        Put it as the next version, in and out of the list of what waits; False if it was changed since.

        :raises KudosEnough: if it counts, and its sender left as many on its date as one may
        """
        unchanged = (KudosItem.version == before.version) if before else KudosItem.pk.does_not_exist()
        after = replace(kudos, version=(before.version if before else 0) + 1)
        try:
            with transaction() as write:
                was_at = _held_key(before) if before and before.state is State.HELD else None
                is_at = _held_key(after) if after.state is State.HELD else None
                if was_at and was_at != is_at:
                    write.delete(HeldKudosItem(*was_at))
                write.save(_item_of(after), condition=unchanged)
                if is_at:
                    write.save(HeldKudosItem(*is_at, version=after.version))
                if is_counted(after, before):
                    _count(write, after)
        except TransactWriteError as error:
            if not lost_the_race(error) and not in_conflict(error):
                raise
            # The count comes last: updates stand behind what is put.
            last = error.cancellation_reasons[-1] if error.cancellation_reasons else None
            if is_counted(after, before) and last is not None and last.code == "ConditionalCheckFailed":
                raise KudosEnough("that is enough for today", again_at=_midnight(kudos.at)) from error
            return False
        return True

    def held(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Kudos], str | None]:
        """Return a page of those that wait for staff, the oldest first, and the key to go on after."""
        beyond = HeldKudosItem.sk > after if after else None
        items = list(HeldKudosItem.query(f"KUDOSHELD#{programme_id}", beyond, limit=limit + 1))
        keys = [item.sk.split("#", 2)[1:] for item in items[:limit]]
        found = [self.find(person_id, kudos_id) for person_id, kudos_id in keys]
        held = [one for one in found if one is not None and one.state is State.HELD]
        return held, items[limit - 1].sk if len(items) > limit else None


def _count(write: TransactWrite, kudos: Kudos) -> None:
    ends = int((_midnight(kudos.at) + timedelta(days=1)).timestamp())
    write.update(
        KudosDayItem(f"KUDOSBY#{kudos.sender}", kudos.at.astimezone(UTC).date().isoformat()),
        [
            KudosDayItem.item.set(KudosDayItem),
            KudosDayItem.left.add(1),
            KudosDayItem.expires_at.set(ends),
        ],
        condition=KudosDayItem.left.does_not_exist() | (KudosDayItem.left < MOST_A_DAY),
    )


def _midnight(at: datetime) -> datetime:
    return datetime.combine(at.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def _held_key(kudos: Kudos) -> tuple[str, str]:
    return f"KUDOSHELD#{kudos.programme_id}", f"{instant(kudos.at)}#{kudos.person_id}#{kudos.id}"


def _item_of(kudos: Kudos) -> KudosItem:
    return KudosItem(
        f"KUDOS#{kudos.person_id}",
        kudos.id,
        programme_id=kudos.programme_id,
        which=kudos.which,
        run=kudos.run,
        sender=kudos.sender,
        phrase=kudos.phrase,
        text=kudos.text,
        at=kudos.at,
        state=kudos.state.value,
        visible_at=kudos.visible_at,
        decided_by=kudos.decided_by,
        decided_at=kudos.decided_at,
        hidden=kudos.hidden,
        version=kudos.version,
    )


def _kudos_of(item: KudosItem) -> Kudos:
    return Kudos(
        person_id=item.pk.removeprefix("KUDOS#"),
        programme_id=item.programme_id,
        which=item.which,
        run=int(item.run),
        sender=item.sender,
        phrase=item.phrase,
        text=item.text,
        at=item.at,
        state=State(item.state),
        visible_at=item.visible_at,
        decided_by=item.decided_by,
        decided_at=item.decided_at,
        hidden=item.hidden,
        version=int(item.version),
    )
