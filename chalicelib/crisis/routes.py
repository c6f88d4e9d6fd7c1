"""The doors of staff to crises: the board, one with its log, and what they do about it."""

from functools import partial

from chalicelib.crisis import call_routes, drill_routes, handlers, handling, help_routes, minutes_routes, rota_routes
from chalicelib.crisis.domain import OVER, Crisis
from chalicelib.crisis.doors import doors
from chalicelib.crisis.guarding import guarded
from chalicelib.crisis.handling import By
from chalicelib.crisis.log import bounded
from chalicelib.crisis.paging import minutes_of
from chalicelib.crisis.rota_handlers import weakness_of
from chalicelib.crisis.shapes import (
    CrisisList,
    CrisisWithLog,
    Decision,
    HandOver,
    Reopening,
    Resolution,
    Review,
    ShownCrisis,
    WithNote,
    shown_crisis,
    shown_line,
)
from chalicelib.crisis.store import DynamoCrises
from chalicelib.edge.http import Answer, Asked
from chalicelib.enrollment.store import people
from chalicelib.privacy.domain import ALL_PROGRAMMES, Act, Field, Rule, View

__all__ = ["call_routes", "doors", "drill_routes", "help_routes", "minutes_routes", "rota_routes"]

ANY_VIEW = frozenset({View.FULL, View.STATE_ONLY})


def _see(act: Act, purpose: str) -> Rule:
    return Rule(act=act, field=Field.CRISIS, programme="programme_id", purpose=purpose, views=ANY_VIEW)


def _do(purpose: str) -> Rule:
    """Return the rule of what whoever is on call may do, too: to say that they have it, and to try."""
    return Rule(act=Act.WRITE, field=Field.CRISIS, programme="programme_id", purpose=purpose, views=ANY_VIEW)


def _end(purpose: str) -> Rule:
    """Return the rule of what takes somebody who may see all of a crisis."""
    return Rule(act=Act.WRITE, field=Field.CRISIS, programme="programme_id", purpose=purpose)


@doors.door(
    "GET",
    "/programmes/{programme_id}/crises",
    summary="A programme's crises that aren't closed, whoever nobody has acknowledged first",
    rule=_see(Act.LIST, "see who called for help"),
    answer=CrisisList,
)
def list_crises(asked: Asked, programme_id: str) -> Answer:
    """List them, those of callers whom nobody knows among them."""
    crises = DynamoCrises()
    wanted = {programme_id, ALL_PROGRAMMES}
    found = crises.many(one.id for one in crises.open_ones() if one.programme_id in wanted).values()
    order = sorted(found, key=lambda one: (not one.is_unanswered, one.state in OVER, one.since, one.id))
    weakness = weakness_of(programme_id, now=asked.now)
    return Answer(
        body=CrisisList(
            items=_shown(order, programme_id, asked),
            email_only=weakness.email_only if weakness else None,
            no_rota=weakness.no_rota if weakness else None,
        )
    )


@doors.door(
    "GET",
    "/programmes/{programme_id}/crises/{crisis_id}",
    summary="A crisis with its log",
    rule=_see(Act.READ, "see a crisis"),
    answer=CrisisWithLog,
)
def read_crisis(asked: Asked, programme_id: str, crisis_id: str) -> Answer:
    """Show it."""
    crisis = handling.find(crisis_id, programme_id, desk=handlers.desk())
    log = DynamoCrises().log(crisis_id) if asked.granted.view is View.FULL else None
    lines = None if log is None else [shown_line(event) for event in bounded(log)]
    has_plan = doors.wiring.has_plan(crisis.person_id) if log is not None and crisis.person_id else None
    shown = _shown([crisis], programme_id, asked)[0]
    return Answer(body=CrisisWithLog(crisis=shown, log=lines, has_plan=has_plan))


@doors.door(
    "GET",
    "/people/{person_id}/crises",
    summary="A person's crises, the newest first",
    rule=Rule(act=Act.LIST, field=Field.CRISIS, subject="person_id", purpose="see somebody's crises", views=ANY_VIEW),
    answer=CrisisList,
)
def list_person_crises(asked: Asked, person_id: str) -> Answer:
    """List them; those that another programme had are that one's."""
    programme_id = asked.granted.programme_id
    found = [one for one in DynamoCrises().of_caller(person_id) if one.programme_id == programme_id]
    return Answer(body=CrisisList(items=_shown(found, programme_id, asked)))


@doors.door(
    "POST",
    "/programmes/{programme_id}/crises/{crisis_id}/acknowledge",
    summary="Say that one has it, and own it; again changes nothing. Who comes second is told who has it",
    rule=_do("acknowledge a crisis"),
    answer=ShownCrisis,
)
def acknowledge_crisis(asked: Asked, programme_id: str, crisis_id: str) -> Answer:
    """Acknowledge it."""
    return _done(
        handling.acknowledge(crisis_id, _by(asked, programme_id), now=asked.now, desk=handlers.desk()),
        programme_id,
        asked,
    )


@doors.door(
    "POST",
    "/programmes/{programme_id}/crises/{crisis_id}/attempts",
    summary="Note that one tried to reach the person, and didn't; whoever does has it",
    rule=_do("note an attempt to reach somebody"),
    body=WithNote,
    answer=ShownCrisis,
    created=True,
)
def note_attempt(asked: Asked, programme_id: str, crisis_id: str) -> Answer:
    """Note it."""
    by = _by(asked, programme_id)
    crisis = handling.attempt(crisis_id, by, note=asked.body.note, now=asked.now, desk=handlers.desk())
    return _done(crisis, programme_id, asked)


