"""
A season worked out once more, from the log alone and as plainly as can be: loops over dates, and no code of Cairn's.

The rules are those of docs/rules.md, docs/api.md, docs/instruments.md and the domain rules 2, typed in by hand. Nothing
here is quick, shared or clever, and nothing may be imported from chalicelib.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
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
BAM = {
    "use": ("4", "5", "6"),
    "risk": ("1", "2", "3", "8", "11", "15"),
    "protective": ("9", "10", "12", "13", "14", "16"),
}
STEPS = {"step_down": "step_down", "graduated": "graduation"}
IN_A_ROW = (3, 7, 14, 30, 60, 90)
NUDGE = "nudge-check_in"
PRESSING = ("crisis", "urgent")

# rule -> severity, owner, by when (hours that pass, hours of working time, ends of working days)
TERMS: dict[str, tuple[str, str, str, float]] = {
    "self_harm_thoughts": ("crisis", "clinician", "hours", 0.25),
    "self_harm_thoughts_some": ("urgent", "clinician", "hours", 4),
    "craving_severe": ("urgent", "case-manager", "working hours", 2),
    "wants_to_talk": ("urgent", "case-manager", "working hours", 2),
    "use_reported": ("follow_up", "clinician", "working days", 1),
    "opioid_use_reported": ("follow_up", "clinician", "same working day", 0),
    "craving_high_twice": ("follow_up", "case-manager", "hours", 24),
    "craving_rose": ("follow_up", "case-manager", "hours", 24),
    "low_mood_phq9": ("follow_up", "clinician", "working days", 2),
    "low_mood_rose_phq9": ("follow_up", "clinician", "working days", 2),
    "low_mood_phq8": ("follow_up", "clinician", "working days", 2),
    "low_mood_rose_phq8": ("follow_up", "clinician", "working days", 2),
    "low_mood_screen_phq8": ("follow_up", "clinician", "working days", 2),
    "low_mood_screen_phq9": ("follow_up", "clinician", "working days", 2),
    "worry_screen": ("follow_up", "clinician", "working days", 2),
    "worry_high": ("follow_up", "clinician", "working days", 2),
    "risk_high": ("follow_up", "clinician", "working days", 2),
    "protection_low": ("follow_up", "clinician", "working days", 2),
    "silent": ("outreach", "case-manager", "working days", 1),
    "silent_long": ("review", "clinician", "working days", 1),
}


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


class One:
    """One person's season."""

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

    def had_bounced(self, on: date, kind: str, now: datetime) -> bool:
        """Say whether the mail of a prompt had come back by then: nobody's silence, and no missed day."""
        return (on, kind) in self.bounced and self.bounced[on, kind] <= now

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

    def same_working_day(self, at: datetime) -> datetime:
        """Return the end of the working day that it is, or when work begins again."""
        on = self.local(at).date()
        if on.weekday() < 5 and at < self.instant(on, time(17)):
            return self.instant(on, time(17))
        on += DAY
        while on.weekday() >= 5:
            on += DAY
        return self.instant(on, time(9))

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

    # -- days --

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

    # -- celebrations --

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


def holding(  # noqa: C901, PLR0912 (a line for each rule)
    on: date, at: datetime, values: dict[str, Any], before: list[tuple[date, datetime, dict[str, Any]]]
) -> list[str]:
    """Return the rules that hold for one submission, given the answers before it."""
    rules = []
    item_9 = values.get("phq9.9")
    if item_9 in {2, 3}:
        rules.append("self_harm_thoughts")
    if item_9 == 1:
        rules.append("self_harm_thoughts_some")
    if values.get("plan") == "talk":
        rules.append("wants_to_talk")
    if "craving" in values:
        craving = values["craving"]
        if craving >= 9:
            rules.append("craving_severe")
        yesterday = [said["craving"] for date_, _, said in before if date_ == on - DAY and "craving" in said]
        if craving >= 7 and yesterday and yesterday[-1] >= 7:
            rules.append("craving_high_twice")
        lately = [said["craving"] for _, when, said in before if "craving" in said and at - when <= 48 * HOUR]
        if lately and craving - min(lately) >= 4:
            rules.append("craving_rose")
    have = scores(values)
    low = {name: lowest for name, (lowest, _) in have.items()}
    high = {name: highest for name, (_, highest) in have.items()}
    if values.get("bam7.7e", 0) >= 1:
        rules.append("opioid_use_reported")
    if low.get("bam7.use", 0) >= 1:
        rules.append("use_reported")
    if low.get("bam7.risk", 0) >= 12:
        rules.append("risk_high")
    if high.get("bam7.protective", 99) <= 12:
        rules.append("protection_low")
    if low.get("gad7.total", 0) >= 15:
        rules.append("worry_high")
    if low.get("gad7.gad2", 0) >= 3:
        rules.append("worry_screen")
    for phq in ("phq8", "phq9"):
        if low.get(f"{phq}.total", 0) >= 15:
            rules.append(f"low_mood_{phq}")
        if low.get(f"{phq}.phq2", 0) >= 3:
            rules.append(f"low_mood_screen_{phq}")
        whole = [had[f"{phq}.total"] for _, _, said in before if f"{phq}.total" in (had := scores(said))]
        whole = [total for total in whole if total[0] == total[1]]
        if f"{phq}.total" in low and whole and low[f"{phq}.total"] - whole[-1][0] >= 5:
            rules.append(f"low_mood_rose_{phq}")
    return rules


def scores(values: dict[str, Any]) -> dict[str, tuple[int, int]]:
    """Return how low and how high each score could be, whatever was left out."""
    found = {}
    bam = {name[5:]: value for name, value in values.items() if name.startswith("bam7.")}
    if bam.get("4") == 0 and "5" not in bam:
        bam["5"] = 0
    for score, items in BAM.items():
        told = [bam[item] for item in items if item in bam]
        if told:
            found[f"bam7.{score}"] = (sum(told), sum(told) + 4 * (len(items) - len(told)))
    for name, short, most in (("phq8", "phq2", 8), ("phq9", "phq2", 9), ("gad7", "gad2", 7)):
        for score, last in ((short, 2), ("total", most)):
            told = [values[f"{name}.{item}"] for item in range(1, last + 1) if f"{name}.{item}" in values]
            if told:
                found[f"{name}.{score}"] = (sum(told), sum(told) + 3 * (last - len(told)))
    return found


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


def up_to_the_minute(at: datetime) -> datetime:
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + MINUTE


def stamp(at: datetime) -> str:
    """Return an instant to the second, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
