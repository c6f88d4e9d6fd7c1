"""Weeks in the table: of programmes, and what people have of their own. The only place for their keys."""

from datetime import date, datetime, time
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.exceptions import PutError
from pynamodb.expressions.condition import Condition

from chalicelib.edge.table import Item as Stored
from chalicelib.edge.table import lost_the_race
from chalicelib.errors import Stale
from chalicelib.routine.domain import Completion, Departure, Item, Kind, LeftOut, Level, Own, Template


class WeekItem(Stored, discriminator="week"):
    """pk ``ROUTINE#{programme}``, sk ``VERSION#{version:06}``: put once, never changed; the last one holds."""

    items = JSONAttribute()
    level = UnicodeAttribute()
    levels = JSONAttribute()
    by = UnicodeAttribute()
    at = UTCDateTimeAttribute()


class DepartureItem(Stored, discriminator="departure"):
    """pk ``ROUTINE#{programme}``, sk ``DATE#{date}#{item}``. Stays when lifted: calendars count its versions."""

    item_id = UnicodeAttribute()
    moved_to = UnicodeAttribute(null=True)
    is_lifted = BooleanAttribute()
    reason = UnicodeAttribute(null=True)
    version = NumberAttribute()
    by = UnicodeAttribute()
    at = UTCDateTimeAttribute()


class OwnWeekItem(Stored, discriminator="own_week"):
    """pk ``PLAN#{person}``, sk ``WEEK``: not with the person, whom every message reads."""

    version = NumberAttribute()
    items = JSONAttribute()
    left_out = JSONAttribute()
    level = UnicodeAttribute(null=True)


class CompletionItem(Stored, discriminator="completion"):
    """pk ``PLAN#{person}``, sk ``DONE#{date}#{item}``."""

    item_id = UnicodeAttribute()
    is_done = BooleanAttribute()
    said_at = UTCDateTimeAttribute()
    said_on = UnicodeAttribute()
    zone = UnicodeAttribute()
    by = UnicodeAttribute()
    version = NumberAttribute()


class DynamoRoutines:
    """Implements ``service.Routines``."""

    def template(self, programme_id: str, version: int | None = None) -> Template | None:
        """Return a version of a programme's week, the last one unless said otherwise."""
        wanted = WeekItem.sk.startswith("VERSION#") if version is None else WeekItem.sk == _version_key(version)
        items = WeekItem.query(
            f"ROUTINE#{programme_id}", wanted, scan_index_forward=False, limit=1, consistent_read=True
        )
        return next((_template_of(item) for item in items), None)

    def add_template(self, template: Template) -> None:
        """Add a version."""
        item = WeekItem(
            f"ROUTINE#{template.programme_id}",
            _version_key(template.version),
            items=[_written(one) for one in template.items],
            level=template.level,
            levels=[
                [one.code, one.minutes, one.approved_by, one.approved_on.isoformat() if one.approved_on else None]
                for one in template.levels
            ],
            by=template.by,
            at=template.at,
        )
        save(item, WeekItem.pk.does_not_exist())

    def departures(self, programme_id: str, between: tuple[date, date] | None = None) -> list[Departure]:
        """Return what departs from a programme's week, between two dates or ever, lifted ones too."""
        # "~" comes after every id.
        wanted = (
            DepartureItem.sk.between(f"DATE#{between[0]}#", f"DATE#{between[1]}#~")
            if between
            else DepartureItem.sk.startswith("DATE#")
        )
        found = DepartureItem.query(f"ROUTINE#{programme_id}", wanted, consistent_read=True)
        return [_departure_of(item) for item in found]

    def put_departure(self, departure: Departure) -> None:
        """Put a departure over the version before it."""
        item = DepartureItem(
            f"ROUTINE#{departure.programme_id}",
            f"DATE#{departure.on}#{departure.item_id}",
            item_id=departure.item_id,
            moved_to="T".join(part.isoformat() for part in departure.moved_to) if departure.moved_to else None,
            is_lifted=departure.is_lifted,
            reason=departure.reason or None,
            version=departure.version,
            by=departure.by,
            at=departure.at,
        )
        save(item, follows(DepartureItem.version, departure.version))

    def own(self, person_id: str) -> Own:
        """Return what a person has of their own."""
        try:
            item = OwnWeekItem.get(f"PLAN#{person_id}", "WEEK", consistent_read=True)
        except OwnWeekItem.DoesNotExist:
            return Own(person_id=person_id)
        return Own(
            person_id=person_id,
            version=int(item.version),
            items=tuple(_read(one) for one in item.items),
            left_out=tuple(LeftOut(item_id=one, from_on=date.fromisoformat(on)) for one, on in item.left_out),
            level=item.level,
        )

    def save_own(self, own: Own) -> None:
        """Put what a person has of their own over the version before it."""
        item = OwnWeekItem(
            f"PLAN#{own.person_id}",
            "WEEK",
            version=own.version,
            items=[_written(one) for one in own.items],
            left_out=[[one.item_id, one.from_on.isoformat()] for one in own.left_out],
            level=own.level,
        )
        save(item, follows(OwnWeekItem.version, own.version))

    def completions(self, person_id: str, first: date, last: date) -> list[Completion]:
        """Return what was said of items of these dates."""
        wanted = CompletionItem.sk.between(f"DONE#{first}#", f"DONE#{last}#~")
        return [
            _completion_of(item) for item in CompletionItem.query(f"PLAN#{person_id}", wanted, consistent_read=True)
        ]

    def save_completion(self, completion: Completion) -> None:
        """Put what was said over the version before it."""
        item = CompletionItem(
            f"PLAN#{completion.person_id}",
            f"DONE#{completion.on}#{completion.item_id}",
            item_id=completion.item_id,
            is_done=completion.is_done,
            said_at=completion.said_at,
            said_on=completion.said_on.isoformat(),
            zone=completion.zone,
            by=completion.by,
            version=completion.version,
        )
        save(item, follows(CompletionItem.version, completion.version))


