"""Start caring contacts, sign them, let them go on after a readmission, and end them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from chalicelib.caring.domain import (
    BIRTHDAY_SCOPE,
    SCOPE,
    Because,
    NoMailbox,
    NoSeries,
    NotAgreed,
    Series,
    birthday_of,
    dates_of,
    start_faults,
)
from chalicelib.enrollment.changing import TRIES, Change, People, edited, find_person, next_of, scheduled
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.service import Programmes, find_programme
from chalicelib.errors import Conflict, Fault, Invalid, Stale
from chalicelib.outreach.anniversaries import Anniversaries
from chalicelib.outreach.domain import Schedule
from chalicelib.outreach.kinds import CARING_AGAIN, CARING_CONTACTS, CARING_SERIES
from chalicelib.outreach.recurrence import local_date


class AllSeries(Protocol):
    """The caring contacts of all people: one series each, the last."""

    def find(self, person_id: str) -> Series | None:
        """Return a person's as it is now, over or not."""
        ...

    def write(self, change: Change, series: Series) -> None:
        """
        Write a change of the person and this series, or nothing.

        :raises Stale: if the person was changed meanwhile
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What is worked with. ``by`` is the account that asks."""

    by: str
    now: datetime
    people: People
    programmes: Programmes
    all_series: AllSeries


def start(person_id: str, *, because: Because, of: date | None, birthday: str | None, desk: Desk) -> Series:
    """
    Send them from now on, counted from ``of`` (None: today); a series before it is over. The same changes nothing.

    ``birthday``: month and day (``MM-DD``), None for none.

    :raises NotAgreed: if the person has not agreed to them
    :raises NoMailbox: if answers to them would reach nobody
    :raises Invalid: if a date can't be, or a birthday lacks its consent
    """

    def decide(record: Record, present: Series | None) -> tuple[Change, Series] | None:
        record.must_be_alive()
        programme = _may_begin(record, desk=desk)
        today = local_date(desk.now, record.person.zone)
        begins = of or today
        faults = start_faults(begins, today=today)
        kept = _kept(birthday, record, now=desk.now, faults=faults)
        if faults:
            raise Invalid(*faults)
        series = Series(
            person_id=person_id,
            programme_id=programme.id,
            episode=record.episode.number,
            because=because,
            of=begins,
            birthday=kept,
            started_by=desk.by,
            started_at=desk.now,
            signer=present.signer if present and present.programme_id == programme.id else None,
            again=_says_others(present, today=today),
        )
        if present and _schedule(record) and _is_again(present, series):
            return None
        kind = CARING_AGAIN if series.again else CARING_SERIES
        before = _schedule(record)
        change = replace(_next(record), no_schedules=(before.kind,) if before and before.kind != kind else ())
        when = _when(series, record, programme)
        # The version is the person's, which grows even while there is no schedule: what waits of one before is void.
        version = change.person.version
        schedule = Schedule(person_id=person_id, kind=kind, version=version, when=when, since=desk.now)
        return scheduled(change, schedule, now=desk.now), series

    return _there(_carry_out(person_id, decide, desk=desk)[0])


def end(person_id: str, *, desk: Desk) -> None:
    """
    Send no more of them; nobody is told. Again changes nothing.

    :raises NoSeries: if there never were any
    """

    def decide(record: Record, present: Series | None) -> tuple[Change, Series] | None:
        series = _there(present)
        if not series.is_on and _schedule(record) is None:
            return None
        before = _schedule(record)
        change = replace(_next(record), no_schedules=(before.kind,) if before else ())
        return change, series.ended(by=desk.by, at=desk.now) if series.is_on else series

    _carry_out(person_id, decide, desk=desk)


def sign(person_id: str, *, signs: bool, desk: Desk) -> Series:
    """
    Let the account that asks sign them, or no longer; the same again changes nothing.

    :raises NoSeries: if there are none
    """

    def decide(record: Record, present: Series | None) -> tuple[Change, Series] | None:
        series = _there(present)
        if not series.is_on:
            raise NoSeries("there are no caring contacts")
        others = None if series.signer == desk.by else series.signer
        signer = desk.by if signs else others
        return None if signer == series.signer else (_next(record), replace(series, signer=signer))

    return _there(_carry_out(person_id, decide, desk=desk)[0])


