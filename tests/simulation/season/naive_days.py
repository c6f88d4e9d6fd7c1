"""The days that a person counts, their runs and milestones, as plainly as can be (``naive``)."""

from __future__ import annotations

import calendar
from datetime import date, datetime
from typing import Any

from tests.simulation.season.naive_person import DAY, HOUR, Found, Line, Person, stamp


class Days(Person):
    """What the person said of the date that they count from."""

    def count_days(self, found: Found) -> list[dict[str, Any]]:
        """Go through what the person said of the date that they count from."""
        told = self.told_by_the_log()
        streaks: list[dict[str, Any]] = []
        if self.enrolled["recovery_date"]:
            start = date.fromisoformat(self.enrolled["recovery_date"])
            streaks.append({"run": 1, "start": start, "since": self.enrolled["at"], "but": ()})
        for line in self.lines:
            at = line["at"]
            if line["what"] == "lapsed":
                self.lapse(line, at, streaks, found)
            elif line["what"] == "counts from":
                on = date.fromisoformat(line["date"])
                if on <= self.local(at).date():
                    self.correct(on, at, streaks, told)
        today = self.local(self.until).date()
        seen = set()
        for streak in streaks:
            reached = streak["earned"] if "end" in streak else milestones(streak["start"], today)
            for name, on in reached:
                if (streak["run"], name) not in seen:
                    seen.add((streak["run"], name))
                    found["milestones"][self.who, streak["run"], name] = str(on)
        found["days"][(self.who,)] = days(streaks, today)
        return streaks

    def told_by_the_log(self) -> list[tuple[datetime, date]]:
        """Return when the person was told of the milestone of which date, as providers saw it."""
        return [
            (line["at"], date.fromisoformat(one.split("#")[0]))
            for line in self.lines
            if line["what"] == "taken"
            for one in line["carries"]
            if one.split("#")[1] == "milestone-days"
        ]

    def lapse(self, line: Line, at: datetime, streaks: list[dict[str, Any]], found: Found) -> None:
        today, on = self.local(at).date(), date.fromisoformat(line["on"])
        start = date.fromisoformat(line["startsOn"]) if line.get("startsOn") else None
        present = streaks[-1] if streaks and "end" not in streaks[-1] else None
        wrong = on > today or (present and on < present["start"]) or (start and not on <= start <= today)
        if bool(wrong) != (line["status"] >= 300):
            found["answers taken or not"][self.who, str(at)] = f"return to use refused: {bool(wrong)}"
        if wrong:
            return
        due = at.astimezone(self.zone) + DAY
        while due.weekday() >= 5:
            due += DAY
        if line.get("of") == "opioids":
            found["tasks"].setdefault((self.who, "return_to_use", f"{on}-opioids"), stamp(self.same_working_day(at)))
        else:
            found["tasks"].setdefault((self.who, "return_to_use", str(on)), stamp(due))
        if line["talkToday"]:
            found["tasks"].setdefault((self.who, "talk_today", str(on)), stamp(at + 2 * HOUR))
        lapses = [streak for streak in streaks if streak.get("end") == "lapse"]
        if lapses and lapses[-1]["ends"] == on and (present["start"] if present else None) == start:
            return
        if present:
            present |= {"end": "lapse", "ends": on, "until": at, "earned": milestones(present["start"], today)}
        if start:
            run = max((streak["run"] for streak in streaks), default=0) + 1
            streaks.append({"run": run, "start": start, "since": at, "but": ()})

    def correct(self, on: date, at: datetime, streaks: list[dict[str, Any]], told: list[tuple[datetime, date]]) -> None:
        present = streaks[-1] if streaks and "end" not in streaks[-1] else None
        if present and present["start"] == on:
            return
        today, runs = self.local(at).date(), []
        for streak in streaks:
            if streak.get("end") == "lapse" and streak["ends"] > on:
                streak["end"] = "correction"
                runs.append(streak["run"])
        if present:
            dates = {date_ for when, date_ in told if when <= at}
            earned = [(name, date_) for name, date_ in milestones(present["start"], today) if date_ in dates]
            present |= {"end": "correction", "ends": today, "until": at, "earned": earned}
            runs.append(present["run"])
        run = min(runs) if runs else max((streak["run"] for streak in streaks), default=0) + 1
        but = {name for streak in streaks if streak["run"] == run for name, _ in streak.get("earned", ())}
        streaks.append({"run": run, "start": on, "since": at, "but": tuple(but)})


def milestones(start: date, today: date) -> list[tuple[str, date]]:
    """Return what was reached from a date by another: 1, 7, 14, 30, 60, 90 days; 6, 9, 18 months; each year."""
    found = [(f"d{number}", start + number * DAY) for number in (1, 7, 14, 30, 60, 90)]
    found += [(f"m{number}", months_after(start, number)) for number in (6, 9, 18)]
    found += [(f"y{number}", months_after(start, 12 * number)) for number in range(1, 9)]
    return sorted(((name, on) for name, on in found if on <= today), key=lambda one: one[1])


def months_after(start: date, number: int) -> date:
    """Return the same day so many months later, or the last of a month that is too short."""
    year, month = start.year, start.month + number
    while month > 12:
        year, month = year + 1, month - 12
    return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))


def days(streaks: list[dict[str, Any]], today: date) -> tuple[int, int, int]:
    """Return the days of the present count, of the longest, and of all together, each day once."""
    present = streaks[-1] if streaks and "end" not in streaks[-1] else None
    longest, every = 0, set()
    for streak in streaks:
        if streak.get("end") == "correction":
            continue
        length = (streak.get("ends", today) - streak["start"]).days
        longest = max(longest, length)
        every |= {streak["start"] + number * DAY for number in range(max(0, length))}
    return ((today - present["start"]).days if present else 0, longest, len(every))
