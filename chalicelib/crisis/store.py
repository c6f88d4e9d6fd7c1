"""Calls for help and crises in the table. The only place for their keys."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError, TransactWriteError, UpdateError
from pynamodb.transactions import TransactWrite

from chalicelib.crisis.domain import Crisis, Event, Press, State, What
from chalicelib.crisis.ladder import Minutes
from chalicelib.crisis.ports import Kept, Looked, Untaken
from chalicelib.crisis.written import read, written
from chalicelib.edge.log import count, logger, places
from chalicelib.edge.table import Item, in_conflict, item_of, lost_the_race, read_all, transaction, undisturbed
from chalicelib.enrollment.items import InstantAttribute
from chalicelib.errors import Stale
from chalicelib.tasks.domain import Task
from chalicelib.tasks.store import open_within, text_of


class PressItem(Item, discriminator="press"):
    """pk ``PRESS#{call}``, sk ``PRESS``: a call as it came; ``crisis_id`` and ``number`` once a crisis has taken it."""

    facts = JSONAttribute()
    crisis_id = UnicodeAttribute(null=True)
    number = NumberAttribute(null=True)


class UntakenItem(Item, discriminator="untaken"):
    """pk ``CRISES#UNTAKEN``, sk ``{instant}#{call}``: a call that no crisis has taken yet; goes then."""

    caller = UnicodeAttribute()


class CrisisItem(Item, discriminator="crisis"):
    """pk ``CRISIS#{crisis}``, sk ``STATE``: what its log adds up to."""

    facts = JSONAttribute()
    version = NumberAttribute()


class EventItem(Item, discriminator="crisis_event"):
    """pk ``CRISIS#{crisis}``, sk ``EVENT#{number}``: a line of its log; written once."""

    facts = JSONAttribute()


class OpenItem(Item, discriminator="open_crisis"):
    """pk ``CRISES#OPEN``, sk ``{crisis}``: one that isn't closed, and when it is looked at next."""

    programme_id = UnicodeAttribute()
    opened_at = InstantAttribute()
    look_at = InstantAttribute()
    is_unanswered = BooleanAttribute()
    is_pressing = BooleanAttribute(null=True)
    is_known = BooleanAttribute(null=True)
    is_drill = BooleanAttribute(null=True)
    version = NumberAttribute()


class PresentItem(Item, discriminator="present_crisis"):
    """pk ``CALLER#{caller}``, sk ``OPEN``: a caller's one crisis that isn't closed; goes then."""

    crisis_id = UnicodeAttribute()


class ListedItem(Item, discriminator="listed_crisis"):
    """pk ``CALLER#{caller}``, sk ``CRISIS#{instant}#{crisis}``: each of a caller's crises."""

    pressed_at = InstantAttribute()
    state = UnicodeAttribute()


class MinutesItem(Item, discriminator="crisis_minutes"):
    """pk ``PROGRAMME#{programme}``, sk ``CRISIS``: a programme's own minutes, once somebody set them."""

    minutes = JSONAttribute()
    put_by = UnicodeAttribute()
    version = NumberAttribute()


UNTAKEN, OPEN = "CRISES#UNTAKEN", "CRISES#OPEN"
CLOSED_LATELY = 20
"""How many of a caller's crises are looked at, the newest first."""


def keep_within(write: TransactWrite, press: Press) -> None:
    """Write a call down within a transaction, which fails if one of its id is there, and that it waits to be taken."""
    write.save(PressItem(f"PRESS#{press.id}", "PRESS", facts=written(press)), PressItem.pk.does_not_exist())
    write.save(UntakenItem(*_untaken(press), caller=press.caller))


