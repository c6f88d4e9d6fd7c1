"""Have staff look: at what one of two who walk together wrote, and at who is alone, quiet or to be told."""

from datetime import datetime

from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State as EpisodeState
from chalicelib.mentors.domain import Mentorship, Note, NotPossible, Said
from chalicelib.mentors.ports import Desk
from chalicelib.mentors.walking import find
from chalicelib.tasks.domain import Kind, task_for


def tell_staff(note: Note, *, now: datetime, desk: Desk) -> None:
    """
    Keep what one of the two wrote for staff; a worry opens a task. The same again changes nothing.

    The task is about the newcomer; where they have died or are another programme's now, about who wrote it.

    :raises NoSuchMentor: if they have no such mentorship
    :raises NotPossible: if nobody of its programme is there any more to hear of a worry
    """
    one = find(note.by, note.mentorship_id, desk=desk)
    heard = [each for each in (one.mentee_id, note.by) if _in_programme(each, one, desk)]
    if not heard:
        raise NotPossible("this mentorship is over, and so is its programme's part in it")
    desk.mentors.note(note)
    if note.said is Said.CONCERN:
        open_task(Kind.MENTOR_CONCERN, one, note.id, with_whom=heard[0], now=now, desk=desk)


def open_task(
    kind: Kind, one: Mentorship, about: str, *, with_whom: str | None = None, now: datetime, desk: Desk
) -> bool:
    """
    Have the mentorship's programme look at the newcomer, or at ``with_whom``; say whether that was news.

    Of whoever died, or is another programme's now, nothing is opened: what was here is none of theirs.
    """
    person_id = with_whom or one.mentee_id
    record = _in_programme(person_id, one, desk)
    if record is None:
        return False
    task = task_for(
        kind,
        about,
        programme_id=one.pair.programme_id,
        person_id=person_id,
        at=now,
        zone=record.person.zone,
    )
    return desk.tasks.open(task)


def _in_programme(person_id: str, one: Mentorship, desk: Desk) -> Record | None:
    record = desk.records.record(person_id)
    if record is None or record.episode.state is EpisodeState.DECEASED:
        return None
    return record if record.episode.programme_id == one.pair.programme_id else None
