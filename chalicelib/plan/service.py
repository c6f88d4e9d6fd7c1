"""Save a person's plan, read it, and say that it is still right."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from chalicelib.enrollment.changing import People, find_person
from chalicelib.errors import Invalid, Stale
from chalicelib.plan.domain import Entry, Hand, Made, MyPlan, NoSuchPlan, Part, faults_in, no_plan


class Plans(Protocol):
    """The plans of all people."""

    def last(self, person_id: str) -> MyPlan | None:
        """Return the newest version as it is now; None if nothing was ever saved."""
        ...

    def add(self, plan: MyPlan) -> bool:
        """Write a version that isn't there yet; False if one of its number is."""
        ...

    def versions(self, person_id: str, *, before: int | None, limit: int) -> tuple[list[MyPlan], int | None]:
        """Return versions, newest first, only those before this number, and the number to go on before."""
        ...


def my_plan(person_id: str, *, plans: Plans) -> MyPlan:
    """Return the newest version of a person's plan; version 0, which says nothing, if there is none."""
    return plans.last(person_id) or no_plan(person_id)


def has_plan(person_id: str, *, plans: Plans) -> bool:
    """Say whether there is anything in a person's plan that they could open."""
    return not my_plan(person_id, plans=plans).is_empty


def save_plan(
    person_id: str,
    parts: Mapping[Part, tuple[Entry, ...]],
    *,
    names: Mapping[Part, str],
    version: int,
    hand: Hand,
    by: str,
    now: datetime,
    people: People,
    plans: Plans,
) -> MyPlan:
    """
    Save what a plan shall say as the version after ``version``. The same again changes nothing.

    ``names`` is what the caller calls each part.

    :raises Invalid: names everything that is wrong
    :raises Stale: if ``version`` isn't the present one
    """
    if faults := faults_in(parts, names=names):
        raise Invalid(*faults)
    find_person(person_id, people=people).must_be_alive()
    written = {part: parts[part] for part in Part if parts.get(part)}
    plan = MyPlan(person_id=person_id, version=version + 1, parts=written, hand=hand, by=by, at=now)
    return _add(plan, my_plan(person_id, plans=plans), plans=plans)


def review_plan(
    person_id: str, *, version: int, hand: Hand, by: str, now: datetime, people: People, plans: Plans
) -> MyPlan:
    """
    Write down that the plan was read through and is still right: a version with the same words.

    :raises NoSuchPlan: if there is none
    :raises Stale: if ``version`` isn't the present one
    """
    find_person(person_id, people=people).must_be_alive()
    present = my_plan(person_id, plans=plans)
    if present.version == 0:
        raise NoSuchPlan("there is no plan yet")
    plan = replace(present, version=version + 1, made=Made.REVIEWED, hand=hand, by=by, at=now)
    return _add(plan, present, plans=plans)


def _add(plan: MyPlan, present: MyPlan, *, plans: Plans) -> MyPlan:
    if present.version == plan.version - 1:
        if plans.add(plan):
            return plan
        # Another came between: perhaps this very one, sent twice.
        present = my_plan(plan.person_id, plans=plans)
    if present.is_again(plan):
        return present
    raise Stale("the plan was changed meanwhile")
