"""What the doors to reports take and show."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Wire
from chalicelib.reports.domain import Report, Stage

People = Annotated[int | None, Described(description="To the nearest five; null: withheld.")]
Percent = Annotated[int | None, Described(description="To the nearest five; null: withheld.")]


class NewReport(Wire):
    """A report over whole months that are over, twelve at most."""

    first: Annotated[date, Described(alias="from", description="The first day of a month.")]
    last: Annotated[date, Described(alias="to", description="The last day of a month.")]


class ShownShare(Wire):
    """How many percent of people: a number, or only that it is more than ``over``, or less than ``under``."""

    percent: int | None = None
    over: int | None = None
    under: int | None = None


class ShownMiddle(Wire):
    """A median in whole hours; null: it hasn't happened yet for half of them or more."""

    hours: int | None


class ShownWeek(Wire):
    """A week from its Monday on: the daily check-ins that reached people, and those that we failed to send."""

    monday: date
    people: People
    answered: Percent
    not_sent: Percent


class ShownWithin(Wire):
    """How many had contact within so many hours."""

    hours: int
    share: ShownShare | None


class ShownSilences(Wire):
    """People who left three check-ins in a row unanswered, and how long it was to the first contact with them."""

    people: People
    to_contact: ShownMiddle | None
    within: list[ShownWithin]


class ShownDay(Wire):
    """Of those whose day after admission has come: how many are in care on it, and engaged."""

    day: int
    people: People
    in_care: ShownShare | None
    engaged: ShownShare | None


class ShownCohort(Wire):
    """People by the month of their admission; ``month`` null: of the whole period."""

    month: str | None
    people: People
    days: list[ShownDay]


class ShownMilestone(Wire):
    """How many people reached a milestone in the period."""

    kind: str
    people: int


class ShownFlags(Wire):
    """The flags that a rule raised in the period."""

    rule: str
    people: int
    flags: int
    reviewed: Annotated[int, Described(description="Percent, to the nearest five.")]
    to_review: ShownMiddle


class ShownFigures(Wire):
    """
    The figures. Null is withheld: fewer than eleven people, none included, or what would give those away.

    Milestones and rules that are not listed: ten people at most.
    """

    people: People
    weeks: list[ShownWeek]
    silences: ShownSilences
    cohorts: list[ShownCohort]
    everybody: ShownCohort
    milestones: list[ShownMilestone]
    flags: list[ShownFlags]


class ShownReport(Wire):
    """A report. ``figures`` are there once it is ``complete``."""

    id: str
    first: Annotated[date, Described(alias="from")]
    last: Annotated[date, Described(alias="to")]
    by: Annotated[str, Described(description="The sign-in's id.")]
    created_at: datetime
    stage: Stage
    figures: ShownFigures | None


def shown_report(report: Report, figures: dict[str, object] | None) -> ShownReport:
    """Show a report, with its figures where there are any."""
    return ShownReport(
        id=report.id,
        first=report.period.first,
        last=report.period.last,
        by=report.by,
        created_at=report.created_at,
        stage=report.stage,
        figures=shown_figures(figures) if figures else None,
    )


def shown_figures(figures: dict[str, object]) -> ShownFigures:
    """Show figures as they are kept."""
    return ShownFigures.model_validate(figures)
