"""People, and what happens to them while a run goes on: drawn from the seed, stored at once, noted as facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from random import Random

from chalicelib.outreach.categories import CATEGORIES, category_of
from chalicelib.outreach.domain import ChannelKind, Due, Hold, Recipient, Schedule, Standing
from chalicelib.outreach.hurrying import HURRIED
from chalicelib.outreach.moving import moved, replanned
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.recurrence import DAYS, Recurrence
from chalicelib.outreach.service import at_once, first_due
from tests.simulation import naive
from tests.simulation.facts import Facts, How, Life, Planned, Single, Wish, channel, nobody
from tests.simulation.kernel import Kernel, instant_of, seconds_of
from tests.simulation.people import Providers
from tests.simulation.standins import DueRows
from tests.simulation.weather import DAY, HOUR

CHECK_IN = "check_in"

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/St_Johns",
    "America/Havana",
    "America/Santiago",
    "Europe/London",
    "Europe/Berlin",
    "Africa/Cairo",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "UTC",
)

BEGINNINGS = (
    # Around days on which clocks change somewhere, and quiet ones.
    "2026-03-05",
    "2026-03-26",
    "2026-04-02",
    "2026-04-21",
    "2026-09-03",
    "2026-10-01",
    "2026-10-22",
    "2026-10-29",
    "2026-11-18",
    "2026-12-28",
    "2027-02-25",
    "2028-02-26",
)

HOURS = (
    "09:00",
    "09:00",
    "09:00",
    "08:00",
    "12:30",
    "18:15",
    "20:55",
    "21:00",
    "23:45",
    "00:00",
    "00:30",
    "02:30",
    "03:30",
)
QUIET = (
    ("21:00", "08:00"),
    ("21:00", "08:00"),
    ("22:00", "07:00"),
    ("00:00", "06:00"),
    ("12:00", "14:00"),
    ("00:00", "00:00"),
)
EVERYBODY = frozenset({"contact_email", "contact_push", "alumni_contact"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much happens to a person in a day, on average."""

    nudges: float = 0.6
    milestones: float = 0.2
    appointments: float = 0.5
    changes: float = 0.4
    pages: float = 3.0
    """Crisis pages a day, to each of those on call."""


