"""The matrix of families says all that is shown to them, and holds however what is shared comes and goes over time."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime, timedelta
from types import UnionType
from typing import Any, Union, get_args, get_origin

from hypothesis import given, settings
from hypothesis import strategies as some

import app
from chalicelib.edge.http import Doors, Wire
from chalicelib.enrollment.changing import Change
from chalicelib.enrollment.consents import Ends, Via, Will
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State, open_episode
from chalicelib.errors import Forbidden, NotFound
from chalicelib.family import sharing
from chalicelib.family.domain import Relation, Sharing, Tie, What, shared_with, sharing_of
from chalicelib.family.releasing import RELEASES
from chalicelib.family.seeing import View
from chalicelib.family.supporter_shapes import ShownPerson
from chalicelib.privacy.domain import Act, Actor, Field, Relationship, Role, Rule
from chalicelib.privacy.matrix import MATRIX
from chalicelib.privacy.service import authorise
from tests.contract.test_family_matrix import AT, CELLS, SHOWN, TIE, decided, expected, rows_of, standings
from tests.fakes_privacy import FakeAuditLog
from tests.fakes_progress import a_record

COLUMNS = {field for _, field, _ in CELLS}
ALWAYS = {"id", "name", "words", "numbers", "notice"}
"""What a supporter is shown whatever is shared: nothing of it is about the person but their name."""

LEAVES = {
    *("id", "name", "words", "numbers.emergency", "numbers.lifeline", "numbers.lifeline_text"),
    *("notice.statement", "notice.lines"),
    *("milestones.which", "milestones.text"),
    *("attendance.came", "attendance.did_not", "attendance.text"),
    *("progress.done", "progress.of", "progress.text"),
    *("family_sessions.id", "family_sessions.at", "family_sessions.minutes"),
    *("family_sessions.came", "family_sessions.person_came"),
    *("crisis.alert", "crisis.text", "crisis.how_to_help"),
}
"""Every single thing that is shown of a person. Whoever adds one says here that rules 4.4 let a supporter see it."""


def test_each_thing_that_can_be_shared_is_a_column_of_the_matrix_and_no_other_is_shown() -> None:
    assert set(What) == set(RELEASES) == set(SHOWN)
    assert {rule.field for rule in RELEASES.values()} <= COLUMNS
    snake = {"familySessions": "family_sessions"}
    shown = {snake.get(name, name) for name in SHOWN.values()}
    assert set(ShownPerson.model_fields) - ALWAYS == shown
    assert {one.name for one in fields(View)} - {"name", "shared"} == shown - {"family_sessions", "crisis"} | {
        "sessions",
        "in_crisis",
    }


def leaves(model: type[Wire], before: str = "") -> Iterator[str]:
    """Name all that a model shows, through what is in it."""
    for name, field in model.model_fields.items():
        inner = next((one for one in _types(field.annotation) if isinstance(one, type) and issubclass(one, Wire)), None)
        if inner is None:
            yield f"{before}{name}"
        else:
            yield from leaves(inner, f"{before}{name}.")


def _types(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in {list, Union, UnionType}:
        for one in get_args(annotation):
            yield from _types(one)
    else:
        yield annotation


def test_every_single_thing_that_a_supporter_is_shown_is_named() -> None:
    assert set(leaves(ShownPerson)) == LEAVES


def test_all_that_the_rules_grant_a_supporter_about_a_person_is_a_column() -> None:
    about = {
        field
        for field, allowances in MATRIX[Role.SUPPORTER].items()
        for one in allowances
        if one.relationship is Relationship.SUPPORTER and Act.READ in one.acts
    }

    # Whom one supports, and what one says to staff: one's own.
    assert about - {Field.SUPPORTERS} == {
        field for role, field, cell in CELLS if role is Role.SUPPORTER and cell != "-"
    }


def opens(rule: Rule) -> bool:
    """Say whether a supporter with whom everything is shared gets through a door about the person."""
    live = {}
    for what in What:
        (row,) = rows_of("p1", f"supporter:{TIE}:{what}", "granted", at=AT)[-1:]
        live[row.scope] = row
    try:
        authorise(
            Actor(subject="asking", roles=frozenset({("iop", Role.SUPPORTER)})),
            rule,
            person_id="p1",
            programme_id=None,
            now=AT,
            request_id="r",
            event_id="e",
            standings=standings(Role.SUPPORTER, live),
            audit=FakeAuditLog(),
        )
    except (Forbidden, NotFound):
        return False
    return True


OPEN = {
    ("GET", "/people/{person_id}"),
    ("GET", "/people/{person_id}/milestones"),
    # To call for help for them, of which they are told no more than that it was taken.
    ("POST", "/people/{person_id}/crises"),
}
"""The doors beside their own by which a supporter with whom everything is shared gets through to a person."""


def test_no_door_but_these_shows_a_supporter_anything_of_a_person() -> None:
    assert app.app.routes
    found = {
        (door.method, door.path)
        for door in Doors.all
        # Those to a person's supporters are the person's own: test_supporters.py tries them all.
        if not door.path.startswith("/people/{person_id}/supporters")
        and isinstance(door.rule, Rule)
        and door.rule.subject == "person_id"
        and opens(door.rule)
    }

    assert found == OPEN


WILL = Will(by="p", via=Via.WEB)
HALF = timedelta(minutes=30)


class FakeTies:
    """One tie of one person, kept in memory."""

    def __init__(self, record: Record, tie: Tie) -> None:
        self.kept, self.tie = record, tie

    def record(self, person_id: str) -> Record | None:
        del person_id
        return self.kept

    def find(self, tie_id: str) -> Tie | None:
        return self.tie if tie_id == self.tie.id else None

    def of_person(self, person_id: str) -> list[Tie]:
        del person_id
        return [self.tie]

    def of_account(self, account: str) -> list[Tie]:
        del account
        return [self.tie]

    def write(self, change: Change, tie: Tie) -> None:
        self.kept = replace(self.kept, person=change.person, consents=(*self.kept.consents, *change.consents))
        self.tie = tie

    def save(self, tie: Tie, **_: Any) -> bool:
        self.tie = tie
        return True


class Oracle:
    """What rules 4.3 say, in as few words as there are: of each thing how it stands, until when, in which episode."""

    def __init__(self) -> None:
        self.stands: dict[What, str] = {}
        self.until: dict[What, datetime | None] = {}
        self.given_in: dict[What, int] = {}
        self.episode, self.in_care = 1, True

    def lasts(self, what: What, at: datetime) -> bool:
        until = self.until[what]
        return at < until if until else self.in_care and self.given_in[what] == self.episode

    def sees(self, at: datetime) -> set[What]:
        return {what for what, stands in self.stands.items() if stands == "on" and self.lasts(what, at)}


ACTS = some.one_of(
    some.tuples(some.just("share"), some.sampled_from(What), some.none() | some.integers(1, 8)),
    some.tuples(some.just("revoke"), some.sampled_from(What), some.none()),
    some.tuples(
        some.sampled_from(["pause", "resume", "pause", "resume", "leave care", "come back"]), *[some.none()] * 2
    ),
)


@settings(max_examples=60)
@given(steps=some.lists(some.tuples(some.integers(0, 6), ACTS), min_size=1, max_size=12))
def test_however_sharing_comes_and_goes_what_is_seen_is_what_is_granted_then(
    steps: list[tuple[int, tuple[str, What | None, int | None]]],
) -> None:
    base = a_record(person_id="p1")
    tie = Tie(
        id=TIE,
        person_id="p1",
        programme_id=base.episode.programme_id,
        first_name="Rosa",
        address="rosa@example.org",
        relation=Relation.FRIEND,
        language="en",
        named=False,
        invited_at=AT,
        account="asking",
        accepted_at=AT,
    )
    ties, oracle, now = FakeTies(base, tie), Oracle(), AT
    for halves, (act, what, lasts) in steps:
        now += halves * HALF
        do(act, what, lasts, ties=ties, oracle=oracle, now=now)
        at = now + timedelta(seconds=1)

        seen = oracle.sees(at)
        assert shared_with(ties.tie, ties.kept, at=at) == seen, (act, what)
        live = ties.kept.live_consents(at=at)
        for role, field, cell in CELLS:
            if role is Role.SUPPORTER:
                is_granted = cell.rpartition(":")[2] in seen
                found = decided(role, field, live, FakeAuditLog())
                assert found == expected(cell, "granted" if is_granted else "never"), (act, what, field)
        for one in What:
            says, _ = sharing_of(ties.tie, one, ties.kept, at=at)
            assert (says is Sharing.GRANTED) == (one in seen)


def do(act: str, what: What | None, lasts: int | None, *, ties: FakeTies, oracle: Oracle, now: datetime) -> None:
    """Do it, and say to the oracle what it means."""
    if act == "share" and what:
        until = now + lasts * HALF if lasts else None
        sharing.share(
            "p1",
            TIE,
            what,
            until=until or Ends.EPISODE,
            text_version=1,
            locale="en",
            will=WILL,
            now=now,
            ties=ties,
        )
        oracle.stands[what], oracle.until[what], oracle.given_in[what] = "on", until, oracle.episode
    if act == "revoke" and what:
        sharing.stop_sharing("p1", TIE, what, will=WILL, now=now, ties=ties)
        if what in oracle.stands:
            oracle.stands[what] = "off"
    if act in {"pause", "resume"}:
        sharing.pause("p1", TIE, on=act == "pause", will=WILL, now=now, ties=ties)
        for one, stands in oracle.stands.items():
            if act == "pause" and stands == "on" and oracle.lasts(one, now):
                oracle.stands[one] = "paused"
            if act == "resume" and stands == "paused":
                oracle.stands[one] = "on"
    last = ties.kept.episodes[-1]
    if act == "leave care":
        ties.kept = replace(ties.kept, episodes=(*ties.kept.episodes[:-1], replace(last, state=State.DISCHARGED_EARLY)))
        oracle.in_care = False
    if act == "come back" and not oracle.in_care:
        oracle.episode, oracle.in_care = oracle.episode + 1, True
        again = open_episode(
            number=oracle.episode,
            programme_id=last.programme_id,
            state=State.ACTIVE,
            admitted_on=last.admitted_on,
            at=now,
        )
        ties.kept = replace(ties.kept, episodes=(*ties.kept.episodes, again))