def go_on(person_id: str, *, desk: Desk) -> Series:
    """
    Let them go on in the person's present episode, after they were admitted again.

    :raises NoSeries: if there are none, or they are of another programme's staff
    """

    def decide(record: Record, present: Series | None) -> tuple[Change, Series] | None:
        series = _there(present)
        if not series.is_on or series.programme_id != record.episode.programme_id:
            raise NoSeries("there are no caring contacts of this programme")
        same = series.episode == record.episode.number
        return None if same else (_next(record), replace(series, episode=record.episode.number))

    return _there(_carry_out(person_id, decide, desk=desk)[0])


def keep_up(person_id: str, *, desk: Desk) -> bool:
    """
    Do what follows for them from a change of the person: end them, forget a birthday, move their hours.

    Say whether anything did. What is sent is checked once more at that moment, so that nothing hangs on this.
    """

    def decide(record: Record, present: Series | None) -> tuple[Change, Series] | None:
        if present is None or not present.is_on:
            return None
        schedule, live = _schedule(record), record.live_consents(at=desk.now)
        is_over = schedule is None or record.episode.state is State.DECEASED or SCOPE not in live
        series = present.ended(by=desk.by, at=desk.now) if is_over else present
        if BIRTHDAY_SCOPE not in live:
            series = replace(series, birthday=None)
        change = _next(record)
        if schedule and is_over:
            return replace(change, no_schedules=(schedule.kind,)), series
        if schedule:
            when = _when(series, record, find_programme(series.programme_id, programmes=desk.programmes))
            if when != schedule.when:
                moved = replace(schedule, when=when, version=schedule.version + 1)
                return edited(change, schedule, moved, now=desk.now), series
        return None if series == present else (change, series)

    return _carry_out(person_id, decide, desk=desk)[1]


def _carry_out(
    person_id: str, decide: Callable[[Record, Series | None], tuple[Change, Series] | None], *, desk: Desk
) -> tuple[Series | None, bool]:
    """Load, decide and write the person and the series at once; return the series, and whether anything was written."""
    for _ in range(TRIES):
        record = find_person(person_id, people=desk.people)
        # After the record: whoever changed it since then changed the version too.
        present = desk.all_series.find(person_id)
        decided = decide(record, present)
        if decided is None:
            return present, False
        try:
            desk.all_series.write(*decided)
        except Stale:
            continue
        return decided[1], True
    raise Conflict("the record is being changed by others; try again")


def _is_again(present: Series, series: Series) -> bool:
    return present == replace(series, started_by=present.started_by, started_at=present.started_at, again=present.again)


def _says_others(present: Series | None, *, today: date) -> bool:
    """Say whether a series takes the second set of words: where the one before it may have said some of the first."""
    return present is not None and present.again is not (today > present.of)


def _may_begin(record: Record, *, desk: Desk) -> Programme:
    if SCOPE not in record.live_consents(at=desk.now):
        raise NotAgreed("they have not agreed to caring contacts")
    programme = find_programme(record.episode.programme_id, programmes=desk.programmes)
    if programme.reply_to is None:
        raise NoMailbox("the programme has no mailbox for answers yet: set its replyTo")
    return programme


def _kept(birthday: str | None, record: Record, *, now: datetime, faults: list[Fault]) -> str | None:
    if birthday is None:
        return None
    if BIRTHDAY_SCOPE not in record.live_consents(at=now):
        faults.append(Fault(field="birthday", reason=f"needs the consent {BIRTHDAY_SCOPE}"))
        return None
    try:
        return birthday_of(birthday)
    except ValueError:
        faults.append(Fault(field="birthday", reason="must be a month and a day, MM-DD"))
        return None


def _when(series: Series, record: Record, programme: Programme) -> Anniversaries:
    quiet = record.person.quiet_hours(programme.quiet_hours)
    seed = f"{series.person_id}#{series.of.isoformat()}"
    return dates_of(series.of, birthday=series.birthday, seed=seed, quiet=quiet, zone=record.person.zone)


def _schedule(record: Record) -> Schedule | None:
    return next((one for one in record.schedules if one.kind in CARING_CONTACTS), None)


def _next(record: Record) -> Change:
    return replace(next_of(record), keeps_who=True)


def _there(present: Series | None) -> Series:
    if present is None:
        raise NoSeries("there are no caring contacts")
    return present
