"""
A kind word about a milestone, from somebody who may see it: one of a few phrases, or words that staff let through.

Nobody's are counted or compared. Who was turned away isn't told. While a crisis is open nothing is said of them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from chalicelib.enrollment.changing import People, find_person
from chalicelib.enrollment.showable import line_fault
from chalicelib.errors import Conflict, Fault, NotFound, TooSoon, refuse
from chalicelib.milestones.progress import Streaks, progress
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import KUDOS_NUDGE
from chalicelib.outreach.ports import Dues
from chalicelib.outreach.recurrence import local_date
from chalicelib.outreach.service import not_behind

LONGEST_TEXT = 280
"""Characters of somebody's own words."""

CHANGEABLE_FOR = timedelta(minutes=10)
"""So long a phrase stays with its sender, who may choose another one."""

MOST_A_DAY = 10
"""How many a sender leaves on a date of UTC, to anybody; own words count anew each time they are changed."""

TOLD_FOR = timedelta(days=2)
"""What became readable longer ago is told of by no message."""

TRIES = 4
_LINK = re.compile(r"://|@|\b\w{2,}\.\w{2,}|\d{3}[ .()-]*\d{3}")
"""What mail and chat programs turn into a link, and telephone numbers."""


class NoSuchKudos(NotFound):
    """There are none, or not for this caller."""


class KudosDelivered(Conflict):
    """The receiver can read them already: they are no longer the sender's to change."""


class KudosDecided(Conflict):
    """Somebody let them through, or turned them away, already."""


class State(StrEnum):
    """Whether it is the receiver's to read: at once, once staff let it through, or never."""

    READY = "ready"
    HELD = "held"
    TURNED_AWAY = "turned_away"
    WITHDRAWN = "withdrawn"
    """Sender and receiver parted before it could be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kudos:
    """
    What a ``sender`` (``person:{id}`` or ``staff:{account}``) left about a milestone of a ``run``.

    ``phrase`` is the name of one of ours, ``text`` the sender's own words. ``visible_at``: from when the receiver can
    read it. ``decided_by`` let it through or turned it away. ``hidden``: by the receiver.
    """

    person_id: str
    programme_id: str
    which: str
    run: int
    sender: str
    phrase: str | None
    text: str | None
    at: datetime
    state: State
    visible_at: datetime | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    hidden: bool = False
    version: int = 0

    @property
    def id(self) -> str:
        """Its name among the receiver's: one of each sender for a milestone."""
        return f"{self.which}-{self.run}-{self.sender}"

    def is_visible(self, *, at: datetime) -> bool:
        """Say whether the receiver can read it."""
        return self.state is State.READY and self.visible_at is not None and at >= self.visible_at

    def decided(self, *, lets_through: bool, by: str, at: datetime) -> "Kudos":
        """
        Return it as staff decided. The same again changes nothing.

        :raises KudosDecided: if it isn't held, and they didn't decide so
        """
        state = State.READY if lets_through else State.TURNED_AWAY
        if self.state is state and self.decided_by == by:
            return self
        if self.state is not State.HELD:
            raise KudosDecided("somebody decided on this already")
        return replace(self, state=state, decided_by=by, decided_at=at, visible_at=at if lets_through else None)


class KudosParted(Conflict):
    """Who left it may no longer see the milestone that it is about."""


class KudosKept(Protocol):
    """Where kudos are kept."""

    def find(self, person_id: str, kudos_id: str) -> Kudos | None:
        """Return one as it is now."""
        ...

    def of_person(self, person_id: str) -> list[Kudos]:
        """Return all that were left for a person, in no order."""
        ...

    def save(self, kudos: Kudos, *, before: Kudos | None) -> bool:
        """
        Put it as the next version over the one that it was read as; False if that was changed since.

        :raises KudosEnough: if it counts, and its sender left as many on its date as one may
        """
        ...

    def held(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Kudos], str | None]:
        """Return a page of those that wait for staff, the oldest first, and the key to go on after."""
        ...


class KudosEnough(TooSoon):
    """The sender left as many as one may on a day."""


def is_counted(kudos: Kudos, before: Kudos | None) -> bool:
    """Say whether it counts in its sender's day: what is new, and each time other words, which staff have to read."""
    return before is None or (kudos.state is State.HELD and kudos.at != before.at)


