"""An instant as somebody says it: “6:00 PM today”, on their own clock, with what its zone is called then."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

NOON = 12

_WORDS: dict[str, dict[str, Sequence[str]]] = {
    "en": {
        "days": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        "months": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        "halves": ("AM", "PM"),
        "today": "{time} today",
        "tomorrow": "{time} tomorrow",
        "other": "{time}, {day} {month} {number}",
    },
    "es": {
        "days": ("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
        "months": ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
        "halves": ("a. m.", "p. m."),
        "today": "hoy, {time}",
        "tomorrow": "mañana, {time}",
        "other": "{day} {number} {month}, {time}",
    },
}
"""By language of the templates."""


def told_when(at: datetime, *, now: datetime, zone: str, language: str) -> dict[str, str]:
    """Return when that is, in a language of ours, as said ``now`` in this zone; and what the zone is called."""
    say, local = _WORDS[language], at.astimezone(ZoneInfo(zone))
    half = say["halves"][local.hour >= NOON]
    time = f"{local.hour % NOON or NOON}:{local.minute:02} {half}"
    return {"when": _said(say, local.date(), time, now.astimezone(ZoneInfo(zone)).date()), "zone": _zone(local)}


def _said(say: Mapping[str, Sequence[str]], on: date, time: str, today: date) -> str:
    name = {today: "today", today + timedelta(days=1): "tomorrow"}.get(on, "other")
    return str(say[name]).format(
        time=time, day=say["days"][on.weekday()], month=say["months"][on.month - 1], number=on.day
    )


def _zone(local: datetime) -> str:
    name = local.tzname() or "UTC"
    # Where a zone has no letters of its own, its files give the difference to UTC.
    return name if name[:1].isalpha() else f"UTC{name}"
