"""What a person is told of their milestones, and the kind word in silence, as plainly as can be (``naive``)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from tests.simulation.season.naive_days import milestones
from tests.simulation.season.naive_person import DAY, ENDED, FOREVER, HOUR, MINUTE, QUIET_FROM, QUIET_TO, Found, Person

NUDGE = "nudge-check_in"


class Celebrations(Person):
    """What falls due for a person besides check-ins, until it is told or no longer may be."""

    def celebrate(  # noqa: C901, PLR0912, PLR0915 (as above)
        self, streaks: list[dict[str, Any]], awards: dict[str, tuple[date, datetime]], found: Found
    ) -> None:
        """Follow each celebration from when it falls due until it is told, or no longer may be."""
        happens: list[tuple[datetime, int, str, Any]] = []
        for streak in streaks:
            for name, on in milestones(streak["start"], self.local(self.until).date() + DAY):
                due = self.instant(on, self.hour)
                if name in streak["but"] or due <= streak["since"] - 48 * HOUR:
                    continue
                now = self.opens(max(due, streak["since"]))
                if now < streak.get("until", FOREVER):
                    happens.append((now, 1, "due", ("milestone-days", on, due, name)))
        for name, (on, now) in awards.items():
            if on >= self.local(now - 48 * HOUR).date():
                happens.append((self.opens(now), 1, "due", (f"milestone-{name}", on, now, name)))
        happens += [(at, 0, "message", on if kind == "check_in" else None) for (on, kind), at in self.sent.items()]
        happens.sort(key=lambda one: one[:2])
        waiting: dict[tuple[str, date], datetime] = {}
        ended: set[tuple[str, date]] = set()
        own: list[datetime] = []
        over = False
        while happens:
            at, _, what, about = happens.pop(0)
            if at > self.until:
                break
            if what == "due":
                kind, on, due, _ = about
                why = self.why_not(at)
                if (kind, on) in ended or (kind, on) in waiting or (over and kind == "milestone-days"):
                    continue
                if kind == "milestone-days" and why == "episode_ended":
                    over = True
                if kind == NUDGE:
                    why = self.no_nudge(on, at, waiting, found) or why
                if why or at >= due + 48 * HOUR:
                    ended.add((kind, on))
                    found["celebrations"][self.who, kind, str(on)] = f"not told, {why or 'late'}"
                    continue
                waiting[kind, on] = due
                self.then(happens, up_to_the_minute(max(due, at) + 10 * MINUTE), "updates")
                continue
            why = self.why_not(at)
            for key in [key for key in waiting if key[0] == NUDGE]:
                no_nudge = self.no_nudge(key[1], at, waiting, found)
                if no_nudge:
                    del waiting[key]
                    ended.add(key)
                    found["celebrations"][self.who, NUDGE, str(key[1])] = f"not told, {no_nudge}"
            if what == "message" and about:
                self.nudge(about, at, happens, waiting, found)
            for key, due in list(waiting.items()):
                is_off = key[0] == "milestone-days" and not self.still_comes(key[1], at, streaks)
                late = at >= due + 48 * HOUR
                no = why or (is_off and "cancelled") or (late and ("held_back" if self.is_held(at) else "late"))
                if no:
                    del waiting[key]
                    ended.add(key)
                    found["celebrations"][self.who, key[0], str(key[1])] = f"not told, {no}"
            if not waiting:
                continue
            if self.is_held(at):
                if what == "updates":
                    self.then(happens, at + 6 * HOUR, "updates")
                continue
            if what == "updates":
                quiet = self.quiet_until(at)
                today = self.local(at).date()
                used = sum(self.local(then).date() == today and then < at for then in (*self.sent.values(), *own))
                if quiet or used >= (3 if any(key[0] == NUDGE for key in waiting) else 2):
                    self.then(happens, quiet or self.instant(today + DAY, QUIET_TO), "updates")
                    continue
                own.append(at)
            for key in list(waiting):
                del waiting[key]
                ended.add(key)
                found["celebrations"][self.who, key[0], str(key[1])] = "told"
        for key in waiting:
            found["celebrations"][self.who, key[0], str(key[1])] = "waits"

    def run_of_silence(self, at: datetime, *, noted: bool) -> tuple[date, list[date]]:
        """Return the last date that was answered by then, and the check-ins since that were sent and are over."""
        dates = [on for (on, _), said in self.said.items() if said[0][0] <= at]
        if noted:
            dates += [on for (on, _), when in self.disputed.items() if when <= at]
        last = max(dates, default=date.min)
        missed = [
            on
            for on, kind in self.sent
            if kind == "check_in" and on > last and self.closes(on) <= at and not self.had_bounced(on, kind, at)
        ]
        return last, missed

    def has_nudge(self, last: date, but: date, waiting: Any, found: Found) -> bool:
        """Say whether a nudge since the last answer was told, or waits."""
        told = [
            date.fromisoformat(key[2])
            for key, said in found["celebrations"].items()
            if key[0] == self.who and key[1] == NUDGE and said == "told"
        ]
        return any(on > last and on != but for on in [*told, *(on for kind, on in waiting if kind == NUDGE)])

    def nudge(self, on: date, at: datetime, happens: Any, waiting: Any, found: Found) -> None:
        """A check-in was sent: one missed before it brings a kind word four hours later, before the evening's quiet."""
        last, missed = self.run_of_silence(at, noted=False)
        if self.state(at) in {"on_hold", *ENDED} or not missed or self.has_nudge(last, on, waiting, found):
            return
        if min(missed) <= on - 27 * DAY:
            return
        due, quiet = at + 4 * HOUR, self.instant(self.local(at).date(), QUIET_FROM)
        if quiet > at:
            due = max(min(due, quiet - 30 * MINUTE), min(due, at + HOUR))
        if due < self.closes(on):
            happens.append((self.opens(due), 1, "due", (NUDGE, on, due, NUDGE)))
            happens.sort(key=lambda one: one[:2])

    def no_nudge(self, on: date, at: datetime, waiting: Any, found: Found) -> str | None:
        """Return why a kind word is not right, or not right any more."""
        if self.state(at) in {"on_hold", *ENDED}:
            return None
        if self.is_held(at):
            return "held_back"
        if at >= self.closes(on):
            return "late"
        last, missed = self.run_of_silence(at, noted=True)
        if on <= last or not missed or self.had_bounced(on, "check_in", at) or self.has_nudge(last, on, waiting, found):
            return "cancelled"
        return None

    def then(self, happens: list[tuple[datetime, int, str, Any]], at: datetime, what: str) -> None:
        at = self.opens(at)
        if not any(one[0] == at and one[2] == what for one in happens):
            happens.append((at, 2, what, None))
            happens.sort(key=lambda one: one[:2])

    def still_comes(self, on: date, at: datetime, streaks: list[dict[str, Any]]) -> bool:
        for streak in streaks:
            if streak["since"] <= at < streak.get("until", FOREVER):
                return any(date_ == on and name not in streak["but"] for name, date_ in milestones(streak["start"], on))
        return False


def up_to_the_minute(at: datetime) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + MINUTE
