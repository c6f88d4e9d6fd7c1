"""What the rota's doors take and show."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Annotated, get_args

from pydantic import Field as Described

from chalicelib.crisis.coverage import Gap, State, Why
from chalicelib.crisis.duty import Tier
from chalicelib.crisis.rota import Cover, Holder, Holiday, Rota, Shift, Span, Trouble
from chalicelib.crisis.rota_rules import MOST_HOLIDAYS, MOST_HOURS, MOST_IN_TURN, MOST_SHIFTS
from chalicelib.crisis.rota_service import Watch
from chalicelib.edge.http import Instant, Wire
from chalicelib.outreach.domain import ChannelKind
from chalicelib.outreach.recurrence import Recurrence
from chalicelib.staff.shapes import Clock, Day, Text

Account = Annotated[str, Described(min_length=1, max_length=128, description="A member of the programme's staff.")]


class Hours(Wire):
    """A time that comes every week: local times, half-open; `to` not later than `from` is on the day after."""

    days: Annotated[list[Day], Described(max_length=7, description="The days on which it begins.")]
    start: Annotated[Clock, Described(alias="from")]
    end: Annotated[Clock, Described(alias="to", description="The same as `from`: a whole day.")]

    def span(self) -> Span:
        """Return it as the slice knows it."""
        return Span(days=frozenset(self.days), start=time.fromisoformat(self.start), end=time.fromisoformat(self.end))


class PutShift(Hours):
    """When somebody is on call, and who takes turns."""

    id: Annotated[str, Described(max_length=40, description="Its name in this rota, which stays when it is edited.")]
    tier: Tier
    members: Annotated[
        Sequence[Account],
        Described(max_length=MOST_IN_TURN, description="They take turns, a week each; none: nobody has it yet."),
    ] = ()
    turns_from: Annotated[
        date, Described(description="A date on which the first takes over; its weekday is the one for handing over.")
    ]
    time_zone: Annotated[Text | None, Described(description="Null: the rota's.")] = None

    def shift(self) -> Shift:
        """Return it as the slice knows it."""
        return Shift(
            id=self.id,
            tier=self.tier,
            span=self.span(),
            members=tuple(self.members),
            turns_from=self.turns_from,
            zone=self.time_zone,
        )


class PutHoliday(Wire):
    """A date on which a shift that begins then is another's, or with `account` null not staffed."""

    on: date
    shift_id: Annotated[str, Described(max_length=40)]
    account: Account | None
    why: Text = ""


class DrillTimes(Wire):
    """When a drill begins by itself, at a wall time of the rota's zone."""

    rule: Annotated[str, Described(max_length=200, description="RFC 5545: `FREQ=MONTHLY;BYDAY=2TU`.")]
    time: Clock
    starts_on: date

    def recurrence(self, zone: str) -> Recurrence:
        """Return it as the slice knows it."""
        return Recurrence(rule=self.rule, at=time.fromisoformat(self.time), zone=zone, starts_on=self.starts_on)


class PutRota(Wire):
    """A rota as its programme wants it. What it leaves open is no fault: see `gaps`."""

    time_zone: Annotated[Text, Described(description="Where its times are; a zone of the IANA database.")]
    shifts: Annotated[list[PutShift], Described(max_length=MOST_SHIFTS)]
    holidays: Annotated[Sequence[PutHoliday], Described(max_length=MOST_HOLIDAYS)] = ()
    hours: Annotated[
        Sequence[Hours],
        Described(max_length=MOST_HOURS, description="When somebody is meant to be on call; none: at every hour."),
    ] = ()
    drills: Annotated[DrillTimes | None, Described(description="Null: only when somebody starts one.")] = None

    def rota(self, programme_id: str, *, by: str, at: datetime) -> Rota:
        """Return it as the slice knows it."""
        return Rota(
            programme_id=programme_id,
            zone=self.time_zone,
            shifts=tuple(one.shift() for one in self.shifts),
            holidays=tuple(
                Holiday(on=one.on, shift_id=one.shift_id, account=one.account, why=one.why.strip())
                for one in self.holidays
            ),
            hours=tuple(one.span() for one in self.hours),
            drills=self.drills.recurrence(self.time_zone) if self.drills else None,
            put_by=by,
            put_at=at,
        )


class AskCover(Wire):
    """A time in which somebody takes another's place on call."""

    tier: Tier
    of: Annotated[Account | None, Described(description="Whose place; null, for program admins: besides the others.")]
    by: Annotated[Account, Described(description="Who takes it.")]
    starts: Instant
    ends: Instant


class AnswerCover(Wire):
    """Whether one takes part in a cover."""

    agrees: bool


