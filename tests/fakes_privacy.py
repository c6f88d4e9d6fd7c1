"""A fake per port of privacy and the HTTP edge."""

from collections.abc import Callable, Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from chalicelib.edge.problems import Refused
from chalicelib.privacy.domain import AuditEvent, Caseload, PersonStanding, Relationship, Tie
from chalicelib.privacy.service import AuditUnavailable


class FakeStandings:
    def __init__(self) -> None:
        self.people: dict[str, PersonStanding] = {}
        self.sign_ins: dict[str, str] = {}
        self.programmes: dict[str, Caseload] = {}
        self.ties: dict[tuple[str, Relationship], dict[str, Tie]] = {}
        self.on_call: set[tuple[str, str]] = set()

    def of_person(self, person_id: str, *, now: datetime) -> PersonStanding | None:
        del now
        return self.people.get(person_id)

    def ties_of(self, person_id: str, relationship: Relationship, *, now: datetime) -> dict[str, Tie]:
        del now
        return self.ties.get((person_id, relationship), {})

    def is_on_call(self, subject: str, programme_id: str, *, now: datetime) -> bool:
        del now
        return (subject, programme_id) in self.on_call

    def person_of(self, subject: str) -> str | None:
        return self.sign_ins.get(subject)

    def programme(self, programme_id: str) -> Caseload | None:
        return self.programmes.get(programme_id)


class FakeAuditLog:
    def __init__(self, *, is_down: bool = False) -> None:
        self.is_down = is_down
        self.written: list[AuditEvent] = []
        self.spooled: list[AuditEvent] = []

    def write(self, event: AuditEvent) -> None:
        if self.is_down or any(event.id == other.id and event.at == other.at for other in self.written):
            raise AuditUnavailable("This can't be written down just now, so it can't be shown.")
        self.written.append(event)

    def spool(self, event: AuditEvent) -> None:
        self.spooled.append(event)

    def events(self, about: Iterable[str], *, month: str, before: str | None, limit: int) -> list[AuditEvent]:
        wanted = set(about)
        found = [
            event
            for event in self.written
            if (event.subject or event.programme_id or event.actor) in wanted
            and event.place.startswith(month)
            and (before is None or event.place < before)
        ]
        return sorted(found, key=lambda event: event.place, reverse=True)[:limit]


class FakeReplays:
    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], tuple[str, dict[str, Any] | None]] = {}

    def once(
        self, subject: str, key: str, fingerprint: str, act: Callable[[], dict[str, Any]], *, context: object
    ) -> dict[str, Any]:
        del context
        place = (subject, key)
        if place not in self.answers:
            self.answers[place] = (fingerprint, None)
            try:
                answer = act()
            except BaseException:
                del self.answers[place]
                raise
            self.answers[place] = (fingerprint, answer)
            return answer
        first_fingerprint, given = self.answers[place]
        if first_fingerprint != fingerprint:
            raise Refused(
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
                kind="idempotency-key-reused",
                detail="Came with another request.",
            )
        if given is None:
            raise Refused(status=HTTPStatus.CONFLICT, kind="still-under-way", detail="Still under way.")
        return {**given, "headers": {**given["headers"], "Idempotency-Replayed": "true"}}