def _version_key(version: int) -> str:
    return f"VERSION#{version:06}"


def follows(version: NumberAttribute, number: int) -> Condition:
    """Return the condition that what is stored is the version before this one; nothing, for the first."""
    return version.does_not_exist() if number == 1 else version == number - 1


def save(item: Stored, condition: Condition) -> None:
    """
    Put an item under a condition.

    :raises Stale: if it doesn't hold
    """
    try:
        item.save(condition)
    except PutError as error:
        if lost_the_race(error):
            raise Stale("this was changed meanwhile") from error
        raise


def _template_of(item: WeekItem) -> Template:
    return Template(
        programme_id=item.pk.removeprefix("ROUTINE#"),
        version=int(item.sk.removeprefix("VERSION#")),
        items=tuple(_read(one) for one in item.items),
        level=item.level,
        levels=tuple(
            Level(code=code, minutes=minutes, approved_by=by, approved_on=date.fromisoformat(on) if on else None)
            for code, minutes, by, on in item.levels
        ),
        by=item.by,
        at=item.at,
    )


def _departure_of(item: DepartureItem) -> Departure:
    on, _, at = (item.moved_to or "").partition("T")
    return Departure(
        programme_id=item.pk.removeprefix("ROUTINE#"),
        item_id=item.item_id,
        on=date.fromisoformat(item.sk.split("#")[1]),
        moved_to=(date.fromisoformat(on), time.fromisoformat(at)) if on else None,
        is_lifted=item.is_lifted,
        reason=item.reason or "",
        version=int(item.version),
        by=item.by,
        at=item.at,
    )


def _completion_of(item: CompletionItem) -> Completion:
    return Completion(
        person_id=item.pk.removeprefix("PLAN#"),
        item_id=item.item_id,
        on=date.fromisoformat(item.sk.split("#")[1]),
        is_done=item.is_done,
        said_at=item.said_at,
        said_on=date.fromisoformat(item.said_on),
        zone=item.zone,
        by=item.by,
        version=int(item.version),
    )


def _written(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind.value,
        "title": item.title,
        "rule": item.rule,
        "at": item.at.isoformat(),
        "minutes": item.minutes,
        "starts_on": item.starts_on.isoformat(),
        "ends_on": item.ends_on.isoformat() if item.ends_on else None,
        "zone": item.zone,
        "required": item.required,
        "revised": item.revised,
        "revised_at": item.revised_at.isoformat(),
        **({"follows": item.follows} if item.follows else {}),
    }


def _read(data: dict[str, Any]) -> Item:
    return Item(
        **{
            **data,
            "kind": Kind(data["kind"]),
            "at": time.fromisoformat(data["at"]),
            "starts_on": date.fromisoformat(data["starts_on"]),
            "ends_on": date.fromisoformat(data["ends_on"]) if data["ends_on"] else None,
            "revised_at": datetime.fromisoformat(data["revised_at"]),
        }
    )
