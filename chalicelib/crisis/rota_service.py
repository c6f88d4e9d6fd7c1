"""Keep a programme's rota, and say who is on call and what is left open."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.crisis.coverage import (
    LOOKS_AHEAD,
    Gap,
    HandOver,
    Saying,
    covered_until,
    gaps,
    hand_overs,
    on_duty,
    saying,
)
from chalicelib.crisis.duty import Duty
from chalicelib.crisis.rota import Cover, Rota, Staffing, no_rota, staffing
from chalicelib.crisis.rota_rules import faults_of
from chalicelib.errors import NotFound, Stale, refuse
from chalicelib.outreach.domain import ChannelKind, Due
from chalicelib.staff.domain import Member


class NoRota(NotFound):
    """The programme has no rota."""


class Rotas(Protocol):
    """The rotas of all programmes, and the covers beside them."""

    def find(self, programme_id: str, *, since: datetime) -> Rota | None:
        """Return the newest version, with the covers that end after an instant; None if there never was one."""
        ...

    def add(self, rota: Rota) -> None:
        """
        Add a version, to be looked over at the next minute.

        :raises Stale: if that version is there
        """
        ...

    def cover(self, programme_id: str, cover_id: str) -> Cover | None:
        """Return a cover as it is now."""
        ...

    def save_cover(self, cover: Cover, *, dues: Iterable[Due] = ()) -> None:
        """
        Put a cover over the version before, or as a new one, with what falls due by it.

        :raises Stale: if that is no longer the present version
        """
        ...


class Staff(Protocol):
    """The members of all programmes' staff."""

    def of_programme(self, programme_id: str) -> list[Member]:
        """Return all of a programme's staff, removed ones too."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the rota works with."""

    rotas: Rotas
    staff: Staff


def put_rota(wanted: Rota, *, version: int, desk: Desk) -> Rota:
    """
    Put a programme's rota as the next version. What it leaves open is no fault: ``gaps_of`` says it.

    :raises Stale: if ``version`` isn't the present one (0: there is none)
    :raises Invalid: names what makes no sense
    """
    present = desk.rotas.find(wanted.programme_id, since=wanted.put_at)
    if (present.version if present else 0) != version:
        raise Stale("this rota was changed meanwhile")
    refuse(faults_of(wanted, accounts=_accounts(desk.staff.of_programme(wanted.programme_id))))
    rota = replace(wanted, version=version + 1)
    desk.rotas.add(rota)
    return replace(rota, covers=present.covers if present else ())


def rota_of(programme_id: str, *, now: datetime, desk: Desk) -> Rota:
    """
    Return a programme's rota with the covers that aren't over.

    :raises NoRota: if it has none
    """
    rota = desk.rotas.find(programme_id, since=now)
    if rota is None:
        raise NoRota("this programme has no rota")
    return rota


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who is on call now, and what may be said of that; ``staffing`` None where there is no rota."""

    staffing: Staffing | None
    said: Saying


def watch_of(programme_id: str, *, now: datetime, zone: str, desk: Desk) -> Watch:
    """Return who is on call in a programme now, and what may be said in a zone; unknown where there is no rota."""
    rota = desk.rotas.find(programme_id, since=now)
    if rota is None:
        return Watch(staffing=None, said=saying(None, now, zone))
    members = desk.staff.of_programme(programme_id)
    until = covered_until(rota, members, now)
    return Watch(
        staffing=staffing(rota, members, now), said=saying(on_duty(rota, members, now), now, zone, until=until)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakness:
    """
    What weakens pages now. ``email_only``: somebody who would be paged has nothing but e-mail, which wakes nobody.

    ``no_rota``: nobody is on call at any hour, so that all of the staff are paged at once, and nobody is meant.
    """

    email_only: bool
    no_rota: bool


def weakness_of(programme_id: str, *, now: datetime, texts: bool, desk: Desk) -> Weakness:
    """
    Return what weakens the pages of a programme.

    ``texts``: a pager that sends text messages is set up. Where nobody is on call all of the staff would be paged.
    """
    rota = desk.rotas.find(programme_id, since=now)
    members = desk.staff.of_programme(programme_id)
    on_call = staffing(rota, members, now).staff if rota else ()
    ways = [one.paged_by(at=now, texts=texts) for one in on_call or members if one.is_active]
    return Weakness(email_only=any(way == (ChannelKind.EMAIL,) for way in ways), no_rota=rota is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class HandingOver:
    """When tiers change hands from a day ago on, and the staff whom that is about, by account."""

    hand_overs: list[HandOver]
    members: Mapping[str, Member]


def handing_over(programme_id: str, *, now: datetime, desk: Desk) -> HandingOver:
    """
    Return who handed over to whom within a day, and who will within a week.

    :raises NoRota: if there is no rota
    """
    first, last = now - timedelta(days=1), now + timedelta(days=7)
    rota = desk.rotas.find(programme_id, since=first - LOOKS_AHEAD)
    if rota is None:
        raise NoRota("this programme has no rota")
    members = {member.account: member for member in desk.staff.of_programme(programme_id)}
    return HandingOver(hand_overs=hand_overs(rota, first=first, last=last), members=members)


class RotaOnCall:
    """Implements ``duty.OnCall`` by the rotas of all programmes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def on_duty(self, programme_id: str, *, at: datetime) -> Duty:
        """Return who is on duty at an instant; nobody where there is no rota, or none for then."""
        rota = self._desk.rotas.find(programme_id, since=at)
        return on_duty(rota, self._desk.staff.of_programme(programme_id), at) if rota else Duty()


def gaps_of(programme_id: str, *, now: datetime, desk: Desk) -> list[Gap]:
    """Return what the rota leaves open in the next two weeks: all of them, where there is none."""
    rota = desk.rotas.find(programme_id, since=now) or no_rota(programme_id, now)
    members = desk.staff.of_programme(programme_id)
    return gaps(rota, members, first=now, last=now + LOOKS_AHEAD, now=now)


def _accounts(members: Iterable[Member]) -> frozenset[str]:
    return frozenset(member.account for member in members)
