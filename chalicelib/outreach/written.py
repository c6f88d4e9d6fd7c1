"""How a ``When``, and one time that it brought, are written down and read back."""

from datetime import date, datetime, time, timedelta
from typing import Any

from chalicelib.outreach.recurrence import Anniversaries, Elapsed, Occurrence, Once, OnDay, Recurrence, When


def written(when: When | date) -> dict[str, Any]:
    """Return it as plain data for JSON, each form under its name; ``read`` reads it back."""
    match when:
        case Recurrence():
            return {
                "rule": when.rule,
                "at": when.at.isoformat(),
                "zone": when.zone,
                "starts_on": when.starts_on.isoformat(),
            }
        case Once():
            return {"once": when.on.isoformat(), "at": when.at.isoformat(), "zone": when.zone}
        case Elapsed():
            return {"elapsed": int(when.by.total_seconds()), "of": written(when.of), "zone": when.zone}
        case OnDay():
            return {
                "days": when.days,
                "months": when.months,
                "of": written(when.of),
                "at": when.at.isoformat(),
                "zone": when.zone,
            }
        case Anniversaries():
            return {
                "each": " ".join(when.each),
                "but": " ".join(when.but),
                "of": when.of.isoformat(),
                "at": when.at.isoformat(),
                "zone": when.zone,
                **({"hours": " ".join(f"{hour:%H:%M}" for hour in when.hours)} if when.hours else {}),
            }
        case _:
            return {"date": when.isoformat()}


def read(data: dict[str, Any]) -> When:
    """Return what ``written`` wrote."""
    match data:
        case {"elapsed": seconds, "of": of}:
            return Elapsed(of=_moment(of), by=timedelta(seconds=seconds), zone=data["zone"])
        case {"each": each, "but": but, "of": of}:
            return Anniversaries(
                of=date.fromisoformat(of),
                each=tuple(each.split()),
                but=tuple(but.split()),
                at=time.fromisoformat(data["at"]),
                zone=data["zone"],
                hours=tuple(time.fromisoformat(hour) for hour in data.get("hours", "").split()),
            )
        case {"days": days, "of": {"date": on}}:
            return _on_day(data, days, date.fromisoformat(on))
        case {"days": days, "of": of}:
            return _on_day(data, days, _moment(of))
        case _:
            return _moment(data)


def _on_day(data: dict[str, Any], days: int, of: date | Once | Recurrence) -> OnDay:
    return OnDay(of=of, days=days, months=data["months"], at=time.fromisoformat(data["at"]), zone=data["zone"])


def _moment(data: dict[str, Any]) -> Recurrence | Once:
    at = time.fromisoformat(data["at"])
    if "once" in data:
        return Once(on=date.fromisoformat(data["once"]), at=at, zone=data["zone"])
    return Recurrence(at=at, rule=data["rule"], zone=data["zone"], starts_on=date.fromisoformat(data["starts_on"]))


def written_occurrence(one: Occurrence | None) -> str | None:
    """Return one time as a text; ``read_occurrence`` reads it back."""
    return f"{one.on.isoformat()} {one.at.isoformat()}" if one else None


def read_occurrence(text: str | None) -> Occurrence | None:
    """Return what ``written_occurrence`` wrote."""
    if text is None:
        return None
    on, at = text.split(" ")
    return Occurrence(on=date.fromisoformat(on), at=datetime.fromisoformat(at))
