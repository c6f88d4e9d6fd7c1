"""A crisis: somebody called for help, and what was done until it was over. Its log only grows (domain rules 3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from chalicelib.errors import Conflict, NotFound
from chalicelib.privacy.domain import ALL_PROGRAMMES


class Door(StrEnum):
    """By which way a call for help came."""

    APP = "app"
    PAGE = "page"
    ANSWER = "answer"
    STAFF = "staff"
    SUPPORTER = "supporter"
    """Somebody whom the person invited to support them calls for them."""
    UNSIGNED = "unsigned"
    """Without a sign-in or link that we made: nobody knows who it is."""
    DRILL = "drill"
    """Nobody called: the programme tries out whether somebody answers."""


class State(StrEnum):
    """How far a crisis is. Nothing but what somebody did takes it past ``paged``."""

    OPEN = "open"
    PAGED = "paged"
    ACKNOWLEDGED = "acknowledged"
    CONTACTED = "contacted"
    RESOLVED = "resolved"
    FOLLOW_UP = "follow_up"
    CLOSED = "closed"


class Wait(StrEnum):
    """What a crisis waits for: while it does, the ladder of this wait pages (``ladder.py``)."""

    ACK = "ack"
    ATTEMPT = "attempt"
    REACH = "reach"
    RESOLUTION = "resolution"
    REVIEW = "review"
    FOLLOW_UP = "follow_up"
    NOTHING = "nothing"


class What(StrEnum):
    """What a line of the log says."""

    PRESS = "press"
    PAGE = "page"
    ACK = "ack"
    ATTEMPT = "attempt"
    CONTACT = "contact"
    HAND_OVER = "hand_over"
    DECISION = "decision"
    DISPOSITION = "disposition"
    REVIEW = "review"
    FOLLOW_UP = "follow_up"
    REOPEN = "reopen"
    CLOSE = "close"


class Disposition(StrEnum):
    """How a crisis ended."""

    SAFE_WITH_PLAN = "safe_with_plan"
    WARM_TRANSFER = "warm_transfer"
    """Handed to 988, or the country's own line, with somebody on the phone."""
    EMERGENCY_SERVICES = "emergency_services"
    EMERGENCY_DEPARTMENT = "emergency_department"
    UNREACHABLE = "unreachable"
    """Nobody reached them; a welfare check was asked for."""
    FALSE_ALARM = "false_alarm"
    """The person says that they need no help."""


REVIEWED = frozenset({Disposition.UNREACHABLE, Disposition.FALSE_ALARM})
"""Ends that a second person has to agree with (domain rules 3.3)."""

SPOKEN = frozenset({Disposition.SAFE_WITH_PLAN, Disposition.WARM_TRANSFER, Disposition.FALSE_ALARM})
"""Ends that nobody can say of somebody whom nobody reached."""

STRANGER, ACCOUNT = "caller-", "account-"
UNKNOWN = (STRANGER, ACCOUNT)
"""How callers begin of whom nothing is known but their address, or an account that has no record."""

BETWEEN = timedelta(minutes=1)
"""How soon at the earliest a call pages whoever is on duty after they were paged for the same crisis."""

UNANSWERED = frozenset({State.OPEN, State.PAGED})
OVER = frozenset({State.RESOLVED, State.FOLLOW_UP, State.CLOSED})


class NoSuchCrisis(NotFound):
    """The programme has no such crisis."""


class NotNow(Conflict):
    """What is asked for doesn't fit how the crisis stands."""


