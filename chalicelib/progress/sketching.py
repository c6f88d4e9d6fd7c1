"""What a measure's chart shows: to the person their answers in plain words, to staff thresholds and flags besides."""

from collections.abc import Iterable, Sequence
from datetime import date

from chalicelib.flags.rules import Rule
from chalicelib.progress.chart import Flagged, Shape, Sketch, Threshold, Value
from chalicelib.progress.measures import Measure
from chalicelib.progress.series import Asked, Point, joined, unanswered
from chalicelib.progress.service import Flag, Series, Weeks, thresholds
from chalicelib.progress.telling import Tongue, described, title, value_of
from chalicelib.progress.trends import Trend
from chalicelib.tasks.domain import Severity, State

STAFF = Tongue(language="en")
"""What staff read, as everything else that is for them."""

PRESSING = frozenset({Severity.CRISIS, Severity.URGENT})


def own_sketch(weeks: Weeks, series: Series, asked: Iterable[Asked], tongue: Tongue) -> Sketch:
    """Return the chart for the person themselves."""
    runs = _runs(series, asked)
    return _sketch(
        weeks,
        series,
        runs,
        title=title(series.measure, tongue),
        says=described(series.points, series.trend, first=weeks.first, last=weeks.last, tongue=tongue),
        keys=_keys(series, runs, tongue),
        tongue=tongue,
    )


def staff_sketch(
    weeks: Weeks, series: Series, asked: Iterable[Asked], flags: Sequence[Flag], rules: Sequence[Rule]
) -> Sketch:
    """Return the chart for staff: with the rules' thresholds, and the flags that were raised by this measure."""
    raised = [flag for flag in flags if flag.of == series.measure.id]
    limits = _limits(thresholds(rules, series.measure))
    runs = _runs(series, asked)
    return _sketch(
        weeks,
        series,
        runs,
        title=staff_title(series.measure),
        says=staff_says(weeks, series, raised, limits),
        keys=[*_keys(series, runs, STAFF), *_flag_keys(raised)],
        tongue=STAFF,
        flags=[_flagged(flag) for flag in raised],
        limits=limits,
    )


def _sketch(
    weeks: Weeks,
    series: Series,
    runs: Sequence[Sequence[Point]],
    *,
    title: str,
    says: str,
    keys: Sequence[tuple[str, str]],
    tongue: Tongue,
    flags: Sequence[Flagged] = (),
    limits: Sequence[Threshold] = (),
) -> Sketch:
    measure = series.measure
    return Sketch(
        title=title,
        says=says,
        lowest=measure.lowest,
        highest=measure.highest,
        first=weeks.first,
        last=weeks.last,
        day=tongue.short_day,
        values=[
            Value(on=point.on, low=point.lowest, high=point.highest, hollow=point.disputed) for point in series.points
        ],
        runs=[[point.on for point in run] for run in runs],
        flags=flags,
        thresholds=limits,
        keys=keys if series.points else [*keys, ("", says)],
    )


def _runs(series: Series, asked: Iterable[Asked]) -> list[list[Point]]:
    measure = series.measure
    return list(joined(series.points, measure=measure, without=unanswered(asked, measure.form)))


def _keys(series: Series, runs: Sequence[Sequence[Point]], tongue: Tongue) -> list[tuple[str, str]]:
    say = tongue.say["chart"]
    shown = {
        "gap": len(runs) > 1,
        "partial": any(point.value is None for point in series.points),
        "disputed": any(point.disputed for point in series.points),
    }
    return [(shape, str(say[shape])) for shape, is_shown in shown.items() if is_shown]


def _flagged(flag: Flag) -> Flagged:
    task = flag.task
    shape = Shape.TRIANGLE if task.severity in PRESSING else Shape.DIAMOND
    return Flagged(on=flag.on, shape=shape, hollow=task.state is State.DONE)


def _flag_keys(flags: Iterable[Flag]) -> list[tuple[str, str]]:
    marks = {_flagged(flag) for flag in flags}
    says = {
        Shape.TRIANGLE: "A crisis or urgent flag. A number: so many flags.",
        Shape.DIAMOND: "Another flag. A number: so many flags.",
    }
    keys = [(shape.value, words) for shape, words in says.items() if any(mark.shape is shape for mark in marks)]
    if any(mark.hollow for mark in marks):
        keys.append((f"{keys[0][0]}-done", "Hollow: all of them are reviewed."))
    return keys


def _limits(found: Iterable[tuple[Rule, int, bool]]) -> list[Threshold]:
    by_place: dict[tuple[int, bool], list[str]] = {}
    for rule, at, is_upwards in found:
        by_place.setdefault((at, is_upwards), []).append(rule.id)
    return [
        Threshold(
            at=at,
            short=f"{'≥' if is_upwards else '≤'} {at}",
            long=f"{at} or {'more' if is_upwards else 'less'}: {', '.join(names)}.",
        )
        for (at, is_upwards), names in sorted(by_place.items(), reverse=True)
    ]


def staff_title(measure: Measure) -> str:
    """Return what staff call a measure."""
    if measure.instrument is None:
        return f"{measure.id.capitalize()}, {measure.lowest} to {measure.highest}"
    name = measure.id.partition(".")[2]
    return f"{measure.instrument}: {name if measure.is_score else f'item {name}'}"


def staff_says(weeks: Weeks, series: Series, flags: Sequence[Flag], limits: Sequence[Threshold]) -> str:
    """Return what a chart shows, in words for staff."""
    parts = [_answers(weeks, series)]
    if series.trend:
        parts.append(compared(series.trend))
    elif series.points:
        parts.append("Nothing is compared: too few whole answers.")
    if flags:
        still_open = sum(flag.task.state is State.OPEN for flag in flags)
        parts.append(f"Flags: {len(flags)}, of which {still_open} open.")
    if limits:
        parts.append(f"Rules: {' '.join(one.long for one in limits)}")
    return " ".join(parts)


def _answers(weeks: Weeks, series: Series) -> str:
    says = described(series.points, None, first=weeks.first, last=weeks.last, tongue=STAFF)
    if not series.points:
        return says
    latest = series.points[-1]
    return f"{says} The latest, on {STAFF.day(latest.on)}: {value_of(latest, series.measure, STAFF)}."


def compared(found: Trend) -> str:
    """Say for staff what was compared with what."""
    return (
        f"On average {STAFF.number(found.now.average)} from {_dates(found.now.first, found.now.last)} "
        f"({found.now.answers} answers), {STAFF.number(found.before.average)} "
        f"from {_dates(found.before.first, found.before.last)} ({found.before.answers} answers): "
        f"{found.direction.value.replace('same', 'about the same')}."
    )


def _dates(first: date, last: date) -> str:
    return f"{STAFF.day(first)} to {STAFF.day(last)}"