class ShownCover(Wire):
    """A cover. `holds`: both agreed, or the programme put it, and nobody withdrew."""

    id: str
    tier: Tier
    of: str | None
    by: str
    starts: datetime
    ends: datetime
    asked_by: str
    asked_at: datetime
    agreed: list[str]
    holds: bool
    ended_at: datetime | None
    ended_by: str | None


class ShownRota(PutRota):
    """A rota in its present version, with the covers that aren't over."""

    programme_id: str
    covers: list[ShownCover]
    changed_by: str
    changed_at: datetime
    version: int


class ShownGap(Wire):
    """A time in which nobody of a tier can be paged. `accounts`: who would have been on call."""

    reference: Annotated[str, Described(description="What messages about it call it.")]
    tier: Tier
    starts: datetime
    ends: datetime
    hours: float
    why: Why
    accounts: list[str]


class GapList(Wire):
    """What is left open in the next two weeks, in order."""

    items: list[ShownGap]


class ShownHolder(Wire):
    """Somebody on call. `paged_by`: the ways by which a page reaches them; `trouble`: why none does."""

    tier: Tier
    account: str
    first_name: str | None
    starts: datetime
    ends: datetime
    shift_id: str | None
    cover_id: str | None
    trouble: Trouble | None
    paged_by: list[str]


class OnCallNow(Wire):
    """
    Who is on call, and what may be said of it: `unknown` where there is no rota.

    `until` of `on_duty` is when that ends, of `off_duty` when somebody begins; null where that isn't known.
    """

    state: State
    until: datetime | None
    items: list[ShownHolder]
    email_only: Annotated[
        bool, Described(description="Somebody on call can be paged by e-mail only, which may go unseen: say so.")
    ]


def shown_rota(rota: Rota) -> ShownRota:
    """Show a rota."""
    return ShownRota(
        programme_id=rota.programme_id,
        time_zone=rota.zone,
        shifts=[
            PutShift(
                id=one.id,
                tier=one.tier,
                days=_days(one.span),
                start=f"{one.span.start:%H:%M}",
                end=f"{one.span.end:%H:%M}",
                members=list(one.members),
                turns_from=one.turns_from,
                time_zone=one.zone,
            )
            for one in rota.shifts
        ],
        holidays=[
            PutHoliday(on=one.on, shift_id=one.shift_id, account=one.account, why=one.why) for one in rota.holidays
        ],
        hours=[Hours(days=_days(one), start=f"{one.start:%H:%M}", end=f"{one.end:%H:%M}") for one in rota.hours],
        drills=_shown_drills(rota.drills) if rota.drills else None,
        covers=[shown_cover(one) for one in rota.covers],
        changed_by=rota.put_by,
        changed_at=rota.put_at,
        version=rota.version,
    )


def _shown_drills(drills: Recurrence) -> DrillTimes:
    return DrillTimes(rule=drills.rule, time=f"{drills.at:%H:%M}", starts_on=drills.starts_on)


def _days(span: Span) -> list[Day]:
    return [day for day in get_args(Day) if day in span.days]


def shown_cover(cover: Cover) -> ShownCover:
    """Show a cover."""
    return ShownCover(
        id=cover.id,
        tier=cover.tier,
        of=cover.of,
        by=cover.by,
        starts=cover.starts,
        ends=cover.ends,
        asked_by=cover.asked_by,
        asked_at=cover.asked_at,
        agreed=sorted(cover.agreed),
        holds=cover.holds,
        ended_at=cover.ended_at,
        ended_by=cover.ended_by,
    )


def shown_gap(gap: Gap) -> ShownGap:
    """Show a gap."""
    return ShownGap(
        reference=gap.reference[:8].upper(),
        tier=gap.tier,
        starts=gap.starts,
        ends=gap.ends,
        hours=round(gap.hours, 2),
        why=gap.why,
        accounts=list(gap.accounts),
    )


def shown_watch(watch: Watch, *, now: datetime, texts: bool) -> OnCallNow:
    """Show who is on call."""
    holders = watch.staffing.holders if watch.staffing else ()
    items = [_shown_holder(one, now=now, texts=texts) for one in holders]
    return OnCallNow(
        state=watch.said.state,
        until=watch.said.until,
        items=items,
        email_only=any(one.paged_by == [ChannelKind.EMAIL] for one in items),
    )


def _shown_holder(holder: Holder, *, now: datetime, texts: bool) -> ShownHolder:
    return ShownHolder(
        tier=holder.post.tier,
        account=holder.post.account or "",
        first_name=holder.member.first_name if holder.member else None,
        starts=holder.post.starts,
        ends=holder.post.ends,
        shift_id=holder.post.shift_id,
        cover_id=holder.post.cover_id,
        trouble=holder.trouble,
        paged_by=list(holder.member.paged_by(at=now, texts=texts)) if holder.member else [],
    )
