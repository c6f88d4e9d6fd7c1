"""The slice's doors, on which its files of routes hang, and what taking an answer works with."""

from functools import cache

from chalicelib.checkins.ports import Desk
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.crisis import handlers as crisis
from chalicelib.edge.http import Doors
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.flags.store import DynamoCareRules
from chalicelib.tasks.store import DynamoTasks

doors = Doors(__name__)


@cache
def desk() -> Desk:
    """Return the stores that an answer, by a page or by app, goes into."""
    return Desk(
        check_ins=DynamoCheckIns(),
        care_rules=DynamoCareRules(),
        tasks=DynamoTasks(),
        holds=DynamoHolds(),
        crises=crisis.desk(),
    )
