"""What the doors to caring contacts take and show."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.caring.domain import BIRTHDAY_SCOPE, SCOPE, Because, Reply, Series
from chalicelib.edge.http import Wire
from chalicelib.enrollment.domain import Record
from chalicelib.outreach.kinds import CARING_CONTACTS
from chalicelib.outreach.recurrence import next_occurrence

CalendarDate = date


class StartSent(Wire):
    """What they are counted from; without a date, today."""

    because: Because
    of: CalendarDate | None = None
    birthday: Annotated[
        str | None,
        Described(pattern=r"^[0-9]{2}-[0-9]{2}$", description="Month and day, with the consent `birthday`."),
    ] = None


class ShownCaring(Wire):
    """
    The caring contacts of a person. ``on``: they come.

    ``waits``: the person was admitted again, and has to say that they go on. ``consents`` says which of the two
    consents are live; ``birthday`` is month and day, as it was given.
    """

    on: bool
    waits: bool
    because: Because | None
    of: CalendarDate | None
    birthday: str | None
    signer: Annotated[str | None, Described(description="Who agreed to sign: the sign-in's id. Null: the team.")]
    next_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    consents: list[str]


class ShownReply(Wire):
    """What was written back. It came by a link, whose bearer is not known to be the person."""

    id: str
    at: datetime
    text: str


class ReplyList(Wire):
    """What was written back, newest first."""

    items: list[ShownReply]


def shown_caring(series: Series | None, record: Record, *, now: datetime) -> ShownCaring:
    """Show how a person's caring contacts stand."""
    live = record.live_consents(at=now)
    schedule = next((one for one in record.schedules if one.kind in CARING_CONTACTS), None)
    is_on = series is not None and series.is_on and schedule is not None
    waits = is_on and series is not None and series.episode != record.episode.number
    coming = next_occurrence(schedule.when, after=now) if schedule and is_on and not waits else None
    birthday = series.birthday if series else None
    return ShownCaring(
        on=is_on and not waits,
        waits=waits,
        because=series.because if series else None,
        of=series.of if series else None,
        birthday=f"{birthday[:2]}-{birthday[2:]}" if birthday else None,
        signer=series.signer if series else None,
        next_at=coming.at if coming else None,
        started_at=series.started_at if series else None,
        ended_at=series.ended_at if series else None,
        consents=[scope for scope in (SCOPE, BIRTHDAY_SCOPE) if scope in live],
    )


def shown_reply(reply: Reply) -> ShownReply:
    """Show a reply."""
    return ShownReply(id=reply.id, at=reply.at, text=reply.text)