class OwnedByAnother(Conflict):
    """Somebody else has acknowledged it, and is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """
    One call for help, as it came. ``id`` follows from whoever calls and the key that they send with it.

    ``caller`` is whom it is grouped by: a person's id, or what stands for a caller whom nobody knows. ``verified``:
    their sign-in says who they are; a link's bearer is not known to be the person. ``by``: the account of who pressed,
    where that is known. ``name`` and ``phone`` are what an unknown caller wrote, ``note`` what a member of staff did.
    ``dropped``: names of what else was sent, and not understood or not kept.
    """

    id: str
    caller: str
    at: datetime
    door: Door
    verified: bool
    programme_id: str = ALL_PROGRAMMES
    person_id: str | None = None
    by: str | None = None
    name: str | None = None
    phone: str | None = None
    note: str | None = None
    dropped: tuple[str, ...] = ()

    @property
    def answers_to(self) -> str | None:
        """
        The person whose language, zone and hours the answer may go by; None where nobody signed who calls.

        Whoever only knows somebody's name must not learn from an answer whether we know it too.
        """
        return None if self.door is Door.UNSIGNED else self.person_id

    @property
    def is_hearsay(self) -> bool:
        """Whether it says whose it is, and nobody signed that: whose programme it is must not be seen either."""
        return self.door is Door.UNSIGNED and not self.caller.startswith(STRANGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    One line of a crisis's log, numbered from 1; never changed. ``by`` is an account, None where nobody did it.

    Of a press: the press. Of a page: the ``step`` of the ladder (None: again, since they called again), and whom it was
    handed over ``to``, which says nothing of who saw it. Of a hand-over: to whose account. Of a review or decision:
    whether they ``agreed`` (to the end; to a welfare check). Of a follow-up: which task. ``programme_id``: of an
    acknowledgement, whose staff took it.
    """

    number: int
    what: What
    at: datetime
    by: str | None = None
    press: Press | None = None
    step: int | None = None
    to: tuple[str, ...] = ()
    programme_id: str | None = None
    disposition: Disposition | None = None
    agreed: bool | None = None
    tasks: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crisis:
    """
    How a crisis stands: what its log adds up to (``log.after``). ``version`` is the number of lines.

    ``owner`` is one account. ``since`` is when the present wait began, ``rounds`` how many steps of its ladder were
    taken. ``called_at``: when somebody last wanted a page; ``pressed_at``: when somebody last called; ``paged_at``:
    when a page was last handed over, ``rang_at``: one to whoever is on duty; ``paged_by``: the version that it was
    decided on. ``heard``: pages decided on before that
    version are void, since somebody did something about it then. ``is_verified``: one call at least was the person's
    own, or of their staff. ``follow_ups``: tasks that are still to be done.
    """

    id: str
    caller: str
    programme_id: str
    person_id: str | None = None
    opened_at: datetime
    state: State = State.OPEN
    wait: Wait = Wait.ACK
    owner: str | None = None
    since: datetime
    rounds: int = 0
    called_at: datetime
    pressed_at: datetime
    is_verified: bool = False
    paged_at: datetime | None = None
    rang_at: datetime | None = None
    paged_by: int = 0
    heard: int = 0
    attempts: int = 0
    tried_at: datetime | None = None
    disposition: Disposition | None = None
    resolved_by: str | None = None
    follow_ups: tuple[str, ...] = ()
    version: int = 1

    @property
    def reference(self) -> str:
        """What two people can call it, and what pages do; it says nothing of the person."""
        return f"{Door.DRILL.value if self.is_drill else ''}{self.id}"[:8].upper()

    @property
    def is_drill(self) -> bool:
        """Whether nobody called: it is about no person, and over as soon as somebody has acknowledged it."""
        return self.caller.startswith(f"{Door.DRILL}:")

    @property
    def rings_at(self) -> datetime:
        """
        When whoever is on duty is first paged in a wait for somebody to have it: at once, ``BETWEEN`` after the last.

        However often somebody calls, and however many say that they have it, each of those can still work.
        """
        if self.rang_at is None:
            return self.since
        return min(max(self.since, self.rang_at + BETWEEN), self.since + BETWEEN)

    @property
    def is_known(self) -> bool:
        """Whether anybody knows who calls, whichever programme they name."""
        return self.person_id is not None or self.is_verified

    @property
    def is_unanswered(self) -> bool:
        """Whether no human has said that they have it."""
        return self.state in UNANSWERED

    @property
    def is_pressing(self) -> bool:
        """Whether nobody has it, or who has it did nothing yet: who called waits for somebody to reach them."""
        return self.wait in {Wait.ACK, Wait.ATTEMPT}

    @property
    def holds(self) -> bool:
        """Whether celebrations and nudges wait for it."""
        return self.state not in OVER


def press_id(caller: str, key: str) -> str:
    """Return the id of a call: the same for the same caller and key."""
    return sha256(f"{caller}#{key}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
