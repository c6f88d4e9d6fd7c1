"""Whether something waits to fall due: one row, looked at by its key."""

from chalicelib.outreach.domain import Due
from chalicelib.outreach.store import DueItem, due_item


def waits(due: Due) -> bool:
    """Say whether there is a due row for exactly this instant and version."""
    row = due_item(due)
    try:
        DueItem.get(row.pk, row.sk, consistent_read=True)
    except DueItem.DoesNotExist:
        return False
    return True
