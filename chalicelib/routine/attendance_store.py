"""Who came to which session, in the table. The only place for its keys."""

from collections.abc import Sequence
from datetime import date

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.exceptions import PutError, TransactWriteError

from chalicelib.edge.table import Item, in_conflict, lost_the_race, transaction
from chalicelib.errors import Stale
from chalicelib.routine.attendance import Attendance, Presence
from chalicelib.routine.domain import Kind
from chalicelib.routine.store import follows
from chalicelib.tasks.domain import Task
from chalicelib.tasks.store import open_within


class AttendanceItem(Item, discriminator="attendance"):
    """pk ``ATTENDANCE#{person}``, sk ``{date}#{item}``: not with the week, which delivery may read."""

    kind = UnicodeAttribute()
    at = UTCDateTimeAttribute()
    planned = NumberAttribute()
    presence = UnicodeAttribute(null=True)
    minutes = NumberAttribute()
    noted_at = UTCDateTimeAttribute()
    by = UnicodeAttribute()
    version = NumberAttribute()


class DynamoAttendances:
    """Implements ``service.Attendances``."""

    def between(self, person_id: str, first: date, last: date) -> list[Attendance]:
        """Return what was noted of the sessions that these dates name: one consistent query."""
        # "~" comes after every id.
        within = AttendanceItem.sk.between(f"{first}#", f"{last}#~")
        found = AttendanceItem.query(f"ATTENDANCE#{person_id}", within, consistent_read=True)
        return [_attendance_of(item) for item in found]

    def save(self, attendance: Attendance, flags: Sequence[Task] = ()) -> None:
        """
        Put what was noted over the version before it, with the flags that it raises, or neither.

        :raises Stale: if that isn't the present one, or a flag is there already
        """
        item = _item_of(attendance)
        unchanged = follows(AttendanceItem.version, attendance.version)
        try:
            if not flags:
                item.save(unchanged)
                return
            with transaction() as write:
                write.save(item, condition=unchanged)
                for flag in flags:
                    open_within(write, flag)
        except (PutError, TransactWriteError) as error:
            # Another's transaction on the same item is a race like any other.
            if lost_the_race(error) or in_conflict(error):
                raise Stale("this was changed meanwhile") from error
            raise


def _item_of(attendance: Attendance) -> AttendanceItem:
    return AttendanceItem(
        f"ATTENDANCE#{attendance.person_id}",
        f"{attendance.on}#{attendance.item_id}",
        kind=attendance.kind.value,
        at=attendance.at,
        planned=attendance.planned,
        presence=attendance.presence.value if attendance.presence else None,
        minutes=attendance.minutes,
        noted_at=attendance.noted_at,
        by=attendance.by,
        version=attendance.version,
    )


def _attendance_of(item: AttendanceItem) -> Attendance:
    on, _, item_id = item.sk.partition("#")
    return Attendance(
        person_id=item.pk.removeprefix("ATTENDANCE#"),
        item_id=item_id,
        on=date.fromisoformat(on),
        kind=Kind(item.kind),
        at=item.at,
        planned=int(item.planned),
        presence=Presence(item.presence) if item.presence else None,
        minutes=int(item.minutes),
        noted_at=item.noted_at,
        by=item.by,
        version=int(item.version),
    )
