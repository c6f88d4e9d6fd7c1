"""Notices in the table, and the queue of their fan-out. The only place for their keys."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError, TransactWriteError, UpdateError

from chalicelib.edge.aws import client
from chalicelib.edge.table import Item, lost_the_race, transaction
from chalicelib.enrollment.episodes import State
from chalicelib.notices.domain import Audience, Notice, Page, Stage
from chalicelib.outreach.store import instant

OPEN = "NOTICES#OPEN"


class NoticeItem(Item, discriminator="notice"):
    """pk ``NOTICE#{notice}``, sk ``NOTICE``: the text, and how far its fan-out is."""

    programme_id = UnicodeAttribute()
    texts = UnicodeAttribute()
    at = UnicodeAttribute()
    states = ListAttribute(of=UnicodeAttribute)
    languages = ListAttribute(of=UnicodeAttribute)
    by = UnicodeAttribute()
    created_at = UnicodeAttribute()
    moved_at = UnicodeAttribute()
    stage = UnicodeAttribute()
    pages = NumberAttribute()
    recipients = NumberAttribute()
    after = UnicodeAttribute(null=True)
    late_by = NumberAttribute(default=0)
    cancelled_at = UnicodeAttribute(null=True)
    cancelled_by = UnicodeAttribute(null=True)


class NoticePageItem(Item, discriminator="notice_page"):
    """pk ``NOTICE#{notice}``, sk ``PAGE#{number:05}``: who is on a page, written once."""

    first = NumberAttribute()
    person_ids = ListAttribute(of=UnicodeAttribute)
    after = UnicodeAttribute(null=True)


class ProgrammeNoticeItem(Item, discriminator="programme_notice"):
    """pk ``NOTICES#{programme}``, sk ``{instant}#{notice}``: a programme's notices in order."""


class OpenNoticeItem(Item, discriminator="open_notice"):
    """pk ``NOTICES#OPEN``, sk ``{instant}#{notice}``: to be fanned out from this instant on; goes once that is done."""