class DynamoCrises:
    """Implements ``ports.Crises``."""

    def keep(self, press: Press) -> bool:
        """Write a call down, and that it waits to be taken; False if one of its id is there, which stays as it is."""

        def write() -> None:
            with transaction() as writes:
                keep_within(writes, press)

        try:
            undisturbed(write)
        except TransactWriteError as error:
            if lost_the_race(error):
                return False
            raise
        return True

    def kept(self, press_id: str) -> Kept | None:
        """Return a call as it is now."""
        try:
            item = PressItem.get(f"PRESS#{press_id}", "PRESS", consistent_read=True)
        except PressItem.DoesNotExist:
            return None
        return Kept(press=read(Press, item.facts), crisis_id=item.crisis_id, number=int(item.number or 0))

    def waiting(self, *, limit: int) -> list[Untaken]:
        """Return calls that no crisis has taken yet, the earliest first."""
        found = UntakenItem.query(UNTAKEN, limit=limit, consistent_read=True)
        return [Untaken(id=item.sk.rpartition("#")[2], caller=item.caller) for item in found]

    def find(self, crisis_id: str) -> Crisis | None:
        """Return a crisis as it is now."""
        try:
            return read(Crisis, CrisisItem.get(*_key(crisis_id), consistent_read=True).facts)
        except CrisisItem.DoesNotExist:
            return None

    def many(self, crisis_ids: Iterable[str]) -> dict[str, Crisis]:
        """Return those of these crises that there are, and can be read: consistent, 100 a call."""
        rows = read_all(_key(crisis_id) for crisis_id in crisis_ids)
        found = {}
        for row in rows.values():
            try:
                crisis = read(Crisis, item_of(CrisisItem, row).facts)
            except Exception as error:  # noqa: BLE001 (one that can't be read must not hide the others)
                logger.error("crisis not readable", extra={"error": type(error).__name__, "at": places(error)})
                count("CrisisErrors")
                continue
            found[crisis.id] = crisis
        return found

    def present_of(self, caller: str) -> Crisis | None:
        """Return a caller's crisis that isn't closed, as it is now."""
        try:
            item = PresentItem.get(f"CALLER#{caller}", "OPEN", consistent_read=True)
        except PresentItem.DoesNotExist:
            return None
        return self.find(item.crisis_id)

    def of_caller(self, caller: str) -> list[Crisis]:
        """Return a caller's crises, the newest first."""
        listed = ListedItem.query(
            f"CALLER#{caller}",
            ListedItem.sk.startswith("CRISIS#"),
            scan_index_forward=False,
            limit=CLOSED_LATELY,
            consistent_read=True,
        )
        ids = [item.sk.rpartition("#")[2] for item in listed]
        found = self.many(ids)
        return [found[crisis_id] for crisis_id in ids if crisis_id in found]

    def log(self, crisis_id: str) -> list[Event]:
        """Return a crisis's log, in order."""
        lines = EventItem.query(f"CRISIS#{crisis_id}", EventItem.sk.startswith("EVENT#"), consistent_read=True)
        return [read(Event, item.facts) for item in lines]

    def save(self, crisis: Crisis, events: Sequence[Event], *, look_at: datetime, tasks: Sequence[Task] = ()) -> bool:
        """Write how a crisis stands after more lines of its log, with the lines and the tasks that it opens."""
        before = crisis.version - len(events)
        head = CrisisItem(*_key(crisis.id), facts=written(crisis), version=crisis.version)
        unchanged = (CrisisItem.version == before) if before else CrisisItem.pk.does_not_exist()
        try:
            with transaction() as write:
                write.save(head, condition=unchanged)
                for event in events:
                    _add(write, crisis, event)
                _list(write, crisis, look_at=look_at)
                for task in tasks:
                    open_within(write, task)
        except TransactWriteError as error:
            if lost_the_race(error) or in_conflict(error):
                return False
            raise
        return True

    def look_again(self, crisis: Crisis, *, at: datetime) -> None:
        """Have it looked at then; if it was changed meanwhile that stands."""
        try:
            OpenItem(OPEN, crisis.id).update(
                actions=[OpenItem.look_at.set(at)], condition=OpenItem.version == crisis.version
            )
        except UpdateError as error:
            if not lost_the_race(error) and not in_conflict(error):
                raise

    def open_ones(self) -> list[Looked]:
        """Return all that aren't closed: one consistent query."""
        return [_looked(item) for item in OpenItem.query(OPEN, consistent_read=True)]

    def called_at(self, person_id: str) -> datetime | None:
        """Return when a person last called for help; None if never."""
        listed = ListedItem.query(f"CALLER#{person_id}", ListedItem.sk.startswith("CRISIS#"), consistent_read=True)
        return max((item.pressed_at for item in listed), default=None)

    def called_since(self, programme_id: str, since: datetime) -> dict[str, datetime]:
        """Return who of a programme, with a crisis that isn't closed, called since then, and when they last did."""
        open_here = [one.id for one in self.open_ones() if one.programme_id == programme_id]
        found = self.many(open_here).values()
        return {one.person_id: one.pressed_at for one in found if one.person_id and one.pressed_at >= since}


