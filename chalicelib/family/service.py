"""Invite a supporter, accept, leave: each change of consents is one with the tie that it is about."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from chalicelib.enrollment.agreeing import given
from chalicelib.enrollment.changing import TRIES, Change, next_of
from chalicelib.enrollment.channels import Channel, email_address
from chalicelib.enrollment.consents import Will
from chalicelib.enrollment.domain import NoSuchPerson, Record
from chalicelib.enrollment.programmes import LANGUAGES, name_fault
from chalicelib.enrollment.texts import current_text
from chalicelib.errors import Conflict, Fault, Invalid, Stale, refuse
from chalicelib.family.domain import (
    INVITATION,
    INVITED_FOR,
    MAY_INVITE,
    CannotInvite,
    Closed,
    NoSuchSupporter,
    Relation,
    Tie,
    code_of,
    must_have_room,
    scope_of,
    text_of,
)
from chalicelib.family.kin import Supporter
from chalicelib.outreach.domain import ChannelKind, Due
from chalicelib.outreach.kinds import SUPPORTER_CODE, SUPPORTER_INVITE
from chalicelib.outreach.recurrence import is_zone
from chalicelib.outreach.service import at_once, first_due
from chalicelib.outreach.wording import shown_name


class Ties(Protocol):
    """What ties supporters to people."""

    def record(self, person_id: str) -> Record | None:
        """Return all that is stored with a person."""
        ...

    def find(self, tie_id: str) -> Tie | None:
        """Return a tie as it is now."""
        ...

    def of_person(self, person_id: str) -> list[Tie]:
        """Return all that a person ever had, as they are now."""
        ...

    def of_account(self, account: str) -> list[Tie]:
        """Return all that an account ever accepted, as they are now."""
        ...

    def write(self, change: Change, tie: Tie) -> None:
        """
        Write a change of the person together with a tie, a new one with the task that its supporter needs a sign-in.

        :raises Stale: if either was changed meanwhile
        """
        ...

    def save(self, tie: Tie, *, dues: Iterable[Due] = (), supporter: Supporter | None = None) -> bool:
        """Put a tie over the version before, what falls due, and a supporter who is new; False if it was changed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Whom a person wants invited. ``named``: the message may say who asked for it."""

    first_name: str
    address: str
    relation: Relation
    language: str
    named: bool


def invite(
    person_id: str,
    wanted: Wanted,
    *,
    text_version: int,
    locale: str,
    will: Will,
    now: datetime,
    ties: Ties,
    new_id: Callable[[], str],
) -> Tie:
    """
    Invite somebody as a person's supporter, under the consent to do so, which is written together with the invitation.

    Staff are given the task that whoever is invited needs a sign-in; one opens with it.

    :raises Invalid: names what is wrong
    :raises Conflict: if the text was replaced, the person is in no state to invite, or the address can't be invited
    :raises TooSoon: if they invited enough for now
    """
    text = current_text(text_of(INVITATION), locale)
    if text.version != text_version:
        raise Conflict("this text is not the present one; show the present one and ask again")
    wanted = replace(wanted, first_name=wanted.first_name.strip(), address=_address(wanted))
    tie_id = new_id()

    def decide(record: Record) -> tuple[Change, Tie]:
        record.must_be_alive()
        if record.episode.state not in MAY_INVITE:
            raise CannotInvite("nobody can be invited now")
        if wanted.address.casefold() in {one.address.casefold() for one in record.channels}:
            raise Invalid(Fault(field="email", reason="is your own"))
        must_have_room(ties.of_person(person_id), wanted.address, record.live_consents(at=now), at=now)
        tie = Tie(
            id=tie_id,
            person_id=person_id,
            programme_id=record.episode.programme_id,
            first_name=wanted.first_name,
            address=wanted.address,
            relation=wanted.relation,
            language=wanted.language,
            named=wanted.named and bool(shown_name(record.person.first_name)),
            invited_at=now,
        )
        row = given(record, scope_of(tie_id, INVITATION), text, value=_named(wanted), will=will, now=now)
        row = replace(row, expires_at=now + INVITED_FOR, to=recipient_named(tie), discloser=tie.programme_id)
        kind = f"{SUPPORTER_INVITE}-{'named' if tie.named else 'plain'}-{tie_id}"
        due = at_once(tie.invitee_id, kind, zone=record.person.zone, now=now)
        return replace(next_of(record), consents=(row,), dues=(due,)), tie

    return changed_with(person_id, decide, ties=ties)


def changed_with(person_id: str, decide: Callable[[Record], tuple[Change, Tie]], *, ties: Ties) -> Tie:
    """
    Change a person together with one of their ties; decide anew if another change came between.

    :raises Conflict: if others keep changing either
    """
    for _ in range(TRIES):
        record = ties.record(person_id)
        if record is None:
            raise NoSuchPerson("there is no such person")
        change, tie = decide(record)
        try:
            ties.write(change, tie)
        except Stale:
            continue
        return tie
    raise Conflict("this is being changed somewhere else; please try again")


def _address(wanted: Wanted) -> str:
    faults = []
    if fault := name_fault(wanted.first_name):
        faults.append(Fault(field="firstName", reason=fault))
    if wanted.language not in LANGUAGES:
        faults.append(Fault(field="language", reason=f"must be one of {', '.join(LANGUAGES)}"))
    address = ""
    try:
        address = email_address(wanted.address)
    except ValueError as error:
        faults.append(Fault(field="email", reason=str(error)))
    refuse(faults)
    return address


def _named(wanted: Wanted) -> str:
    return "named" if wanted.named else "unnamed"


def recipient_named(tie: Tie) -> str:
    """Return how a consent names the supporter whom it is about (42 CFR 2.31)."""
    return f"{tie.first_name} <{tie.address}>"


def ask_code(tie_id: str, account: str, *, now: datetime, ties: Ties) -> bool:
    """
    Have a code mailed to the invited address, for this account to show that the address is theirs.

    Say whether one is on its way; whoever asks is told the same in any case.
    """
    for _ in range(TRIES):
        tie = _open(tie_id, account, now=now, ties=ties)
        asking = tie.asking_code(account, at=now) if tie else None
        if asking is None:
            return False
        due = at_once(asking.invitee_id, f"{SUPPORTER_CODE}-{tie_id}-{asking.codes[-1].number}", zone="UTC", now=now)
        if ties.save(asking, dues=(due,)):
            return True
    return False


def accept(
    tie_id: str,
    account: str,
    code: int,
    *,
    zone: str,
    secret: str,
    known: Supporter | None,
    now: datetime,
    ties: Ties,
    new_id: Callable[[], str],
) -> tuple[Tie, Supporter | None]:
    """
    Become a person's supporter: the first account that types in the code mailed for it. Again by the same is the same.

    Whatever the person did since, it must tell nothing of it.

    ``known``: the supporter that the account is already, of somebody else; else the new one is returned.

    :raises NoSuchSupporter: if there is no such invitation, it is over, another's, taken back, or the code isn't its
    :raises Invalid: if there is no such zone
    """
    if not is_zone(zone):
        raise Invalid(Fault(field="timeZone", reason="is not a zone of the IANA database"))
    for _ in range(TRIES):
        present = ties.find(tie_id)
        if present is not None and present.account == account and present.is_seen:
            return present, None
        tie = _open(tie_id, account, now=now, ties=ties)
        asked = tie.code_for(account, at=now) if tie else None
        if tie is None or asked is None:
            raise NoSuchSupporter("there is no such invitation")
        if code_of(secret, tie, asked) != code:
            if ties.save(tie.mistyped(asked)):
                raise NoSuchSupporter("there is no such invitation")
            continue
        accepted = tie.accepted_by(account, at=now)
        new = None if known else supporter_of(accepted, account, zone=zone, now=now, new_id=new_id)
        first = first_due(new.update, after=now) if new else None
        if ties.save(accepted, supporter=new, dues=(first,) if first else ()):
            return accepted, new
    raise Conflict("this is being changed somewhere else; please try again")


def _open(tie_id: str, account: str, *, now: datetime, ties: Ties) -> Tie | None:
    tie = ties.find(tie_id)
    record = ties.record(tie.person_id) if tie else None
    if tie is None or record is None or not tie.is_open(record.live_consents(at=now)):
        return None
    if record.person.sign_in == account:
        # Nobody is their own supporter.
        return None
    others = ties.of_person(tie.person_id)
    is_barred = any(
        other.account == account and (other.is_active or other.closed is Closed.BLOCKED) for other in others
    )
    return None if is_barred else tie


def supporter_of(tie: Tie, account: str, *, zone: str, now: datetime, new_id: Callable[[], str]) -> Supporter:
    """Return an account that becomes a supporter by a tie: reached at the address that it showed to be its."""
    email = Channel(id=new_id(), kind=ChannelKind.EMAIL, address=tie.address, added_at=now).confirmed(
        revision=1, at=now
    )
    return Supporter(
        account=account,
        programme_id=tie.programme_id,
        first_name=tie.first_name,
        language=tie.language,
        zone=zone,
        email=email,
        put_at=now,
        day_at=now,
    )


def leave(tie: Tie, *, now: datetime, ties: Ties) -> Tie:
    """End it by the supporter; what they said stays with staff. Again changes nothing."""
    for _ in range(TRIES):
        after = replace(tie, left_at=tie.left_at or now)
        if after == tie or ties.save(after):
            return after
        tie = ties.find(tie.id) or tie
    raise Conflict("this is being changed somewhere else; please try again")


def find_theirs(person_id: str, tie_id: str, *, ties: Ties) -> Tie:
    """
    Return one of a person's ties.

    :raises NoSuchSupporter: if they have none of this id
    """
    tie = ties.find(tie_id)
    if tie is None or tie.person_id != person_id:
        raise NoSuchSupporter("there is no such supporter")
    return tie
