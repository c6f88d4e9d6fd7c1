"""Keep a programme's staff: who is one, when they work, and at which address they are reached."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.enrollment.channels import Channel, ConfirmLinkExpired, NoSuchChannel, email_address
from chalicelib.enrollment.programmes import NoSuchProgramme, Programme
from chalicelib.errors import Conflict, Fault, Invalid, Stale, refuse
from chalicelib.outreach.categories import confirm_kind
from chalicelib.outreach.domain import ChannelKind, Due
from chalicelib.outreach.service import at_once, first_due
from chalicelib.staff.domain import MOST_STAFF, Member, NoSuchMember, TooManyStaff, changed, faults_of

TRIES = 3
"""How often a change is decided anew when another one came between."""


class Staff(Protocol):
    """The members of all programmes' staff."""

    def find(self, programme_id: str, account: str) -> Member | None:
        """Return a member as they are now, removed ones too; None if there never was one."""
        ...

    def of_programme(self, programme_id: str) -> list[Member]:
        """Return all of a programme's staff, removed ones too, in the order of their first names."""
        ...

    def with_id(self, recipient_id: str) -> Member | None:
        """Return whom outreach calls so."""
        ...

    def save(self, member: Member, *, dues: Iterable[Due] = ()) -> None:
        """
        Put a member over the version before, or as a new one, with what falls due for them.

        :raises Stale: if that is no longer the present version
        """
        ...


class Programmes(Protocol):
    """The programmes, as far as their staff go."""

    def find(self, programme_id: str) -> Programme | None:
        """Return it as it is now; None if there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    A member as a programme wants them, and how they are to be reached: ``email`` None is not at all.

    ``attested``: the programme stands for the address being theirs; otherwise it is asked.
    """

    member: Member
    email: str | None
    attested: bool


def put_member(
    wanted: Wanted,
    *,
    version: int,
    by: str,
    now: datetime,
    staff: Staff,
    programmes: Programmes,
    new_id: Callable[[], str],
) -> Member:
    """
    Make an account a member of a programme's staff, or change what is kept of one; who was removed is back.

    :raises Stale: if ``version`` isn't the present one (0: there is none)
    :raises Invalid: names everything that is wrong
    :raises TooManyStaff: if there are as many as there may be
    """
    member = wanted.member
    _refuse(member, programmes=programmes)
    present = staff.find(member.programme_id, member.account)
    if (present.version if present else 0) != version:
        raise Stale("this member was changed meanwhile")
    if present is None or not present.is_active:
        active = [other for other in staff.of_programme(member.programme_id) if other.is_active]
        if len(active) >= MOST_STAFF:
            raise TooManyStaff(f"a programme has at most {MOST_STAFF} members of staff")
    before = present.email if present else None
    member = replace(member, email=_address(wanted, before, by=by, now=now, new_id=new_id), removed_at=None)
    if present is not None:
        member = replace(member, devices=present.devices, phone=present.phone)
    if present is None:
        after = replace(member, put_by=by, put_at=now, version=1, day_version=1)
    else:
        after = changed(present, member, by=by, at=now)
    staff.save(after, dues=_dues(present, after, now=now))
    return after


def edit_member(
    programme_id: str,
    account: str,
    edit: Callable[[Member], Member],
    *,
    version: int,
    now: datetime,
    staff: Staff,
    programmes: Programmes,
) -> Member:
    """
    Change what a member may change of their own: when they work, where, in which language.

    :raises NoSuchMember: if they are none, or no longer
    :raises Stale: if ``version`` isn't the present one
    :raises Invalid: names everything that is wrong
    """
    present = active_member(programme_id, account, staff=staff)
    if present.version != version:
        raise Stale("this member was changed meanwhile")
    after = changed(present, edit(present), by=account, at=now)
    _refuse(after, programmes=programmes)
    staff.save(after, dues=_dues(present, after, now=now))
    return after


def remove_member(programme_id: str, account: str, *, by: str, now: datetime, staff: Staff) -> None:
    """
    Remove a member: nothing is sent to them from now on, and what they were stays. Again changes nothing.

    :raises NoSuchMember: if there never was one
    """

    def decide(present: Member) -> Member:
        return changed(present, replace(present, removed_at=now), by=by, at=now) if present.is_active else present

    member = find_member(programme_id, account, staff=staff)
    rewrite(member.id, decide, staff=staff)


