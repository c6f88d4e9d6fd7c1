"""Ties, and what supporters say to staff, in the table. The only place for their keys."""

from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError

from chalicelib.edge.table import Item, in_conflict, lost_the_race, transaction
from chalicelib.enrollment.changing import Change
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.items import InstantAttribute
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.family.concerns import Concern, Worry
from chalicelib.family.domain import Closed, Code, Relation, Tie, supporter_id
from chalicelib.family.kin import Supporter
from chalicelib.family.kin_store import SupporterItem, supporter_item
from chalicelib.outreach.domain import Due
from chalicelib.outreach.hurrying import hurry
from chalicelib.outreach.store import due_item
from chalicelib.tasks.domain import Kind, Task, task_for
from chalicelib.tasks.store import opening, text_of


class TieItem(Item, discriminator="tie"):
    """pk ``FAMILY#{person}``, sk ``TIE#{tie}``: one supporter of a person, from the invitation on; never deleted."""

    programme_id = UnicodeAttribute()
    first_name = UnicodeAttribute()
    address = UnicodeAttribute()
    relation = UnicodeAttribute()
    language = UnicodeAttribute()
    named = BooleanAttribute()
    invited_at = InstantAttribute()
    account = UnicodeAttribute(null=True)
    accepted_at = InstantAttribute(null=True)
    codes = JSONAttribute(null=True)
    closed = UnicodeAttribute(null=True)
    closed_at = InstantAttribute(null=True)
    left_at = InstantAttribute(null=True)
    version = NumberAttribute()


class InvitedItem(Item, discriminator="invited"):
    """pk ``INVITED#{tie}``, sk ``TIE``: whose an invitation is, which its link and its message can't say."""

    person_id = UnicodeAttribute()


class SupportingItem(Item, discriminator="supporting"):
    """pk ``KIN#{supporter}``, sk ``TIE#{tie}``: whom a supporter supports; written once."""

    person_id = UnicodeAttribute()


class ConcernItem(Item, discriminator="concern"):
    """pk ``CONCERNS#{person}``, sk ``{instant}#{id}``: what a supporter wrote to staff; never changed."""

    tie_id = UnicodeAttribute()
    worry = UnicodeAttribute()
    text = UnicodeAttribute()
    may_name = BooleanAttribute()


class DynamoTies:
    """Implements ``service.Ties``. ``hurry`` is given what was made due, once it is written."""

    def __init__(self, *, hurry: Callable[[Iterable[Due]], None] = hurry) -> None:
        self._hurry = hurry
        self._people = DynamoPeople(hurry=hurry)

    def record(self, person_id: str) -> Record | None:
        """Return all that is stored with a person."""
        return self._people.record(person_id)

    def find(self, tie_id: str) -> Tie | None:
        """Return a tie as it is now: two reads."""
        try:
            person_id = InvitedItem.get(f"INVITED#{tie_id}", "TIE", consistent_read=True).person_id
        except InvitedItem.DoesNotExist:
            return None
        return _tie_of(TieItem.get(*_place(person_id, tie_id), consistent_read=True))

    def of_person(self, person_id: str) -> list[Tie]:
        """Return all that a person ever had: one consistent query."""
        return [_tie_of(item) for item in TieItem.query(f"FAMILY#{person_id}", consistent_read=True)]

    def of_account(self, account: str) -> list[Tie]:
        """Return all that an account ever accepted: one consistent query, and a read of each."""
        return self.of_supporter(supporter_id(account))

    def of_supporter(self, recipient_id: str) -> list[Tie]:
        """Return the same of whom outreach calls so."""
        found = SupportingItem.query(f"KIN#{recipient_id}", SupportingItem.sk.startswith("TIE#"), consistent_read=True)
        keys = [_place(item.person_id, item.sk.removeprefix("TIE#")) for item in found]
        return [_tie_of(TieItem.get(*key, consistent_read=True)) for key in keys]

    def write(self, change: Change, tie: Tie) -> None:
        """Write a change of the person together with a tie; a new one with its pointer, and the task for staff."""
        along: list[tuple[Item, Any]] = [(_item_of(tie), _unchanged(tie))]
        if tie.version == 0:
            pointer = InvitedItem(f"INVITED#{tie.id}", "TIE", person_id=tie.person_id)
            along.append((pointer, InvitedItem.pk.does_not_exist()))
            task = task_for(
                Kind.SUPPORTER_SIGN_IN,
                tie.id,
                programme_id=tie.programme_id,
                person_id=tie.person_id,
                at=tie.invited_at,
            )
            along += opening(task)
        self._people.write(change, along=along)

    def save(self, tie: Tie, *, dues: Iterable[Due] = (), supporter: Supporter | None = None) -> bool:
        """Put a tie over the version before, with what falls due; once accepted, under the supporter too."""
        dues = list(dues)
        try:
            with transaction() as write:
                write.save(_item_of(tie), condition=_unchanged(tie))
                if tie.account is not None:
                    place = (f"KIN#{supporter_id(tie.account)}", f"TIE#{tie.id}")
                    write.save(SupportingItem(*place, person_id=tie.person_id))
                if supporter is not None:
                    write.save(supporter_item(supporter), condition=SupporterItem.pk.does_not_exist())
                for due in dues:
                    write.save(due_item(due))
        except TransactWriteError as error:
            if lost_the_race(error) or in_conflict(error):
                return False
            raise
        self._hurry(dues)
        return True


