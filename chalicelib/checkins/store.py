"""Check-ins in the table. The only place for their keys."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from types import MappingProxyType

from pynamodb.attributes import (
    JSONAttribute,
    ListAttribute,
    MapAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.exceptions import PutError, TransactWriteError

from chalicelib.checkins.domain import Answer, CheckIn, Revision, Source
from chalicelib.crisis.domain import Press
from chalicelib.crisis.store import keep_within
from chalicelib.edge.table import Item, in_conflict, lost_the_race, rows_of, transaction
from chalicelib.tasks.domain import Task
from chalicelib.tasks.store import open_within


class RevisionMap(MapAttribute[str, object]):
    """One submission."""

    at = UnicodeAttribute()
    source = UnicodeAttribute()
    by = UnicodeAttribute(null=True)
    form_version = NumberAttribute()
    values = JSONAttribute()


class CheckInItem(Item, discriminator="check_in"):
    """pk ``CHECKINS#{person}``, sk ``{local date}#{form}``: its submissions in one item, so that none goes missing."""

    version = NumberAttribute()
    revisions: ListAttribute[RevisionMap] = ListAttribute(of=RevisionMap)
    disputed_at = UnicodeAttribute(null=True)


class DynamoCheckIns:
    """Implements ``ports.CheckIns``."""

    def get(self, person_id: str, on: date, form: str) -> CheckIn:
        """Return the check-in of that date; one without answers if there is none yet."""
        try:
            return _check_in_of(CheckInItem.get(*_key(person_id, on, form), consistent_read=True))
        except CheckInItem.DoesNotExist:
            return CheckIn(person_id=person_id, on=on, form=form)

    def of_people(self, keys: Iterable[tuple[str, date]], form: str) -> Iterator[CheckIn]:
        """Give the check-ins of these (person, local date) that exist, in no order."""
        for item in CheckInItem.batch_get([_key(*key, form) for key in keys]):
            yield _check_in_of(item)

    def answered_on(self, person_id: str, first: date, last: date) -> list[date]:
        """Return the local dates, both ends included, with an answer to either form that nobody disputes."""
        within = CheckInItem.sk.between(first.isoformat(), f"{last.isoformat()}#~")
        kept = CheckInItem.query(f"CHECKINS#{person_id}", within, consistent_read=True)
        answered = {item.sk.partition("#")[0] for item in kept if item.revisions and not item.disputed_at}
        return [date.fromisoformat(on) for on in sorted(answered)]

    def between(self, person_id: str, first: date, last: date) -> list[CheckIn]:
        """Return a person's check-ins of both forms from one local date to another, oldest first."""
        within = CheckInItem.sk.between(first.isoformat(), f"{last.isoformat()}#~")
        return [_check_in_of(item) for item in CheckInItem.query(f"CHECKINS#{person_id}", within)]

    def latest_answered(self, person_id: str) -> CheckIn | None:
        """Return the check-in of the latest local date that has an answer, as it is now."""
        # What nobody answered has no item, but for the rare one that was only disputed.
        for item in CheckInItem.query(
            f"CHECKINS#{person_id}", scan_index_forward=False, consistent_read=True, page_size=2
        ):
            if item.revisions:
                return _check_in_of(item)
        return None

    def noted_on(self, person_id: str, first: date, last: date) -> frozenset[date]:
        """Return the local dates of check-ins that there is anything of: their keys are read, and nothing else."""
        between = (first.isoformat(), f"{last.isoformat()}#~")
        rows = rows_of(f"CHECKINS#{person_id}", between=between, keys_only=True)
        return frozenset(date.fromisoformat(row["sk"]["S"].partition("#")[0]) for row in rows)

    def save(self, check_in: CheckIn, flags: Sequence[Task] = (), call: Press | None = None) -> bool:
        """
        Store it as the next version, with the flags that it raises, and the call for help that it is.

        False if anything changed since it was read.
        """
        item = CheckInItem(
            *_key(check_in.person_id, check_in.on, check_in.form),
            version=check_in.version + 1,
            revisions=[
                RevisionMap(  # type: ignore[no-untyped-call]  # PynamoDB leaves this one untyped
                    at=revision.at.isoformat(),
                    source=revision.source.value,
                    by=revision.by,
                    form_version=revision.answer.form_version,
                    values=dict(revision.answer.values),
                )
                for revision in check_in.revisions
            ],
            disputed_at=check_in.disputed_at.isoformat() if check_in.disputed_at else None,
        )
        unchanged = CheckInItem.pk.does_not_exist() | (CheckInItem.version == check_in.version)
        try:
            if not flags and call is None:
                item.save(unchanged)
                return True
            with transaction() as write:
                write.save(item, condition=unchanged)
                for flag in flags:
                    open_within(write, flag)
                if call is not None:
                    keep_within(write, call)
        except (PutError, TransactWriteError) as error:
            # Another's transaction on the same item is a race like any other.
            if lost_the_race(error) or in_conflict(error):
                return False
            raise
        return True


def _key(person_id: str, on: date, form: str) -> tuple[str, str]:
    return f"CHECKINS#{person_id}", f"{on.isoformat()}#{form}"


def _check_in_of(item: CheckInItem) -> CheckIn:
    on, _, form = item.sk.partition("#")
    return CheckIn(
        person_id=item.pk.removeprefix("CHECKINS#"),
        on=date.fromisoformat(on),
        form=form,
        revisions=tuple(
            Revision(
                answer=Answer(form_version=int(revision.form_version), values=MappingProxyType(revision.values)),
                at=datetime.fromisoformat(revision.at),
                source=Source(revision.source),
                by=revision.by,
            )
            for revision in item.revisions
        ),
        disputed_at=datetime.fromisoformat(item.disputed_at) if item.disputed_at else None,
        version=int(item.version),
    )
