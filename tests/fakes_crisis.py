"""In-memory crises. tests/contract runs one suite on these and on the table, so that they can't lie."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from chalicelib.crisis.domain import Crisis, Door, Event, Press, State, What, press_id
from chalicelib.crisis.duty import Duty
from chalicelib.crisis.ladder import Minutes
from chalicelib.crisis.ports import Desk, Kept, Looked, Untaken
from chalicelib.enrollment.channels import Channel
from chalicelib.outreach.domain import ChannelKind, Due
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Member
from chalicelib.tasks.domain import Task
from tests.fakes_staff import FakeStaff
from tests.fakes_tasks import FakeTasks
from tests.fakes_watch import FakeHolds


class FakeCrises:
    def __init__(self, tasks: FakeTasks | None = None) -> None:
        self.presses: dict[str, Kept] = {}
        self.kept_crises: dict[str, Crisis] = {}
        self.lines: dict[str, list[Event]] = {}
        self.look_ats: dict[str, datetime] = {}
        self.tasks = tasks or FakeTasks()

    def keep(self, press: Press) -> bool:
        if press.id in self.presses:
            return False
        self.presses[press.id] = Kept(press=press)
        return True

    def kept(self, press_id: str) -> Kept | None:
        return self.presses.get(press_id)

    def waiting(self, *, limit: int) -> list[Untaken]:
        found = [kept.press for kept in self.presses.values() if kept.crisis_id is None]
        found.sort(key=lambda press: (press.at, press.id))
        return [Untaken(id=press.id, caller=press.caller) for press in found[:limit]]

    def find(self, crisis_id: str) -> Crisis | None:
        return self.kept_crises.get(crisis_id)

    def many(self, crisis_ids: Iterable[str]) -> dict[str, Crisis]:
        return {one: self.kept_crises[one] for one in crisis_ids if one in self.kept_crises}

    def present_of(self, caller: str) -> Crisis | None:
        found = self.of_caller(caller)
        return next((crisis for crisis in found if crisis.state is not State.CLOSED), None)

    def of_caller(self, caller: str) -> list[Crisis]:
        found = [crisis for crisis in self.kept_crises.values() if crisis.caller == caller]
        return sorted(found, key=lambda crisis: (crisis.opened_at, crisis.id), reverse=True)

    def log(self, crisis_id: str) -> list[Event]:
        return list(self.lines.get(crisis_id, []))

    def save(self, crisis: Crisis, events: Sequence[Event], *, look_at: datetime, tasks: Sequence[Task] = ()) -> bool:
        before = self.kept_crises.get(crisis.id)
        if (before.version if before else 0) != crisis.version - len(events):
            return False
        present = self.present_of(crisis.caller)
        if present is not None and present.id != crisis.id and crisis.state is not State.CLOSED:
            return False
        pressed = [event for event in events if event.what is What.PRESS and event.press]
        if any(self.presses[event.press.id].crisis_id for event in pressed if event.press):
            return False
        for event in pressed:
            if event.press:
                kept = self.presses[event.press.id]
                self.presses[event.press.id] = replace(kept, crisis_id=crisis.id, number=event.number)
        self.kept_crises[crisis.id] = crisis
        self.lines.setdefault(crisis.id, []).extend(events)
        self.look_ats[crisis.id] = look_at
        for task in tasks:
            assert self.tasks.open(task)
        return True

    def look_again(self, crisis: Crisis, *, at: datetime) -> None:
        if self.kept_crises[crisis.id].version == crisis.version:
            self.look_ats[crisis.id] = at

    def open_ones(self) -> list[Looked]:
        return [
            Looked(
                id=crisis.id,
                opened_at=crisis.opened_at,
                look_at=self.look_ats[crisis.id],
                is_unanswered=crisis.is_unanswered,
                is_pressing=crisis.is_pressing,
                programme_id=crisis.programme_id,
                is_known=crisis.is_known,
                is_drill=crisis.is_drill,
            )
            for crisis in self.kept_crises.values()
            if crisis.state is not State.CLOSED
        ]


@dataclass
class FakeOnCall:
    """The same people at any hour, until a test says otherwise."""

    duty: Duty = field(default_factory=Duty)
    is_down: bool = False

    def on_duty(self, programme_id: str, *, at: datetime) -> Duty:
        del programme_id, at
        if self.is_down:
            raise ConnectionError("the rota can't be read")
        return self.duty


@dataclass
class FakePager:
    takes: bool = False
    paged: list[tuple[str, str, datetime]] = field(default_factory=list)

    def page(self, member_id: str, reference: str, *, at: datetime) -> bool:
        self.paged.append((member_id, reference, at))
        return self.takes


class FakeProgrammes:
    def __init__(self, *programme_ids: str) -> None:
        self.known = {programme_id: Minutes() for programme_id in programme_ids}

    def ids(self) -> list[str]:
        return sorted(self.known)

    def minutes(self, programme_id: str) -> Minutes:
        return self.known.get(programme_id, Minutes())


@dataclass
class Site:
    """Everything behind the ports of crises, to look into and to break."""

    staff: list[Member]
    on_call: FakeOnCall = field(default_factory=FakeOnCall)
    pager: FakePager = field(default_factory=FakePager)
    programmes: FakeProgrammes = field(default_factory=lambda: FakeProgrammes("iop"))
    tasks: FakeTasks = field(default_factory=FakeTasks)
    holds: FakeHolds = field(default_factory=FakeHolds)
    dues: list[Due] = field(default_factory=list)
    hurried: list[Due] = field(default_factory=list)
    notes: list[tuple[str, float]] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    mail_is_down: bool = False

    def __post_init__(self) -> None:
        self.crises = FakeCrises(self.tasks)
        self._ids = iter(f"{number:08x}{0:024}" for number in range(1, 10**6))

    def put(self, dues: Iterable[Due]) -> None:
        if self.mail_is_down:
            raise ConnectionError("nothing can be put")
        self.dues += dues

    def noted(self, name: str) -> list[float]:
        return [value for noted, value in self.notes if noted == name]

    def to_whom(self) -> list[list[str]]:
        """Return the accounts that each page went to, page by page."""
        names = {member.id: member.account for member in self.staff}
        pages: dict[str, list[str]] = {}
        for due in self.dues:
            pages.setdefault(due.kind, []).append(names[due.person_id])
        return [sorted(set(page)) for page in pages.values()]

    def desk(self, new_id: Callable[[], str] | None = None) -> Desk:
        return Desk(
            crises=self.crises,
            on_call=self.on_call,
            pager=self.pager,
            members=FakeStaff(*self.staff),
            programmes=self.programmes,
            tasks=self.tasks,
            dues=self,
            holds=self.holds,
            hurry=self.hurried.extend,
            new_id=new_id or (lambda: next(self._ids)),
            note=lambda name, value: self.notes.append((name, value)),
            trouble=self.troubles.append,
        )


def a_member(account: str, *roles: Role, is_reachable: bool = True, at: datetime) -> Member:
    email = Channel(id=account, kind=ChannelKind.EMAIL, address=f"{account}@care.example", added_at=at)
    return Member(
        programme_id="iop",
        account=account,
        first_name=account.title(),
        roles=frozenset(roles or {Role.CLINICIAN}),
        language="en",
        zone="America/New_York",
        email=email.attested(by="admin", at=at) if is_reachable else None,
        put_by="admin",
        put_at=at,
    )


def a_call(at: datetime, *, caller: str = "p1", key: str = "k", **changes: Any) -> Press:
    facts: dict[str, Any] = {"door": Door.APP, "verified": True, "programme_id": "iop", "person_id": caller}
    return Press(id=press_id(caller, key), caller=caller, at=at, **{**facts, **changes})