@doors.door(
    "POST",
    "/programmes/{programme_id}/crises/{crisis_id}/contact",
    summary="Note that one reached the person; whoever does has it",
    rule=_do("note that somebody was reached"),
    body=WithNote,
    answer=ShownCrisis,
    created=True,
)
def note_crisis_contact(asked: Asked, programme_id: str, crisis_id: str) -> Answer:
    """Note it."""
    by = _by(asked, programme_id)
    crisis = handling.contact(crisis_id, by, note=asked.body.note, now=asked.now, desk=handlers.desk())
    return _done(crisis, programme_id, asked)


@doors.door(
    "POST",
    "/programmes/{programme_id}/crises/{crisis_id}/hand-over",
    summary="Give it to somebody else of the staff, who is paged at once",
    rule=_do("hand a crisis over"),
    body=HandOver,
    answer=ShownCrisis,
)
def hand_crisis_over(asked: Asked, programme_id: str, crisis_id: str) -> Answer:
    """Hand it over."""
    by = _by(asked, programme_id)
    crisis = handling.hand_over(crisis_id, by, to=asked.body.to, now=asked.now, desk=handlers.desk())
    return _done(crisis, programme_id, asked)


@doors.door(
    "POST",
    "/programmes/{programme_id}/crises/{crisis_id}/welfare-check",
    summary="Decide, as somebody else than its owner, whether emergency services look after the person",
    rule=_end("decide on a welfare check"),
    body=Decision,
    answer=ShownCrisis,
)
def decide_on_welfare_check(asked: Asked, programme_id: str, crisis_id: str) -> Answer:
    """Decide it."""
    crisis = handling.decide_welfare_check(
        crisis_id,
        _by(asked, programme_id),
        wanted=asked.body.welfare_check,
        note=asked.body.note,
        now=asked.now,
        desk=handlers.desk(),
    )
    return _done(crisis, programme_id, asked)


@doors.door(
    "POST",
    "/programmes/{programme_id}/crises/{crisis_id}/resolve",
    summary="Say how it ended; some ends wait for a second person, then three follow-ups are opened",
    rule=_end("say how a crisis ended"),
    body=Resolution,
    answer=ShownCrisis,
)
def resolve_crisis(asked: Asked, programme_id: str, crisis_id: str) -> Answer:
    """Resolve it."""
    crisis = handling.resolve(
        crisis_id,
        _by(asked, programme_id),
        disposition=asked.body.disposition,
        note=asked.body.note,
        now=asked.now,
        desk=handlers.desk(),
    )
    return _done(crisis, programme_id, asked)


@doors.door(
    "POST",
    "/programmes/{programme_id}/crises/{crisis_id}/review",
    summary="Say, as a second person, whether that was the right end; if not it is open again",
    rule=_end("review how a crisis ended"),
    body=Review,
    answer=ShownCrisis,
)
def review_crisis(asked: Asked, programme_id: str, crisis_id: str) -> Answer:
    """Review it."""
    crisis = handling.review(
        crisis_id,
        _by(asked, programme_id),
        agreed=asked.body.agreed,
        note=asked.body.note,
        now=asked.now,
        desk=handlers.desk(),
    )
    return _done(crisis, programme_id, asked)


@doors.door(
    "POST",
    "/programmes/{programme_id}/crises/{crisis_id}/reopen",
    summary="Open again what is over, and have it paged",
    rule=_end("open a crisis again"),
    body=Reopening,
    answer=ShownCrisis,
)
def reopen_crisis(asked: Asked, programme_id: str, crisis_id: str) -> Answer:
    """Reopen it."""
    by = _by(asked, programme_id)
    crisis = handling.reopen(crisis_id, by, note=asked.body.note, now=asked.now, desk=handlers.desk())
    return _done(crisis, programme_id, asked)


def _by(asked: Asked, programme_id: str) -> By:
    return By(account=asked.who.subject, programme_id=programme_id)


def _done(crisis: Crisis, programme_id: str, asked: Asked) -> Answer:
    return Answer(body=_shown([crisis], programme_id, asked)[0])


def _shown(crises: list[Crisis], programme_id: str, asked: Asked) -> list[ShownCrisis]:
    in_full = asked.granted.view is View.FULL
    desk = handlers.desk()
    # Names help; that there is a crisis has to be seen without them, too.
    ids = {one.person_id for one in crises if one.person_id}
    named = (guarded(partial(people().named, programme_id, ids), desk=desk) or {}) if in_full else {}
    owners = {
        one.owner: guarded(partial(desk.members.find, programme_id, one.owner), desk=desk)
        for one in crises
        if one.owner
    }
    names = {
        person_id: f"{member.preferred_name or member.given_name} {member.family_name}".strip()
        for person_id, member in named.items()
    }
    return [
        shown_crisis(
            one,
            minutes=minutes_of(one, desk=desk),
            owner=owners.get(one.owner or ""),
            name=names.get(one.person_id or ""),
            in_full=in_full,
        )
        for one in crises
    ]
