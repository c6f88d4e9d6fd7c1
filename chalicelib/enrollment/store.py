"""People and programmes in the table, and what outreach and privacy ask of them. Keys are in items.py."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.expressions.condition import Condition

from chalicelib.edge.table import Item, delete_all, lost_the_race, put_all, transaction
from chalicelib.enrollment.changing import Change, Marker
from chalicelib.enrollment.domain import AlreadyEnrolled, Member, Record, SignInTaken, member_of, recipient_of
from chalicelib.enrollment.hold_store import HoldItem, hold_of
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
from chalicelib.errors import Stale
from chalicelib.outreach.domain import Recipient, Waiting
from chalicelib.outreach.store import (
    ScheduleItem,
    WaitingItem,
    due_item,
    schedule_item,
    schedule_of,
    waiting_item,
    waiting_of,
)
from chalicelib.privacy.domain import Caseload, PersonStanding

DEFAULTS_LAST = timedelta(seconds=60)
"""How long a process goes by a programme's choices before it reads them again."""

_READ: dict[type[Item], tuple[str, Callable[[Any], Any]]] = {
    EpisodeItem: ("episodes", episode_of),
    ChannelItem: ("channels", channel_of),
    ConsentItem: ("consents", consent_of),
    ScheduleItem: ("schedules", schedule_of),
    WaitingItem: ("waiting", waiting_of),
    CarerItem: ("care_team", carer_of),
    PreferenceItem: ("preferences", preference_of),
    HoldItem: ("holds", hold_of),
}


class DynamoPeople:
    """Implements ``changing.People``, outreach's ``Recipients`` and ``Suppressions``, and privacy's ``Standings``."""

    def __init__(self) -> None:
        self._defaults: dict[str, tuple[datetime, Programme]] = {}

    def record(self, person_id: str) -> Record | None:
        """Return all that is stored with a person: one consistent query, whatever of it is needed."""
        person = None
        parts: dict[str, list[Any]] = {name: [] for name, _ in _READ.values()}
        for item in Item.query(partition(person_id), consistent_read=True):
            if isinstance(item, PersonItem):
                person = person_of(item)
            elif type(item) in _READ:
                name, read = _READ[type(item)]
                parts[name].append(read(item))
        if person is None:
            return None
        return Record(person=person, **{name: tuple(part) for name, part in parts.items()})

    def write(self, change: Change) -> None:
        """Write all of a change, or nothing, behind the person's version."""
        try:
            with transaction() as write:
                for item in _removed(change):
                    write.delete(item)
                for item, condition in _written(change):
                    write.save(item, condition)
        except TransactWriteError as error:
            if not lost_the_race(error):
                raise
            if change.marker:
                raise AlreadyEnrolled("this external id is someone's already") from error
            # The sign-in's row is the last of the transaction.
            if change.sign_in and error.cancellation_reasons and error.cancellation_reasons[-1]:
                raise SignInTaken("this account is another person's sign-in") from error
            raise Stale("the record was changed meanwhile") from error

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

    def heard_from(self, person_id: str, channel_id: str, *, now: datetime) -> bool:
        """Note that a device spoke; False if it isn't known, or was given up."""
        return _update(
            ChannelItem(partition(person_id), f"CHANNEL#{channel_id}"),
            [ChannelItem.heartbeat_at.set(now)],
            also=ChannelItem.gone_at.does_not_exist(),
        )

    def channel_is_gone(
        self, person_id: str, channel_id: str, *, why: str, now: datetime, revision: int | None = None
    ) -> None:
        """
        Keep a provider's word that an address is dead: the first one stays.

        One that was removed meanwhile stays removed, one that was changed since ``revision`` stays in use.
        """
        _update(
            ChannelItem(partition(person_id), f"CHANNEL#{channel_id}"),
            [
                ChannelItem.gone_at.set(ChannelItem.gone_at | now),
                ChannelItem.gone_why.set(ChannelItem.gone_why | why),
            ],
            revision=revision,
        )

    def no_list_mail(self, person_id: str, channel_id: str, *, revision: int, now: datetime) -> None:
        """Keep that somebody at an address called a message spam, unless it was changed since ``revision``."""
        _update(
            ChannelItem(partition(person_id), f"CHANNEL#{channel_id}"),
            [ChannelItem.complained_at.set(ChannelItem.complained_at | now)],
            revision=revision,
        )

    def keep_waiting(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        """Keep with the person what is to go along with the next message to them."""
        put_all([waiting_item(person_id, one) for one in waiting])

    def told(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        """Let go of what no longer waits."""
        delete_all([waiting_item(person_id, one) for one in waiting])

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:
        """
        Return the person as outreach sees them; None if there is no such person.

        One consistent query. Their programme's choices come from memory, read again after a minute.
        """
        record = self.record(person_id)
        if record is None:
            return None
        return recipient_of(record, self._programme(record.episode.programme_id, now=now), at=now)

    def _programme(self, programme_id: str, *, now: datetime) -> Programme:
        kept = self._defaults.get(programme_id)
        # A clock that was moved back counts as a minute gone by.
        if kept and timedelta() <= now - kept[0] < DEFAULTS_LAST:
            return kept[1]
        programme = DynamoProgrammes().find(programme_id)
        known = programme or Programme(id=programme_id, name=programme_id)
        self._defaults[programme_id] = (now, known)
        return known

    def of_person(self, person_id: str, *, now: datetime) -> PersonStanding | None:
        """Return what decides about access to a person."""
        record = self.record(person_id)
        if record is None:
            return None
        return PersonStanding(
            programmes=frozenset(episode.programme_id for episode in record.episodes),
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
        yield _external_item(person.external_id, change.marker), ExternalItem.pk.does_not_exist()
        yield person_item(person), PersonItem.pk.does_not_exist()
    else:
        yield person_item(person), PersonItem.version == person.version - 1
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


def _external_item(external_id: str, marker: Marker) -> ExternalItem:
    return ExternalItem(
        f"EXTERNAL#{external_id}",
        "EXTERNAL",
        person_id=marker.person_id,
        import_id=marker.import_id,
        line=marker.line,
    )


def _update(
    item: ChannelItem, actions: list[Any], *, revision: int | None = None, also: Condition | None = None
) -> bool:
    condition = ChannelItem.pk.exists() if revision is None else ChannelItem.revision == revision
    try:
        item.update(actions=actions, condition=condition if also is None else condition & also)
    except UpdateError as error:
        if lost_the_race(error):
            return False
        raise
    return True
