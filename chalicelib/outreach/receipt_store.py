"""What became of messages after they were handed over, in the table. The only place for its keys."""

from datetime import UTC, datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action

from chalicelib.edge.table import Item, lost_the_race
from chalicelib.outreach.domain import Channel
from chalicelib.outreach.ledger_store import LedgerItem
from chalicelib.outreach.reports import Report, What


class TurnedAwayItem(Item, discriminator="turned_away"):
    """
    pk ``TURNEDAWAY#{person}``, sk ``{channel}#{revision}#{message}``: each message once, whoever reports it again.

    Not with the person, whom every message reads. It may vanish late: what is too long ago doesn't count.
    """

    at = UnicodeAttribute()
    expires_at = NumberAttribute()


class DynamoFates:
    """Implements ``reports.Fates``."""

    def note(self, report: Report, *, at: datetime) -> None:
        """Keep it with the ledger entry: the first report of a kind stays."""
        match report.what:
            case What.DELIVERED:
                kept = LedgerItem.delivered_at
            case What.DELAYED:
                kept = LedgerItem.delayed_at
            case _:
                kept = LedgerItem.bounced_at
        actions: list[Action] = [kept.set(kept | _text(at))]
        if kept is LedgerItem.bounced_at:
            actions.append(LedgerItem.bounce.set(LedgerItem.bounce | report.what.value))
        try:
            LedgerItem(f"LEDGER#{report.person_id}", f"{report.on.isoformat()}#{report.kind}").update(
                actions=actions,
                condition=LedgerItem.pk.exists()
                & (LedgerItem.provider_id.does_not_exist() | (LedgerItem.provider_id == report.message_id)),
            )
        except UpdateError as error:
            if not lost_the_race(error):
                raise

    def note_turned_away(self, report: Report, channel: Channel, *, at: datetime, keep: timedelta) -> list[datetime]:
        """Keep for this long that a message was turned away there; return when all that are kept were."""
        place = f"{channel.id}#{channel.revision}#"
        TurnedAwayItem(
            f"TURNEDAWAY#{report.person_id}",
            f"{place}{report.message_id}",
            at=_text(at),
            expires_at=int((at + keep).timestamp()),
        ).save()
        found = TurnedAwayItem.query(
            f"TURNEDAWAY#{report.person_id}", TurnedAwayItem.sk.startswith(place), consistent_read=True
        )
        return [datetime.fromisoformat(item.at) for item in found]


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
