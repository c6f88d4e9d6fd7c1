"""Whether something waits to fall due: one row, looked at by its key."""

from chalicelib.edge.table import read_all
from chalicelib.outreach.domain import Due
from chalicelib.outreach.store import due_row


def waits(due: Due) -> bool:
    """Say whether there is a due row for exactly this instant and version."""
    row = due_row(due)
    return bool(read_all([(row["pk"]["S"], row["sk"]["S"])]))
