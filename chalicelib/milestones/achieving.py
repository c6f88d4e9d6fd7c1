"""
What follows from what a person did: check-ins in a row here, the rest in ``taking_part``. Worked out anew each time.

So it doesn't matter in which order answers come, or how often one is looked at: an award is one row under its name.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from chalicelib.enrollment.changing import People
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State
from chalicelib.milestones.domain import Award
from chalicelib.outreach.categories import closes_of
from chalicelib.outreach.domain import Due, Entry, Status
from chalicelib.outreach.kinds import CHECK_IN, MILESTONE
from chalicelib.outreach.ports import Dues, Ledger
from chalicelib.outreach.recurrence import local_date

CHECK_INS = (3, 7, 14, 30, 60, 90)
"""So many check-ins in a row are worth a word (domain rules 2)."""

FREE_AGAIN_AFTER = timedelta(days=7)
"""A missed day breaks no row, unless another was missed less than this before it."""

LOOK_BACK = timedelta(days=120)
"""Further back nothing is looked for: ninety in a row, and a free day in each week of them."""

TOLD_FOR = timedelta(hours=48)
"""What was achieved longer ago, and is noticed only now, is listed and told to nobody."""


class CheckIns(Protocol):
    """Which check-ins were answered."""

    def answered_on(self, person_id: str, first: date, last: date) -> list[date]:
        """Return the local dates, both ends included, whose check-in has an answer that nobody disputes."""
        ...


class Awards(Protocol):
    """What people achieved by what they did. An award's ``run`` is the number of its episode."""

    def of_person(self, person_id: str) -> list[Award]:
        """Return all of a person's, in no order."""
        ...

    def add(self, person_id: str, award: Award) -> bool:
        """Write it unless it is there; say whether it was news."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A date on which a check-in reached the person, or was answered."""

    on: date
    answered: bool


def rows(days: Iterable[Asked]) -> Iterator[tuple[int, date]]:
    """Give how many in a row there are with each answer, for days in the order of their dates."""
    length, missed_on = 0, None
    for day in days:
        if day.answered:
            length += 1
            yield length, day.on
        elif missed_on is not None and day.on - missed_on < FREE_AGAIN_AFTER:
            length, missed_on = 0, None
        elif length:
            missed_on = day.on


def achieved(days: Iterable[Asked]) -> dict[str, date]:
    """Return what these days achieved, by name, and when first."""
    found: dict[str, date] = {}
    for length, on in rows(days):
        if length in CHECK_INS:
            found.setdefault(f"checkins_{length}", on)
    return found


def days_of(answered: Iterable[date], entries: Iterable[Entry], *, zone: str, now: datetime) -> list[Asked]:
    """
    Return the days to look at, in order: those answered, and those missed.

    Missed is what was sent, and whose time is over. What wasn't sent, whyever, isn't the person's to answer for.
    """
    said = set(answered)
    missed = {
        entry.on
        for entry in entries
        if entry.kind == CHECK_IN
        and entry.status is Status.SENT
        and entry.bounced_at is None
        and closes_of(CHECK_IN, on=entry.on, due_at=entry.due_at, zone=zone) <= now
    }
    return [Asked(on=on, answered=on in said) for on in sorted(said | missed)]


def award(
    person_id: str,
    found: Callable[[Record], Mapping[str, date]],
    *,
    now: datetime,
    people: People,
    awards: Awards,
    dues: Dues,
) -> int:
    """
    Award what is ``found`` that a person achieved by now, and return how much of it was news.

    Whoever dies on the way is followed up on: again makes another row of the same occurrence, which the ledger knows.
    """
    record = people.record(person_id)
    if record is None or record.episode.state is State.DECEASED:
        return 0
    news = 0
    known = {award.name for award in awards.of_person(person_id) if award.run == record.episode.number}
    for name, on in found(record).items():
        if name in known:
            continue
        if on >= local_date(now - TOLD_FOR, record.person.zone):
            # First what tells of it: the award is what keeps it from being told again.
            dues.put([_due(record, name, on, now=now)])
        news += awards.add(person_id, Award(run=record.episode.number, name=name, on=on))
    return news


def achieve(
    person_id: str, *, now: datetime, people: People, check_ins: CheckIns, ledger: Ledger, awards: Awards, dues: Dues
) -> int:
    """Award the check-ins in a row that a person achieved by now, and return how much of it was news."""

    def found(record: Record) -> dict[str, date]:
        return _achieved(record, now=now, check_ins=check_ins, ledger=ledger)

    return award(person_id, found, now=now, people=people, awards=awards, dues=dues)


def _achieved(record: Record, *, now: datetime, check_ins: CheckIns, ledger: Ledger) -> dict[str, date]:
    person = record.person
    today = local_date(now, person.zone)
    first = max(today - LOOK_BACK, record.episode.admitted_on)
    # Around the date line an answer may bear the date of tomorrow.
    answered = check_ins.answered_on(person.id, first, today + timedelta(days=1))
    return achieved(days_of(answered, ledger.between(person.id, first, today), zone=person.zone, now=now))


def _due(record: Record, name: str, on: date, *, now: datetime) -> Due:
    at = now.replace(microsecond=0)
    return Due(person_id=record.person.id, kind=f"{MILESTONE}-{name}", on=on, at=at, due_at=at, version=1)
