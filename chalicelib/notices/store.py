"""Notices in the table. The only place for their keys, and outreach/fanning_store.py for those of their pages."""

import json
from datetime import datetime

from pynamodb.attributes import ListAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError

from chalicelib.edge.table import Item, lost_the_race, transaction
from chalicelib.enrollment.episodes import State
from chalicelib.notices.domain import Audience, Notice
from chalicelib.outreach.fanning import Stage
from chalicelib.outreach.fanning_store import DynamoFanOuts, FanOutItem, progress_in, progress_of
from chalicelib.outreach.store import instant


class NoticeItem(FanOutItem, discriminator="notice"):
    """pk ``NOTICE#{notice}``, sk ``NOTICE``: the text, and how far its fan-out is."""

    programme_id = UnicodeAttribute()
    texts = UnicodeAttribute()
    states = ListAttribute(of=UnicodeAttribute)
    languages = ListAttribute(of=UnicodeAttribute)
    by = UnicodeAttribute()
    cancelled_at = UnicodeAttribute(null=True)
    cancelled_by = UnicodeAttribute(null=True)


class ProgrammeNoticeItem(Item, discriminator="programme_notice"):
    """pk ``NOTICES#{programme}``, sk ``{instant}#{notice}``: a programme's notices in order."""


class DynamoNotices(DynamoFanOuts[Notice]):
    """Implements ``service.Notices``."""

    item = NoticeItem
    name = "NOTICE"
    open_list = "NOTICES#OPEN"

    def add(self, notice: Notice) -> Notice:
        """Keep a new notice with its places in both lists, or return the one that is there."""
        try:
            with transaction() as write:
                write.save(_item_of(notice), NoticeItem.pk.does_not_exist())
                write.save(ProgrammeNoticeItem(*_listed(notice)))
                write.save(self.noted(notice))
        except TransactWriteError as error:
            found = self.find(notice.id) if lost_the_race(error) else None
            if found is None:
                raise
            return found
        return notice

    def of_programme(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Notice], str | None]:
        """Return notices of a programme, newest first; the key to go on after is a sort key."""
        before = ProgrammeNoticeItem.sk < after if after else None
        listed = list(
            ProgrammeNoticeItem.query(f"NOTICES#{programme_id}", before, limit=limit + 1, scan_index_forward=False)
        )
        keys = [(f"NOTICE#{item.sk.partition('#')[2]}", "NOTICE") for item in listed[:limit]]
        items = NoticeItem.batch_get(keys, consistent_read=True) if keys else ()
        found = {item.pk: self.read(item) for item in items}
        return [found[pk] for pk, _ in keys if pk in found], listed[limit - 1].sk if len(listed) > limit else None

    def cancel(self, notice: Notice) -> bool:
        """Write that it is cancelled, unless it is."""
        return self.update(
            notice,
            [
                NoticeItem.stage.set(Stage.CANCELLED.value),
                NoticeItem.cancelled_at.set(instant(notice.cancelled_at or notice.moved_at)),
                NoticeItem.cancelled_by.set(notice.cancelled_by or ""),
            ],
            NoticeItem.pk.exists() & (NoticeItem.stage != Stage.CANCELLED.value),
        )

    def read(self, item: NoticeItem) -> Notice:
        """Return the notice that an item holds."""
        return Notice(
            id=item.pk.removeprefix("NOTICE#"),
            programme_id=item.programme_id,
            texts=json.loads(item.texts),
            audience=Audience(
                states=frozenset(State(str(state)) for state in item.states),
                languages=frozenset(str(language) for language in item.languages),
            ),
            by=item.by,
            cancelled_at=datetime.fromisoformat(item.cancelled_at) if item.cancelled_at else None,
            cancelled_by=item.cancelled_by,
            **progress_in(item),
        )


def _listed(notice: Notice) -> tuple[str, str]:
    return f"NOTICES#{notice.programme_id}", f"{instant(notice.created_at)}#{notice.id}"


def _item_of(notice: Notice) -> NoticeItem:
    return NoticeItem(
        f"NOTICE#{notice.id}",
        "NOTICE",
        programme_id=notice.programme_id,
        texts=json.dumps(dict(notice.texts), ensure_ascii=False),
        states=sorted(notice.audience.states),
        languages=sorted(notice.audience.languages),
        by=notice.by,
        cancelled_at=instant(notice.cancelled_at) if notice.cancelled_at else None,
        cancelled_by=notice.cancelled_by,
        **progress_of(notice),
    )
