"""Builders of rotas, and in-memory ones. tests/contract runs one suite on these and on the table."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from chalicelib.crisis.duty import Tier
from chalicelib.crisis.rota import Cover, Rota, Shift, Span
from chalicelib.crisis.rota_store import DynamoRotas
from chalicelib.crisis.rota_watch import Looked
from chalicelib.enrollment.channels import Channel
from chalicelib.errors import Stale
from chalicelib.outreach.domain import ChannelKind, Due
from chalicelib.outreach.recurrence import DAYS
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Member
from chalicelib.staff.store import DynamoStaff
from tests.build import NEW_YORK, utc

MONDAY = utc("2026-11-23T15:00")
"""Ten in the morning in New York."""
WORKDAYS = Span(days=frozenset(DAYS[:5]), start=time(9), end=time(17))
NIGHTS = Span(days=frozenset(DAYS), start=time(17), end=time(9))
ALWAYS = Span(days=frozenset(DAYS), start=time(9), end=time(9))


def a_member(account: str = "ana", *roles: Role, reachable: bool = True, removed: bool = False) -> Member:
    email = Channel(id=account, kind=ChannelKind.EMAIL, address=f"{account}@care.example", added_at=MONDAY)
    return Member(
        programme_id="iop",
        account=account,
        first_name=account.title(),
        roles=frozenset(roles or {Role.CLINICIAN}),
        language="en",
        zone=NEW_YORK,
        email=email.attested(by="admin", at=MONDAY) if reachable else None,
        put_by="admin",
        put_at=MONDAY,
        removed_at=MONDAY if removed else None,
    )


def a_shift(
    name: str,
    span: Span,
    *members: str,
    tier: Tier = Tier.PRIMARY,
    turns_from: date = date(2026, 11, 23),
    zone: str | None = None,
) -> Shift:
    return Shift(id=name, tier=tier, span=span, members=members, turns_from=turns_from, zone=zone)


def a_rota(*shifts: Shift, zone: str = NEW_YORK, programme: str = "iop", **more: Any) -> Rota:
    return Rota(programme_id=programme, zone=zone, shifts=shifts, put_by="admin", put_at=MONDAY, **more)


def a_cover(
    name: str = "1",
    *,
    of: str | None,
    by: str,
    starts: datetime,
    ends: datetime,
    asked_at: datetime = MONDAY,
    put: bool = False,
) -> Cover:
    """Return a cover to which both sides have agreed."""
    return Cover(
        id=f"{ends:%Y%m%dT%H%M%SZ}-{name}",
        programme_id="iop",
        tier=Tier.PRIMARY,
        of=of,
        by=by,
        starts=starts,
        ends=ends,
        asked_by=of or by,
        asked_at=asked_at,
        agreed=frozenset({by} if of is None else {of, by}),
        put=put,
    )


class FakeRotas:
    def __init__(self) -> None:
        self.versions: dict[tuple[str, int], Rota] = {}
        self.covers: dict[tuple[str, str], Cover] = {}
        self.looks: dict[str, Looked] = {}
        self.dues: list[Due] = []

    def find(self, programme_id: str, *, since: datetime) -> Rota | None:
        versions = [version for programme, version in self.versions if programme == programme_id]
        if not versions:
            return None
        found = [cover for (programme, _), cover in sorted(self.covers.items()) if programme == programme_id]
        # To the second, as the table's keys are.
        after = since.replace(microsecond=0)
        covers = tuple(cover for cover in found if cover.ends.replace(microsecond=0) > after)
        return replace(self.versions[programme_id, max(versions)], covers=covers)

    def add(self, rota: Rota) -> None:
        if (rota.programme_id, rota.version) in self.versions:
            raise Stale("this rota was changed meanwhile")
        self.versions[rota.programme_id, rota.version] = replace(rota, covers=())
        self.looks[rota.programme_id] = Looked(programme_id=rota.programme_id)

    def cover(self, programme_id: str, cover_id: str) -> Cover | None:
        return self.covers.get((programme_id, cover_id))

    def save_cover(self, cover: Cover, *, dues: Iterable[Due] = ()) -> None:
        present = self.covers.get((cover.programme_id, cover.id))
        if (present.version if present else 0) != cover.version - 1:
            raise Stale("this was changed meanwhile")
        self.covers[cover.programme_id, cover.id] = cover
        self.dues += dues

    def looked(self) -> list[Looked]:
        return [self.looks[name] for name in sorted(self.looks)]

    def look(self, looked: Looked) -> None:
        self.looks[looked.programme_id] = looked


def somebody_is_always_on_call(programme_id: str) -> None:
    """Have a rota in the table by which one clinician is on call at any hour."""
    member = replace(a_member("oncall"), programme_id=programme_id)
    DynamoStaff().save(member)
    DynamoRotas().add(a_rota(a_shift("all", ALWAYS, member.account), programme=programme_id))
