"""In-memory ports of receipts. tests/contract runs one suite on these and on the table, so that they can't lie."""

from datetime import datetime, timedelta

from chalicelib.outreach.domain import Channel, Recipient
from chalicelib.outreach.reports import Report, What


class FakeFates:
    def __init__(self) -> None:
        self.notes: dict[tuple[str, str], dict[What, datetime]] = {}
        self.turned_away: dict[tuple[str, str, int], dict[str, datetime]] = {}

    def note(self, report: Report, *, at: datetime) -> None:
        occurrence = f"{report.person_id}_{report.on}_{report.kind}"
        self.notes.setdefault((occurrence, report.message_id), {}).setdefault(report.what, at)

    def note_turned_away(self, report: Report, channel: Channel, *, at: datetime, keep: timedelta) -> list[datetime]:
        del keep
        kept = self.turned_away.setdefault((report.person_id, channel.id, channel.revision), {})
        kept[report.message_id] = at
        return list(kept.values())


class FakeAddresses:
    def __init__(self, *recipients: Recipient) -> None:
        self.people = {recipient.person_id: recipient for recipient in recipients}
        self.gone: dict[tuple[str, str, int | None], tuple[str, datetime]] = {}
        self.stopped: dict[tuple[str, str, int], datetime] = {}

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:
        del now
        return self.people.get(person_id)

    def channel_is_gone(
        self, person_id: str, channel_id: str, *, why: str, now: datetime, revision: int | None = None
    ) -> None:
        self.gone.setdefault((person_id, channel_id, revision), (why, now))

    def no_list_mail(self, person_id: str, channel_id: str, *, revision: int, now: datetime) -> None:
        self.stopped.setdefault((person_id, channel_id, revision), now)
