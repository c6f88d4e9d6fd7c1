"""Programmes with their staff, rotas and people, set up through the doors before anything fails."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from chalicelib.enrollment.channels import Channel
from chalicelib.outreach.domain import ChannelKind
from chalicelib.outreach.links import Claims, Purpose
from chalicelib.staff.domain import recipient_id
from chalicelib.staff.phones import Phone
from chalicelib.staff.store import DynamoStaff
from tests.build import A_KEY
from tests.simulation.crises.facts import Facts, Member, Shift
from tests.simulation.crises.ground import Ground
from tests.simulation.crises.laying import a_ground
from tests.simulation.kernel import instant_of
from tests.simulation.weather import CALM
from tests.simulation.world import beginning

ZONE = "America/New_York"
EVERY_DAY = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
STAFF = (
    # Account, role, whether they have a device and a telephone beside their address.
    ("dana", "clinician"),
    ("omar", "clinician"),
    ("lucy", "clinician"),
    ("ravi", "clinician"),
    ("maya", "case-manager"),
    ("theo", "case-manager"),
    ("pia", "peer-specialist"),
    ("sofia", "clinician"),
    ("ada", "program-admin"),
    ("ben", "program-admin"),
)
SHIFTS = (
    # Name, tier, from, to, and who takes turns.
    ("day", "primary", "08:00", "20:00", ("dana", "omar")),
    ("night", "primary", "20:00", "08:00", ("lucy", "pia")),
    ("second", "secondary", "08:00", "08:00", ("maya", "theo")),
    ("head", "supervisor", "00:00", "00:00", ("sofia",)),
)
AN_HOUR_SHORT = ("night", "primary", "20:00", "05:00", ("lucy", "pia"))
"""The night shift of a programme whose rota leaves three hours open."""
UNREACHABLE = 0.06
"""How many of the staff have nothing at which a message could reach them."""
HAS_A_DEVICE = 0.6
HAS_A_TELEPHONE = 0.6
DEAD = 0.03
"""How many addresses are dead without anybody knowing."""


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody in care, with all that lets them ask for help."""

    number: int
    programme: str
    id: str = ""
    account: str = ""
    link: str = ""
    old_link: str = ""

    @property
    def celebrates(self) -> bool:
        """Whether they agreed to e-mails, and reach milestones."""
        return self.number % 4 == 0 or self.stands_by

    @property
    def stands_by(self) -> bool:
        """Whether they never call: their milestones show that celebrations go out at all."""
        return self.number % 12 == 11

    @property
    def ip(self) -> str:
        """Where they are."""
        return f"198.51.{self.number // 200 % 100}.{self.number % 200 + 1}"


