"""How a person sees their goals: what they said of them at their last weekly check-in."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.checkins.domain import CheckIn
from chalicelib.checkins.forms import GOAL_STEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What the person ``said`` of their goals at the check-in of a local date, and when."""

    on: date
    said: str
    at: datetime


def last_review(check_ins: Iterable[CheckIn]) -> Review | None:
    """Return the last of these in which they said something of their goals, and that nobody disputes."""
    found = [
        Review(on=one.on, said=str(one.answer.values[GOAL_STEP]), at=one.revisions[-1].at)
        for one in check_ins
        if one.answer and GOAL_STEP in one.answer.values and not one.disputed_at
    ]
    return max(found, key=lambda review: review.on, default=None)
