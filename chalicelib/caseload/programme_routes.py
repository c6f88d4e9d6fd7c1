"""The door to the caseload: everybody in care, whoever needs somebody first, with the reasons."""

from datetime import UTC, datetime

from chalicelib.caseload.doors import doors
from chalicelib.caseload.listing import After, Reader, caseload
from chalicelib.caseload.programme_shapes import Caseload, CaseloadQuery, shown_row
from chalicelib.caseload.store import DynamoRows
from chalicelib.edge.http import Answer, Asked, bad_cursor
from chalicelib.enrollment.copy_store import DynamoCopies
from chalicelib.privacy.domain import Act, Field, Rule, View

_CURSOR = "CASELOAD#"


@doors.door(
    "GET",
    "/programmes/{programme_id}/caseload",
    summary="Who is in care, whoever needs somebody of the staff first, with the reasons",
    rule=Rule(
        act=Act.LIST,
        field=Field.CASELOAD,
        programme="programme_id",
        purpose="see who of the caseload needs somebody",
        views=frozenset({View.FULL, View.DONE_ONLY}),
        narrows=True,
    ),
    query=CaseloadQuery,
    answer=Caseload,
)
def list_caseload(asked: Asked, programme_id: str) -> Answer:
    """List a page of the whole caseload's order."""
    in_full = asked.granted.view is View.FULL
    found = caseload(
        programme_id,
        reader=Reader(subject=asked.who.subject, in_full=in_full, only_care_team=asked.granted.only_care_team),
        after=_after(asked.after(prefix=_CURSOR)),
        limit=asked.query.limit,
        now=asked.now,
        rows=DynamoRows(),
        copies=DynamoCopies(),
    )
    items = [shown_row(line, in_full=in_full, at=found.as_of) for line in found.lines]
    key = _key(found.after) if found.after else None
    return Answer(body=Caseload(as_of=found.as_of, items=items, next=asked.next(key)))


def _key(after: After) -> str:
    reasons, person_id = after.place
    places = ",".join(f"{rank}.{second}" for rank, second in reasons)
    return f"{_CURSOR}{int(after.as_of.timestamp() * 1_000_000)}#{places}#{person_id}"


def _after(key: str | None) -> After | None:
    """
    Read a cursor back.

    :raises Refused: 400, if it is none of ours
    """
    if key is None:
        return None
    try:
        as_of, places, person_id = key.removeprefix(_CURSOR).split("#")
        ranked = tuple((int(rank), int(second)) for rank, second in (one.split(".") for one in places.split(",")))
        instant = datetime.fromtimestamp(int(as_of) / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        raise bad_cursor() from None
    return After(as_of=instant, place=(ranked, person_id))