def leave(
    person_id: str,
    which: str,
    *,
    sender: str,
    is_care: bool,
    phrase: str | None,
    text: str | None,
    phrases: frozenset[str],
    now: datetime,
    people: People,
    streaks: Streaks,
    kept: KudosKept,
    dues: Dues,
) -> Kudos:
    """
    Leave kudos for a milestone that a person reached, or change them while they can't be read. Again changes nothing.

    Own words wait until staff let them through; those of the care team are read like a phrase.

    :raises Invalid: names what can't be said, and a milestone that isn't there
    :raises KudosDelivered: if the receiver can read what was left before
    :raises KudosEnough: if the sender left as many on this date as one may
    """
    found = progress(person_id, now=now, people=people, streaks=streaks)
    found.record.must_be_alive()
    runs = [award.run for award in found.awards if award.name == which]
    text = " ".join(text.split()) or None if text is not None else None
    faults = [] if runs else [Fault(field="which", reason="is no milestone that they reached")]
    if phrase is not None and phrase not in phrases:
        faults.append(Fault(field="phrase", reason="is none of ours"))
    if text is not None and (fault := text_fault(text)):
        faults.append(Fault(field="text", reason=fault))
    if phrase is None and text is None:
        faults.append(Fault(field="phrase", reason="is missing, and so are words of one's own"))
    refuse(faults)
    is_held = text is not None and not is_care
    new = Kudos(
        person_id=person_id,
        programme_id=found.record.episode.programme_id,
        which=which,
        run=max(runs),
        sender=sender,
        phrase=phrase,
        text=text,
        at=now,
        state=State.HELD if is_held else State.READY,
        visible_at=None if is_held else now + CHANGEABLE_FOR,
    )
    for _ in range(TRIES):
        before = kept.find(person_id, new.id)
        if before and before.state is not State.WITHDRAWN and (before.phrase, before.text) == (phrase, text):
            _make_due(before, zone=found.record.person.zone, now=now, dues=dues)
            return before
        if before and before.is_visible(at=now):
            raise KudosDelivered("they can read it already")
        after = replace(new, version=before.version if before else 0)
        if kept.save(after, before=before):
            _make_due(after, zone=found.record.person.zone, now=now, dues=dues)
            return after
    raise KudosDelivered("it is being changed somewhere else; please try again")


def text_fault(text: str) -> str | None:
    """Return why these can't be somebody's own words, None if they can."""
    if len(text) > LONGEST_TEXT:
        return f"is longer than {LONGEST_TEXT} characters"
    link = "must not hold a link, an address or a telephone number"
    return line_fault(text) or (link if _LINK.search(text) else None)


def decide(
    person_id: str,
    kudos_id: str,
    *,
    lets_through: bool,
    by: str,
    version: int,
    may_still: Callable[[str], bool],
    now: datetime,
    people: People,
    kept: KudosKept,
    dues: Dues,
) -> Kudos:
    """
    Let held words through, or turn them away; what was changed since ``version`` has to be read again.

    :raises NoSuchKudos: if there are none of this id
    :raises KudosParted: if they are to go through, and their sender is none who ``may_still`` leave any
    :raises KudosDecided: if they aren't held any more, or were changed meanwhile
    """
    before = kept.find(person_id, kudos_id)
    if before is None or before.text is None:
        raise NoSuchKudos("there is nothing to decide on")
    after = before.decided(lets_through=lets_through, by=by, at=now)
    if after == before:
        return after
    if lets_through and not may_still(before.sender):
        raise KudosParted("who left this no longer shares milestones with the person; it can only be turned away")
    if before.version != version or not kept.save(after, before=before):
        raise KudosDecided("it was changed meanwhile; read it again")
    _make_due(after, zone=find_person(person_id, people=people).person.zone, now=now, dues=dues)
    return replace(after, version=before.version + 1)


def readable(person_id: str, *, now: datetime, kept: KudosKept) -> list[Kudos]:
    """Return what a person can read and didn't hide, the latest first."""
    found = [one for one in kept.of_person(person_id) if one.is_visible(at=now) and not one.hidden]
    return sorted(found, key=lambda one: (one.visible_at or one.at, one.id), reverse=True)


def hide(person_id: str, kudos_id: str, *, hidden: bool, now: datetime, kept: KudosKept) -> Kudos:
    """
    Hide one from oneself, or show it again; the sender isn't told.

    :raises NoSuchKudos: if there is none to be read
    """
    for _ in range(TRIES):
        before = kept.find(person_id, kudos_id)
        if before is None or not before.is_visible(at=now):
            raise NoSuchKudos("there is nothing of the kind")
        after = replace(before, hidden=hidden)
        if after == before or kept.save(after, before=before):
            return after
    raise KudosDecided("it is being changed somewhere else; please try again")


def withdraw(person_id: str, sender: str, *, now: datetime, kept: KudosKept) -> None:
    """Take back what a sender left for a person who can't read it yet: they are no partners any more."""
    for _ in range(TRIES):
        theirs = [one for one in kept.of_person(person_id) if one.sender == sender and not one.is_visible(at=now)]
        # One that its sender changes at this very moment is taken back as it is then.
        unread = (one for one in theirs if one.state in {State.READY, State.HELD})
        if all(kept.save(replace(one, state=State.WITHDRAWN, visible_at=None), before=one) for one in unread):
            return


def objection(due: Due, *, kept: KudosKept, now: datetime) -> Reason | None:
    """Return why a person must not be told of kudos: there are none, or they were hidden before."""
    if due.kind != KUDOS_NUDGE:
        return None
    since, found = due.due_at - TOLD_FOR, readable(due.person_id, now=now, kept=kept)
    return None if any(one.visible_at and one.visible_at >= since for one in found) else Reason.CANCELLED


def _make_due(kudos: Kudos, *, zone: str, now: datetime, dues: Dues) -> None:
    at = kudos.visible_at
    if kudos.state is not State.READY or at is None or at < now - TOLD_FOR:
        return
    # To the second, and not before it can be read. All of a date are told of once: they have one name.
    at = at.replace(microsecond=0) + timedelta(seconds=1)
    due = Due(person_id=kudos.person_id, kind=KUDOS_NUDGE, on=local_date(at, zone), at=at, due_at=at, version=1)
    dues.put([not_behind(due, now=now)])