class DynamoConcerns:
    """Implements ``concerns.Concerns``."""

    def add(self, concern: Concern, task: Task) -> None:
        """Write what a supporter said together with the task that has somebody read it."""
        item = ConcernItem(
            f"CONCERNS#{concern.person_id}",
            f"{text_of(concern.at)}#{concern.id}",
            tie_id=concern.tie_id,
            worry=concern.worry.value,
            text=concern.text,
            may_name=concern.may_name,
        )
        with transaction() as write:
            write.save(item, condition=ConcernItem.pk.does_not_exist())
            for each, condition in opening(task):
                write.save(each, condition=condition)

    def of_person(self, person_id: str) -> list[Concern]:
        """Return all about a person, the latest first."""
        found = ConcernItem.query(f"CONCERNS#{person_id}", scan_index_forward=False, consistent_read=True)
        return [_concern_of(item) for item in found]


def _place(person_id: str, tie_id: str) -> tuple[str, str]:
    return f"FAMILY#{person_id}", f"TIE#{tie_id}"


def _unchanged(tie: Tie) -> Any:  # noqa: ANN401 (PynamoDB's conditions)
    return (TieItem.version == tie.version) if tie.version else TieItem.pk.does_not_exist()


def _item_of(tie: Tie) -> TieItem:
    return TieItem(
        *_place(tie.person_id, tie.id),
        programme_id=tie.programme_id,
        first_name=tie.first_name,
        address=tie.address,
        relation=tie.relation.value,
        language=tie.language,
        named=tie.named,
        invited_at=tie.invited_at,
        account=tie.account,
        accepted_at=tie.accepted_at,
        codes=[{**asdict(code), "at": code.at.isoformat()} for code in tie.codes],
        closed=tie.closed.value if tie.closed else None,
        closed_at=tie.closed_at,
        left_at=tie.left_at,
        version=tie.version + 1,
    )


def _tie_of(item: TieItem) -> Tie:
    return Tie(
        id=item.sk.removeprefix("TIE#"),
        person_id=item.pk.removeprefix("FAMILY#"),
        programme_id=item.programme_id,
        first_name=item.first_name,
        address=item.address,
        relation=Relation(item.relation),
        language=item.language,
        named=item.named,
        invited_at=item.invited_at,
        account=item.account,
        accepted_at=item.accepted_at,
        codes=tuple(Code(**{**kept, "at": datetime.fromisoformat(kept["at"])}) for kept in item.codes or ()),
        closed=Closed(item.closed) if item.closed else None,
        closed_at=item.closed_at,
        left_at=item.left_at,
        version=int(item.version),
    )


def _concern_of(item: ConcernItem) -> Concern:
    at, _, concern_id = item.sk.rpartition("#")
    return Concern(
        id=concern_id,
        person_id=item.pk.removeprefix("CONCERNS#"),
        tie_id=item.tie_id,
        at=datetime.fromisoformat(at),
        worry=Worry(item.worry),
        text=item.text,
        may_name=item.may_name,
    )
