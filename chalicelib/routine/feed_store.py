"""Calendar feeds in the table. The only place for their keys."""

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UTCDateTimeAttribute

from chalicelib.edge.table import Item
from chalicelib.routine.feeding import Feed
from chalicelib.routine.store import follows, save


class FeedItem(Item, discriminator="feed"):
    """pk ``PLAN#{person}``, sk ``FEED``: what a calendar's address is held to; the address itself isn't stored."""

    revision = NumberAttribute()
    is_open = BooleanAttribute()
    made_at = UTCDateTimeAttribute()


class DynamoFeeds:
    """Implements ``feeding.Feeds``."""

    def feed(self, person_id: str) -> Feed:
        """Return how a person's feed stands."""
        try:
            item = FeedItem.get(f"PLAN#{person_id}", "FEED", consistent_read=True)
        except FeedItem.DoesNotExist:
            return Feed(person_id=person_id)
        return Feed(person_id=person_id, revision=int(item.revision), is_open=item.is_open, made_at=item.made_at)

    def save_feed(self, feed: Feed) -> None:
        """Put a feed over the revision before it."""
        item = FeedItem(
            f"PLAN#{feed.person_id}", "FEED", revision=feed.revision, is_open=feed.is_open, made_at=feed.made_at
        )
        save(item, follows(FeedItem.revision, feed.revision))