class DynamoMinutes:
    """Programmes' own minutes."""

    def of(self, programme_id: str) -> tuple[Minutes, int]:
        """Return a programme's minutes and their version; the defaults, and 0, where it has none."""
        try:
            item = MinutesItem.get(f"PROGRAMME#{programme_id}", "CRISIS")
        except MinutesItem.DoesNotExist:
            return Minutes(), 0
        return Minutes(**item.minutes), int(item.version)

    def save(self, programme_id: str, minutes: Minutes, *, version: int, by: str) -> None:
        """
        Put a programme's minutes over the version before.

        :raises Stale: if another one is there
        """
        item = MinutesItem(f"PROGRAMME#{programme_id}", "CRISIS", minutes=asdict(minutes), put_by=by, version=version)
        try:
            item.save(MinutesItem.pk.does_not_exist() if version == 1 else MinutesItem.version == version - 1)
        except PutError as error:
            if lost_the_race(error):
                raise Stale("these minutes were changed meanwhile") from error
            raise


def _key(crisis_id: str) -> tuple[str, str]:
    return f"CRISIS#{crisis_id}", "STATE"


def _untaken(press: Press) -> tuple[str, str]:
    return UNTAKEN, f"{text_of(press.at)}#{press.id}"


def _add(write: TransactWrite, crisis: Crisis, event: Event) -> None:
    line = EventItem(f"CRISIS#{crisis.id}", f"EVENT#{event.number:08}", facts=written(event))
    write.save(line, condition=EventItem.pk.does_not_exist())
    if event.what is What.PRESS and event.press is not None:
        write.update(
            PressItem(f"PRESS#{event.press.id}", "PRESS"),
            actions=[PressItem.crisis_id.set(crisis.id), PressItem.number.set(event.number)],
            condition=PressItem.pk.exists() & PressItem.crisis_id.does_not_exist(),
        )
        write.delete(UntakenItem(*_untaken(event.press)))


def _list(write: TransactWrite, crisis: Crisis, *, look_at: datetime) -> None:
    place = (f"CALLER#{crisis.caller}", f"CRISIS#{text_of(crisis.opened_at)}#{crisis.id}")
    write.save(ListedItem(*place, pressed_at=crisis.pressed_at, state=crisis.state.value))
    present = PresentItem(f"CALLER#{crisis.caller}", "OPEN", crisis_id=crisis.id)
    is_the_one = PresentItem.pk.does_not_exist() | (PresentItem.crisis_id == crisis.id)
    if crisis.state is State.CLOSED:
        write.delete(present, condition=is_the_one)
        write.delete(OpenItem(OPEN, crisis.id))
        return
    write.save(present, condition=is_the_one)
    write.save(
        OpenItem(
            OPEN,
            crisis.id,
            programme_id=crisis.programme_id,
            opened_at=crisis.opened_at,
            look_at=look_at,
            is_unanswered=crisis.is_unanswered,
            is_pressing=crisis.is_pressing,
            is_known=crisis.is_known,
            is_drill=crisis.is_drill,
            version=crisis.version,
        )
    )


def _looked(item: OpenItem) -> Looked:
    return Looked(
        id=item.sk,
        opened_at=item.opened_at,
        look_at=item.look_at,
        is_unanswered=item.is_unanswered,
        is_pressing=item.is_unanswered if item.is_pressing is None else item.is_pressing,
        programme_id=item.programme_id,
        is_known=item.is_known is not False,
        is_drill=bool(item.is_drill),
    )
