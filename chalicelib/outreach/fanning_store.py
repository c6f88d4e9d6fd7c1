"""What is fanned out, and who is on its pages, in the table; and the queue of the fan-out. Slices add their own."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar, Generic

from pynamodb.attributes import ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError, UpdateError

from chalicelib.edge.aws import client
from chalicelib.edge.table import Item, lost_the_race
from chalicelib.outreach.fanning import FanOut, FanOutT, Page, Stage
from chalicelib.outreach.store import instant


class FanOutItem(Item):
    """How far something is that is fanned out; pk ``{name}#{id}``, sk ``{name}``, by the slice whose it is."""

    at = UnicodeAttribute()
    created_at = UnicodeAttribute()
    moved_at = UnicodeAttribute()
    stage = UnicodeAttribute()
    pages = NumberAttribute()
    recipients = NumberAttribute()
    after = UnicodeAttribute(null=True)
    late_by = NumberAttribute(default=0)


class FanOutPageItem(Item, discriminator="notice_page"):
    """pk ``{name}#{id}``, sk ``PAGE#{number:05}``: who is on a page, written once."""

    first = NumberAttribute()
    person_ids = ListAttribute(of=UnicodeAttribute)
    after = UnicodeAttribute(null=True)


class OpenFanOutItem(Item, discriminator="open_notice"):
    """pk ``{names}#OPEN``, sk ``{instant}#{id}``: to be fanned out from this instant on; goes once that is done."""


class DynamoFanOuts(ABC, Generic[FanOutT]):
    """Implements ``fanning.FanOuts`` for one sort: its item, what keys begin with, and the list of what has begun."""

    item: ClassVar[type[FanOutItem]]
    name: ClassVar[str]
    open_list: ClassVar[str]

    @abstractmethod
    def read(self, item: Any) -> FanOutT:  # noqa: ANN401 (the sort's own item)
        """Return what an item holds."""

    def find(self, fan_out_id: str, /) -> FanOutT | None:
        """Return it as it is now."""
        try:
            return self.read(self.item.get(self._partition(fan_out_id), self.name, consistent_read=True))
        except self.item.DoesNotExist:
            return None

    def begun(self, *, by: datetime) -> list[FanOutT]:
        """Return those that began by this instant and aren't known to be over."""
        listed = OpenFanOutItem.query(self.open_list, OpenFanOutItem.sk < f"{instant(by)}~")
        return [one for item in listed if (one := self.find(item.sk.partition("#")[2]))]

    def keep_page(self, fan_out_id: str, page: Page, /) -> Page:
        """Write who is on a page, unless that is written; return what is."""
        item = FanOutPageItem(
            self._partition(fan_out_id),
            _page_key(page.number),
            first=page.first,
            person_ids=list(page.person_ids),
            after=page.after,
        )
        try:
            item.save(FanOutPageItem.pk.does_not_exist())
        except PutError as error:
            if not lost_the_race(error):
                raise
            return _page_of(FanOutPageItem.get(item.pk, item.sk, consistent_read=True))
        return page

    def pages(self, fan_out_id: str, /, *, first: int = 0) -> Iterator[Page]:
        """Give the pages from this one on, in order."""
        within = FanOutPageItem.sk.between(_page_key(first), "PAGE#~")
        for item in FanOutPageItem.query(self._partition(fan_out_id), within, consistent_read=True):
            yield _page_of(item)

    def advance(self, fan_out: FanOutT, /, *, pages: int) -> bool:
        """Write how far it is, if it is open and had ``pages`` behind it."""
        kind = self.item
        return self.update(
            fan_out,
            [
                kind.stage.set(fan_out.stage.value),
                kind.pages.set(fan_out.pages),
                kind.recipients.set(fan_out.recipients),
                kind.moved_at.set(instant(fan_out.moved_at)),
                kind.late_by.set(fan_out.late_by // timedelta(seconds=1)),
                kind.after.set(fan_out.after) if fan_out.after else kind.after.remove(),
            ],
            (kind.stage == Stage.OPEN.value) & (kind.pages == pages),
        )

    def close(self, fan_out: FanOutT, /) -> None:
        """Let go of the note that this one is to be fanned out."""
        self.noted(fan_out).delete()

    def noted(self, fan_out: FanOutT) -> OpenFanOutItem:
        """Return the note that it is to be fanned out, to be written together with it."""
        return OpenFanOutItem(self.open_list, f"{instant(fan_out.begins_at)}#{fan_out.id}")

    def update(self, fan_out: FanOutT, actions: list[object], condition: object) -> bool:
        """Change what is stored of it; False if the condition does not hold."""
        try:
            self.item(self._partition(fan_out.id), self.name).update(actions=actions, condition=condition)  # type: ignore[arg-type]
        except UpdateError as error:
            if lost_the_race(error):
                return False
            raise
        return True

    def _partition(self, fan_out_id: str) -> str:
        return f"{self.name}#{fan_out_id}"


class SqsFanOut:
    """Implements ``fanning.FanOutQueue`` for one ``sort``: the word by which its messages name what they are about."""

    def __init__(self, url: str, sort: str) -> None:
        self._url = url
        self._sort = sort

    def put(self, fan_out_id: str, page: int, /) -> None:
        """Have this page of it done."""
        client("sqs").send_message(QueueUrl=self._url, MessageBody=json.dumps({self._sort: fan_out_id, "page": page}))


def progress_of(fan_out: FanOut) -> dict[str, Any]:
    """Return what an item keeps of how far it is."""
    return {
        "at": instant(fan_out.at),
        "created_at": instant(fan_out.created_at),
        "moved_at": instant(fan_out.moved_at),
        "stage": fan_out.stage.value,
        "pages": fan_out.pages,
        "recipients": fan_out.recipients,
        "after": fan_out.after,
        "late_by": fan_out.late_by // timedelta(seconds=1),
    }


def progress_in(item: FanOutItem) -> dict[str, Any]:
    """Return how far it is, as an item keeps it."""
    return {
        "at": datetime.fromisoformat(item.at),
        "created_at": datetime.fromisoformat(item.created_at),
        "moved_at": datetime.fromisoformat(item.moved_at),
        "stage": Stage(item.stage),
        "pages": int(item.pages),
        "recipients": int(item.recipients),
        "after": item.after,
        "late_by": timedelta(seconds=int(item.late_by)),
    }


def _page_key(number: int) -> str:
    return f"PAGE#{number:05}"


def _page_of(item: FanOutPageItem) -> Page:
    return Page(
        number=int(item.sk.removeprefix("PAGE#")),
        first=int(item.first),
        person_ids=tuple(str(person_id) for person_id in item.person_ids),
        after=item.after,
    )
