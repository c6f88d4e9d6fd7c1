"""Look at what came in by a programme's rules, and let its clinicians change them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Protocol

from chalicelib.errors import Fault, Stale, refuse
from chalicelib.flags.domain import CareRules, flag_for
from chalicelib.flags.names import NAMES
from chalicelib.flags.rules import Answered, History, Ran, Rose, Rule, Told, raised
from chalicelib.outreach.domain import Recipient
from chalicelib.tasks.domain import Task

ITEM_9 = "phq9.9"
MORE_THAN_NEVER = (1, 2, 3)
"""The answers to item 9 of which somebody has to hear the same day, where it is asked at all."""


class CareRulesStore(Protocol):
    """Where programmes' rules are kept."""

    def of(self, programme_id: str) -> CareRules:
        """Return a programme's rules; the defaults until somebody approved its own."""
        ...

    def save(self, care: CareRules) -> None:
        """
        Put approved rules over the version before them.

        :raises Stale: if another one is there
        """
        ...


def flags_of(
    histories: Iterable[History], about: str, *, of: Recipient, care: CareRules, at: datetime
) -> dict[str, Task]:
    """
    Return the flags that a programme's rules raise, by name.

    A history for each thing that was said: what somebody took back a minute later still counts.
    """
    return flags_about(histories, about, person_id=of.person_id, zone=of.zone, care=care, at=at)


def flags_about(
    histories: Iterable[History], about: str, *, person_id: str, zone: str, care: CareRules, at: datetime
) -> dict[str, Task]:
    """Return the same for a person in a zone."""
    found: dict[str, Task] = {}
    for history in histories:
        for one in raised(care.rules, history):
            flag = flag_for(one, about, care=care, person_id=person_id, zone=zone, at=at)
            found.setdefault(flag.id, flag)
    return found


def approve(
    care: CareRules, change: Callable[[CareRules], CareRules], *, version: int, on: date, store: CareRulesStore
) -> CareRules:
    """
    Change a programme's rules, in the name of who approved them.

    :raises Invalid: if they were approved on a day to come, or two rules have one name
    :raises Stale: if ``version`` isn't the present one
    """
    if care.version != version:
        raise Stale("the rules were changed meanwhile")
    after = replace(change(care), version=care.version + 1)
    faults = []
    names = [rule.id for rule in after.rules]
    if len(set(names)) < len(names):
        faults.append(Fault(field="rules", reason="must not have two of one id"))
    if len({nudge.to for nudge in after.nudges}) < len(after.nudges):
        faults.append(Fault(field="nudges", reason="must not have two to the same"))
    unknown = sorted(
        {rule.when.of for rule in after.rules if isinstance(rule.when, Answered | Ran | Rose)} - set(NAMES)
    )
    if unknown:
        faults.append(
            Fault(field="rules", reason=f"must be about questions and scores that there are, not {unknown[0]}")
        )
    if after.reads_item_9 and not all(any(_catches(rule, said) for rule in after.rules) for said in MORE_THAN_NEVER):
        faults.append(Fault(field="readsItem9", reason="needs rules on phq9.9 that hold for each of 1, 2 and 3"))
    if after.approved_on is None or after.approved_on > on:
        faults.append(Fault(field="approvedOn", reason="must be a day that has come"))
    if after.working.opens >= after.working.closes:
        faults.append(Fault(field="workingFrom", reason="must be before workingTo"))
    refuse(faults)
    store.save(after)
    return after


def _catches(rule: Rule, said: int) -> bool:
    """Say whether a rule holds where item 9 was answered with this."""
    when = rule.when
    told = Told(on=date.min, form="", at=datetime.min.replace(tzinfo=UTC), numbers={ITEM_9: (said, said)}, choices={})
    return isinstance(when, Answered) and when.of == ITEM_9 and when.because(History(told=[told])) is not None