class DynamoNotices:
    """Implements ``service.Notices``."""

    def add(self, notice: Notice) -> Notice:
        """Keep a new notice with its places in both lists, or return the one that is there."""
        try:
            with transaction() as write:
                write.save(_item_of(notice), NoticeItem.pk.does_not_exist())
                write.save(ProgrammeNoticeItem(*_listed(notice)))
                write.save(OpenNoticeItem(*_open(notice)))
        except TransactWriteError as error:
            found = self.find(notice.id) if lost_the_race(error) else None
            if found is None:
                raise
            return found
        return notice

    def find(self, notice_id: str) -> Notice | None:
        """Return it as it is now."""
        try:
            return _notice_of(NoticeItem.get(_partition(notice_id), "NOTICE", consistent_read=True))
        except NoticeItem.DoesNotExist:
            return None

    def of_programme(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Notice], str | None]:
        """Return notices of a programme, newest first; the key to go on after is a sort key."""
        before = ProgrammeNoticeItem.sk < after if after else None
        listed = list(
            ProgrammeNoticeItem.query(f"NOTICES#{programme_id}", before, limit=limit + 1, scan_index_forward=False)
        )
        keys = [(_partition(item.sk.partition("#")[2]), "NOTICE") for item in listed[:limit]]
        found = {item.pk: _notice_of(item) for item in NoticeItem.batch_get(keys, consistent_read=True)} if keys else {}
        return [found[pk] for pk, _ in keys if pk in found], listed[limit - 1].sk if len(listed) > limit else None

    def begun(self, *, by: datetime) -> list[Notice]:
        """Return those whose fan-out began by this instant and isn't known to be over."""
        listed = OpenNoticeItem.query(OPEN, OpenNoticeItem.sk < f"{instant(by)}~")
        return [notice for item in listed if (notice := self.find(item.sk.partition("#")[2]))]

    def keep_page(self, notice_id: str, page: Page) -> Page:
        """Write who is on a page, unless that is written; return what is."""
        item = NoticePageItem(
            _partition(notice_id),
            _page_key(page.number),
            first=page.first,
            person_ids=list(page.person_ids),
            after=page.after,
        )
        try:
            item.save(NoticePageItem.pk.does_not_exist())
        except PutError as error:
            if not lost_the_race(error):
                raise
            return _page_of(NoticePageItem.get(item.pk, item.sk, consistent_read=True))
        return page

    def pages(self, notice_id: str, *, first: int = 0) -> Iterator[Page]:
        """Give the pages of a notice from this one on, in order."""
        within = NoticePageItem.sk.between(_page_key(first), "PAGE#~")
        for item in NoticePageItem.query(_partition(notice_id), within, consistent_read=True):
            yield _page_of(item)

    def advance(self, notice: Notice, *, pages: int) -> bool:
        """Write how far the fan-out is, if it is open and had ``pages`` behind it."""
        return _update(
            notice,
            [
                NoticeItem.stage.set(notice.stage.value),
                NoticeItem.pages.set(notice.pages),
                NoticeItem.recipients.set(notice.recipients),
                NoticeItem.moved_at.set(instant(notice.moved_at)),
                NoticeItem.late_by.set(notice.late_by // timedelta(seconds=1)),
                NoticeItem.after.set(notice.after) if notice.after else NoticeItem.after.remove(),
            ],
            (NoticeItem.stage == Stage.OPEN.value) & (NoticeItem.pages == pages),
        )

    def cancel(self, notice: Notice) -> bool:
        """Write that it is cancelled, unless it is."""
        return _update(
            notice,
            [
                NoticeItem.stage.set(Stage.CANCELLED.value),
                NoticeItem.cancelled_at.set(instant(notice.cancelled_at or notice.moved_at)),
                NoticeItem.cancelled_by.set(notice.cancelled_by or ""),
            ],
            NoticeItem.pk.exists() & (NoticeItem.stage != Stage.CANCELLED.value),
        )

    def close(self, notice: Notice) -> None:
        """Let go of the note that this one is to be fanned out."""
        OpenNoticeItem(*_open(notice)).delete()


class SqsFanOut:
    """Implements ``service.FanOutQueue``."""

    def __init__(self, url: str) -> None:
        self._url = url

    def put(self, notice_id: str, page: int) -> None:
        """Have this page of the notice done."""
        client("sqs").send_message(QueueUrl=self._url, MessageBody=json.dumps({"notice": notice_id, "page": page}))


def _update(notice: Notice, actions: list[object], condition: object) -> bool:
    try:
        NoticeItem(_partition(notice.id), "NOTICE").update(actions=actions, condition=condition)  # type: ignore[arg-type]
    except UpdateError as error:
        if lost_the_race(error):
            return False
        raise
    return True


def _partition(notice_id: str) -> str:
    return f"NOTICE#{notice_id}"


def _page_key(number: int) -> str:
    return f"PAGE#{number:05}"


def _listed(notice: Notice) -> tuple[str, str]:
    return f"NOTICES#{notice.programme_id}", f"{instant(notice.created_at)}#{notice.id}"


def _open(notice: Notice) -> tuple[str, str]:
    return OPEN, f"{instant(notice.begins_at)}#{notice.id}"


def _item_of(notice: Notice) -> NoticeItem:
    return NoticeItem(
        _partition(notice.id),
        "NOTICE",
        programme_id=notice.programme_id,
        texts=json.dumps(dict(notice.texts), ensure_ascii=False),
        at=instant(notice.at),
        states=sorted(notice.audience.states),
        languages=sorted(notice.audience.languages),
        by=notice.by,
        created_at=instant(notice.created_at),
        moved_at=instant(notice.moved_at),
        stage=notice.stage.value,
        pages=notice.pages,
        recipients=notice.recipients,
        after=notice.after,
        late_by=notice.late_by // timedelta(seconds=1),
        cancelled_at=instant(notice.cancelled_at) if notice.cancelled_at else None,
        cancelled_by=notice.cancelled_by,
    )


def _notice_of(item: NoticeItem) -> Notice:
    return Notice(
        id=item.pk.removeprefix("NOTICE#"),
        programme_id=item.programme_id,
        texts=json.loads(item.texts),
        at=datetime.fromisoformat(item.at),
        audience=Audience(
            states=frozenset(State(str(state)) for state in item.states),
            languages=frozenset(str(language) for language in item.languages),
        ),
        by=item.by,
        created_at=datetime.fromisoformat(item.created_at),
        moved_at=datetime.fromisoformat(item.moved_at),
        stage=Stage(item.stage),
        pages=int(item.pages),
        recipients=int(item.recipients),
        after=item.after,
        late_by=timedelta(seconds=int(item.late_by)),
        cancelled_at=datetime.fromisoformat(item.cancelled_at) if item.cancelled_at else None,
        cancelled_by=item.cancelled_by,
    )


def _page_of(item: NoticePageItem) -> Page:
    return Page(
        number=int(item.sk.removeprefix("PAGE#")),
        first=int(item.first),
        person_ids=tuple(str(person_id) for person_id in item.person_ids),
        after=item.after,
    )
