"""Reports in the table, and the queue of their job. The only place for their keys."""

import json
from collections.abc import Iterator
from datetime import date, datetime

from pynamodb.attributes import NumberAttribute, TTLAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError, UpdateError
from pynamodb.expressions.update import Action

from chalicelib.edge.aws import client
from chalicelib.edge.table import Item, lost_the_race
from chalicelib.outreach.store import instant
from chalicelib.reports.domain import KEPT_FOR, Period, Report, Stage
from chalicelib.reports.tally import Tally, read


class ReportItem(Item, discriminator="report"):
    """pk ``REPORT#{report}``, sk ``REPORT``: how far its job is, and at the end its figures, less what is withheld."""

    programme_id = UnicodeAttribute()
    first = UnicodeAttribute()
    last = UnicodeAttribute()
    by = UnicodeAttribute()
    created_at = UnicodeAttribute()
    moved_at = UnicodeAttribute()
    stage = UnicodeAttribute()
    pages = NumberAttribute()
    after = UnicodeAttribute(null=True)
    figures = UnicodeAttribute(null=True)


class ReportPageItem(Item, discriminator="report_page"):
    """pk ``REPORT#{report}``, sk ``PAGE#{number:05}``: what a page adds up to, until the report is there."""

    tally = UnicodeAttribute()
    after = UnicodeAttribute(null=True)
    expires_at = TTLAttribute()


class DynamoReports:
    """Implements ``service.Reports``."""

    def add(self, report: Report) -> Report:
        """Keep a new report, or return the one that is there."""
        try:
            _item_of(report).save(ReportItem.pk.does_not_exist())
        except PutError as error:
            found = self.find(report.id) if lost_the_race(error) else None
            if found is None:
                raise
            return found
        return report

    def find(self, report_id: str) -> Report | None:
        """Return it as it is now."""
        try:
            return _report_of(ReportItem.get(_partition(report_id), "REPORT", consistent_read=True))
        except ReportItem.DoesNotExist:
            return None

    def keep_page(self, report: Report, tally: Tally, *, after: str | None) -> tuple[Tally, str | None]:
        """Write what the next page adds up to, unless that is written; return what is."""
        item = ReportPageItem(
            _partition(report.id),
            f"PAGE#{report.pages:05}",
            tally=tally.written(),
            after=after,
            expires_at=report.created_at + KEPT_FOR,
        )
        try:
            item.save(ReportPageItem.pk.does_not_exist())
        except PutError as error:
            if not lost_the_race(error):
                raise
            kept = ReportPageItem.get(item.pk, item.sk, consistent_read=True)
            return read(kept.tally), kept.after
        return tally, after

    def pages(self, report_id: str) -> Iterator[Tally]:
        """Give what the pages that are written add up to."""
        for item in _pages(report_id):
            yield read(item.tally)

    def advance(self, report: Report, *, pages: int) -> bool:
        """Write how far the job is, if it is open and had ``pages`` behind it."""
        actions: list[Action] = [
            ReportItem.stage.set(report.stage.value),
            ReportItem.pages.set(report.pages),
            ReportItem.moved_at.set(instant(report.moved_at)),
            ReportItem.after.set(report.after) if report.after else ReportItem.after.remove(),
            *([ReportItem.figures.set(report.figures)] if report.figures else []),
        ]
        condition = (ReportItem.stage == Stage.OPEN.value) & (ReportItem.pages == pages)
        try:
            ReportItem(_partition(report.id), "REPORT").update(actions=actions, condition=condition)
        except UpdateError as error:
            if lost_the_race(error):
                return False
            raise
        return True

    def tidy(self, report_id: str) -> None:
        """Let the pages go."""
        for item in _pages(report_id):
            item.delete()


class SqsReports:
    """Implements ``service.ReportQueue``."""

    def __init__(self, url: str) -> None:
        self._url = url

    def put(self, report_id: str, page: int) -> None:
        """Have this page of the report done."""
        client("sqs").send_message(QueueUrl=self._url, MessageBody=json.dumps({"report": report_id, "page": page}))


def _pages(report_id: str) -> Iterator[ReportPageItem]:
    return iter(
        ReportPageItem.query(_partition(report_id), ReportPageItem.sk.startswith("PAGE#"), consistent_read=True)
    )


def _partition(report_id: str) -> str:
    return f"REPORT#{report_id}"


def _item_of(report: Report) -> ReportItem:
    return ReportItem(
        _partition(report.id),
        "REPORT",
        programme_id=report.programme_id,
        first=report.period.first.isoformat(),
        last=report.period.last.isoformat(),
        by=report.by,
        created_at=instant(report.created_at),
        moved_at=instant(report.moved_at),
        stage=report.stage.value,
        pages=report.pages,
        after=report.after,
        figures=report.figures,
    )


def _report_of(item: ReportItem) -> Report:
    return Report(
        id=item.pk.removeprefix("REPORT#"),
        programme_id=item.programme_id,
        period=Period(first=date.fromisoformat(item.first), last=date.fromisoformat(item.last)),
        by=item.by,
        created_at=datetime.fromisoformat(item.created_at),
        moved_at=datetime.fromisoformat(item.moved_at),
        stage=Stage(item.stage),
        pages=int(item.pages),
        after=item.after,
        figures=item.figures,
    )
