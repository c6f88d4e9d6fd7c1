"""People and programmes in the table, and what outreach and privacy ask of them. Keys are in items.py."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition

from chalicelib.edge.table import Item, in_conflict, lost_the_race, read_all, transaction
from chalicelib.enrollment import reach, reach_store
from chalicelib.enrollment.changing import Change, Marker, note_on_channel
from chalicelib.enrollment.domain import AlreadyEnrolled, Member, Record, SignInTaken, member_of, recipient_of
from chalicelib.enrollment.episodes import former_programmes
from chalicelib.enrollment.items import (
    CarerItem,
    ChannelItem,
    ConsentItem,
    EpisodeItem,
    ExternalItem,
    PersonItem,
    SignInItem,
    carer_item,
    carer_of,
    channel_item,
    channel_of,
    consent_item,
    consent_of,
    episode_item,
    episode_of,
    partition,
    person_item,
    person_of,
)
from chalicelib.enrollment.preference_store import PreferenceItem, preference_item, preference_of
from chalicelib.enrollment.programme_store import DynamoProgrammes, MemberItem, member_item, member_of_item
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.reach_store import ReachItem, keep_waiting, told
from chalicelib.errors import Stale
from chalicelib.outreach.domain import Due, Recipient, Waiting
from chalicelib.outreach.hurrying import hurry
from chalicelib.outreach.store import ScheduleItem, due_item, schedule_item, schedule_of
from chalicelib.privacy.domain import Caseload, PersonStanding

DEFAULTS_LAST = timedelta(seconds=60)
"""How long a process goes by a programme's choices before it reads them again."""

_READ: dict[type[Item], tuple[str, Callable[[Any], Any]]] = {
    EpisodeItem: ("episodes", episode_of),
    ChannelItem: ("channels", channel_of),
    ConsentItem: ("consents", consent_of),
    ScheduleItem: ("schedules", schedule_of),
    CarerItem: ("care_team", carer_of),
    PreferenceItem: ("preferences", preference_of),
}


