"""Puts progress into the shapes that its doors show: for the person, and for staff."""

from collections.abc import Iterable, Sequence

from chalicelib.checkins.answer_shapes import FormId
from chalicelib.checkins.forms import DAILY
from chalicelib.flags.rules import Rule
from chalicelib.milestones.shapes import ShownDays, shown_progress
from chalicelib.progress.series import Asked, Point
from chalicelib.progress.service import Done, Flag, Reached, Series, Weeks, thresholds
from chalicelib.progress.shapes import (
    OwnProgress,
    ShownAsked,
    ShownBand,
    ShownFlag,
    ShownMeasure,
    ShownPoint,
    ShownSpan,
    ShownThreshold,
    ShownTrend,
    StaffProgress,
    ToldMeasure,
    ToldPoint,
)
from chalicelib.progress.sketching import compared, staff_sketch, staff_title
from chalicelib.progress.telling import Tongue, basis, counted, described, sentences, title, value_of
from chalicelib.progress.trends import Span, Trend


def shown_own(
    weeks: Weeks, found: Sequence[Series], reached: Reached, done: Done, *, tongue: Tongue, path: str
) -> OwnProgress:
    """Show it to the person: answers, days and what was done, in their language."""
    days = shown_progress(reached.progress, reached.achieved)
    numbers = {"check_ins": done.check_ins, "items": done.items, "steps": done.steps, "goals": done.goals}
    said = (counted(name, number, tongue) for name, number in numbers.items())
    return OwnProgress(
        trends=[_own_trend(series.trend, tongue) for series in found if series.trend],
        days=days.days or ShownDays(current=0, longest=0, total=0, since_enrolment=0),
        on_plan=reached.on_plan,
        earned=days.earned,
        next=days.next,
        achieved=days.achieved,
        as_alumni=days.as_alumni,
        **numbers,
        said=[words for words in said if words],
        measures=[
            ToldMeasure(
                measure=series.measure.id,
                title=title(series.measure, tongue),
                says=described(series.points, series.trend, first=weeks.first, last=weeks.last, tongue=tongue),
                points=[
                    ToldPoint(on=point.on, value=point.value, text=value_of(point, series.measure, tongue))
                    for point in series.points
                ],
                chart=f"{path}/{series.measure.id}.svg",
            )
            for series in found
        ],
    )


def _own_trend(found: Trend, tongue: Tongue) -> ShownTrend:
    return _trend(found, text=sentences(found, tongue), basis=basis(found, tongue))


def _trend(found: Trend, *, text: str, basis: str) -> ShownTrend:
    return ShownTrend(
        measure=found.measure.id,
        direction=found.direction,
        text=text,
        basis=basis,
        now=_span(found.now),
        before=_span(found.before),
    )


def _span(span: Span) -> ShownSpan:
    return ShownSpan(first=span.first, last=span.last, answers=span.answers, average=round(float(span.average), 2))


def shown_staff(
    weeks: Weeks,
    found: Iterable[Series],
    asked: Sequence[Asked],
    flags: Sequence[Flag],
    rules: Sequence[Rule],
    *,
    path: str,
) -> StaffProgress:
    """Show it to who treats the person: figures, thresholds, flags, and what is missing."""
    return StaffProgress(
        measures=[_measure(weeks, series, asked, flags, rules, path=path) for series in found],
        flags=[_flag(flag) for flag in flags],
    )


def _measure(
    weeks: Weeks, series: Series, asked: Sequence[Asked], flags: Sequence[Flag], rules: Sequence[Rule], *, path: str
) -> ShownMeasure:
    measure = series.measure
    raised: dict[object, list[str]] = {}
    for flag in flags:
        if flag.of == measure.id and flag.form == measure.form:
            raised.setdefault(flag.on, []).append(flag.task.id)
    return ShownMeasure(
        measure=measure.id,
        title=staff_title(measure),
        instrument=measure.instrument,
        version=measure.version,
        form=_form(measure.form),
        lowest=measure.lowest,
        highest=measure.highest,
        bands=[ShownBand(lowest=band.lowest, name=band.name) for band in measure.bands],
        thresholds=[
            ShownThreshold(
                rule=rule.id,
                severity=rule.severity,
                at_least=at if is_upwards else None,
                at_most=None if is_upwards else at,
            )
            for rule, at, is_upwards in thresholds(rules, measure)
        ],
        says=staff_sketch(weeks, series, asked, flags, rules).says,
        trend=_trend(series.trend, text=compared(series.trend), basis="") if series.trend else None,
        points=[_point(point, raised.get(point.on, [])) for point in series.points],
        chart=f"{path}/{measure.id}.svg",
    )


def _point(point: Point, flags: list[str]) -> ShownPoint:
    return ShownPoint(
        on=point.on,
        answered_at=point.answered_at,
        value=point.value,
        lowest=point.lowest,
        highest=point.highest,
        missing=list(point.missing),
        band=point.band,
        source=point.source,
        disputed=point.disputed,
        flags=flags,
    )


def _flag(flag: Flag) -> ShownFlag:
    task = flag.task
    return ShownFlag(
        id=task.id,
        rule=flag.rule,
        of=flag.of,
        on=flag.on,
        severity=task.severity,
        because=task.because,
        state=task.state,
        opened_at=task.opened_at,
        due_at=task.due_at,
        reviewed_by=task.done_by,
        reviewed_at=task.done_at,
        action=task.action,
    )


def shown_asked(found: Iterable[Asked]) -> list[ShownAsked]:
    """Show what became of each check-in, and nothing of what was answered."""
    return [ShownAsked(on=one.on, form=_form(one.form), state=one.state) for one in found]


def _form(name: str) -> FormId:
    return "daily" if name == DAILY else "weekly"