def find_member(programme_id: str, account: str, *, staff: Staff) -> Member:
    """
    Return a member, a removed one too.

    :raises NoSuchMember: if there never was one
    """
    member = staff.find(programme_id, account)
    if member is None:
        raise NoSuchMember("the programme has no such member of staff")
    return member


def active_member(programme_id: str, account: str, *, staff: Staff) -> Member:
    """
    Return a member who is one now.

    :raises NoSuchMember: if they aren't
    """
    member = find_member(programme_id, account, staff=staff)
    if not member.is_active:
        raise NoSuchMember("the programme has no such member of staff")
    return member


def confirm_address(
    recipient_id: str, channel_id: str, *, revision: int, expires_at: datetime, now: datetime, staff: Staff
) -> None:
    """
    Take an address for a member's own, since its holder followed the link sent there. Again changes nothing.

    :raises ConfirmLinkExpired: if the link is too old
    :raises ChannelChanged: if the address was changed since
    :raises NoSuchChannel: if it was removed, or the member
    """

    def decide(present: Member) -> Member:
        channel = _channel(present, channel_id)
        if channel is None or not present.is_active:
            raise NoSuchChannel("there is no such channel")
        confirmed = channel.confirmed(revision=revision, at=now)
        if confirmed != channel and now >= expires_at:
            raise ConfirmLinkExpired("this link has expired; ask for another")
        return _with_channel(present, confirmed, by="holder", now=now)

    if staff.with_id(recipient_id) is None:
        raise NoSuchChannel("there is no such channel")
    rewrite(recipient_id, decide, staff=staff)


def note_on_address(
    recipient_id: str,
    channel_id: str,
    note: Callable[[Channel], Channel],
    *,
    revision: int | None,
    now: datetime,
    staff: Staff,
) -> None:
    """Keep what a provider said of a member's address; not if it was removed, or changed since ``revision``."""

    def decide(present: Member) -> Member:
        channel = _channel(present, channel_id)
        if channel is None or revision not in {None, channel.revision}:
            return present
        return _with_channel(present, note(channel), by="provider", now=now)

    if staff.with_id(recipient_id) is not None:
        rewrite(recipient_id, decide, staff=staff)


def _channel(member: Member, channel_id: str) -> Channel | None:
    return next((one for one in member.channels if one.id == channel_id), None)


def _with_channel(present: Member, channel: Channel, *, by: str, now: datetime) -> Member:
    after = present.with_channel(channel)
    return present if after == present else changed(present, after, by=by, at=now)


def rewrite(recipient_id: str, decide: Callable[[Member], Member], *, staff: Staff) -> None:
    """
    Change a member, again as long as others come between; what is decided to stay as it is costs no write.

    :raises Conflict: if others kept changing it
    """
    for _ in range(TRIES):
        present = staff.with_id(recipient_id)
        after = decide(present) if present else None
        if after is None or after is present:
            return
        try:
            staff.save(after)
        except Stale:
            continue
        return
    raise Conflict("this member is being changed by others; try again")


def _address(
    wanted: Wanted, before: Channel | None, *, by: str, now: datetime, new_id: Callable[[], str]
) -> Channel | None:
    if wanted.email is None:
        return None
    try:
        address = email_address(wanted.email)
    except ValueError as error:
        raise Invalid(Fault(field="email", reason=str(error))) from error
    if before is None:
        email = Channel(id=new_id(), kind=ChannelKind.EMAIL, address=address, added_at=now)
    else:
        email = before.moved_to(address)
    return email.attested(by=by, at=now) if wanted.attested and not email.is_usable(at=now) else email


def _dues(before: Member | None, after: Member, *, now: datetime) -> list[Due]:
    """Return what falls due by a change: their next day's message, and a question over an address that isn't known."""
    dues = []
    if before is None or before.day_version != after.day_version:
        coming = first_due(after.day, after=now - timedelta(microseconds=1))
        dues += [coming] if coming else []
    email, known = after.email, before.email if before else None
    is_new = email is not None and (known is None or (known.id, known.revision) != (email.id, email.revision))
    if email is not None and is_new and not email.is_usable(at=now):
        dues.append(at_once(after.id, confirm_kind(email.id, email.revision), zone=after.zone, now=now))
    return dues


def _refuse(member: Member, *, programmes: Programmes) -> None:
    programme = programmes.find(member.programme_id)
    if programme is None:
        raise NoSuchProgramme("there is no such programme")
    refuse(faults_of(member, programme))
