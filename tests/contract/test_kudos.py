"""Kudos: one suite of the stores, and the doors over the table."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app import app
from chalicelib.enrollment.holds import hold_for_crisis
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.milestones.kudos import (
    CHANGEABLE_FOR,
    MOST_A_DAY,
    Kudos,
    KudosEnough,
    KudosKept,
    State,
    objection,
    withdraw,
)
from chalicelib.milestones.kudos_store import DynamoKudos
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import KUDOS_NUDGE
from chalicelib.outreach.store import DueItem, due_of
from tests.contract.test_partners import (
    CLINICIAN,
    MILESTONES,
    another,
    as_person,
    consent,
    in_care_team,
    paired,
    partners,
)
from tests.contract.test_people_routes import Api
from tests.fakes_kudos import FakeKudos
from tests.milestones_api import enrolled
from tests.toy import NOW, Told

__all__ = ["enrolled"]
pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture(params=[FakeKudos, DynamoKudos])
def kept(request: pytest.FixtureRequest) -> KudosKept:
    found: KudosKept = request.param()
    return found


def some_kudos(number: int = 1, *, text: str | None = "So glad", at: datetime = NOW, **changes: Any) -> Kudos:
    kudos = Kudos(
        person_id=f"p{number}",
        programme_id="iop",
        which="d30",
        run=1,
        sender="person:ben",
        phrase=None,
        text=text,
        at=at,
        state=State.HELD if text else State.READY,
        visible_at=None if text else at,
    )
    return replace(kudos, **changes)


def test_kudos_come_back_as_they_went_under_their_receiver(kept: KudosKept) -> None:
    kudos = some_kudos()
    assert kept.save(kudos, before=None)

    held = replace(kudos, version=1)
    assert kept.find("p1", kudos.id) == held
    assert (kept.of_person("p1"), kept.of_person("p2")) == ([held], [])
    assert kept.held("iop", after=None, limit=5) == ([held], None)

    through = held.decided(lets_through=True, by="cleo", at=NOW)
    assert kept.save(through, before=held)
    assert kept.of_person("p1") == [replace(through, version=2)]
    assert kept.held("iop", after=None, limit=5) == ([], None)
    assert not kept.save(held.decided(lets_through=False, by="eva", at=NOW), before=held)


def test_what_its_sender_changes_while_they_part_is_taken_back_all_the_same(kept: KudosKept) -> None:
    first = some_kudos()
    assert kept.save(first, before=None)
    stale = replace(first, version=1)
    assert kept.save(replace(stale, text="Other words", at=NOW + timedelta(seconds=1)), before=stale)

    withdraw("p1", "person:ben", now=NOW, kept=Behind(kept, [stale]))

    assert [one.state for one in kept.of_person("p1")] == [State.WITHDRAWN]


@dataclass
class Behind:
    """What is kept, read once as it was a moment before."""

    kept: KudosKept
    before: list[Kudos]

    def of_person(self, person_id: str) -> list[Kudos]:
        found, self.before = self.before, []
        return found or self.kept.of_person(person_id)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kept, name)


def test_what_waits_is_read_in_pages_the_oldest_first(kept: KudosKept) -> None:
    for number in (3, 1, 2):
        assert kept.save(some_kudos(number, at=NOW + timedelta(minutes=number)), before=None)
    assert kept.save(some_kudos(4, programme_id="other"), before=None)

    first, after = kept.held("iop", after=None, limit=2)
    second, end = kept.held("iop", after=after, limit=2)

    assert [one.person_id for one in (*first, *second)] == ["p1", "p2", "p3"]
    assert end is None


def test_a_sender_leaves_so_many_a_day_and_may_change_them(kept: KudosKept) -> None:
    for number in range(MOST_A_DAY):
        assert kept.save(some_kudos(number), before=None)
    with pytest.raises(KudosEnough) as refused:
        kept.save(some_kudos(99), before=None)

    assert refused.value.again_at == datetime(2026, 11, 25, tzinfo=UTC)
    assert kept.find("p99", some_kudos(99).id) is None
    present = kept.find("p1", some_kudos(1).id)
    assert present
    assert kept.save(replace(present, text="Other words"), before=present)
    assert kept.save(some_kudos(99, sender="person:eva"), before=None)
    assert kept.save(some_kudos(98, at=NOW + timedelta(days=1)), before=None)


@pytest.fixture
def api(aws: None) -> Api:
    del aws
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


@pytest.fixture
def two(api: Api) -> tuple[str, str]:
    """Return a person who shares milestones, and their partner. The person reads Spanish."""
    ana, ben = another(api, 1, givenName="Ana", language="es"), another(api, 2, givenName="Ben")
    paired(api, ana, ben)
    consent(api, ana, MILESTONES)
    return ana, ben


def waiting(person_id: str) -> list[Due]:
    """Return what will tell a person of kudos."""
    return [due_of(item) for item in DueItem.scan() if item.sk.split("#")[1:3] == [person_id, KUDOS_NUDGE]]


def at(moment: datetime) -> None:
    app.use(replace(app.wiring, clock=lambda: moment))


def leave(api: Api, to: str, *, by: str, which: str = "d30", **body: Any) -> Told:
    return as_person(api, by).send("POST", f"/people/{to}/kudos", {"which": which} | body)


def read(api: Api, who: str) -> list[dict[str, Any]]:
    told = as_person(api, who).send("GET", f"/people/{who}/kudos")
    assert told.status == 200, told.text
    items: list[dict[str, Any]] = told.json["items"]
    return items


def held(api: Api, by: str = CLINICIAN) -> list[dict[str, Any]]:
    api.as_whom = by
    items: list[dict[str, Any]] = api.send("GET", "/programmes/iop-evening/held-kudos").json["items"]
    return items


def decide(api: Api, one: dict[str, Any], *, through: bool, by: str = CLINICIAN, version: int | None = None) -> Told:
    api.as_whom = by
    path = f"/people/{one['personId']}/kudos/{one['id']}/decision"
    return api.send("POST", path, {"letThrough": through}, if_match=f'"{version or one["version"]}"')


def test_a_phrase_is_read_in_the_receivers_language_after_its_sender_could_change_it(
    api: Api, two: tuple[str, str]
) -> None:
    ana, ben = two
    told = leave(api, ana, by=ben, phrase="well_done")
    changed = leave(api, ana, by=ben, phrase="with_you")
    again = leave(api, ana, by=ben, phrase="with_you")

    assert (told.status, told.json["waits"]) == (201, False)
    assert changed.json == again.json
    assert read(api, ana) == []
    at(NOW + CHANGEABLE_FOR)
    (shown,) = read(api, ana)
    assert (shown["from"], shown["phrase"], shown["milestone"]) == ("Ben", "Estoy contigo.", "30 días")
    assert leave(api, ana, by=ben, phrase="well_done").kind == "conflict"
    assert leave(api, ana, by=ben, phrase="with_you").json == again.json
    # Told of once a date, however many there are.
    assert {one.on for one in waiting(ana)} == {NOW.date()}


def test_own_words_wait_until_staff_let_them_through(api: Api, two: tuple[str, str]) -> None:
    ana, ben = two
    told = leave(api, ana, by=ben, phrase="happy_for_you", text="  You did it,\nand I saw it. ")
    assert (told.json["waits"], told.json["text"]) == (True, "You did it, and I saw it.")
    at(NOW + timedelta(days=1))
    assert (read(api, ana), waiting(ana)) == ([], [])
    (one,) = held(api)
    assert (one["text"], one["personId"]) == ("You did it, and I saw it.", ana)

    decided = decide(api, one, through=True)

    assert (decided.json["state"], decided.json["decidedBy"]) == ("ready", "cleo")
    assert decided.json["decidedAt"] is not None
    assert decide(api, one, through=True).json == decided.json
    assert decide(api, one, through=False).kind == "conflict"
    assert held(api) == []
    assert [(one["text"], one["phrase"]) for one in read(api, ana)] == [
        ("You did it, and I saw it.", "Me alegro por ti.")
    ]
    assert len(waiting(ana)) == 1


def test_who_was_turned_away_is_not_told(api: Api, two: tuple[str, str]) -> None:
    ana, ben = two
    told = leave(api, ana, by=ben, text="Come to the bar")
    (one,) = held(api)

    assert decide(api, one, through=False).json["state"] == "turned_away"

    assert leave(api, ana, by=ben, text="Come to the bar").json == told.json
    at(NOW + timedelta(days=1))
    assert (held(api), read(api, ana), waiting(ana)) == ([], [], [])
    # Other words wait anew.
    assert leave(api, ana, by=ben, text="So glad for you").json["waits"] is True
    assert [one["text"] for one in held(api)] == ["So glad for you"]


def test_words_that_were_changed_since_they_were_read_are_read_again(api: Api, two: tuple[str, str]) -> None:
    ana, ben = two
    leave(api, ana, by=ben, text="So glad for you")
    (seen,) = held(api)
    leave(api, ana, by=ben, text="Something else entirely")

    assert decide(api, seen, through=True).kind == "conflict"

    (present,) = held(api)
    assert present["text"] == "Something else entirely"
    assert decide(api, present, through=True).status == 200


def test_staff_say_it_themselves_and_are_named_as_staff(api: Api, two: tuple[str, str]) -> None:
    ana, _ = two
    api.as_whom = CLINICIAN
    told = api.send("POST", f"/people/{ana}/kudos", {"which": "d7", "text": "A whole week."})
    assert (told.status, told.json["waits"]) == (201, False)

    at(NOW + CHANGEABLE_FOR)
    (shown,) = read(api, ana)
    assert (shown["from"], shown["byStaff"], shown["text"]) == (None, True, "A whole week.")


def test_one_may_be_hidden_and_shown_again(api: Api, two: tuple[str, str]) -> None:
    ana, ben = two
    kudos_id = leave(api, ana, by=ben, phrase="well_done").json["id"]
    path = f"/people/{ana}/kudos/{kudos_id}/hidden"
    assert as_person(api, ana).send("PUT", path, {"hidden": True}).kind == "not-found"
    at(NOW + CHANGEABLE_FOR)

    for _ in range(2):
        assert as_person(api, ana).send("PUT", path, {"hidden": True}).status == 204
    assert read(api, ana) == []
    due = waiting(ana)[0]
    assert objection(due, kept=DynamoKudos(), now=due.at) is Reason.CANCELLED
    assert as_person(api, ana).send("PUT", path, {"hidden": False}).status == 204
    assert len(read(api, ana)) == 1
    assert objection(due, kept=DynamoKudos(), now=due.at) is None
    assert objection(replace(due, kind="nudge-1"), kept=DynamoKudos(), now=due.at) is None


def test_what_a_partner_left_is_taken_back_if_they_part_before_it_is_read(api: Api, two: tuple[str, str]) -> None:
    ana, ben = two
    leave(api, ana, by=ben, phrase="well_done")
    leave(api, ana, by=ben, which="d7", text="Held words")
    (pair,) = as_person(api, ana).send("GET", f"/people/{ana}/partners").json["items"]

    assert as_person(api, ana).send("DELETE", f"/people/{ana}/partners/{pair['id']}").status == 204

    at(NOW + timedelta(hours=1))
    assert (held(api), read(api, ana)) == ([], [])
    due = waiting(ana)[0]
    assert objection(due, kept=DynamoKudos(), now=NOW + timedelta(hours=1)) is Reason.CANCELLED
    assert leave(api, ana, by=ben, phrase="well_done").kind == "not-found"


def test_only_who_may_see_a_milestone_leaves_kudos_for_it(api: Api, two: tuple[str, str]) -> None:
    ana, ben = two
    carl = another(api, 3, givenName="Carl")
    assert leave(api, ana, by=carl, phrase="well_done").kind == "not-found"
    assert leave(api, ana, by=ana, phrase="well_done").kind == "forbidden"
    # Ben shares nothing.
    assert leave(api, ben, by=ana, phrase="well_done").kind == "forbidden"
    in_care_team(api, ana, "sue")
    for role in ("supporter", "mentor", "program-admin", "privacy-officer"):
        api.as_whom = f"sue=iop-evening/{role}"
        told = api.send("POST", f"/people/{ana}/kudos", {"which": "d30", "phrase": "well_done"})
        assert told.kind in {"forbidden", "not-found"}, role
    assert as_person(api, ana).send("POST", f"/people/{ana}/consents/{MILESTONES}/revocations").status == 201
    at(NOW + timedelta(seconds=1))
    assert leave(api, ana, by=ben, phrase="well_done").kind == "forbidden"


def test_only_the_receiver_reads_and_only_staff_who_hold_them_decide(api: Api, two: tuple[str, str]) -> None:
    ana, ben = two
    leave(api, ana, by=ben, text="So glad for you")
    (one,) = held(api)
    path = f"/people/{ana}/kudos"

    assert as_person(api, ben).send("GET", path).kind == "forbidden"
    api.as_whom = CLINICIAN
    assert api.send("GET", path).kind == "forbidden"
    assert api.send("PUT", f"{path}/{one['id']}/hidden", {"hidden": True}).kind == "forbidden"
    for whom in (f"{ben}=iop-evening/participant", f"{ana}=iop-evening/participant"):
        assert decide(api, one, through=True, by=whom).kind == "forbidden"
        api.as_whom = whom
        assert api.send("GET", "/programmes/iop-evening/held-kudos").kind == "forbidden"
    assert decide(api, one, through=True, by="pat=iop-evening/peer-specialist").kind == "not-found"
    assert held(api, by="pat=iop-evening/peer-specialist") == []
    in_care_team(api, ana, "pat")
    assert len(held(api, by="pat=iop-evening/peer-specialist")) == 1
    assert decide(api, one, through=True, by="pat=iop-evening/peer-specialist").status == 200
    assert decide(api, one | {"id": "d1-1-person:x"}, through=True).kind == "not-found"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"which": "d30"}, "phrase"),
        ({"which": "d30", "text": "  "}, "phrase"),
        ({"which": "d30", "phrase": "clean_and_sober"}, "phrase"),
        ({"which": "d60", "phrase": "well_done"}, "which"),
        ({"which": "D30", "phrase": "well_done"}, "which"),
        ({"phrase": "well_done"}, "which"),
        ({"which": "d30", "text": "x" * 281}, "text"),
        ({"which": "d30", "text": "x" * 1001}, "text"),
        ({"which": "d30", "text": "see https://bar.example"}, "text"),
        ({"which": "d30", "text": "see bar.com"}, "text"),
        ({"which": "d30", "text": "me@bar"}, "text"),
        ({"which": "d30", "text": "call 555 123 4567"}, "text"),
        ({"which": "d30", "text": "a\u202eb"}, "text"),
        ({"which": "d30", "text": "a\u0000b"}, "text"),
        ({"which": "d30", "phrase": "well_done", "to": "all"}, "to"),
    ],
)
def test_bad_input_is_refused_by_its_field(api: Api, two: tuple[str, str], body: dict[str, Any], field: str) -> None:
    ana, ben = two
    told = as_person(api, ben).send("POST", f"/people/{ana}/kudos", body)

    assert (told.status, [fault["field"] for fault in told.json["errors"]]) == (422, [field])
    assert DynamoKudos().of_person(ana) == []


def test_two_hundred_and_eighty_characters_and_an_emoji_of_several_are_fine(api: Api, two: tuple[str, str]) -> None:
    ana, ben = two
    assert leave(api, ana, by=ben, text="👩\u200d🚀 " + "x" * 276).json["waits"] is True


def test_too_many_a_day_are_refused_with_when_to_come_back(api: Api, two: tuple[str, str]) -> None:
    ana, ben = two
    for number in range(MOST_A_DAY):
        assert DynamoKudos().save(some_kudos(number, sender=f"person:{ben}"), before=None)

    told = leave(api, ana, by=ben, phrase="well_done")

    assert (told.status, told.kind) == (429, "too-soon")
    assert read(api, ana) == []


def test_a_crisis_holds_the_message_back_and_not_the_words(api: Api, two: tuple[str, str]) -> None:
    ana, ben = two
    leave(api, ana, by=ben, phrase="well_done")
    hold_for_crisis(ana, now=NOW, holds=DynamoHolds())
    at(NOW + CHANGEABLE_FOR)

    assert len(read(api, ana)) == 1
    # Outreach keeps the category waiting (tests/unit/outreach/test_collecting.py); nothing here speaks against it.
    due: Due = waiting(ana)[0]
    assert objection(due, kept=DynamoKudos(), now=due.at) is None


def test_the_phrases_are_the_same_in_both_languages(api: Api) -> None:
    api.as_whom = "ana=iop-evening/participant"
    english, spanish = (
        api.send("GET", f"/programmes/iop-evening/kudos-phrases?locale={locale}").json["items"]
        for locale in ("en", "es")
    )

    assert [one["phrase"] for one in english] == [one["phrase"] for one in spanish]
    assert len({one["text"] for one in (*english, *spanish)}) == 2 * len(english)


def test_own_words_count_each_time_that_they_are_changed(kept: KudosKept) -> None:
    present = some_kudos()
    assert kept.save(present, before=None)
    for minute in range(1, MOST_A_DAY):
        before = replace(present, version=minute)
        present = some_kudos(text=f"Words {minute}", at=NOW + timedelta(minutes=minute))
        assert kept.save(present, before=before)
    before = replace(present, version=MOST_A_DAY)

    with pytest.raises(KudosEnough):
        kept.save(some_kudos(text="More", at=NOW + timedelta(hours=1)), before=before)

    assert kept.find("p1", before.id) == before
    # What staff decide, and a phrase, cost the sender nothing.
    turned_away = before.decided(lets_through=False, by="cleo", at=NOW)
    assert kept.save(turned_away, before=before)
    phrase = some_kudos(text=None, phrase="well_done", at=NOW + timedelta(hours=1))
    assert kept.save(phrase, before=replace(turned_away, version=before.version + 1))


def revoke(api: Api, ana: str, ben: str) -> None:
    del ben
    told = as_person(api, ana).send("POST", f"/people/{ana}/consents/{MILESTONES}/revocations")
    assert told.status < 300, told.text
    at(NOW + timedelta(minutes=1))


def pause(api: Api, ana: str, ben: str) -> None:
    del ben
    (pair,) = partners(api, ana)
    assert api.send("PUT", f"/people/{ana}/partners/{pair['id']}/sharing", {"paused": True}).status == 200


def leave_care(api: Api, ana: str, ben: str) -> None:
    del ana
    api.as_whom = CLINICIAN
    assert api.send("POST", f"/people/{ben}/transitions", {"to": "discharged_early"}).status == 200


@pytest.mark.parametrize("part", [revoke, pause, leave_care])
def test_words_that_waited_go_no_further_than_new_ones(
    api: Api, two: tuple[str, str], part: Callable[[Api, str, str], None]
) -> None:
    ana, ben = two
    leave(api, ana, by=ben, text="So glad for you")
    (one,) = held(api)
    part(api, *two)

    assert decide(api, one, through=True).kind == "conflict"

    assert (read(api, ana), waiting(ana)) == ([], [])
    assert decide(api, one, through=False).json["state"] == "turned_away"


def test_who_is_no_partner_any_more_has_no_name(api: Api, two: tuple[str, str]) -> None:
    ana, ben = two
    leave(api, ana, by=ben, phrase="with_you")
    at(NOW + CHANGEABLE_FOR)
    assert [one["from"] for one in read(api, ana)] == ["Ben"]
    (pair,) = partners(api, ana)
    assert api.send("DELETE", f"/people/{ana}/partners/{pair['id']}").status == 204
    etag = as_person(api, ben).send("GET", f"/people/{ben}").headers["ETag"]
    assert api.send("PATCH", f"/people/{ben}", {"preferredName": "You left me"}, if_match=etag).status == 200

    assert [(one["from"], one["byStaff"]) for one in read(api, ana)] == [(None, False)]
