"""The words to whoever called: what will happen, how far it is, and whom to call, in their language and local time."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.crisis.telling import Progress, Promise, Stage
from chalicelib.edge import pages
from chalicelib.helplines.domain import Resources, resources
from chalicelib.outreach.domain import Recipient
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Member

FOLDER = Path(__file__).parent / "pages"

NOON = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads: their language and country, and their zone where it is known."""

    language: str
    country: str = "US"
    zone: str | None = None

    @property
    def numbers(self) -> Resources:
        """Whom to call."""
        return resources(self.country)

    @property
    def spoken(self) -> dict[str, str]:
        """What is said of them: ``now``, ``open`` and ``reach`` (helplines)."""
        return self.numbers.spoken(self.language)


def reader_of(recipient: Recipient | None, *, language: str) -> Reader:
    """Return a person as a reader; of somebody unknown only the language is known, by what their browser asks for."""
    if recipient is None:
        return Reader(language=language)
    known = recipient.language if recipient.language in pages.LANGUAGES else language
    return Reader(language=known, country=recipient.country, zone=recipient.zone)


def words(reader: Reader) -> dict[str, Any]:
    """Return the words in a reader's language."""
    return pages.words(FOLDER / "words.json", reader.language)


def line(reader: Reader, key: str, **values: str) -> str:
    """Return one line, with the numbers of the reader's country."""
    return _filled(str(words(reader)[key]), reader, **values)


def lines(reader: Reader, key: str, **values: str) -> list[str]:
    """Return several lines, with the numbers of the reader's country."""
    return [_filled(text, reader, **values) for text in words(reader)[key]]


def promised(promise: Promise | None, reader: Reader, *, now: datetime) -> list[str]:
    """Say what will happen, truthfully for the hour and rota; and nothing of it where that can't be known."""
    if promise is None:
        return [line(reader, "unsure")]
    if promise.is_covered and now >= promise.call_by:
        return [line(reader, "late")]
    if promise.is_covered:
        return [line(reader, "alerting", time=_by(promise.call_by, reader, now=now))]
    if promise.next_from is not None and reader.zone is not None:
        first = line(reader, "off_until", time=clock(promise.next_from, reader, now=now))
    else:
        first = line(reader, "off")
    return [first, line(reader, "told_all_the_same")]


def stage(progress: Progress, reader: Reader, *, who: Member | None, now: datetime) -> tuple[str, list[str]]:
    """Return the heading and the lines of how far a call is: who has it, as what, and since when."""
    when = _when(progress.at, reader, now=now)
    return line(reader, progress.stage), lines(reader, f"{progress.stage}_lines", who=named(who, reader), when=when)


def named(who: Member | None, reader: Reader) -> str:
    """Name a member of staff to whoever called: first name, and as what they work."""
    say = words(reader)
    if who is None:
        return str(say["somebody"])
    role = next((say["roles"][role] for role in Role if role in who.roles and role in say["roles"]), None)
    return f"{who.first_name}, {role}" if role else who.first_name


def refresh_after(progress: Progress) -> int | None:
    """Return after how many seconds a page looks again; None if nothing more comes."""
    return {Stage.SENT: 15, Stage.ACKNOWLEDGED: 30, Stage.CONTACTED: 120}.get(progress.stage)


def clock(at: datetime, reader: Reader, *, now: datetime) -> str:
    """Return an instant as a clock on a reader's wall shows it; of another day with the day."""
    zone = ZoneInfo(reader.zone or "UTC")
    local = at.astimezone(zone)
    shown = f"{local.hour % NOON or NOON}:{local:%M} {'AM' if local.hour < NOON else 'PM'}"
    if reader.language == "es":
        shown = f"{'la' if shown.startswith('1:') else 'las'} {shown}".replace("AM", "a. m.").replace("PM", "p. m.")
    if local.date() == now.astimezone(zone).date():
        return shown
    say = words(reader)
    return str(say["on_day"]).format(day=say["days"][local.weekday()], time=shown)


def _by(at: datetime, reader: Reader, *, now: datetime) -> str:
    if reader.zone is None:
        return line(reader, "in", minutes=str(_minutes(at - now)))
    return line(reader, "by", time=clock(at, reader, now=now))


def _when(at: datetime, reader: Reader, *, now: datetime) -> str:
    if reader.zone is None:
        minutes = _minutes(now - at)
        return line(reader, "ago" if minutes > 1 else "just_now", minutes=str(minutes))
    return line(reader, "at", time=clock(at, reader, now=now))


def _minutes(span: timedelta) -> int:
    return max(0, round(span / timedelta(minutes=1)))


def _filled(text: str, reader: Reader, **values: str) -> str:
    # “a. m.” at the end of a sentence is its full stop, too.
    return text.format(**reader.spoken, **values).strip().replace("m..", "m.")
