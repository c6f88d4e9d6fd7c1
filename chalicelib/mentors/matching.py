"""
Who would fit whom: rules that rule out, then points with a reason for each. Staff propose; nothing matches by itself.

The same people give the same order, whoever asks and however often.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.mentors.domain import About, Match, Mentor, Seeker, Standing

FURTHEST = timedelta(hours=3)
"""How far apart two clocks may be (a default of this project)."""

INTEREST, TIME, NEAR, FREE = 3, 2, 2, 2
"""What each shared interest, each shared time, the same clock, and each place that is free is worth."""

OWN_LANGUAGE = 4
"""What it is worth to speak the language that the newcomer chose for their messages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What matching knows of somebody besides what they say: their zone and language, and that they agreed to it."""

    zone: str
    language: str
    agreed: bool


def ruled_out(
    seeker: Seeker,
    mentor: Mentor,
    *,
    known: Mapping[str, Known],
    load: int,
    before: Collection[str],
    now: datetime,
    close: Collection[str] = (),
) -> str | None:
    """
    Return why these two can't be matched, in one word; None if they can.

    ``load``: with how many the mentor walks, or is asked to. ``before``: whom the newcomer was ever matched with.
    ``close``: who is family to them; the word for it is that for those who are to stay apart, since whoever proposes
    may not know of supporters.
    """
    one, other = known.get(seeker.person_id), known.get(mentor.person_id)
    reasons = (
        ("themselves", seeker.person_id == mentor.person_id),
        ("programme", seeker.programme_id != mentor.programme_id),
        ("standing", mentor.standing is not Standing.APPROVED or not seeker.wants),
        ("consent", one is None or other is None or not (one.agreed and other.agreed)),
        ("apart", mentor.person_id in close),
        ("apart", are_apart(seeker.person_id, seeker.about, mentor.person_id, mentor.about)),
        ("before", mentor.person_id in before),
        ("language", not seeker.about.languages & mentor.about.languages),
        ("clock", one is not None and other is not None and clocks_apart(one.zone, other.zone, now=now) > FURTHEST),
        ("full", load >= mentor.capacity),
    )
    return next((reason for reason, holds in reasons if holds), None)


def are_apart(one_id: str, one: About, other_id: str, other: About) -> bool:
    """Say whether either must not be matched with the other: it doesn't matter who said so."""
    return other_id in one.apart or one_id in other.apart


def clocks_apart(one: str, other: str, *, now: datetime) -> timedelta:
    """Return how far apart the clocks of two zones are at this instant."""
    offsets = [now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta() for zone in (one, other)]
    return abs(offsets[0] - offsets[1])


def points_for(
    seeker: Seeker, mentor: Mentor, *, known: Mapping[str, Known], load: int, now: datetime
) -> tuple[tuple[str, int], ...]:
    """Return the reasons that speak for two, each with its points."""
    one, other = known[seeker.person_id], known[mentor.person_id]
    found = [(f"interest:{name}", INTEREST) for name in sorted(seeker.about.interests & mentor.about.interests)]
    found += [(f"time:{name}", TIME) for name in sorted(seeker.about.times & mentor.about.times)]
    if one.language in mentor.about.languages:
        found.append((f"language:{one.language}", OWN_LANGUAGE))
    if not clocks_apart(one.zone, other.zone, now=now):
        found.append(("clock:same", NEAR))
    free = mentor.capacity - load
    found.append((f"free:{free}", FREE * free))
    return tuple(found)


def ranked(
    seeker: Seeker,
    mentors: Iterable[Mentor],
    *,
    known: Mapping[str, Known],
    loads: Mapping[str, int],
    before: Collection[str],
    now: datetime,
    close: Collection[str] = (),
) -> list[Match]:
    """Return who fits, the best first; of equals who waits longest, then by id: always in the same order."""
    found = []
    for mentor in mentors:
        load = loads.get(mentor.person_id, 0)
        if ruled_out(seeker, mentor, known=known, load=load, before=before, now=now, close=close) is None:
            reasons = points_for(seeker, mentor, known=known, load=load, now=now)
            points = sum(each for _, each in reasons)
            found.append(Match(mentor=mentor, points=points, reasons=reasons))
    return sorted(found, key=lambda match: (-match.points, match.mentor.offered_at, match.mentor.person_id))
