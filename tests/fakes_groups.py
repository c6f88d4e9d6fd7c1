"""A fake per port of groups: the contract suite runs on these and on the table."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from chalicelib.errors import Stale
from chalicelib.groups.bells import Bell
from chalicelib.groups.domain import MOST_MEMBERS, Former, Group, GroupFull, Member
from chalicelib.groups.presence import Came
from chalicelib.groups.series import Series
from chalicelib.outreach.fanning import Page, Stage


@dataclass
class FakeLooks:
    rows: set[tuple[datetime, str]] = field(default_factory=set)

    def coming(self, *, by: datetime, limit: int) -> list[tuple[datetime, str]]:
        return sorted(row for row in self.rows if row[0] <= by)[:limit]

    def put(self, at: datetime, series_id: str) -> None:
        self.rows.add((at.replace(microsecond=0), series_id))

    def remove(self, at: datetime, series_id: str) -> None:
        self.rows.discard((at.replace(microsecond=0), series_id))


@dataclass
class FakeGroups:
    looks: FakeLooks = field(default_factory=FakeLooks)
    kept: dict[str, Group] = field(default_factory=dict)
    all_series: dict[str, Series] = field(default_factory=dict)

    def find(self, group_id: str) -> Group | None:
        return self.kept.get(group_id)

    def of_programme(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Group], str | None]:
        ids = sorted(one.id for one in self.kept.values() if one.programme_id == programme_id)
        beyond = [one for one in ids if after is None or one > after]
        return [self.kept[one] for one in beyond[:limit]], beyond[limit - 1] if len(beyond) > limit else None

    def add(self, group: Group) -> Group:
        return self.kept.setdefault(group.id, group)

    def save(self, group: Group) -> None:
        if group.id not in self.kept or self.kept[group.id].version != group.version:
            raise Stale("this was changed meanwhile")
        self.kept[group.id] = replace(group, version=group.version + 1)

    def series(self, series_id: str) -> Series | None:
        return self.all_series.get(series_id)

    def add_series(self, series: Series, group: Group, *, look_at: datetime | None) -> None:
        self.save(group)
        self.all_series[series.id] = series
        if look_at:
            self.looks.put(look_at, series.id)

    def save_series(self, series: Series, *, look_at: datetime | None) -> None:
        if self.all_series[series.id].version != series.version - 1:
            raise Stale("this was changed meanwhile")
        self.all_series[series.id] = series
        if look_at:
            self.looks.put(look_at, series.id)


@dataclass
class FakeMembers:
    rows: dict[str, dict[str, Member]] = field(default_factory=dict)
    gone: dict[tuple[str, str], Former] = field(default_factory=dict)

    def find(self, group_id: str, recipient_id: str) -> Member | None:
        return self.rows.get(group_id, {}).get(recipient_id)

    def of_group(self, group_id: str, *, after: str | None, limit: int) -> tuple[list[Member], str | None]:
        rows = self.rows.get(group_id, {})
        beyond = [one for one in sorted(rows) if after is None or one > after]
        return [rows[one] for one in beyond[:limit]], beyond[limit - 1] if len(beyond) > limit else None

    def groups_of(self, recipient_id: str) -> list[str]:
        return sorted(group_id for group_id, rows in self.rows.items() if recipient_id in rows)

    def size(self, group_id: str) -> int:
        return len(self.rows.get(group_id, {}))

    def join(self, member: Member) -> bool:
        rows = self.rows.setdefault(member.group_id, {})
        if member.recipient_id in rows:
            return False
        if len(rows) >= MOST_MEMBERS:
            raise GroupFull("this group is full")
        rows[member.recipient_id] = member
        return True

    def leave(self, group_id: str, recipient_id: str, *, at: datetime) -> bool:
        if self.rows.get(group_id, {}).pop(recipient_id, None) is None:
            return False
        self.gone[group_id, recipient_id] = Former(group_id=group_id, recipient_id=recipient_id, left_at=at)
        return True

    def left_at(self, group_id: str, recipient_id: str) -> datetime | None:
        found = self.gone.get((group_id, recipient_id))
        return found.left_at if found else None

    def former(self, group_id: str) -> list[Former]:
        found = [one for one in self.gone.values() if one.group_id == group_id]
        return sorted(found, key=lambda one: (one.left_at, one.recipient_id), reverse=True)

    def save(self, member: Member) -> bool:
        present = self.find(member.group_id, member.recipient_id)
        if present is None or present.version != member.version:
            return False
        self.rows[member.group_id][member.recipient_id] = replace(member, version=member.version + 1)
        return True


@dataclass
class FakeBells:
    kept: dict[str, Bell] = field(default_factory=dict)
    open: set[tuple[datetime, str]] = field(default_factory=set)
    written: dict[tuple[str, int], Page] = field(default_factory=dict)

    def add(self, bell: Bell) -> None:
        if bell.id not in self.kept:
            self.kept[bell.id] = bell
            self.open.add((bell.begins_at, bell.id))

    def find(self, bell_id: str) -> Bell | None:
        return self.kept.get(bell_id)

    def begun(self, *, by: datetime) -> list[Bell]:
        return [self.kept[bell_id] for at, bell_id in sorted(self.open) if at <= by]

    def keep_page(self, bell_id: str, page: Page) -> Page:
        return self.written.setdefault((bell_id, page.number), page)

    def pages(self, bell_id: str, *, first: int = 0) -> Iterator[Page]:
        for (of, number), page in sorted(self.written.items()):
            if of == bell_id and number >= first:
                yield page

    def advance(self, bell: Bell, *, pages: int) -> bool:
        present = self.kept[bell.id]
        if present.stage is not Stage.OPEN or present.pages != pages:
            return False
        self.kept[bell.id] = bell
        return True

    def close(self, bell: Bell) -> None:
        self.open.discard((bell.begins_at, bell.id))


@dataclass
class FakePresences:
    rows: dict[tuple[str, str], Came] = field(default_factory=dict)

    def of_meeting(self, meeting_id: str, recipient_ids: Iterable[str]) -> dict[str, Came]:
        found = {one: self.rows.get((one, meeting_id)) for one in recipient_ids}
        return {one: came for one, came in found.items() if came}

    def of_member(self, recipient_id: str, *, first: date, limit: int) -> list[Came]:
        found = [came for (one, _), came in self.rows.items() if one == recipient_id and came.at.date() >= first]
        return sorted(found, key=lambda came: came.at, reverse=True)[:limit]

    def save(self, came: Came) -> bool:
        key = came.recipient_id, came.meeting_id
        if (self.rows[key].version if key in self.rows else 0) != came.version:
            return False
        self.rows[key] = replace(came, version=came.version + 1)
        return True
