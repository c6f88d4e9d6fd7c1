"""A season of one programme: people and staff act through the doors, time passes, and all of it is logged outside."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.crisis.ladder import LONGEST, Minutes
from chalicelib.crisis.store import DynamoMinutes
from tests.build import A_KEY
from tests.fakes_rota import somebody_is_always_on_call
from tests.simulation.season.people import DAYS, LAPSES_A_DAY, TELLS, Person, draw
from tests.simulation.season.raw import Log
from tests.simulation.season.stage import Stage, Taken

STARTS_ON = date(2027, 2, 22)
"""A Monday three weeks before clocks go forward in the US, and five before they do in Europe."""
DAY = 86_400.0
ADMIN, CLINICIAN, MANAGER = (
    f"{name}=iop/{role}" for name, role in (("adm", "program-admin"), ("dr", "clinician"), ("cm", "case-manager"))
)
APPROVAL = {"approvedBy": "Dr. Ruth Levi, LCSW", "approvedOn": "2027-02-01"}
TELLS_NOBODY = 0.03
HEARS_A_NUDGE = 0.25
"""How often somebody answers because of a kind word."""
OPENS_THE_APP = 0.1
"""How often a day somebody opens the app on the device that they are pushed to, which then says that it is there."""
OUTAGES = ((11, 13, 5.0), (40, 22, 14.0), (75, 16, 3.0))
"""On which day of the season, from which hour of UTC, and for how many hours nothing goes out."""
PAUSES = ((17, 15, 2.5), (90, 18, 6.0))
"""The same for an operator's switch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many people, how many days; ``reads_item_9``: somebody reads item 9 while answers come in."""

    people: int
    days: int
    first: int = 1
    reads_item_9: bool = False


