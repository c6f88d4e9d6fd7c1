"""A roster's import from upload to progress, on the fakes and on the table; it may die and begin again anywhere."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.enrollment.changing import Marker
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.import_store import DynamoImports
from chalicelib.enrollment.imports import (
    Import,
    NoSuchImport,
    Progress,
    Result,
    find_import,
    import_chunk,
    progress_of,
    resume_import,
    start_import,
)
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.roster import Finding, Notice
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.enrollment.upload import COLUMNS
from tests.fakes_enrollment import FakeImportQueue, FakeImports, FakePeople, FakeProgrammes, Ids

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
WHOLE = (Path(__file__).parents[1] / "data" / "roster.csv").read_bytes()
PROGRAMMES = ("iop-couples", "iop-evening", "iop-morning", "iop-young-adult")
REFUSED = [13, 25, 39, 54, 70, 83, 99, 115, 133, 151, 168]
BEGINNING = b"".join(WHOLE.splitlines(keepends=True)[:40])
"""moto copies all of its tables for each transaction: the whole roster is for the fakes, and the emulator."""


class Importer:
    """Everything that an import touches."""

    def __init__(self, *, fake: bool) -> None:
        self.programmes = FakeProgrammes() if fake else DynamoProgrammes()
        self.people = FakePeople() if fake else DynamoPeople()
        self.imports = FakeImports() if fake else DynamoImports()
        self.queue = FakeImportQueue()
        self.new_id = Ids()
        for programme_id in PROGRAMMES:
            self.programmes.add(Programme(id=programme_id, name=programme_id))

    def upload(self, roster: bytes, *, at: datetime = NOW) -> Import:
        return start_import(
            roster,
            by="admin-sub",
            programme_ids=PROGRAMMES,
            now=at,
            imports=self.imports,
            queue=self.queue,
            new_id=self.new_id,
        )

    def work(self, *, at: datetime = NOW) -> None:
        for import_id, chunk in self.queue.messages:
            self.chunk(import_id, chunk, at=at)
        self.queue.messages.clear()

    def chunk(self, import_id: str, chunk: int, *, at: datetime = NOW) -> Result | None:
        return import_chunk(
            import_id,
            chunk,
            now=at,
            people=self.people,
            programmes=self.programmes,
            imports=self.imports,
            new_id=self.new_id,
        )

    def run(self, roster: bytes, *, at: datetime = NOW) -> Progress:
        job = self.upload(roster, at=at)
        self.work(at=at)
        return progress_of(job, imports=self.imports)

    def record(self, external_id: str) -> Record:
        found = self.people.record(self.people.markers([external_id])[external_id].person_id)
        assert found is not None
        return found


@pytest.fixture(params=["fake", "table"])
def importer(request: pytest.FixtureRequest) -> Importer:
    if request.param == "table":
        request.getfixturevalue("aws")
    return Importer(fake=request.param == "fake")


def roster(*changes: dict[str, str]) -> bytes:
    row = {
        "external_id": "A-1",
        "given_name": "Ana",
        "family_name": "Lee",
        "email": "ana@example.com",
        "time_zone": "America/New_York",
        "language": "en",
        "programme": "iop-evening",
        "admitted_on": "2026-11-01",
        "check_in_time": "09:00",
        "check_in_days": "daily",
        "email_consent": "yes",
        "push_consent": "no",
        "detail_level": "discreet",
        "status": "active",
    }
    rows = [",".join({**row, **change}.get(name, "") for name in COLUMNS) for change in changes]
    return "\r\n".join([",".join(COLUMNS), *rows, ""]).encode()


def test_the_shipped_roster_comes_in_but_for_the_rows_that_its_readme_names() -> None:
    importer = Importer(fake=True)

    progress = importer.run(WHOLE)

    found, end = importer.imports.findings(progress.of.id, refused=True, after=0, limit=100)
    assert (progress.is_done, progress.of.rows, progress.of.chunks) == (True, 240, 1)
    assert (progress.result.enrolled, progress.result.refused) == (229, 11)
    assert [finding.line for finding in found] == REFUSED
    assert end is None
    assert progress.says == (
        "229 enrolled, 0 unchanged, 0 on record with other details and left as they are, 11 refused."
    )


def test_a_second_import_of_the_same_roster_changes_nothing_and_says_so(importer: Importer) -> None:
    importer.run(BEGINNING)
    before = importer.record("TBH-10400")

    progress = importer.run(BEGINNING, at=NOW + timedelta(days=1))

    assert progress.result == Result(unchanged=36, refused=3)
    assert progress.says == "Nothing changed: 36 rows say what is on record, 3 were refused."
    assert importer.record("TBH-10400") == before


def test_a_row_that_says_something_else_is_listed_and_not_taken(importer: Importer) -> None:
    importer.run(roster({}))
    before = importer.record("A-1")

    changed = {"given_name": "Anna", "email_consent": "no", "check_in_time": "09:15", "email": "other@example.com"}
    progress = importer.run(roster(changed), at=NOW + timedelta(hours=1))

    found, _ = importer.imports.findings(progress.of.id, refused=False, after=0, limit=9)
    assert progress.result == Result(differs=1)
    assert [finding.column for finding in found] == ["given_name", "email", "check_in_time", "email_consent"]
    assert {finding.notice for finding in found} == {Notice.DIFFERS}
    assert importer.record("A-1") == before


class _Died(BaseException):
    pass


class _Dying:
    """People, until the process dies right after it wrote so many of them."""

    def __init__(self, people: FakePeople | DynamoPeople, survives: int) -> None:
        self._people = people
        self._left = survives

    def __getattr__(self, name: str) -> Callable[..., object]:
        call: Callable[..., object] = getattr(self._people, name)

        def passed(*args: object, **kwargs: object) -> object:
            result = call(*args, **kwargs)
            if name == "write":
                self._left -= 1
                if self._left == 0:
                    raise _Died
            return result

        return passed


@pytest.mark.parametrize("survives", [1, 3, 5])
def test_a_chunk_that_died_counts_right_when_it_begins_again(importer: Importer, survives: int) -> None:
    rows = [{"external_id": f"A-{number}"} for number in range(1, 6)]
    job = importer.upload(roster(*rows, {"external_id": "A-6", "email": "nowhere"}, {"external_id": "A-1"}))

    with pytest.raises(_Died):
        import_chunk(
            job.id,
            0,
            now=NOW,
            people=_Dying(importer.people, survives),  # type: ignore[arg-type]
            programmes=importer.programmes,
            imports=importer.imports,
            new_id=importer.new_id,
        )
    importer.work(at=NOW + timedelta(minutes=2))

    assert progress_of(job, imports=importer.imports).result == Result(enrolled=5, refused=2)


def test_a_message_that_comes_twice_counts_once(importer: Importer) -> None:
    job = importer.upload(roster({}))

    first, second = importer.chunk(job.id, 0), importer.chunk(job.id, 0)

    assert first == Result(enrolled=1)
    assert second is None
    assert progress_of(job, imports=importer.imports).result == Result(enrolled=1)


class _Blind:
    """People whose first look at who is there comes too early."""

    def __init__(self, people: FakePeople | DynamoPeople) -> None:
        self._people = people
        self._blind = True

    def __getattr__(self, name: str) -> Callable[..., object]:
        call: Callable[..., object] = getattr(self._people, name)
        return call

    def markers(self, external_ids: Iterable[str]) -> Mapping[str, Marker]:
        if self._blind:
            self._blind = False
            return {}
        return self._people.markers(external_ids)


def test_two_workers_on_one_chunk_at_once_enrol_nobody_twice(importer: Importer) -> None:
    job = importer.upload(roster({}))
    again = importer.upload(roster({}))
    importer.chunk(job.id, 0)

    result = import_chunk(
        again.id,
        0,
        now=NOW,
        people=_Blind(importer.people),  # type: ignore[arg-type]
        programmes=importer.programmes,
        imports=importer.imports,
        new_id=importer.new_id,
    )

    assert result == Result(unchanged=1)


def test_a_result_that_is_there_already_is_kept(importer: Importer) -> None:
    job = importer.upload(roster({}))
    importer.chunk(job.id, 0)

    importer.imports.finish(job.id, 0, Result(refused=9), [])

    assert progress_of(job, imports=importer.imports).result == Result(enrolled=1)


def test_rows_are_imported_in_chunks_and_progress_is_told(importer: Importer) -> None:
    job = importer.upload(roster(*({"external_id": f"A-{number}"} for number in range(501))))

    importer.chunk(job.id, 2)

    progress = progress_of(job, imports=importer.imports)
    assert (job.chunks, progress.chunks_done, progress.is_done) == (3, 1, False)
    assert progress.says == "1 of 501 rows are done."


def test_an_import_that_got_stuck_is_resumed(importer: Importer) -> None:
    job = importer.upload(roster({}))
    importer.queue.messages.clear()

    resume_import(job, imports=importer.imports, queue=importer.queue)
    importer.work()
    resume_import(job, imports=importer.imports, queue=importer.queue)

    assert importer.queue.messages == []
    assert progress_of(job, imports=importer.imports).is_done


def test_findings_come_in_pages_by_row(importer: Importer) -> None:
    job = importer.upload(roster(*({"external_id": f"A-{number}", "email": "?"} for number in range(9))))
    importer.work()

    pages: list[list[int]] = []
    after: int | None = 0
    while after is not None:
        found, after = importer.imports.findings(job.id, refused=True, after=after, limit=4)
        pages.append([finding.line for finding in found])

    assert pages == [[2, 3, 4, 5], [6, 7, 8, 9], [10]]


def test_what_staff_should_know_of_is_kept_and_counted(importer: Importer) -> None:
    progress = importer.run(roster({"status": "alumni", "check_in_time": "07:30"}))

    found, _ = importer.imports.findings(progress.of.id, refused=False, after=0, limit=9)
    assert progress.result.notices == {"alumni_without_consent": 1, "quiet_hours": 1}
    assert found[1] == Finding(
        line=2,
        column="check_in_time",
        reason="is in quiet hours: will be sent when they end, at 08:00",
        notice=Notice.QUIET_HOURS,
    )


def test_an_import_is_seen_by_whom_it_belongs_to(importer: Importer) -> None:
    job = importer.upload(roster({}))

    assert find_import(job.id, by="admin-sub", programme_ids=[], imports=importer.imports) == job
    assert find_import(job.id, by="other", programme_ids=["iop-evening"], imports=importer.imports) == job
    for import_id, programme_ids in ((job.id, ["iop-morning"]), ("0" * 32, ["iop-evening"])):
        with pytest.raises(NoSuchImport):
            find_import(import_id, by="other", programme_ids=programme_ids, imports=importer.imports)


def test_a_chunk_of_no_import_is_said_to_be_missing(importer: Importer) -> None:
    with pytest.raises(NoSuchImport):
        importer.chunk("0" * 32, 0)
