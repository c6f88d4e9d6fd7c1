"""The doors to a programme's rules: everybody of the programme may read them, who answers for them changes them."""

from datetime import date, time
from typing import Annotated, Literal

from pydantic import Field as Described
from pydantic import model_validator

from chalicelib.edge.http import Answer, Asked, Doors, Wire
from chalicelib.flags import nudges, service
from chalicelib.flags.domain import CareRules
from chalicelib.flags.nudges import To
from chalicelib.flags.rules import rule_of, written
from chalicelib.flags.store import DynamoCareRules
from chalicelib.flags.working import WorkingTime
from chalicelib.privacy.domain import Act, Field, Role, Rule
from chalicelib.tasks.domain import Severity

doors = Doors(__name__)

Name = Annotated[str, Described(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Of = Annotated[
    str,
    Described(
        pattern=r"^[a-z][a-z0-9]{0,19}(\.[a-z0-9]{1,20})?$",
        description="A question of a form, or a score: `craving`, `phq9.9`, `bam7.use`.",
    ),
]
Points = Annotated[int, Described(ge=0, le=100)]
Clock = Annotated[str, Described(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Local time, `HH:MM`.")]


class _One(Wire):
    """Exactly one of its fields is given."""

    @model_validator(mode="after")
    def _has_one(self) -> "_One":
        if sum(value is not None for _, value in self) != 1:
            raise ValueError(f"must have one of {', '.join(sorted(type(self).model_fields))}")
        return self


class AnsweredIs(Wire):
    """The newest answer, or score, is a choice, or at least or at most a number."""

    of: Of
    is_: Annotated[str | None, Described(alias="is", max_length=40)] = None
    at_least: Points | None = None
    at_most: Points | None = None

    @model_validator(mode="after")
    def _says_what(self) -> "AnsweredIs":
        if (self.is_ is None) == (self.at_least is None and self.at_most is None):
            raise ValueError("must have either is, or atLeast or atMost")
        return self


class RanFor(Wire):
    """An answer was at least so much on so many dates in a row."""

    of: Of
    at_least: Points
    days: Annotated[int, Described(ge=2, le=14)]


class RoseBy(Wire):
    """An answer is so much more than the last before, or than any within so many hours before."""

    of: Of
    by: Annotated[int, Described(ge=1, le=100)]
    hours: Annotated[int | None, Described(ge=1, le=24 * 28)] = None


class MissedSo(Wire):
    """So many check-ins in a row were not answered. What could not be sent is none of them."""

    in_a_row: Annotated[int, Described(ge=1, le=14)]


class AbsentFrom(Wire):
    """So many sessions in a row (of one kind, else of any) were missed without notice; each so many-th counts anew."""

    of: Literal["group", "individual", "other"] | None = None
    in_a_row: Annotated[int, Described(ge=1, le=14)] = 1


class UnattendedFor(Wire):
    """No session was attended for so many days, and one at least was held and noted in them."""

    days: Annotated[int, Described(ge=2, le=28)]


class WhenIt(_One):
    """When a rule holds; one of these."""

    answered: AnsweredIs | None = None
    ran: RanFor | None = None
    rose: RoseBy | None = None
    missed: MissedSo | None = None
    absent: AbsentFrom | None = None
    unattended: UnattendedFor | None = None


class WithinTime(_One):
    """By when somebody looks; one of these."""

    hours: Annotated[float | None, Described(gt=0, le=24 * 14)] = None
    working_hours: Annotated[float | None, Described(gt=0, le=80)] = None
    working_days: Annotated[int | None, Described(ge=0, le=10)] = None


class RuleSent(Wire):
    """One row of the table."""

    id: Name
    when: WhenIt
    severity: Severity
    owner: Annotated[
        Literal[Role.CLINICIAN, Role.CASE_MANAGER], Described(description="Whose work it is; who may see tasks.")
    ]
    within: WithinTime


class NudgeSent(Wire):
    """A kind word where check-ins were not answered: to the person alone, or to partners whom they let know of it."""

    to: To
    missed: Annotated[int, Described(ge=1, le=14, description="So many in a row, or more; once each time it is quiet.")]
    after_hours: Annotated[
        float, Described(ge=0, le=24, description="So long after the next one was sent, if that isn't answered either.")
    ]


class CareRulesSent(Wire):
    """A programme's rules, as a clinician approved them."""

    rules: Annotated[list[RuleSent], Described(min_length=1, max_length=40)]
    nudges: Annotated[
        list[NudgeSent] | None, Described(max_length=2, description="Left out: the defaults; empty: none.")
    ] = None
    reads_item_9: Annotated[
        bool,
        Described(
            alias="readsItem9", description="Somebody reads item 9 of the PHQ while answers come in; else PHQ-8."
        ),
    ]
    working_from: Clock = "09:00"
    working_to: Clock = "17:00"
    approved_by: Annotated[str, Described(min_length=3, max_length=100, description="Name and profession.")]
    approved_on: date


class ShownCareRules(Wire):
    """A programme's rules. Version 0: the defaults, which nobody has approved yet and which hold all the same."""

    rules: list[RuleSent]
    nudges: list[NudgeSent]
    reads_item_9: Annotated[bool, Described(alias="readsItem9")]
    working_from: str
    working_to: str
    approved_by: str | None
    approved_on: date | None
    version: int


@doors.door(
    "GET",
    "/programmes/{programme_id}/care-rules",
    summary="When somebody has to look at a person: the programme's rules over answers, silence and attendance",
    rule=Rule(act=Act.READ, field=Field.PROGRAMME, programme="programme_id", purpose="see the rules of care"),
    answer=ShownCareRules,
)
def show_care_rules(_asked: Asked, programme_id: str) -> Answer:
    """Show them."""
    care = DynamoCareRules().of(programme_id)
    return Answer(body=_shown(care), etag=care.version)


@doors.door(
    "PUT",
    "/programmes/{programme_id}/care-rules",
    summary="Put other rules in their place, in the name of the clinician who approved them",
    rule=Rule(act=Act.WRITE, field=Field.PROGRAMME, programme="programme_id", purpose="change the rules of care"),
    body=CareRulesSent,
    answer=ShownCareRules,
    edits=True,
)
def put_care_rules(asked: Asked, programme_id: str) -> Answer:
    """Change them; what was raised by the ones before stays open."""
    body: CareRulesSent = asked.body
    store = DynamoCareRules()
    care = service.approve(
        store.of(programme_id),
        lambda present: CareRules(
            programme_id=present.programme_id,
            rules=tuple(rule_of(rule.model_dump(mode="json", exclude_none=True)) for rule in body.rules),
            nudges=nudges.defaults()
            if body.nudges is None
            else tuple(nudges.nudge_of(nudge.model_dump(mode="json")) for nudge in body.nudges),
            reads_item_9=body.reads_item_9,
            working=WorkingTime(
                opens=time.fromisoformat(body.working_from), closes=time.fromisoformat(body.working_to)
            ),
            approved_by=body.approved_by,
            approved_on=body.approved_on,
        ),
        version=asked.if_match or 0,
        on=asked.now.date(),
        store=store,
    )
    return Answer(body=_shown(care), etag=care.version)


def _shown(care: CareRules) -> ShownCareRules:
    return ShownCareRules(
        rules=[RuleSent.model_validate(written(rule)) for rule in care.rules],
        nudges=[NudgeSent.model_validate(nudges.written(nudge)) for nudge in care.nudges],
        reads_item_9=care.reads_item_9,
        working_from=f"{care.working.opens:%H:%M}",
        working_to=f"{care.working.closes:%H:%M}",
        approved_by=care.approved_by,
        approved_on=care.approved_on,
        version=care.version,
    )