class DynamoPeople:
    """
    Implements ``changing.People``, outreach's ``Recipients`` and ``Suppressions``, and most of privacy's ``Standings``.

    ``hurry`` is given what was made due, once it is written.
    """

    def __init__(self, *, hurry: Callable[[Iterable[Due]], None] = hurry) -> None:
        self._hurry = hurry
        self._defaults: dict[str, tuple[datetime, Programme]] = {}

    def record(self, person_id: str) -> Record | None:
        """Return all that is stored with a person: one consistent query, whatever of it is needed."""
        person, kept = None, dict[str, Any]()
        parts: dict[str, list[Any]] = {name: [] for name, _ in _READ.values()}
        for item in Item.query(partition(person_id), consistent_read=True):
            if isinstance(item, PersonItem):
                person = person_of(item)
            elif isinstance(item, ReachItem):
                kept = {**reach_store.kept_with(item), "copy": item.record}
            elif type(item) in _READ:
                name, read = _READ[type(item)]
                parts[name].append(read(item))
        if person is None:
            return None
        kept.update({name: tuple(part) for name, part in parts.items()})
        return Record(person=person, **kept)

    def write(self, change: Change, *, along: Iterable[tuple[Item, Condition | None]] = ()) -> None:
        """Write all of a change, or nothing, behind the person's version; ``along`` is what another slice adds."""
        try:
            with transaction() as write:
                for item, condition in along:
                    write.save(item, condition)
                for item in _removed(change):
                    write.delete(item)
                for item, condition in _written(change):
                    write.save(item, condition)
                write.update(*reach_store.copying(change.person.id, reach.after(change)))
        except TransactWriteError as error:
            if not lost_the_race(error):
                if in_conflict(error) and not change.marker:
                    raise Stale("the record is being changed by others") from error
                raise
            if change.marker:
                raise AlreadyEnrolled("this external id is someone's already") from error
            # The sign-in's row comes last but for the copy: updates stand behind what is put.
            if change.sign_in and error.cancellation_reasons and error.cancellation_reasons[-2]:
                raise SignInTaken("this account is another person's sign-in") from error
            raise Stale("the record was changed meanwhile") from error
        self._hurry(change.dues)

    def markers(self, external_ids: Iterable[str]) -> Mapping[str, Marker]:
        """Return who has these external ids."""
        return {
            item.pk.removeprefix("EXTERNAL#"): Marker(
                person_id=item.person_id,
                import_id=item.import_id,
                line=None if item.line is None else int(item.line),
            )
            for item in ExternalItem.batch_get(
                [(f"EXTERNAL#{external_id}", "EXTERNAL") for external_id in external_ids], consistent_read=True
            )
        }

    def members(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Member], str | None]:
        """Return people of a programme in the order of their ids, and the sort key to go on after."""
        # "~" comes after every id, and "MEMBER$" after every member.
        within = MemberItem.sk.between(f"{after}~" if after else "MEMBER#", "MEMBER$")
        items = list(MemberItem.query(f"PROGRAMME#{programme_id}", within, limit=limit + 1))
        return [member_of_item(item) for item in items[:limit]], items[limit - 1].sk if len(items) > limit else None

    def named(self, programme_id: str, person_ids: Iterable[str]) -> dict[str, Member]:
        """Return those of these people who are on the programme's list, by their ids."""
        keys = [(f"PROGRAMME#{programme_id}", f"MEMBER#{person_id}") for person_id in person_ids]
        found = [member_of_item(item) for item in MemberItem.batch_get(keys)] if keys else []
        return {member.person_id: member for member in found}

    def channel_is_gone(
        self, person_id: str, channel_id: str, *, why: str, now: datetime, revision: int | None = None
    ) -> None:
        """
        Keep a provider's word that an address is dead: the first one stays.

        One that was removed meanwhile stays removed, one that was changed since ``revision`` stays in use.
        """
        note_on_channel(
            person_id, channel_id, lambda channel: channel.given_up(why=why, at=now), revision=revision, people=self
        )

    def no_list_mail(self, person_id: str, channel_id: str, *, revision: int, now: datetime) -> None:
        """Keep that somebody at an address called a message spam, unless it was changed since ``revision``."""
        note_on_channel(
            person_id, channel_id, lambda channel: channel.complained_of(at=now), revision=revision, people=self
        )

    def keep_waiting(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        """Keep with the person what is to go along with the next message to them."""
        keep_waiting(person_id, waiting)

    def told(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        """Let go of what no longer waits."""
        told(person_id, waiting)

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:
        """
        Return the person as outreach sees them; None if there is no such person.

        One consistent query. Their programme's choices come from memory, read again after a minute.
        """
        record = self.record(person_id)
        return self._recipient(record, now=now) if record else None

    def load_all(self, person_ids: Iterable[str], *, now: datetime) -> dict[str, Recipient | Exception]:
        """
        Return these people, without those who aren't there; for who can't be read, why.

        By the copies of their records, 100 a call; who has none of this form is read whole, and gets one.
        """
        people: dict[str, Recipient | Exception] = {}
        person_ids = list(person_ids)
        items = read_all((partition(person_id), reach_store.KEY) for person_id in person_ids)
        for person_id in person_ids:
            try:
                item = items.get(partition(person_id), {})
                copied = reach.read(person_id, item["record"]["S"]) if "record" in item else None
                record = replace(copied, **reach_store.kept_raw(item)) if copied else self._with_copy(person_id)
                if record:
                    people[person_id] = self._recipient(record, now=now)
            except Exception as error:  # noqa: BLE001 (one person's fault must not hold up the others)
                people[person_id] = error
        return people

    def _recipient(self, record: Record, *, now: datetime) -> Recipient:
        return recipient_of(record, self.choices(record.episode.programme_id, now=now), at=now)

    def _with_copy(self, person_id: str) -> Record | None:
        """Read a person whole, and keep the copy if nothing changed while it was read: a query isn't one instant."""
        try:
            version = PersonItem.get(partition(person_id), "PERSON", consistent_read=True).version
        except PersonItem.DoesNotExist:
            return None
        record = self.record(person_id)
        if record and record.person.version == version:
            try:
                with transaction() as write:
                    write.condition_check(PersonItem, partition(person_id), "PERSON", PersonItem.version == version)
                    write.update(*reach_store.copying(person_id, reach.written(record)))
            except TransactWriteError as error:
                if not lost_the_race(error) and not in_conflict(error):
                    raise
        return record

    def choices(self, programme_id: str, *, now: datetime) -> Programme:
        """Return a programme's choices, from memory for up to ``DEFAULTS_LAST``."""
        kept = self._defaults.get(programme_id)
        # A clock that was moved back counts as a minute gone by.
        if kept and timedelta() <= now - kept[0] < DEFAULTS_LAST:
            return kept[1]
        known = DynamoProgrammes().find(programme_id) or Programme(id=programme_id, name=programme_id)
        self._defaults[programme_id] = (now, known)
        return known

    def of_person(self, person_id: str, *, now: datetime) -> PersonStanding | None:
        """Return what decides about access to a person."""
        record = self.record(person_id)
        if record is None:
            return None
        return PersonStanding(
            programmes=frozenset(episode.programme_id for episode in record.episodes),
            former=former_programmes(record.episodes),
            care_team=frozenset(carer.subject for carer in record.care_team),
            consents={scope: consent.id for scope, consent in record.live_consents(at=now).items()},
        )

    def person_of(self, subject: str) -> str | None:
        """Return whose sign-in an account is."""
        try:
            return SignInItem.get(f"SIGNIN#{subject}", "SIGNIN", consistent_read=True).person_id
        except SignInItem.DoesNotExist:
            return None

    def programme(self, programme_id: str) -> Caseload | None:
        """Return how a programme's staff hold its people."""
        programme = DynamoProgrammes().find(programme_id)
        return programme.caseload if programme else None


@cache
def people() -> DynamoPeople:
    """Return this process's people, who remember their programmes' choices for a minute."""
    return DynamoPeople()


def _removed(change: Change) -> Iterator[Item]:
    pk = partition(change.person.id)
    for channel_id in change.no_channels:
        yield ChannelItem(pk, f"CHANNEL#{channel_id}")
    for kind in change.no_schedules:
        yield ScheduleItem(pk, f"SCHEDULE#{kind}")
    for subject in change.no_carers:
        yield CarerItem(pk, f"CARETEAM#{subject}")
    if change.no_sign_in:
        yield SignInItem(f"SIGNIN#{change.no_sign_in}", "SIGNIN")


def _written(change: Change) -> Iterator[tuple[Item, Condition | None]]:
    person = change.person
    if change.marker:
        by = change.marker
        external = ExternalItem(f"EXTERNAL#{person.external_id}", "EXTERNAL", person_id=by.person_id)
        external.import_id, external.line = by.import_id, by.line
        yield external, ExternalItem.pk.does_not_exist()
        yield person_item(person), PersonItem.pk.does_not_exist()
    else:
        yield person_item(person), PersonItem.version == person.version - 1
    if not change.keeps_who:
        yield member_item(member_of(person, change.episode)), None
        yield episode_item(person.id, change.episode), None
    for consent in change.consents:
        yield consent_item(consent), ConsentItem.pk.does_not_exist()
    for item in (
        *(channel_item(person.id, channel) for channel in change.channels),
        *(carer_item(person.id, carer) for carer in change.carers),
        *(preference_item(person.id, preference) for preference in change.preferences),
        *(schedule_item(schedule) for schedule in change.schedules),
        *(due_item(due) for due in change.dues),
    ):
        yield item, None
    if change.sign_in:
        item = SignInItem(f"SIGNIN#{change.sign_in}", "SIGNIN", person_id=person.id)
        yield item, SignInItem.pk.does_not_exist() | (SignInItem.person_id == person.id)
