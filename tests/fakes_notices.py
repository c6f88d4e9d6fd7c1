"""A fake per port of notices: the contract suite runs on these and on the table."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from chalicelib.enrollment.domain import Member
from chalicelib.enrollment.episodes import State
from chalicelib.notices.domain import Notice
from chalicelib.outreach.domain import Due
from chalicelib.outreach.fanning import Page, Stage


@dataclass
class FakeNotices:
    kept: dict[str, Notice] = field(default_factory=dict)
    open: set[tuple[datetime, str]] = field(default_factory=set)
    written: dict[tuple[str, int], Page] = field(default_factory=dict)

    def add(self, notice: Notice) -> Notice:
        if notice.id not in self.kept:
            self.kept[notice.id] = notice
            self.open.add((notice.begins_at, notice.id))
        return self.kept[notice.id]

    def find(self, notice_id: str) -> Notice | None:
        return self.kept.get(notice_id)

    def of_programme(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Notice], str | None]:
        keys = {
            f"{notice.created_at:%Y-%m-%dT%H:%M:%SZ}#{notice.id}": notice
            for notice in self.kept.values()
            if notice.programme_id == programme_id
        }
        beyond = [key for key in sorted(keys, reverse=True) if after is None or key < after]
        return [keys[key] for key in beyond[:limit]], beyond[limit - 1] if len(beyond) > limit else None

    def begun(self, *, by: datetime) -> list[Notice]:
        return [self.kept[notice_id] for at, notice_id in sorted(self.open) if at <= by]

    def keep_page(self, notice_id: str, page: Page) -> Page:
        return self.written.setdefault((notice_id, page.number), page)

    def pages(self, notice_id: str, *, first: int = 0) -> Iterator[Page]:
        for (of, number), page in sorted(self.written.items()):
            if of == notice_id and number >= first:
                yield page

    def advance(self, notice: Notice, *, pages: int) -> bool:
        present = self.kept[notice.id]
        if present.stage is not Stage.OPEN or present.pages != pages:
            return False
        self.kept[notice.id] = replace(
            present,
            stage=notice.stage,
            pages=notice.pages,
            recipients=notice.recipients,
            after=notice.after,
            moved_at=notice.moved_at,
            late_by=notice.late_by,
        )
        return True

    def cancel(self, notice: Notice) -> bool:
        present = self.kept.get(notice.id)
        if present is None or present.stage is Stage.CANCELLED:
            return False
        self.kept[notice.id] = replace(
            present, stage=Stage.CANCELLED, cancelled_at=notice.cancelled_at, cancelled_by=notice.cancelled_by
        )
        return True

    def close(self, notice: Notice) -> None:
        self.open.discard((notice.begins_at, notice.id))


@dataclass(frozen=True, slots=True, kw_only=True)
class SomeMember:
    """Somebody on a programme's list."""

    person_id: str
    state: State = State.ACTIVE
    language: str = "en"
    joined_at: datetime | None = None


def a_member(member: SomeMember, *, programme: str) -> Member:
    """Return the same person as enrolment lists them."""
    return Member(
        person_id=member.person_id,
        programme_id=programme,
        external_id=f"TBH-{member.person_id}",
        given_name="Ana",
        family_name="Quintero",
        preferred_name=None,
        state=member.state,
        number=1,
        zone="America/New_York",
        language=member.language,
        joined_at=member.joined_at,
    )


@dataclass
class FakeMembers:
    people: dict[str, SomeMember] = field(default_factory=dict)

    def join(self, *members: SomeMember) -> None:
        self.people |= {member.person_id: member for member in members}

    def members(
        self,
        programme_id: str,  # noqa: ARG002 (the port's; one programme is enough here)
        *,
        after: str | None,
        limit: int,
    ) -> tuple[Sequence[SomeMember], str | None]:
        beyond = [person_id for person_id in sorted(self.people) if after is None or person_id > after]
        page = [self.people[person_id] for person_id in beyond[:limit]]
        return page, beyond[limit - 1] if len(beyond) > limit else None


@dataclass
class DueRows:
    """
    Due rows as the table keeps them: one per instant, person, kind and version, however often they are put.

    ``looked_from`` is the instant before which nobody looks any more: a row there would never come.
    """

    looked_from: datetime | None = None
    rows: dict[tuple[datetime, str, str, int], Due] = field(default_factory=dict)
    puts: int = 0

    def put(self, dues: Iterable[Due]) -> None:
        for due in dues:
            self.puts += 1
            assert self.looked_from is None or due.at >= self.looked_from
            self.rows[due.at, due.person_id, due.kind, due.version] = due


@dataclass
class FakeFanOutQueue:
    messages: list[tuple[str, int]] = field(default_factory=list)

    def put(self, notice_id: str, page: int) -> None:
        self.messages.append((notice_id, page))
