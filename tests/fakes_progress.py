"""A person's record, with only what progress asks of it."""

from datetime import UTC, date, datetime

from chalicelib.enrollment.domain import Person, Record
from chalicelib.enrollment.episodes import State, open_episode
from tests.build import NEW_YORK, PERSON


def a_record(*, language: str = "en", zone: str = NEW_YORK, person_id: str = PERSON) -> Record:
    person = Person(
        id=person_id, external_id="TBH-1", given_name="Ana", family_name="Lee", language=language, zone=zone
    )
    episode = open_episode(
        number=1,
        programme_id="iop-evening",
        state=State.ACTIVE,
        admitted_on=date(2026, 7, 1),
        at=datetime(2026, 7, 1, tzinfo=UTC),
    )
    return Record(person=person, episodes=(episode,))
