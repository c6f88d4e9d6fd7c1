"""What may be asked now: of thoughts of suicide only while somebody is there to read the answer (domain rules 3.4)."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from chalicelib.checkins.ports import Desk
from chalicelib.crisis.guarding import guarded

ASKED = "phq9."
"""How the items of an instrument begin that was asked with item 9."""


def reads_item_9(programme_id: str, *, given: Iterable[str] = (), now: datetime, desk: Desk) -> bool:
    """
    Say whether item 9 is asked: the programme reads it, and somebody is on duty now who would.

    Where it can't be known who is, it isn't asked. What was answered (``given``, by name) is read as it was asked,
    though the last one on duty went home meanwhile: no answer to it may be turned away.
    """
    if not desk.care_rules.of(programme_id).reads_item_9:
        return False
    if any(name.startswith(ASKED) for name in given):
        return True
    duty = guarded(partial(desk.crises.on_call.on_duty, programme_id, at=now), desk=desk.crises)
    return duty is not None and duty.is_covered
