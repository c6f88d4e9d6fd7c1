"""
A season worked out once more, from the log alone and as plainly as can be: loops over dates, and no code of Cairn's.

The rules are those of docs/rules.md, docs/api.md, docs/instruments.md and the domain rules 2, typed in by hand. Nothing
here is quick, shared or clever, and nothing may be imported from chalicelib.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.simulation.season.naive_celebrations import Celebrations
from tests.simulation.season.naive_days import Days
from tests.simulation.season.naive_person import DAY, ENDED, FOREVER, HOUR, MINUTE, Found, Line, stamp
from tests.simulation.season.naive_rules import TERMS, holding, scores

STEPS = {"step_down": "step_down", "graduated": "graduation"}
IN_A_ROW = (3, 7, 14, 30, 60, 90)
PRESSING = ("crisis", "urgent")


def recompute(lines: list[Line], *, until: datetime) -> Found:
    """Return everything that there should be, from the log up to an instant."""
    people = defaultdict(list)
    for line in lines:
        if line["who"]:
            people[line["who"]].append({**line, "at": datetime.fromisoformat(line["at"])})
    closed = windows(lines)
    found: Found = defaultdict(dict)
    for who, theirs in people.items():
        One(who, theirs, closed, until).work_out(found)
    return found


def windows(lines: list[Line]) -> list[tuple[datetime, datetime]]:
    """Return from when to when nothing went out: outages, and what an operator paused."""
    closed, paused_at = [], None
    for line in lines:
        at = datetime.fromisoformat(line["at"])
        if line["what"] == "out":
            closed.append((at, datetime.fromisoformat(line["until"])))
        elif line["what"] == "turned" and line["to"] == "pause":
            paused_at = at
        elif line["what"] == "turned" and paused_at:
            closed.append((paused_at, at))
            paused_at = None
    if paused_at:
        closed.append((paused_at, FOREVER))
    return closed


class One(Days, Celebrations):
    """One person's season."""

    def work_out(self, found: Found) -> None:
        """Add what there should be of this person."""
        for kind in ("check_in", "check_in-weekly"):
            self.ask(kind, found)
        awards = self.live(found)
        for (rule, about), at in self.flags.items():
            severity, owner, _, _ = TERMS[rule]
            found["flags"][self.who, rule, about] = (severity, owner, stamp(self.due(rule, at)))
        streaks = self.count_days(found)
        self.celebrate(streaks, awards, found)

    # -- what comes in --

    def live(  # noqa: C901, PLR0912 (one loop over all that happens, to be read from top to bottom)
        self, found: Found
    ) -> dict[str, tuple[date, datetime]]:
        """Go through answers and prompts in the order of their time; return the awards, with when each was made."""
        happens: list[tuple[datetime, str, Any]] = [(at, "look", on) for on, at in self.looked]
        happens += [
            (line["at"], line["what"], line)
            for line in self.lines
            if line["what"] in {"answered", "disputed", "help", "hold", "lapsed", "did", "moved"}
        ]
        awards: dict[str, tuple[date, datetime]] = {}
        for at, what, about in sorted(happens, key=lambda one: one[0]):
            if what == "look":
                self.look_for_silence(about, at)
            elif what == "answered":
                taken = self.take(about, at)
                if taken != (about["status"] < 300):
                    found["answers taken or not"][self.who, str(at)] = f"taken: {taken}"
                if taken:
                    self.award(at, awards)
            elif what == "disputed":
                on, form = date.fromisoformat(about["on"]), about["form"]
                if at < self.closes(on) and self.state(at) not in ENDED:
                    self.disputed.setdefault((on, form), at)
                    self.award(at, awards)
            elif what == "help":
                self.hold("crisis", at, FOREVER)
            elif what == "hold":
                self.holds[about["kind"]].append((at, datetime.fromisoformat(about["until"])))
            elif what == "lapsed" and about["status"] < 300:
                self.hold("conversation", at, at + 48 * HOUR)
            elif what == "moved" and about["to"] in STEPS:
                awards[STEPS[about["to"]]] = (self.local(at).date(), at)
            elif what == "did":
                found["done"][self.who, about["task"]] = True
        for (on, form), said in self.said.items():
            for number, (at, values) in enumerate(said, 1):
                found["answers"][self.who, str(on), form, number] = (stamp(at), sorted(values.items()))
            for name, (low, high) in scores(said[-1][1]).items():
                found["scores"][self.who, str(on), form, name] = (low, high)
        for name, (on, _) in awards.items():
            found["achieved"][self.who, name] = str(on)
        return awards

    def take(self, line: Line, at: datetime) -> bool:
        """Take an answer as one more, if it may still be given; say whether it may."""
        on, form, values = date.fromisoformat(line["on"]), line["form"], dict(line["values"])
        said = self.said.get((on, form), [])
        if line["door"] == "link":
            if at >= self.closes(on) or self.state(at) in ENDED:
                return False
            if line["part"] == "rest" and said:
                values = {**said[-1][1], **values}
        elif not self.local(at - 4 * HOUR).date() - 7 * DAY <= on <= self.local(at).date():
            return False
        if said:
            first, last = said[0][0], said[-1][1]
            if values == last:
                return True
            adds = all(values.get(name) == value for name, value in last.items())
            if at >= first + 10 * MINUTE and not adds:
                return False
        self.said.setdefault((on, form), []).append((at, values))
        self.look_at_answers(on, form, at)
        return True

    # -- flags --

    def raise_flag(self, rule: str, about: str, at: datetime) -> None:
        if (rule, about) not in self.flags:
            self.flags[rule, about] = at
            if TERMS[rule][0] in PRESSING:
                self.hold("conversation", at, at + 48 * HOUR)
            if TERMS[rule][0] == "crisis":
                # Nobody of a season's staff says how a crisis ended, so that it goes on.
                self.hold("crisis", at, FOREVER)

    def look_at_answers(self, on: date, form: str, at: datetime) -> None:
        """Look at a check-in, and at those of the two weeks after it, as they are now known."""
        known = {
            key: said for key, said in self.said.items() if on - timedelta(weeks=6) <= key[0] <= on + timedelta(days=14)
        }
        for (its_date, its_form), said in known.items():
            if (its_date, its_form) != (on, form) and its_date <= on:
                continue
            before = self.earlier(known, its_date, its_form)
            for when, values in said:
                for rule in holding(its_date, when, values, before):
                    self.raise_flag(rule, f"{its_date}-{its_form}", at)

    @staticmethod
    def earlier(known: Any, its_date: date, its_form: str) -> list[tuple[date, datetime, dict[str, Any]]]:
        """Return the last answer to each other check-in up to a date, in order."""
        others = []
        for (on, form), said in known.items():
            if on <= its_date and (on, form) != (its_date, its_form):
                others.append((on, said[-1][0], said[-1][1]))
        return sorted(others, key=lambda one: one[:2])

    def look_for_silence(self, on: date, now: datetime) -> None:
        """Count the check-ins before a date that were sent and never answered, up to the last answer."""
        if self.state(now) in {"on_hold", *ENDED}:
            return
        answered = [date_ for (date_, _), said in self.said.items() if date_ <= on and said[0][0] <= now]
        last = max(answered, default=date.min)
        run = [
            date_
            for (date_, kind), _ in self.sent.items()
            if kind == "check_in"
            and last < date_ <= on
            and self.closes(date_) <= now
            and not self.had_bounced(date_, kind, now)
        ]
        if len(run) >= 3 and min(run) > on - 27 * DAY:
            self.raise_flag("silent", str(min(run)), now)
        if len(run) >= 7 and min(run) > on - 27 * DAY:
            self.raise_flag("silent_long", str(min(run)), now)

    def due(self, rule: str, at: datetime) -> datetime:
        """Return by when somebody looks: minute by minute, or day by day."""
        how, much = TERMS[rule][2:]
        if how == "same working day":
            return self.same_working_day(at)
        if how == "hours":
            return at + much * HOUR
        if how == "working days":
            on, days_left = self.local(at).date(), much
            while days_left:
                on += DAY
                if on.weekday() < 5:
                    days_left -= 1
            return self.instant(on, time(17))
        left = much * HOUR
        while True:
            clock = self.local(at)
            if clock.weekday() < 5 and time(9) <= clock.time() < time(17):
                end = self.instant(clock.date(), time(17))
                if at + left <= end:
                    return at + left
                left -= end - at
                at = end
            elif clock.time() < time(9):
                at = self.instant(clock.date(), time(9))
            else:
                at = self.instant(clock.date() + DAY, time(9))

    # -- in a row --

    def award(self, now: datetime, awards: dict[str, tuple[date, datetime]]) -> None:
        """See whether so many check-ins in a row were answered by now; one missed day in seven is free."""
        answered = {on for (on, form), said in self.said.items() if said and (on, form) not in self.disputed}
        missed = {
            on
            for (on, kind) in self.sent
            if kind == "check_in" and self.closes(on) <= now and not self.had_bounced(on, kind, now)
        }
        row, free = 0, None
        for on in sorted(answered | missed):
            if on in answered:
                row += 1
                if row in IN_A_ROW:
                    awards.setdefault(f"checkins_{row}", (on, now))
            elif free is not None and (on - free).days < 7:
                row, free = 0, None
            elif row:
                free = on