@dataclass
class Season:
    """The heap of what comes, and who there is."""

    stage: Stage
    log: Log
    size: Size
    seed: int
    random: Random
    people: list[Person] = field(default_factory=list)
    by_id: dict[str, Person] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    out_until: float = 0.0
    _heap: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: int = 0

    # -- time --

    def at(self, when: float, act: Callable[[], None]) -> None:
        """Have something happen at an instant."""
        self._order += 1
        heapq.heappush(self._heap, (when, self._order, act))

    def run(self) -> None:
        """Let the season pass."""
        stage, end = self.stage, seconds(STARTS_ON + timedelta(days=self.size.days), time(12, 7), "UTC")
        while True:
            coming = [(self._heap[0][0], 2)] if self._heap else []
            for when, which in ((stage.next_message(), 0), (stage.next_tick(), 1)):
                if when is not None:
                    coming.append((max(when, -(-self.out_until // 60) * 60), which))
            when, which = min(coming)
            if when > end:
                stage.hand.at = datetime.fromtimestamp(end, UTC)
                return
            stage.hand.at = max(stage.hand.at, datetime.fromtimestamp(when, UTC))
            if which == 0:
                stage.deliver()
            elif which == 1:
                stage.tick()
            else:
                heapq.heappop(self._heap)[2]()
            stage.follow()

    # -- the beginning --

    def begin(self) -> None:
        """Set the programme up, and have everybody admitted in its first week."""
        stage = self.stage
        self.must(stage.ask(ADMIN, "POST", "/programmes", {"id": "iop", "name": "Programme"}), 201)
        self.log.add(stage.now, "programme", reads_item_9=self.size.reads_item_9)
        if self.size.reads_item_9:
            rules = stage.ask(CLINICIAN, "GET", "/programmes/iop/care-rules")
            body = {"rules": rules.json["rules"], "readsItem9": True} | APPROVAL
            self.must(stage.ask(ADMIN, "PUT", "/programmes/iop/care-rules", body, if_match='"0"'), 200)
            somebody_is_always_on_call("iop")
        # Nobody of a season answers a page: paged each quarter of an hour to its end, nothing else would be played.
        rarely = Minutes(secondary=1438, supervisor=1439, everybody=LONGEST, again=LONGEST, resolve=LONGEST)
        DynamoMinutes().save("iop", rarely, version=1, by="adm")
        stage.taken = self.taken
        for number in range(self.size.first, self.size.first + self.size.people):
            person = draw(number, seed=self.seed, starts_on=STARTS_ON)
            self.people.append(person)
            when = seconds(person.admitted_on, time(15, 0, 10), "UTC") + 60 * self.random.randrange(240)
            self.at(when, lambda person=person: self.enrol(person))  # type: ignore[misc]
        for day in range(self.size.days):
            when = seconds(STARTS_ON + timedelta(days=day), time(21, 7, 50), "UTC")
            self.at(when, self.staff_round)
        for day, hour, hours in OUTAGES:
            when = seconds(STARTS_ON + timedelta(days=day), time(hour, 2, 30), "UTC")
            self.at(when, lambda until=when + hours * 3600: self.go_out(until))  # type: ignore[misc]
        for day, hour, hours in PAUSES:
            when = seconds(STARTS_ON + timedelta(days=day), time(hour, 5, 40), "UTC")
            self.at(when, lambda: self.turn("pause"))
            self.at(when + hours * 3600, lambda: self.turn("resume"))

    def must(self, answer: Any, *statuses: int) -> Any:
        """Return an answer that has one of these statuses."""
        if answer.status not in statuses:
            raise AssertionError(f"{answer.status}: {answer.text[:600]}")
        return answer

    def enrol(self, person: Person) -> None:
        """Admit somebody, with what they agree to, and when they want to be asked."""
        stage, dice = self.stage, person.random
        body: dict[str, Any] = {
            "externalId": person.name,
            "givenName": f"Given{person.number}",
            "familyName": "Family",
            "timeZone": person.zone,
            "language": person.language,
            "admittedOn": person.admitted_on.isoformat(),
            "state": "active",
            "checkIn": {"time": f"{person.hour:%H:%M}", "days": list(DAYS)},
        }
        if "email" in person.ways:
            body |= {"email": f"p{person.number}@example.com", "emailAttested": True}
        if person.counts_from:
            body["recoveryDate"] = person.counts_from.isoformat()
        person.id = self.must(stage.ask(ADMIN, "POST", "/programmes/iop/people", body), 201).json["id"]
        self.by_id[person.id] = person
        person.account = f"a{person.number}=iop/participant"
        self.must(stage.ask(ADMIN, "PUT", f"/people/{person.id}/sign-in", {"subject": f"a{person.number}"}), 200, 204)
        self.log.add(
            stage.now,
            "enrolled",
            person.name,
            id=person.id,
            zone=person.zone,
            language=person.language,
            admitted_on=person.admitted_on,
            hour=f"{person.hour:%H:%M}",
            recovery_date=person.counts_from,
            email="email" in person.ways,
        )
        for way in person.ways:
            if dice.random() < TELLS_NOBODY:
                continue
            consent = {"scope": f"contact_{way}", "textVersion": 1, "locale": person.language}
            self.must(self.own(person, "POST", "consents", consent), 201)
            self.log.add(stage.now, "agreed", person.name, way=way)
        weekly = {"day": DAYS[person.weekday], "time": f"{person.weekly_at:%H:%M}"}
        self.must(self.own(person, "PUT", "weekly-check-in", weekly), 200)
        self.log.add(stage.now, "weekly", person.name, **weekly)
        if "push" in person.ways:
            device = {"endpoint": f"https://push.example/{person.number}", "keys": {"p256dh": A_KEY, "auth": "A" * 22}}
            sent = {"kind": "push", "subscription": {**device, "expirationTime": None}}
            person.device = self.must(self.own(person, "POST", "channels", sent), 201).json["id"]
            self.log.add(stage.now, "device", person.name)
        for day in range(self.size.days + 1):
            when = seconds(person.admitted_on + timedelta(days=day + 1), time(12, 0, 33), person.zone)
            self.at(when, lambda day=day + 1: self.live(person, day))  # type: ignore[misc]

    def own(self, person: Person, method: str, what: str, body: Any = None, **headers: str) -> Any:
        """Ask at a door as the person themselves."""
        return self.stage.ask(person.account, method, f"/people/{person.id}/{what}", body, **headers)

    # -- what people do --

    def taken(self, taken: Taken) -> None:
        """A message came: log it as its provider saw it, and let its person do what they will."""
        person_id, on, kind = taken.name.split("_", 2)
        if person_id not in self.by_id:
            # Of staff, who have nothing to do in a season but to be told.
            return
        person, now = self.by_id[person_id], self.stage.hand.at.timestamp()
        self.log.add(
            taken.at, "taken", person.name, name=taken.name, on=on, kind=kind, way=taken.way, carries=taken.carries
        )
        if kind.startswith("confirm_channel"):
            self.at(now + 25, lambda: self.confirm(person, taken))
        if (
            taken.way == "email"
            and person.bounces_on is not None
            and person.day(date.fromisoformat(on)) >= person.bounces_on
        ):
            person.bounces_on = None
            self.at(now + 45, lambda: self.bounce(person, taken))
            return
        if taken.way == "push" and person.random.random() < 0.9:
            self.at(now + 3, lambda: self.arrive(person, taken))
        self.hear_a_nudge(person, taken)
        if taken.name in self.asked:
            return
        self.asked.add(taken.name)
        if kind in {"check_in", "check_in-weekly"} and not person.over:
            form = "weekly" if kind.endswith("weekly") else "daily"
            if form == "daily":
                person.feel(person.day(date.fromisoformat(on)))
            if person.will_answer(form, person.day(date.fromisoformat(on))):
                self.at(now + person.after(), lambda: self.answer(person, taken, form, date.fromisoformat(on)))
            elif person.random.random() < 0.02 * person.engagement(person.day(date.fromisoformat(on))):
                later = now + DAY * person.random.randrange(1, 6) + person.after()
                self.at(later, lambda: self.enter(person, form, date.fromisoformat(on), late=True))

    def hear_a_nudge(self, person: Person, taken: Taken) -> None:
        """A message that tells of a kind word alone leads to the check-in that is open."""
        about = [date.fromisoformat(one[:10]) for one in taken.carries if one.endswith("#nudge-check_in")]
        if about and "/c/" in taken.link and person.random.random() < HEARS_A_NUDGE:
            when = self.stage.hand.at.timestamp() + person.after() / 4
            self.at(when, lambda: self.answer(person, taken, "daily", about[0]))

    def arrive(self, person: Person, taken: Taken) -> None:
        """A device reports that a push arrived."""
        answer = self.stage.ask("", "POST", "/" + taken.receipt.split("/", 3)[3])
        self.log.add(self.stage.now, "arrived", person.name, name=taken.name, status=answer.status)

    def confirm(self, person: Person, taken: Taken) -> None:
        """A device confirms itself."""
        answer = self.stage.tap(taken.link, {"confirm": "1"})
        self.log.add(self.stage.now, "confirmed", person.name, way=taken.way, status=answer.status)

    def bounce(self, person: Person, taken: Taken) -> None:
        """The address is dead, says the mail service."""
        self.stage.report(taken, "Bounce")
        self.log.add(self.stage.now, "bounced", person.name, name=taken.name)

    def answer(self, person: Person, taken: Taken, form: str, on: date) -> None:
        """Answer a prompt: by its link, or in the app."""
        dice = person.random
        if person.over:
            return
        if person.door == "app" or dice.random() < 0.04:
            self.enter(person, form, on)
            return
        if dice.random() < 0.003:
            self.tap(person, taken, form, on, {"action": "not_me"})
            return
        if dice.random() < 0.001:
            self.tap(person, taken, form, on, {"action": "help"})
            return
        said = self.said(person, form)
        rest = {name: value for name, value in said.items() if _is_rest(name)}
        first = {name: value for name, value in said.items() if name not in rest}
        if not first:
            return
        self.tap(person, taken, form, on, first)
        now = self.stage.hand.at.timestamp()
        if rest and dice.random() < 0.9:
            self.at(now + 60, lambda: self.tap(person, taken, form, on, rest, part="rest"))
        elif dice.random() < 0.05:
            wait = dice.choice((120, 300, 540, 720, 3600))
            again = self.said(person, form) if form == "daily" else first | {"homework": "some"}
            self.at(now + wait, lambda: self.tap(person, taken, form, on, again))

    def said(self, person: Person, form: str) -> dict[str, Any]:
        """Return what a person would say now."""
        if form == "daily":
            return person.daily()
        return person.weekly(item_9=self.size.reads_item_9, bam=person.language == "en")

    def tap(self, person: Person, taken: Taken, form: str, on: date, said: dict[str, Any], part: str = "") -> None:
        """Send the page behind a link."""
        sent = said | ({"part": part} if part else {})
        answer = self.stage.tap(taken.link, sent)
        what = {"not_me": "disputed", "help": "help"}.get(said.get("action", ""), "answered")
        more: dict[str, Any] = {} if what == "help" else {"form": form, "on": on}
        if what == "answered":
            more |= {"door": "link", "values": said, "part": part}
        self.log.add(self.stage.now, what, person.name, status=answer.status, **more)

    def enter(self, person: Person, form: str, on: date, *, late: bool = False) -> None:
        """Answer in the app, or have staff write down what was said."""
        if person.over:
            return
        by_staff = person.random.random() < (0.5 if late else 0.15)
        body = {"form": form, "on": on.isoformat(), "answers": self.said(person, form)}
        answer = self.stage.ask(MANAGER if by_staff else person.account, "POST", f"/people/{person.id}/check-ins", body)
        self.log.add(
            self.stage.now,
            "answered",
            person.name,
            form=form,
            on=on,
            door="staff" if by_staff else "app",
            values=body["answers"],
            part="",
            status=answer.status,
        )

    def live(self, person: Person, day: int) -> None:
        """Let what else a day may bring come: returns to use, another date, and what staff do when somebody stops."""
        dice, on = person.random, person.admitted_on + timedelta(days=day)
        if person.over:
            return
        if person.engagement(day) > 0 and dice.random() < LAPSES_A_DAY and dice.random() < TELLS:
            self.at(self.stage.hand.at.timestamp() + 60 * dice.randrange(400), lambda: self.lapse(person, on))
        if person.engagement(day) > 0 and dice.random() < 0.004:
            back = dice.choice((0, 1, 2, 6, 9, 30, 31, 45, 91, 184))
            self.at(
                self.stage.hand.at.timestamp() + 60 * dice.randrange(400),
                lambda: self.set_date(person, on - timedelta(days=back)),
            )
        if person.device and dice.random() < OPENS_THE_APP * person.engagement(day):
            answer = self.own(person, "POST", f"channels/{person.device}/heartbeat")
            self.log.add(self.stage.now, "heartbeat", person.name, status=answer.status)
        if dice.random() < 0.004:
            self.hold(person)
        self.stay(person, day)

    def stay(self, person: Person, day: int) -> None:
        """Move somebody's episode on, if this is the day."""
        if person.held and day == person.held[0] and person.state == "active":
            self.move(person, "on_hold")
        elif person.held and day == sum(person.held) and person.state == "on_hold":
            self.move(person, "active")
        if day == person.stops_on and person.state == "active":
            if person.ends == "completes":
                self.move(person, "graduated")
            elif person.ends == "step_down":
                self.move(person, "step_down")
        gone = person.ends == "stops" and person.comes_back_after is None
        if gone and day >= person.stops_on + person.discharged_after and person.state in {"active", "on_hold"}:
            self.move(person, "discharged_early")

    def lapse(self, person: Person, on: date) -> None:
        """Tell of a return to use, and count anew or not."""
        if person.over:
            return
        dice = person.random
        starts = on + timedelta(days=dice.choice((0, 0, 1))) if dice.random() < 0.7 else None
        if starts and starts > self.stage.now.astimezone(ZoneInfo(person.zone)).date():
            starts = on
        body: dict[str, Any] = {"on": on.isoformat(), "talkToday": dice.random() < 0.3}
        if starts:
            body["startsOn"] = starts.isoformat()
        if dice.random() < 0.3:
            body["of"] = "opioids"
        answer = self.own(person, "POST", "lapses", body)
        self.log.add(self.stage.now, "lapsed", person.name, status=answer.status, **body)

    def set_date(self, person: Person, on: date) -> None:
        """Count from another date, by the person's own word or a clinician's with them."""
        if person.over:
            return
        shown = self.own(person, "GET", "milestones")
        whom, more = person.account, {}
        if person.random.random() < 0.3:
            whom, more = CLINICIAN, {"withPerson": True}
        answer = self.stage.ask(
            whom,
            "PUT",
            f"/people/{person.id}/recovery-date",
            {"date": on.isoformat(), **more},
            if_match=shown.headers["ETag"],
        )
        self.log.add(self.stage.now, "counts from", person.name, date=on, status=answer.status)

    # -- what staff do --

    def hold(self, person: Person) -> None:
        """Hold celebrations back for a while: a conversation is open."""
        until = (self.stage.now + timedelta(hours=person.random.choice((12, 30, 60, 100)))).replace(microsecond=0)
        self.must(
            self.stage.ask(
                CLINICIAN, "PUT", f"/people/{person.id}/holds/conversation", {"until": f"{until:%Y-%m-%dT%H:%M:%SZ}"}
            ),
            200,
        )
        self.log.add(self.stage.now, "hold", person.name, kind="conversation", until=until)

    def move(self, person: Person, to: str) -> None:
        """Move somebody's episode on."""
        self.must(self.stage.ask(CLINICIAN, "POST", f"/people/{person.id}/transitions", {"to": to}), 200, 201)
        person.state = to
        person.over = to in {"graduated", "discharged_early"}
        self.log.add(self.stage.now, "moved", person.name, to=to)

    def staff_round(self) -> None:
        """Once a day, do most of what is to be done."""
        path, todo = "/programmes/iop/tasks?limit=100", []
        while path:
            page = self.must(self.stage.ask(MANAGER, "GET", path), 200).json
            todo += page["items"]
            path = page["next"]
        for task in todo:
            if self.random.random() < 0.7:
                whom = CLINICIAN if task["owner"] == "clinician" else MANAGER
                place = f"/people/{task['personId']}/tasks/{task['id']}"
                self.must(self.stage.ask(whom, "PUT", place, {"action": "Called, and wrote it down."}), 200)
                self.log.add(self.stage.now, "did", self.by_id[task["personId"]].name, task=task["id"])

    def go_out(self, until: float) -> None:
        """Let nothing of ours run that sends, until an instant."""
        self.out_until = until
        self.log.add(self.stage.now, "out", until=datetime.fromtimestamp(until, UTC))

    def turn(self, how: str) -> None:
        """Turn the switch in the console."""
        self.stage.operate({"do": how, "by": "op", "why": "a drill"})
        self.log.add(self.stage.now, "turned", to=how)


def _is_rest(name: str) -> bool:
    instrument, _, item = name.partition(".")
    return instrument in {"phq8", "phq9", "gad7"} and item not in {"1", "2"}


def seconds(on: date, at: time, zone: str) -> float:
    """Return a local time as seconds since 1970."""
    return datetime.combine(on, at, ZoneInfo(zone)).timestamp()


def play(stage: Stage, log: Log, *, size: Size, seed: int) -> Season:
    """Play a season."""
    season = Season(stage=stage, log=log, size=size, seed=seed, random=Random(f"{seed} {size.first} season"))
    season.begin()
    season.run()
    return season
