"""Find somebody, or say that they aren't there."""

from chalicelib.enrollment.domain import Record
from chalicelib.mentors.domain import Mentor, NoSuchMentor
from chalicelib.mentors.ports import Desk


def record_of(person_id: str, desk: Desk) -> Record:
    """
    Return a person's record.

    :raises NoSuchMentor: if there is nobody
    :raises HasDied: if they have
    """
    record = desk.records.record(person_id)
    if record is None:
        raise NoSuchMentor("there is nobody like that")
    record.must_be_alive()
    return record


def mentor_of(programme_id: str, person_id: str, desk: Desk) -> Mentor:
    """
    Return somebody as a mentor of a programme.

    :raises NoSuchMentor: if they never offered
    """
    found = desk.mentors.mentor(programme_id, person_id)
    if found is None:
        raise NoSuchMentor("there is no such mentor")
    return found