@dataclass
class World:
    """Everybody."""

    ground: Ground
    facts: Facts
    random: Random
    programmes: list[str] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    day: date = date(1970, 1, 1)

    def set_up(self, *, programmes: int, people: int) -> None:
        """Make programmes, and as many people in each."""
        self.day = self.ground.now.astimezone(ZoneInfo(ZONE)).date()
        for number in range(programmes):
            name = f"iop{number}"
            self.programmes.append(name)
            self.ground.do(lambda name=name: self._programme(name))  # type: ignore[misc]
            self.ground.do(lambda name=name: self._rota(name))  # type: ignore[misc]
            for _ in range(people):
                person = Person(number=len(self.people), programme=name)
                self.people.append(person)
                self.ground.do(lambda person=person: self._enrol(person))  # type: ignore[misc]

    def take_over(self, kept: Kept) -> None:
        """Go on from what was set up."""
        self.day, self.programmes, self.people = kept.day, list(kept.programmes), deepcopy(kept.people)
        self.facts.members, self.facts.shifts = deepcopy(kept.members), list(kept.shifts)
        self.ground.table.hold(kept.rows)
        self.ground.providers.dead |= kept.dead

    def token(self, account: str) -> str:
        """Return the sign-in of a member of staff: account and role."""
        member = self.facts.members[account]
        return f"{account}={member.programme}/{member.role}"

    def staff_of(self, programme: str) -> list[Member]:
        """Return a programme's staff."""
        return [member for member in self.facts.members.values() if member.programme == programme]

    def _programme(self, name: str) -> None:
        ground, random = self.ground, self.random
        admin = f"ada-{name}={name}/program-admin"
        ground.must(admin, "POST", "/programmes", {"id": name, "name": "Programme"})
        for first_name, role in STAFF:
            account = f"{first_name}-{name}"
            is_reachable = first_name == "ada" or random.random() >= UNREACHABLE
            address = f"{account}@care.example" if is_reachable else None
            body: dict[str, Any] = {
                "firstName": first_name.title(),
                "roles": [role],
                "language": "en",
                "timeZone": ZONE,
                "working": {"days": EVERY_DAY[:5], "from": "09:00", "to": "17:00"},
                "digest": False,
                "email": address,
                "emailAttested": is_reachable,
            }
            ground.must(admin, "PUT", f"/programmes/{name}/staff/{account}", body, if_match='"0"')
            member = Member(
                account=account,
                programme=name,
                role=role,
                recipient=recipient_id(name, account),
                first_name=first_name.title(),
                ways={"email": address} if address else {},
            )
            self.facts.members[account] = member
            self._give_ways(member)
            for one in member.ways.values():
                if first_name != "ada" and not one.startswith("+") and random.random() < DEAD:
                    ground.providers.dead.add(one)
                    member.dead.add(one)

    def _give_ways(self, member: Member) -> None:
        """Give somebody a device and a telephone, perhaps, as confirmed already."""
        staff = DynamoStaff()
        kept = staff.find(member.programme, member.account)
        if kept is None or not member.ways:
            return
        number = len(self.facts.members)
        if self.random.random() < HAS_A_DEVICE:
            address = f"https://push.example/{number}"
            device = Channel(
                id=f"{number:032x}",
                kind=ChannelKind.PUSH,
                address=address,
                added_at=kept.put_at,
                push_key=A_KEY,
                push_auth="A" * 22,
                heartbeat_at=kept.put_at,
            )
            kept = replace(kept, devices=(device.confirmed(revision=1, at=kept.put_at),))
            member.ways["push"] = address
        if self.random.random() < HAS_A_TELEPHONE:
            member.ways["sms"] = f"+1555{number:07}"
            kept = replace(kept, phone=Phone(number=member.ways["sms"], confirmed_at=kept.put_at))
        staff.save(replace(kept, version=kept.version + 1))

    def _rota(self, name: str) -> None:
        shifts = list(SHIFTS)
        if self.random.random() < 0.4:
            shifts[1] = AN_HOUR_SHORT
        body: dict[str, Any] = {"timeZone": ZONE, "shifts": []}
        for shift, tier, start, end, members in shifts:
            accounts = [f"{member}-{name}" for member in members]
            # They change on the second day of a run.
            turns_from = self.day - timedelta(days=self.random.choice((6, 13)))
            body["shifts"].append(
                {
                    "id": shift,
                    "tier": tier,
                    "days": EVERY_DAY,
                    "from": start,
                    "to": end,
                    "members": accounts,
                    "turnsFrom": turns_from.isoformat(),
                }
            )
            self._plan(name, tier, start, end, accounts, turns_from)
        self._put_rota(name, body)

    def _put_rota(self, name: str, body: dict[str, Any]) -> None:
        self.ground.must(f"ada-{name}={name}/program-admin", "PUT", f"/programmes/{name}/rota", body, if_match='"0"')

    def _plan(self, name: str, tier: str, start: str, end: str, accounts: list[str], turns_from: date) -> None:
        """Write down who is to be on call, worked out here and not by the code that is looked at."""
        for days in range(-2, 14):
            on = self.day + timedelta(days=days)
            begins = datetime.combine(on, time.fromisoformat(start), ZoneInfo(ZONE))
            ends = datetime.combine(on + timedelta(days=end <= start), time.fromisoformat(end), ZoneInfo(ZONE))
            turn = (on - turns_from).days // 7 % len(accounts)
            self.facts.shifts.append(
                Shift(
                    programme=name,
                    tier=tier,
                    account=accounts[turn],
                    starts=begins.timestamp(),
                    ends=ends.timestamp(),
                )
            )

    def _enrol(self, person: Person) -> None:
        ground, name = self.ground, person.programme
        admin = f"ada-{name}={name}/program-admin"
        body = {
            "externalId": f"P-{person.number:05}",
            "givenName": f"Given{person.number}",
            "familyName": "Family",
            "timeZone": self.random.choice((ZONE, "America/Chicago", "America/Los_Angeles")),
            "language": self.random.choice(("en", "en", "es")),
            "admittedOn": (self.day - timedelta(days=20)).isoformat(),
            "state": "active",
            "checkIn": {"time": "09:00", "days": ["MO"]},
            "email": f"p{person.number}@example.com",
            "emailAttested": True,
        }
        person.id = ground.must(admin, "POST", f"/programmes/{name}/people", body)["id"]
        subject = f"a{person.number}"
        person.account = f"{subject}={name}/participant"
        ground.must(admin, "PUT", f"/people/{person.id}/sign-in", {"subject": subject})
        if person.celebrates:
            consent = {"scope": "contact_email", "textVersion": 1, "locale": body["language"]}
            ground.must(person.account, "POST", f"/people/{person.id}/consents", consent)
        channel = ground.must(person.account, "GET", f"/people/{person.id}/channels")["items"][0]["id"]
        person.link = self._link(person, channel, ends=ground.kernel.now + 60 * 86_400)
        person.old_link = self._link(person, channel, ends=ground.kernel.now - 86_400)

    def _link(self, person: Person, channel: str, *, ends: float) -> str:
        claims = Claims(
            person_id=person.id,
            kind="check_in",
            on=instant_of(ends).astimezone(UTC).date(),
            channel_id=channel,
            revision=1,
            expires_at=instant_of(ends).replace(microsecond=0),
        )
        return self.ground.signer.token(Purpose.ANSWER, claims)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A world as it was set up, for run after run."""

    day: date
    programmes: list[str]
    people: list[Person]
    members: dict[str, Member]
    shifts: list[Shift]
    dead: set[str]
    rows: dict[str, dict[str, Any]]
    begins: float


_KEPT: dict[tuple[str, int, int], Kept] = {}


def a_world(on: str, *, programmes: int, people: int) -> Kept:
    """Return a world that was set up on a date, made once in a process."""
    key = (on, programmes, people)
    if key not in _KEPT:
        with a_ground(beginning(on), CALM, seed=0) as ground:
            world = World(ground=ground, facts=Facts(), random=Random(f"world {key}"))
            world.set_up(programmes=programmes, people=people)
            _KEPT[key] = Kept(
                day=world.day,
                programmes=world.programmes,
                people=world.people,
                members=world.facts.members,
                shifts=world.facts.shifts,
                dead=set(ground.providers.dead),
                rows=ground.table.held(),
                begins=ground.kernel.now,
            )
    return _KEPT[key]