class World:
    """Everybody, and their acts."""

    def __init__(
        self,
        *,
        kernel: Kernel,
        random: Random,
        facts: Facts,
        rows: DueRows,
        providers: Providers,
        begins: float,
        ends: float,
        size: int,
        pace: Pace,
        hurry: Callable[[Due], object],
    ) -> None:
        self._kernel = kernel
        self._random = random
        self._facts = facts
        self._rows = rows
        self._providers = providers
        self._begins = begins
        self._ends = ends
        self._pace = pace
        self._hurry = hurry
        self._made = 0
        self._zones = [random.choice(ZONES) for _ in range(6)]
        self.people = [f"p{number:04}" for number in range(size)]
        self.on_call = [f"s{number}" for number in range(3)]

    def begin(self) -> None:
        """Enrol everybody, and draw what happens to them."""
        for person in self.people:
            self._enrol(person)
        for person in self.on_call:
            self._enrol_on_call(person)
        for person in self.people:
            for act, rate in (
                (self._nudge, self._pace.nudges),
                (self._milestone, self._pace.milestones),
                (self._appointment, self._pace.appointments),
                (self._change, self._pace.changes),
            ):
                self._some_times(rate, lambda act=act, person=person: act(person))  # type: ignore[misc]
        for person in self.on_call:
            self._some_times(self._pace.pages, lambda person=person: self._page(person))  # type: ignore[misc]
        self._some_times(0.6, self._notice)
        self._some_times(0.3, self._busy_minute)

    def _some_times(self, a_day: float, act: Callable[[], object]) -> None:
        days = (self._ends - self._begins) / DAY
        expected = a_day * days
        number = int(expected) + (self._random.random() < expected % 1)
        for _ in range(number):
            self._kernel.at(self._random.uniform(self._begins, self._ends), act)

    # -- people --

    def state(self, person: str) -> Recipient:
        """Return a person as they are now."""
        return self._facts.lives[person].states[-1]

    def _becomes(self, person: str, state: Recipient) -> None:
        self._facts.lives[person].now_is(self._kernel.now, state)

    def _enrol(self, person: str) -> None:
        random = self._random
        ways = [channel(f"{person}-mail", ChannelKind.EMAIL)] if random.random() < 0.9 else []
        if random.random() < 0.5:
            ways.append(channel(f"{person}-web", ChannelKind.PUSH))
        if random.random() < 0.25:
            ways.append(channel(f"{person}-app", ChannelKind.MOBILE))
        start, end = random.choice(QUIET)
        state = replace(
            nobody(person, random.choice(self._zones)),
            quiet_hours=QuietHours(start=time.fromisoformat(start), end=time.fromisoformat(end)),
            consents=EVERYBODY if random.random() < 0.85 else frozenset(random.sample(sorted(EVERYBODY), 1)),
            channels=tuple(ways),
            standing=random.choices((Standing.REACHABLE, Standing.ALUMNI, Standing.ON_HOLD), (90, 7, 3))[0],
        )
        self._facts.lives[person] = Life(since=[self._kernel.now - DAY], states=[state])
        self._becomes(person, state)
        self.plan(person, CHECK_IN, self._wish(state.zone))

    def _enrol_on_call(self, person: str) -> None:
        ways = (channel(f"{person}-web", ChannelKind.PUSH), channel(f"{person}-mail", ChannelKind.EMAIL))
        state = replace(nobody(person, self._random.choice(self._zones)), channels=ways)
        self._facts.lives[person] = Life(since=[self._kernel.now], states=[state])

    def _wish(self, zone: str) -> Wish:
        random = self._random
        today = naive.local(self._kernel.now, zone).date()
        days = frozenset(range(7)) if random.random() < 0.8 else frozenset(random.sample(range(7), 3))
        every = 2 if len(days) == len(DAYS) and random.random() < 0.1 else 1
        return Wish(at=time.fromisoformat(random.choice(HOURS)), zone=zone, starts_on=today, days=days, every=every)

    def plan(self, person: str, kind: str, wish: Wish | None, *, how: How = How.EDITED) -> None:
        """Store a schedule in its next version, with its due rows, as one transaction of enrolment does."""
        plans = self._facts.plans.setdefault((person, kind), [])
        if not plans:
            how = How.NEW
        version = plans[-1].version + 1 if plans else 1
        now = self._kernel.now
        plans.append(Planned(since=now, version=version, wish=wish, how=how))
        present = next((one for one in self.state(person).schedules if one.kind == kind), None)
        others = tuple(one for one in self.state(person).schedules if one.kind != kind)
        if wish is None:
            self._becomes(person, replace(self.state(person), schedules=others))
            return
        at = instant_of(now)
        schedule = Schedule(person_id=person, kind=kind, version=version, when=when_of(wish), since=at)
        if how is How.MOVED and present is not None:
            schedule, dues = moved(present, zone=wish.zone, now=at)
        elif how is How.EDITED and present is not None:
            schedule, dues = replanned(present, schedule, now=at)
        else:
            first = first_due(schedule, after=at)
            dues = (first,) if first else ()
        self._becomes(person, replace(self.state(person), schedules=(*others, schedule)))
        for due in dues:
            self._rows.put(due, now)

    def once(self, person: str, kind: str) -> None:
        """Make something due now."""
        now = self._kernel.now
        due = at_once(person, kind, zone=self.state(person).zone, now=instant_of(now))
        self.single(due)
        if category_of(kind).urgency in HURRIED:
            self._hurry(due)

    def single(self, due: Due) -> None:
        self._rows.put(due, self._kernel.now)
        self._facts.singles.append(
            Single(
                since=self._kernel.now, person=due.person_id, kind=due.kind, on=due.on, due_at=seconds_of(due.due_at)
            )
        )

    def _new(self) -> str:
        self._made += 1
        return f"{self._made:x}"

    # -- what happens --

    def _nudge(self, person: str) -> None:
        for _ in range(self._random.choice((1, 1, 1, 2))):
            self.once(person, f"nudge-{self._new()}")

    def _milestone(self, person: str) -> None:
        for _ in range(self._random.choice((1, 1, 3))):
            self.once(person, f"milestone-{self._new()}")

    def _busy_minute(self) -> None:
        """Let very much fall due for one person in one minute."""
        person = self._random.choice(self.people)
        for _ in range(5):
            self.once(person, f"milestone-{self._new()}")
        self.once(person, f"nudge-{self._new()}")
        self.once(person, f"notice-{self._new()}")

    def _page(self, person: str) -> None:
        self.once(person, f"crisis_page-{self._new()}")

    def _notice(self) -> None:
        kind = f"notice-{self._new()}"
        for person in self.people:
            if self._random.random() < 0.5:
                self.once(person, kind)

    def _appointment(self, person: str) -> None:
        kind = f"appointment-{self._new()}"
        zone = self.state(person).zone
        minutes = self._random.choice((20, 90, 600, 1500))
        shown = naive.local(self._kernel.now + minutes * 60, zone)
        at = shown.time().replace(second=0, microsecond=0)
        self.plan(person, kind, Wish(at=at, zone=zone, starts_on=shown.date(), once=shown.date()))
        if self._random.random() < 0.2:
            moved = Wish(at=at, zone=zone, starts_on=shown.date(), once=shown.date() + timedelta(days=1))
            then = None if self._random.random() < 0.5 else moved
            self._kernel.at(
                self._kernel.now + self._random.uniform(60, minutes * 60), lambda: self.plan(person, kind, then)
            )

    def _change(self, person: str) -> None:
        if self.state(person).standing is Standing.NONE:
            return
        act = self._random.choices(
            (
                self._edit,
                self._move,
                self._sleep,
                self._agree,
                self._switch_off,
                self._go_on_hold,
                self._leave,
                self._die,
                self._lose_a_device,
                self._gain_a_channel,
                self._hold,
            ),
            (12, 10, 6, 14, 14, 10, 5, 1, 8, 8, 12),
        )[0]
        act(person)

    def _edit(self, person: str) -> None:
        self.plan(person, CHECK_IN, self._wish(self.state(person).zone))

    def _move(self, person: str) -> None:
        state = self.state(person)
        zone = self._random.choice(self._zones)
        if zone == state.zone:
            return
        self._becomes(person, replace(state, zone=zone))
        present = self._facts.plans[person, CHECK_IN][-1].wish
        assert present is not None
        self.plan(person, CHECK_IN, replace(present, zone=zone), how=How.MOVED)

    def _sleep(self, person: str) -> None:
        start, end = self._random.choice(QUIET)
        quiet = QuietHours(start=time.fromisoformat(start), end=time.fromisoformat(end))
        self._becomes(person, replace(self.state(person), quiet_hours=quiet))

    def _agree(self, person: str) -> None:
        state = self.state(person)
        scope = self._random.choice(sorted(EVERYBODY))
        self._becomes(person, replace(state, consents=state.consents ^ {scope}))

    def _switch_off(self, person: str) -> None:
        state = self.state(person)
        category = self._random.choice(sorted(name for name, one in CATEGORIES.items() if one.opt_out))
        way = self._random.choice((None, ChannelKind.EMAIL, ChannelKind.PUSH, ChannelKind.MOBILE))
        self._becomes(person, replace(state, opt_outs=state.opt_outs ^ {(category, way)}))

    def _go_on_hold(self, person: str) -> None:
        state = self.state(person)
        if state.standing is Standing.REACHABLE:
            self._becomes(person, replace(state, standing=Standing.ON_HOLD))
            self._later(lambda: self._come_back(person))

    def _leave(self, person: str) -> None:
        state = self.state(person)
        if state.standing is not Standing.ENDED:
            self._becomes(person, replace(state, standing=Standing.ENDED))
            if self._random.random() < 0.7:
                self._later(lambda: self._come_back(person))

    def _come_back(self, person: str) -> None:
        state = self.state(person)
        if state.standing is Standing.ON_HOLD:
            self._becomes(person, replace(state, standing=Standing.REACHABLE))
        elif state.standing is Standing.ENDED:
            self._becomes(person, replace(state, standing=self._random.choice((Standing.REACHABLE, Standing.ALUMNI))))
            for one in self.state(person).schedules:
                wish = self._facts.plans[person, one.kind][-1].wish
                self.plan(person, one.kind, wish, how=How.RESTARTED)

    def _die(self, person: str) -> None:
        # The episode is over for good; nobody comes back from NONE here.
        self._becomes(person, replace(self.state(person), standing=Standing.NONE))

    def _lose_a_device(self, person: str) -> None:
        ways = self.state(person).channels
        if ways:
            way = self._random.choice(ways)
            (self._providers.dead if way.kind is not ChannelKind.EMAIL else self._providers.unwelcome).add(way.address)

    def _gain_a_channel(self, person: str) -> None:
        state = self.state(person)
        made = channel(f"{person}-{self._new()}", self._random.choice(list(ChannelKind)), usable=False)
        self._becomes(person, replace(state, channels=(*state.channels, made)))
        self.once(person, f"confirm_channel-{made.id}-{made.revision}")
        if self._random.random() < 0.7:
            self._later(lambda: self._confirm(person, made.id))

    def _confirm(self, person: str, channel_id: str) -> None:
        state = self.state(person)
        channels = tuple(replace(one, usable=True) if one.id == channel_id else one for one in state.channels)
        self._becomes(person, replace(state, channels=channels))

    def _hold(self, person: str) -> None:
        state = self.state(person)
        hold = self._random.choice(list(Hold))
        self._becomes(person, replace(state, holds=state.holds | {hold}))
        self._later(lambda: self._let_go(person, hold))

    def _let_go(self, person: str, hold: Hold) -> None:
        state = self.state(person)
        self._becomes(person, replace(state, holds=state.holds - {hold}))

    def _later(self, act: Callable[[], object]) -> None:
        self._kernel.at(self._kernel.now + self._random.choice((0.1, 1, 6, 24, 48)) * HOUR, act)


def when_of(wish: Wish) -> Recurrence:
    """Return a wish as the engine is told of it."""
    if wish.once is not None:
        return Recurrence(at=wish.at, rule="FREQ=DAILY;COUNT=1", zone=wish.zone, starts_on=wish.once)
    if wish.every > 1:
        rule = f"FREQ=DAILY;INTERVAL={wish.every}"
    elif len(wish.days) == len(DAYS):
        rule = "FREQ=DAILY"
    else:
        rule = "FREQ=WEEKLY;BYDAY=" + ",".join(DAYS[day] for day in sorted(wish.days))
    return Recurrence(at=wish.at, rule=rule, zone=wish.zone, starts_on=wish.starts_on)


def beginning(text: str) -> float:
    """Return the first second of a date, in UTC."""
    return naive.instant(date.fromisoformat(text), time(), "UTC")
