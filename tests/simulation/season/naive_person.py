"""One person, as plainly as can be (``naive``): their time, what holds them back, and what went out to them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Line = dict[str, Any]
Found = dict[str, dict[tuple[Any, ...], Any]]
"""For each thing that is counted: what there is of it, under its name."""

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
FOREVER = datetime.max.replace(tzinfo=UTC)
QUIET_FROM, QUIET_TO = time(21), time(8)
ENDED = ("graduated", "discharged_early")


class Person:
    """What the log says of one person, and what can be told from it at an instant."""

    def __init__(self, who: str, lines: list[Line], closed: list[tuple[datetime, datetime]], until: datetime) -> None:
        self.who, self.lines, self.closed, self.until = who, lines, closed, until
        self.enrolled = next(line for line in lines if line["what"] == "enrolled")
        self.zone = ZoneInfo(self.enrolled["zone"])
        self.hour = time.fromisoformat(self.enrolled["hour"])
        self.sent: dict[tuple[date, str], datetime] = {}
        self.looked: list[tuple[date, datetime]] = []
        self.bounced = {
            (date.fromisoformat(line["name"].split("_", 2)[1]), line["name"].split("_", 2)[2]): line["at"]
            for line in lines
            if line["what"] == "bounced"
        }
        self.said: dict[tuple[date, str], list[tuple[datetime, dict[str, Any]]]] = {}
        self.disputed: dict[tuple[date, str], datetime] = {}
        self.flags: dict[tuple[str, str], datetime] = {}
        self.holds: dict[str, list[tuple[datetime, datetime]]] = {"conversation": [], "crisis": []}

    # -- time --

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def instant(self, on: date, at: time) -> datetime:
        return datetime.combine(on, at, self.zone).astimezone(UTC)

    def opens(self, at: datetime) -> datetime:
        """Return when something can first go out from an instant on."""
        for begins, ends in sorted(self.closed):
            if begins <= at < ends:
                at = ends
        return at

    def closes(self, on: date) -> datetime:
        """Return when a check-in of a date is over: at four in the night after it."""
        return self.instant(on + DAY, time(4))

    def same_working_day(self, at: datetime) -> datetime:
        """Return the end of the working day that it is, or when work begins again."""
        on = self.local(at).date()
        if on.weekday() < 5 and at < self.instant(on, time(17)):
            return self.instant(on, time(17))
        on += DAY
        while on.weekday() >= 5:
            on += DAY
        return self.instant(on, time(9))

    def quiet_until(self, at: datetime) -> datetime | None:
        clock = self.local(at)
        if QUIET_TO <= clock.time() < QUIET_FROM:
            return None
        on = clock.date() if clock.time() < QUIET_TO else clock.date() + DAY
        return self.instant(on, QUIET_TO)

    def state(self, at: datetime) -> str:
        state = "active"
        for line in self.lines:
            if line["what"] == "moved" and line["at"] <= at:
                state = line["to"]
        return state

    # -- what goes out --

    def why_not(self, at: datetime) -> str | None:
        """Return why nothing can reach the person at an instant, if so."""
        state = self.state(at)
        if state == "on_hold":
            return "on_hold"
        if state in ENDED:
            return "episode_ended"
        agreed = {line["way"] for line in self.lines if line["what"] == "agreed" and line["at"] <= at}
        if not agreed:
            return "no_consent"
        usable = set()
        if self.enrolled["email"] and not any(line["what"] == "bounced" and line["at"] <= at for line in self.lines):
            usable.add("email")
        if any(line["what"] == "confirmed" and line["at"] <= at for line in self.lines) and self.device_is_heard_of(at):
            usable.add("push")
        return None if agreed & usable else "no_channel"

    def device_is_heard_of(self, at: datetime) -> bool:
        """A browser that wasn't heard of for 60 days isn't used; what it says is written down once a week."""
        heard = datetime.min.replace(tzinfo=UTC)
        for line in self.lines:
            if line["what"] in {"device", "heartbeat"} and heard + 7 * DAY <= line["at"] <= at:
                heard = line["at"]
        return at < heard + 60 * DAY

    def ask(self, kind: str, found: Found) -> None:
        """Say for each date whether the person was asked, and if not, why."""
        begins, at, weekday = self.enrolled["at"], self.hour, None
        if kind == "check_in-weekly":
            line = next(line for line in self.lines if line["what"] == "weekly")
            begins, at = line["at"], time.fromisoformat(line["time"])
            weekday = ("MO", "TU", "WE", "TH", "FR", "SA", "SU").index(line["day"])
        on = self.local(begins).date() - DAY
        while True:
            on += DAY
            due = self.instant(on, at)
            if self.opens(due) > self.until:
                return
            if due <= begins or weekday not in {None, on.weekday()}:
                continue
            now = self.opens(due)
            why = self.why_not(now)
            if why is None and (now >= self.closes(on) or (now > due and self.quiet_until(now))):
                why = "late"
            found["prompts"][self.who, str(on), kind] = why or "sent"
            if why is None:
                self.sent[on, kind] = now
                found["minutes"][self.who, str(on), kind] = stamp(now)
            if kind == "check_in":
                self.looked.append((on, now))
            if why == "episode_ended":
                return

    # -- what holds back --

    def hold(self, kind: str, at: datetime, until: datetime) -> None:
        """Hold celebrations back until then, or as long as they are held already."""
        held = self.held_until(kind, at)
        self.holds[kind].append((at, max(until, held) if held else until))

    def held_until(self, kind: str, at: datetime) -> datetime | None:
        until = None
        for since, ends in self.holds[kind]:
            if since <= at:
                until = ends
        return until

    def is_held(self, at: datetime) -> bool:
        return any((until := self.held_until(kind, at)) is not None and at < until for kind in self.holds)

    def had_bounced(self, on: date, kind: str, now: datetime) -> bool:
        """Say whether the mail of a prompt had come back by then: nobody's silence, and no missed day."""
        return (on, kind) in self.bounced and self.bounced[on, kind] <= now


def stamp(at: datetime) -> str:
    """Return an instant to the second, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
