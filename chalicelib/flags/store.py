"""Programmes' rules in the table. The only place for their keys."""

from datetime import date, time

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError

from chalicelib.edge.table import Item, lost_the_race
from chalicelib.errors import Stale
from chalicelib.flags import nudges
from chalicelib.flags.domain import CareRules
from chalicelib.flags.rules import rule_of, written
from chalicelib.flags.working import WorkingTime


class CareRulesItem(Item, discriminator="care_rules"):
    """pk ``PROGRAMME#{programme}``, sk ``CARERULES``: there once a clinician approved them."""

    rules = JSONAttribute()
    nudges = JSONAttribute(null=True)
    reads_item_9 = BooleanAttribute()
    opens = UnicodeAttribute()
    closes = UnicodeAttribute()
    approved_by = UnicodeAttribute()
    approved_on = UnicodeAttribute()
    version = NumberAttribute()


class DynamoCareRules:
    """Implements ``service.CareRulesStore``."""

    def of(self, programme_id: str) -> CareRules:
        """Return a programme's rules; the defaults until somebody approved its own."""
        try:
            item = CareRulesItem.get(*_key(programme_id))
        except CareRulesItem.DoesNotExist:
            return CareRules(programme_id=programme_id)
        return CareRules(
            programme_id=programme_id,
            rules=tuple(map(rule_of, item.rules)),
            nudges=nudges.defaults() if item.nudges is None else tuple(map(nudges.nudge_of, item.nudges)),
            reads_item_9=item.reads_item_9,
            working=WorkingTime(opens=time.fromisoformat(item.opens), closes=time.fromisoformat(item.closes)),
            approved_by=item.approved_by,
            approved_on=date.fromisoformat(item.approved_on),
            version=int(item.version),
        )

    def save(self, care: CareRules) -> None:
        """
        Put approved rules over the version before them.

        :raises Stale: if another one is there
        """
        item = CareRulesItem(
            *_key(care.programme_id),
            rules=[written(rule) for rule in care.rules],
            nudges=[nudges.written(nudge) for nudge in care.nudges],
            reads_item_9=care.reads_item_9,
            opens=care.working.opens.isoformat(),
            closes=care.working.closes.isoformat(),
            approved_by=care.approved_by,
            approved_on=care.approved_on.isoformat() if care.approved_on else None,
            version=care.version,
        )
        before = CareRulesItem.version == care.version - 1
        try:
            item.save(CareRulesItem.pk.does_not_exist() if care.version == 1 else before)
        except PutError as error:
            if lost_the_race(error):
                raise Stale("the rules were changed meanwhile") from error
            raise


def _key(programme_id: str) -> tuple[str, str]:
    return f"PROGRAMME#{programme_id}", "CARERULES"
