"""How a series of meetings, and a member's answers, are written down and read back, as plain data for JSON."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from chalicelib.groups.domain import Reply, Said
from chalicelib.groups.series import Cause, Change, News, Part, Series
from chalicelib.outreach.recurrence import Recurrence
from chalicelib.outreach.written import read, written


def written_series(series: Series) -> dict[str, Any]:
    """Return what is other from series to series; ``read_series`` reads it back."""
    return {
        "parts": [
            {"when": written(one.when), "lasts": _seconds(one.lasts), "link": one.link, "set_at": _text(one.set_at)}
            for one in series.parts
        ],
        "changes": [
            {
                "on": one.on.isoformat(),
                "off": one.off.value if one.off else None,
                "at": _text(one.at),
                "lasts": _seconds(one.lasts) if one.lasts else None,
                "link": one.link,
                "set_at": _text(one.set_at),
                "version": one.version,
            }
            for one in series.changes
        ],
        "news": [
            {
                "on": one.on.isoformat(),
                "at": _text(one.at),
                "was_at": _text(one.was_at),
                "set_at": _text(one.set_at),
                "version": one.version,
                "to_all": one.to_all,
            }
            for one in series.news
        ],
    }


def read_series(data: Mapping[str, Any], *, series_id: str, group_id: str, by: str, version: int) -> Series:
    """Return the series that ``written_series`` wrote."""
    return Series(
        id=series_id,
        group_id=group_id,
        parts=tuple(map(_part, data["parts"])),
        changes=tuple(map(_change, data["changes"])),
        news=tuple(map(_news, data["news"])),
        by=by,
        version=version,
    )


def written_replies(replies: Mapping[str, Reply]) -> dict[str, Any]:
    """Return a member's answers by meeting; ``read_replies`` reads them back."""
    return {name: [one.said.value, _text(one.at), _text(one.meets_at), one.expected] for name, one in replies.items()}


def read_replies(data: Mapping[str, Any]) -> dict[str, Reply]:
    """Return what ``written_replies`` wrote."""
    return {
        name: Reply(said=Said(said), at=_instant(at), meets_at=_instant(meets_at), expected=expected)
        for name, (said, at, meets_at, expected) in data.items()
    }


def _part(data: Mapping[str, Any]) -> Part:
    when = read(data["when"])
    if not isinstance(when, Recurrence):
        raise TypeError("meetings recur")
    return Part(when=when, lasts=timedelta(seconds=data["lasts"]), link=data["link"], set_at=_instant(data["set_at"]))


def _change(data: Mapping[str, Any]) -> Change:
    return Change(
        on=date.fromisoformat(data["on"]),
        off=Cause(data["off"]) if data["off"] else None,
        at=_instant(data["at"]) if data["at"] else None,
        lasts=timedelta(seconds=data["lasts"]) if data["lasts"] else None,
        link=data["link"],
        set_at=_instant(data["set_at"]),
        version=data["version"],
    )


def _news(data: Mapping[str, Any]) -> News:
    return News(
        on=date.fromisoformat(data["on"]),
        at=_instant(data["at"]) if data["at"] else None,
        was_at=_instant(data["was_at"]),
        set_at=_instant(data["set_at"]),
        version=data["version"],
        to_all=data["to_all"],
    )


def _seconds(lasts: timedelta) -> int:
    return lasts // timedelta(seconds=1)


def _text(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
