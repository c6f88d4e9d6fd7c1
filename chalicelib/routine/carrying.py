"""Carry the reminders of a programme's items along when the items are edited, so that none stops by it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.enrollment.changing import People
from chalicelib.errors import Conflict, Invalid
from chalicelib.outreach.domain import Recipient
from chalicelib.outreach.recurrence import Recurrence, next_occurrence
from chalicelib.routine.lineage import Edited, edits
from chalicelib.routine.reminding import forget_reminder, item_kind, put_reminder
from chalicelib.routine.service import Routines


def edits_of(programme_id: str, version: int, *, routines: Routines) -> list[Edited]:
    """Return what a version of a programme's week changed of the items before it; nothing, if it isn't there."""
    was, now = routines.template(programme_id, version - 1), routines.template(programme_id, version)
    return list(edits(was, now)) if was and now else []


def carry(changed: Sequence[Edited], recipients: Iterable[Recipient], *, people: People, now: datetime) -> int:
    """
    Have each reminder of these items come when its item does now; return how many were changed.

    Whoever chose a time of their own keeps it. An item's reminder that is there already is as its person wants it, so
    to carry again changes nothing. A person with as many reminders as anyone may have keeps those that they have.
    """
    return sum(_carried(who, edit, people=people, now=now) for who in recipients for edit in changed)


def _carried(who: Recipient, edit: Edited, *, people: People, now: datetime) -> bool:
    source, kind = who.schedule(item_kind(edit.before.id)), item_kind(edit.after.id)
    follows = edit.after.id != edit.before.id
    if source is None or not isinstance(source.when, Recurrence) or (follows and who.schedule(kind)):
        return False
    own = source.when.at != edit.before.at
    when = replace(edit.after.when(who.zone), at=source.when.at if own else edit.after.at)
    if (when, edit.after.title) == (source.when, source.title):
        return False
    try:
        if next_occurrence(when, after=now) is None:
            if not follows:
                forget_reminder(who.person_id, kind, people=people, now=now)
            return not follows
        title, paused = edit.after.title, source.paused
        put_reminder(who.person_id, kind, when, title=title, people=people, now=now, paused=paused)
    except (Conflict, Invalid):
        return False
    return True
