"""In-memory enrollment ports. tests/contract runs one suite on these and on the table, so that they can't lie."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.enrollment.changing import Change, Marker, after
from chalicelib.enrollment.channels import Channel
from chalicelib.enrollment.domain import AlreadyEnrolled, Member, Record, SignInTaken, member_of, recipient_of
from chalicelib.enrollment.episodes import former_programmes
from chalicelib.enrollment.imports import Import, Result
from chalicelib.enrollment.programmes import Programme, ProgrammeExists
from chalicelib.enrollment.roster import Finding
from chalicelib.enrollment.upload import Line
from chalicelib.errors import Stale
from chalicelib.outreach.domain import Due, Recipient
from chalicelib.privacy.domain import Caseload, PersonStanding


@dataclass
class FakeProgrammes:
    kept: dict[str, Programme] = field(default_factory=dict)

    def find(self, programme_id: str) -> Programme | None:
        return self.kept.get(programme_id)

    def several(self, programme_ids: Iterable[str]) -> list[Programme]:
        return [self.kept[key] for key in sorted(set(programme_ids)) if key in self.kept]

    def add(self, programme: Programme) -> None:
        if programme.id in self.kept:
            raise ProgrammeExists("there is a programme of this name already")
        self.kept[programme.id] = programme

    def save(self, programme: Programme) -> None:
        if self.kept[programme.id].version != programme.version - 1:
            raise Stale("the programme was changed meanwhile")
        self.kept[programme.id] = programme


@dataclass
class FakePeople:
    programmes: FakeProgrammes = field(default_factory=FakeProgrammes)
    records: dict[str, Record] = field(default_factory=dict)
    external: dict[str, Marker] = field(default_factory=dict)
    sign_ins: dict[str, str] = field(default_factory=dict)
    lists: dict[tuple[str, str], Member] = field(default_factory=dict)
    dues: list[Due] = field(default_factory=list)

    def record(self, person_id: str) -> Record | None:
        return self.records.get(person_id)

    def write(self, change: Change) -> None:
        person = change.person
        present = self.records.get(person.id)
        if change.marker:
            if person.external_id in self.external or present:
                raise AlreadyEnrolled("this external id is someone's already")
            present = Record(person=person, episodes=())
            self.external[person.external_id] = change.marker
        elif present is None or present.person.version != person.version - 1:
            raise Stale("the record was changed meanwhile")
        if change.sign_in:
            if self.sign_ins.get(change.sign_in, person.id) != person.id:
                raise SignInTaken("this account is another person's sign-in")
            self.sign_ins[change.sign_in] = person.id
        if change.no_sign_in:
            self.sign_ins.pop(change.no_sign_in, None)
        record = after(present, change)
        self.records[person.id] = replace(record, consents=tuple(sorted(record.consents, key=lambda row: row.id)))
        self.lists[change.episode.programme_id, person.id] = member_of(person, change.episode)
        self.dues += change.dues

    def markers(self, external_ids: Iterable[str]) -> Mapping[str, Marker]:
        return {key: self.external[key] for key in external_ids if key in self.external}

    def members(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Member], str | None]:
        keys = sorted(f"MEMBER#{person}" for programme, person in self.lists if programme == programme_id)
        beyond = [key for key in keys if key > (after or "")]
        page = [self.lists[programme_id, key.removeprefix("MEMBER#")] for key in beyond[:limit]]
        return page, beyond[limit - 1] if len(beyond) > limit else None

    def channel_is_gone(
        self, person_id: str, channel_id: str, *, why: str, now: datetime, revision: int | None = None
    ) -> None:
        channel = self._channel(person_id, channel_id, revision)
        if channel and channel.gone_at is None:
            self._touch(person_id, channel_id, gone_at=now, gone_why=why)

    def no_list_mail(self, person_id: str, channel_id: str, *, revision: int, now: datetime) -> None:
        channel = self._channel(person_id, channel_id, revision)
        if channel and channel.complained_at is None:
            self._touch(person_id, channel_id, complained_at=now)

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:
        record = self.records.get(person_id)
        if record is None:
            return None
        programme = self.programmes.find(record.episode.programme_id)
        return recipient_of(record, programme or Programme(id="gone", name="gone"), at=now)

    def load_all(self, person_ids: Iterable[str], *, now: datetime) -> dict[str, Recipient | Exception]:
        found = {person_id: self.load(person_id, now=now) for person_id in person_ids}
        return {person_id: recipient for person_id, recipient in found.items() if recipient}

    def of_person(self, person_id: str, *, now: datetime) -> PersonStanding | None:
        record = self.records.get(person_id)
        if record is None:
            return None
        return PersonStanding(
            programmes=frozenset(episode.programme_id for episode in record.episodes),
            former=former_programmes(record.episodes),
            care_team=frozenset(carer.subject for carer in record.care_team),
            consents={scope: row.id for scope, row in record.live_consents(at=now).items()},
        )

    def person_of(self, subject: str) -> str | None:
        return self.sign_ins.get(subject)

    def programme(self, programme_id: str) -> Caseload | None:
        programme = self.programmes.find(programme_id)
        return programme.caseload if programme else None

    def _channel(self, person_id: str, channel_id: str, revision: int | None) -> Channel | None:
        record = self.records.get(person_id)
        return next(
            (
                channel
                for channel in (record.channels if record else ())
                if channel.id == channel_id and revision in {None, channel.revision}
            ),
            None,
        )

    def _touch(self, person_id: str, channel_id: str, **changes: object) -> bool:
        record = self.records.get(person_id)
        if record is None or all(channel.id != channel_id for channel in record.channels):
            return False
        channels = tuple(
            replace(channel, **changes) if channel.id == channel_id else channel  # type: ignore[arg-type]
            for channel in record.channels
        )
        self.records[person_id] = replace(record, channels=channels)
        return True


@dataclass
class Ids:
    """Gives ids in order: 32 hexadecimal characters."""

    given: int = 0

    def __call__(self) -> str:
        self.given += 1
        return f"{self.given:032x}"


@dataclass
class FakeImports:
    jobs: dict[str, Import] = field(default_factory=dict)
    rows: dict[tuple[str, int], list[Line]] = field(default_factory=dict)
    done: dict[tuple[str, int], Result] = field(default_factory=dict)
    found: dict[str, dict[tuple[bool, int], list[Finding]]] = field(default_factory=dict)

    def add(self, job: Import, chunks: list[list[Line]], *, until: datetime) -> None:  # noqa: ARG002 (the port's)
        self.jobs[job.id] = job
        self.rows.update({(job.id, number): lines for number, lines in enumerate(chunks)})

    def find(self, import_id: str) -> Import | None:
        return self.jobs.get(import_id)

    def lines(self, import_id: str, chunk: int) -> list[Line] | None:
        return self.rows.get((import_id, chunk))

    def results(self, import_id: str) -> list[Result]:
        return [result for (job, _), result in sorted(self.done.items()) if job == import_id]

    def is_done(self, import_id: str, chunk: int) -> bool:
        return (import_id, chunk) in self.done

    def finish(self, import_id: str, chunk: int, result: Result, findings: list[Finding]) -> None:
        kept = self.found.setdefault(import_id, {})
        lines = {(finding.notice is None, finding.line) for finding in findings}
        for refused, line in lines:
            kept[refused, line] = [
                finding for finding in findings if (finding.notice is None, finding.line) == (refused, line)
            ]
        self.done.setdefault((import_id, chunk), result)
        self.rows.pop((import_id, chunk), None)

    def findings(self, import_id: str, *, refused: bool, after: int, limit: int) -> tuple[list[Finding], int | None]:
        kept = self.found.get(import_id, {})
        lines = sorted(line for kind, line in kept if kind is refused and line > after)
        found = [finding for line in lines[:limit] for finding in kept[refused, line]]
        return found, lines[limit - 1] if len(lines) > limit else None


@dataclass
class FakeImportQueue:
    messages: list[tuple[str, int]] = field(default_factory=list)

    def put(self, import_id: str, chunks: int) -> None:
        self.messages += [(import_id, chunk) for chunk in range(chunks)]
