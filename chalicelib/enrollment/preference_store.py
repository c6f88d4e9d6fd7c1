"""What a person switched off, as items of their partition. The only place for these keys."""

from pynamodb.attributes import UnicodeAttribute, UnicodeSetAttribute

from chalicelib.edge.table import Item
from chalicelib.enrollment.consents import Via
from chalicelib.enrollment.items import InstantAttribute, partition
from chalicelib.enrollment.preferences import Preference
from chalicelib.outreach.domain import ChannelKind

EVERYWHERE = "all"


class PreferenceItem(Item, discriminator="preference"):
    """pk ``PERSON#{person}``, sk ``PREFERENCE#{category}``. Without ``off`` the category is on again everywhere."""

    off = UnicodeSetAttribute(null=True)
    changed_at = InstantAttribute()
    via = UnicodeAttribute()
    by = UnicodeAttribute(null=True)


def preference_item(person_id: str, preference: Preference) -> PreferenceItem:
    """Return the preference as an item."""
    return PreferenceItem(
        partition(person_id),
        f"PREFERENCE#{preference.category}",
        # DynamoDB knows no empty set.
        off={kind.value if kind else EVERYWHERE for kind in preference.off} or None,
        changed_at=preference.changed_at,
        via=preference.via.value,
        by=preference.by,
    )


def preference_of(item: PreferenceItem) -> Preference:
    """Return the preference that an item holds."""
    return Preference(
        category=item.sk.removeprefix("PREFERENCE#"),
        off=frozenset(None if kind == EVERYWHERE else ChannelKind(kind) for kind in item.off or ()),
        changed_at=item.changed_at,
        via=Via(item.via),
        by=item.by,
    )
