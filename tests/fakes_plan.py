"""In-memory plans. tests/contract runs one suite on these and on the table, so that they can't lie."""

from chalicelib.plan.domain import MyPlan


class FakeMyPlans:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], MyPlan] = {}

    def last(self, person_id: str) -> MyPlan | None:
        found, _ = self.versions(person_id, before=None, limit=1)
        return found[0] if found else None

    def add(self, plan: MyPlan) -> bool:
        if (plan.person_id, plan.version) in self.kept:
            return False
        self.kept[plan.person_id, plan.version] = plan
        return True

    def versions(self, person_id: str, *, before: int | None, limit: int) -> tuple[list[MyPlan], int | None]:
        found = sorted(
            (
                plan
                for (person, version), plan in self.kept.items()
                if person == person_id
                if not before or version < before
            ),
            key=lambda plan: plan.version,
            reverse=True,
        )
        return found[:limit], found[limit - 1].version if len(found) > limit else None
