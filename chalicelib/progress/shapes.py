"""What the doors to progress show."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.checkins.answer_shapes import FormId
from chalicelib.checkins.domain import Source
from chalicelib.edge.http import Wire
from chalicelib.milestones.shapes import ShownDays, ShownMilestone
from chalicelib.progress.chart import NARROWEST, USUAL, WIDEST
from chalicelib.progress.series import State
from chalicelib.progress.trends import Direction
from chalicelib.tasks.domain import Severity
from chalicelib.tasks.domain import State as TaskState

MOST_WEEKS = 26
"""Half a year, so that a day and a month name one date."""


class WeeksQuery(Wire):
    """Of how many weeks, the present day included."""

    weeks: Annotated[int, Described(ge=1, le=MOST_WEEKS)] = 12


class ChartQuery(WeeksQuery):
    """The same, and for how wide a place: a chart is readable where it is shown as wide as it was drawn for."""

    width: Annotated[int, Described(ge=NARROWEST, le=WIDEST, description="CSS px.")] = USUAL


class ShownSpan(Wire):
    """The whole answers from one date to another, both included. ``average`` has two digits after the point."""

    first: Annotated[date, Described(alias="from")]
    last: Annotated[date, Described(alias="to")]
    answers: int
    average: float


class ShownTrend(Wire):
    """How the last weeks compare with those before; ``same``: they differ by less than a tenth of the scale."""

    measure: str
    direction: Direction
    text: str
    basis: Annotated[str, Described(description="What was compared: over which dates, with how many answers.")]
    now: ShownSpan
    before: ShownSpan


class ToldPoint(Wire):
    """An answer, in words. ``value`` is null where questions were left out."""

    on: date
    value: int | None
    text: str


class ToldMeasure(Wire):
    """A chart, and the same in words: what it shows, and each answer. A date without an answer isn't there."""

    measure: str
    title: str
    says: str
    points: list[ToldPoint]
    chart: Annotated[str, Described(description="Its path, without `weeks` and `width`.")]


class OwnProgress(Wire):
    """Progress for the person themselves. Nothing in ``earned`` and ``achieved`` ever goes."""

    trends: Annotated[list[ShownTrend], Described(description="None where there are too few answers to compare.")]
    days: ShownDays
    on_plan: Annotated[int, Described(description="Days counted for a plan of one's own, a goal beside abstinence.")]
    earned: list[ShownMilestone]
    next: ShownMilestone | None
    achieved: list[ShownMilestone]
    as_alumni: list[ShownMilestone]
    check_ins: Annotated[int, Described(description="Dates of these weeks with an answer.")]
    items: Annotated[int, Described(description="Things done of one's weeks, in these weeks.")]
    steps: Annotated[int, Described(description="Steps towards goals, in these weeks.")]
    goals: Annotated[int, Described(description="Goals that are met, whenever that was.")]
    said: Annotated[list[str], Described(description="The last four in words; what is none isn't said.")]
    measures: list[ToldMeasure]


class ShownBand(Wire):
    """A published name for scores from a number up to the next band."""

    lowest: Annotated[int, Described(alias="from")]
    name: str


class ShownThreshold(Wire):
    """A rule of the programme that holds from a number up, or down."""

    rule: str
    severity: Severity
    at_least: int | None
    at_most: int | None


class ShownPoint(Wire):
    """
    What one check-in says of a measure, by the answer that counts.

    ``value`` is null where answers are missing; then it lies from ``lowest`` to ``highest``. ``flags`` are those that
    this measure raised at this check-in.
    """

    on: date
    answered_at: datetime
    value: int | None
    lowest: int
    highest: int
    missing: list[str]
    band: str | None
    source: Source
    disputed: bool
    flags: list[str]


class ShownMeasure(Wire):
    """A measure of one instrument in one version. Different ones are never one series."""

    measure: str
    title: str
    instrument: str | None
    version: int | None
    form: FormId
    lowest: int
    highest: int
    bands: list[ShownBand]
    thresholds: list[ShownThreshold]
    says: str
    trend: ShownTrend | None
    points: list[ShownPoint]
    chart: str


class ShownFlag(Wire):
    """A flag and what came of it: open until somebody notes what they did."""

    id: str
    rule: str
    of: Annotated[str, Described(description="The measure or question that raised it; `missed`: check-ins.")]
    on: Annotated[date, Described(description="Of the check-in, or since when it was silent.")]
    severity: Severity | None
    because: str | None
    state: TaskState
    opened_at: datetime
    due_at: datetime
    reviewed_by: str | None
    reviewed_at: datetime | None
    action: str | None


class StaffProgress(Wire):
    """Progress for who treats the person."""

    measures: list[ShownMeasure]
    flags: list[ShownFlag]


class ShownAsked(Wire):
    """A check-in of a local date, and what became of it."""

    on: date
    form: FormId
    state: Annotated[State, Described(description="`not_sent`: we failed to ask; nobody missed anything.")]


class ShownProgress(Wire):
    """Progress, as far as who asks may see it: ``own``, ``staff``, or only ``checkIns``."""

    person_id: str
    first: Annotated[date, Described(alias="from")]
    last: Annotated[date, Described(alias="to")]
    own: OwnProgress | None = None
    staff: StaffProgress | None = None
    check_ins: Annotated[list[ShownAsked] | None, Described(description="Null for the person themselves.")] = None
