"""Who came to which meeting, in the table. The only place for its keys."""

from collections.abc import Iterable
from datetime import date

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError

from chalicelib.edge.table import Item, in_conflict, lost_the_race
from chalicelib.enrollment.items import InstantAttribute
from chalicelib.groups.presence import Came, Presence
from chalicelib.groups.series import named


class CameItem(Item, discriminator="came"):
    """pk ``MEETINGSOF#{recipient}``, sk ``{date}#{series}``: whether a member came to the meeting of that date."""

    at = InstantAttribute()
    presence = UnicodeAttribute()
    verified = BooleanAttribute()
    noted_at = InstantAttribute()
    by = UnicodeAttribute()
    version = NumberAttribute()


class DynamoPresences:
    """Implements ``presence.Presences``."""

    def of_meeting(self, meeting_id: str, recipient_ids: Iterable[str]) -> dict[str, Came]:
        """Return what is known of these members: batch reads of 100."""
        keys = [_key(recipient_id, meeting_id) for recipient_id in recipient_ids]
        found = [_came_of(item) for item in CameItem.batch_get(keys, consistent_read=True)] if keys else []
        return {came.recipient_id: came for came in found}

    def of_member(self, recipient_id: str, *, first: date, limit: int) -> list[Came]:
        """Return what is known of a member's meetings since a date, newest first: one query."""
        since = CameItem.sk >= f"{first}#"
        items = CameItem.query(f"MEETINGSOF#{recipient_id}", since, limit=limit, scan_index_forward=False)
        return [_came_of(item) for item in items]

    def save(self, came: Came) -> bool:
        """Put it over the version that it was read as; False if it was changed since."""
        item = CameItem(
            *_key(came.recipient_id, came.meeting_id),
            at=came.at,
            presence=came.presence.value,
            verified=came.verified,
            noted_at=came.noted_at,
            by=came.by,
            version=came.version + 1,
        )
        try:
            item.save((CameItem.version == came.version) if came.version else CameItem.pk.does_not_exist())
        except PutError as error:
            if lost_the_race(error) or in_conflict(error):
                return False
            raise
        return True


def _key(recipient_id: str, meeting_id: str) -> tuple[str, str]:
    series_id, on = named(meeting_id)
    return f"MEETINGSOF#{recipient_id}", f"{on}#{series_id}"


def _came_of(item: CameItem) -> Came:
    on, _, series_id = item.sk.partition("#")
    return Came(
        recipient_id=item.pk.removeprefix("MEETINGSOF#"),
        meeting_id=f"{series_id}-{on.replace('-', '')}",
        at=item.at,
        presence=Presence(item.presence),
        verified=item.verified,
        noted_at=item.noted_at,
        by=item.by,
        version=int(item.version),
    )
