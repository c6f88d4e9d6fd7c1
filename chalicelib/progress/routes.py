"""The doors to a person's progress: as data, and each measure as a chart."""

from http import HTTPStatus

from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.edge.http import Answer, Asked, Doors
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.flags.store import DynamoCareRules
from chalicelib.milestones.store import DynamoAwards, DynamoStreaks
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.privacy.domain import Act, Field, Relationship, Rule, View
from chalicelib.progress import service
from chalicelib.progress.service import Weeks
from chalicelib.progress.shapes import ChartQuery, ShownProgress, WeeksQuery
from chalicelib.progress.showing import shown_asked, shown_own, shown_staff
from chalicelib.progress.telling import Tongue, name_of
from chalicelib.routine.plan_store import DynamoPlans
from chalicelib.routine.store import DynamoRoutines
from chalicelib.tasks.store import DynamoTasks

doors = Doors(__name__)

SUFFIX = ".svg"
"""How the last part of a chart's path ends. API Gateway takes no parameter with something after it."""


@doors.door(
    "GET",
    "/people/{person_id}/progress",
    summary="What a person's answers, days and plan show: plain words for them, figures and flags for staff",
    rule=Rule(
        act=Act.READ,
        field=Field.CHECK_IN_SCORES,
        subject="person_id",
        purpose="see progress",
        views=frozenset({View.FULL, View.DONE_ONLY}),
    ),
    query=WeeksQuery,
    answer=ShownProgress,
)
def show_progress(asked: Asked, person_id: str) -> Answer:
    """Show as much of it as who asks may see; each field besides the answers is decided by its own rule."""
    people = DynamoPeople()
    weeks = service.weeks_of(person_id, asked.query.weeks, now=asked.now, people=people, check_ins=DynamoCheckIns())
    shown = ShownProgress(person_id=person_id, first=weeks.first, last=weeks.last)
    path = f"/people/{person_id}/progress"
    if asked.granted.relationship is Relationship.SELF:
        for field in (Field.MILESTONES, Field.CARE_PLAN):
            _decide_too(asked, field, person_id)
        own = shown_own(
            weeks,
            [one for one in service.all_series(weeks) if name_of(one.measure)],
            service.reached(weeks, now=asked.now, streaks=DynamoStreaks(people), awards=DynamoAwards()),
            service.done_within(weeks, completions=DynamoRoutines(), goals=DynamoPlans()),
            tongue=_tongue(weeks),
            path=path,
        )
        return Answer(body=shown.model_copy(update={"own": own}))
    asked_for = service.asked_within(weeks, now=asked.now, ledger=DynamoLedger())
    shown = shown.model_copy(update={"check_ins": shown_asked(asked_for)})
    if asked.granted.view is not View.FULL:
        return Answer(body=shown)
    _decide_too(asked, Field.FLAGS, person_id)
    rules = DynamoCareRules().of(asked.granted.programme_id).rules
    flags = service.flags_within(weeks, tasks=DynamoTasks())
    also = [flag.of for flag in flags]
    staff = shown_staff(weeks, service.all_series(weeks, also=also), asked_for, flags, rules, path=path)
    return Answer(body=shown.model_copy(update={"staff": staff}))


@doors.door(
    "GET",
    "/people/{person_id}/progress/{chart}",
    summary="A measure as a chart (SVG): `{measure}.svg`. The same is in `…/progress` in words and as a table",
    rule=Rule(act=Act.READ, field=Field.CHECK_IN_SCORES, subject="person_id", purpose="see a chart of answers"),
    query=ChartQuery,
    answer=None,
)
def show_chart(asked: Asked, person_id: str, chart: str) -> Answer:
    """Draw it."""
    # What draws is imported when somebody looks (docs/decisions/0004-cold-start.md).
    from chalicelib.progress.drawing import HEADERS, MEDIA_TYPE, drawn
    from chalicelib.progress.sketching import STAFF, own_sketch, staff_sketch

    measure = service.measure_named(chart.removesuffix(SUFFIX) if chart.endswith(SUFFIX) else "")
    weeks = service.weeks_of(
        person_id, asked.query.weeks, now=asked.now, people=DynamoPeople(), check_ins=DynamoCheckIns()
    )
    series = service.series_of(weeks, measure)
    asked_for = service.asked_within(weeks, now=asked.now, ledger=DynamoLedger())
    if asked.granted.relationship is Relationship.SELF:
        if name_of(measure) is None:
            raise service.NoSuchMeasure("There is no such thing, or not for you.")
        tongue = _tongue(weeks)
        sketch = own_sketch(weeks, series, asked_for, tongue)
    else:
        _decide_too(asked, Field.FLAGS, person_id)
        tongue, rules = STAFF, DynamoCareRules().of(asked.granted.programme_id).rules
        sketch = staff_sketch(weeks, series, asked_for, service.flags_within(weeks, tasks=DynamoTasks()), rules)
    svg = drawn(
        sketch, name=measure.id.replace(".", "-"), width=asked.query.width, language=tongue.language.partition("-")[0]
    )
    return Answer(body=svg, status=HTTPStatus.OK, headers=HEADERS, media_type=MEDIA_TYPE)


def _decide_too(asked: Asked, field: Field, person_id: str) -> None:
    rule = Rule(act=Act.READ, field=field, subject="person_id", purpose="see progress")
    doors.decide_too(asked, rule, person_id=person_id, programme_id=asked.granted.programme_id)


def _tongue(weeks: Weeks) -> Tongue:
    programme = DynamoProgrammes().find(weeks.record.episode.programme_id)
    return Tongue(language=weeks.record.person.language, country=programme.emergency_country if programme else "US")
