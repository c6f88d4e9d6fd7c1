"""Take what somebody writes back: kept once, with a task for a person, or not at all."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import Protocol

from chalicelib.caring.domain import MOST_REPLIES_A_DAY, Reply, Series
from chalicelib.caring.sending import signing
from chalicelib.caring.service import AllSeries
from chalicelib.enrollment.changing import People
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import former_programmes
from chalicelib.errors import TooSoon
from chalicelib.flags.rules import Within
from chalicelib.flags.service import CareRulesStore
from chalicelib.flags.working import due_at
from chalicelib.privacy.domain import Role
from chalicelib.staff.service import Staff
from chalicelib.tasks.domain import Kind, Task, task_for

_DAY = timedelta(days=1)


class Replies(Protocol):
    """What people wrote back."""

    def add(self, reply: Reply, task: Task) -> bool:
        """Keep a reply and open its task, or neither; False if there is one of its id, which stays as it is."""
        ...

    def of_person(self, person_id: str) -> list[Reply]:
        """Return all of a person's, newest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyDesk:
    """What a reply goes into."""

    people: People
    all_series: AllSeries
    replies: Replies
    staff: Staff
    care_rules: CareRulesStore


def write_back(reply: Reply, *, desk: ReplyDesk) -> bool:
    """
    Keep a reply, and have whoever signs, or a case manager, read it the same working day. False: it was kept already.

    Other words from the same page (somebody went back, and wrote on) are another reply.

    :raises TooSoon: if as many came within a day as are read with care; nothing of the others is lost
    """
    record = desk.people.record(reply.person_id)
    if record is None:
        return False
    before = desk.replies.of_person(reply.person_id)
    kept = {one.id: one.text for one in before}
    if kept.get(reply.id, reply.text) != reply.text:
        reply = replace(reply, id=_id_of_more(reply))
    if reply.id in kept:
        return False
    lately = [one.at for one in before if one.at > reply.at - _DAY]
    if len(lately) >= MOST_REPLIES_A_DAY:
        raise TooSoon("so many were written back today", again_at=min(lately) + _DAY)
    series, zone = desk.all_series.find(reply.person_id), record.person.zone
    programme_id = _read_by(series, record)
    task = task_for(Kind.CARING_REPLY, reply.id, programme_id=programme_id, person_id=reply.person_id, at=reply.at)
    signer = signing(series, record, desk.staff.of_programme(programme_id)) if series else None
    working = desk.care_rules.of(programme_id).working
    task = replace(
        task,
        owner=_reader(signer.roles if signer else ()),
        due_at=due_at(Within(working_days=0), at=reply.at, zone=zone, working=working),
    )
    if desk.replies.add(reply, task):
        return True
    # Another came between: perhaps these very words, sent twice; or others from the same page, which name these anew.
    return _is_other(reply, desk) and write_back(reply, desk=desk)


def _read_by(series: Series | None, record: Record) -> str:
    """
    Return the programme whose staff read a reply: the one that the caring contacts came from.

    While another one has the person those could open nothing of theirs, so that the other one's staff read it.
    """
    if series is None or series.programme_id in former_programmes(record.episodes):
        return record.episode.programme_id
    return series.programme_id


def _is_other(reply: Reply, desk: ReplyDesk) -> bool:
    return any(one.id == reply.id and one.text != reply.text for one in desk.replies.of_person(reply.person_id))


def _id_of_more(reply: Reply) -> str:
    """Return what names further words from a page that brought some already: the same for the same words."""
    return sha256(f"{reply.id}/{reply.text}".encode()).hexdigest()[:32]


def _reader(roles: Iterable[Role]) -> Role:
    """Return as what the signer reads it: they may have to be a clinician for the one, and are told of it as such."""
    return next((role for role in (Role.CASE_MANAGER, Role.CLINICIAN) if role in set(roles)), Role.CASE_MANAGER)
