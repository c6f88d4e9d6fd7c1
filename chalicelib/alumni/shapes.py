"""What the doors to the time after care take and show."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field as Described

from chalicelib.alumni.service import Touch
from chalicelib.edge.http import Wire
from chalicelib.enrollment.after_care import Pace
from chalicelib.helplines.domain import Resources
from chalicelib.tasks.domain import Task


class Staying(Wire):
    """
    How often to ask. Who has not agreed yet, or left it, sends the version of the text that they read.

    The text is that of `GET /consent-texts/alumni_contact`.
    """

    pace: Pace
    text_version: Annotated[int | None, Described(ge=1)] = None
    locale: Literal["en", "es"] = "en"


class ShownTouch(Wire):
    """How somebody stays in touch. ``suggested`` goes by the time since graduation, and binds nobody."""

    graduated_on: date | None
    agreed: bool
    pace: Pace
    suggested: Pace | None


class Numbers(Wire):
    """Whom to call now, at any time."""

    emergency: str
    lifeline: str
    lifeline_text: str


class ShownWayBack(Wire):
    """What was heard, what happens next and by when, and whom to call if it can't wait."""

    words: list[str]
    by: Annotated[datetime, Described(description="By when somebody means to get in touch.")]
    numbers: Numbers


def shown_touch(touch: Touch) -> ShownTouch:
    """Show it."""
    return ShownTouch(graduated_on=touch.graduated_on, agreed=touch.agreed, pace=touch.pace, suggested=touch.suggested)


def shown_way_back(task: Task, *, words: list[str], numbers: Resources) -> ShownWayBack:
    """Show it."""
    return ShownWayBack(
        words=words,
        by=task.due_at,
        numbers=Numbers(emergency=numbers.emergency, lifeline=numbers.lifeline, lifeline_text=numbers.lifeline_text),
    )
