"""What staff see of a message beforehand is what people will get."""

import json
from html import unescape
from pathlib import Path

import pytest

import app
from chalicelib.errors import NotFound
from chalicelib.outreach.catalogue import LOCALES, names
from chalicelib.outreach.domain import DetailLevel
from chalicelib.outreach.previewing import SAMPLE_LESS, SAMPLE_LINK, preview
from chalicelib.privacy.domain import Role
from chalicelib.privacy.store import DynamoAuditLog
from infra.words import gallery
from tests.toy import Told, Toy

STAFF = {Role.CLINICIAN, Role.CASE_MANAGER, Role.PROGRAM_ADMIN}


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("level", DetailLevel)
def test_every_message_can_be_looked_at_and_has_one_thing_to_do(name: str, language: str, level: DetailLevel) -> None:
    shown = preview(name, language=language, level=level)

    assert (shown.language, shown.level) == (language, level)
    assert shown.template.startswith(f"{name}.")
    assert shown.subject in unescape(shown.html)
    assert shown.text.count(SAMPLE_LINK) == shown.html.count(SAMPLE_LINK) == 1
    assert shown.html.count("<a ") == 1 + shown.html.count(SAMPLE_LESS)
    assert "{" not in f"{shown.text}{shown.subject}{shown.preheader}{shown.push_title}{shown.push_body}"


@pytest.mark.parametrize(("name", "listed"), [("check_in", 1), ("crisis_page", 0), ("confirm_channel", 0)])
def test_only_what_can_be_switched_off_offers_it(name: str, listed: int) -> None:
    shown = preview(name, language="en", level=DetailLevel.DISCREET)

    assert (shown.text.count(SAMPLE_LESS), shown.html.count(SAMPLE_LESS)) == (listed, listed)


def test_an_older_version_can_still_be_read() -> None:
    older = preview("check_in", language="es", level=DetailLevel.DETAILED, version=1)

    assert older.template == "check_in.1"
    assert "Nadie vigila estos mensajes las 24 horas." in older.text


@pytest.mark.parametrize(("name", "version"), [("no_such", None), ("check_in", 99)])
def test_what_is_not_there_is_not_found(name: str, version: int | None) -> None:
    with pytest.raises(NotFound):
        preview(name, language="en", level=DetailLevel.DISCREET, version=version)


@pytest.fixture
def cairn(aws: None) -> Toy:  # noqa: ARG001
    return Toy(app=app.app, log=DynamoAuditLog())


def look(
    cairn: Toy, query: dict[str, str] | None = None, *, name: str = "milestone", role: Role = Role.CLINICIAN
) -> Told:
    return cairn.send(
        "GET",
        f"/templates/{name}/preview",
        door="/templates/{template_name}/preview",
        role=role,
        query={key: [value] for key, value in query.items()} if query else None,
        template_name=name,
    )


def test_staff_look_at_the_inbox_the_locked_screen_and_the_body(cairn: Toy) -> None:
    told = look(cairn, {"locale": "es", "level": "detailed"})

    assert told.status == 200
    assert told.json["template"] == "milestone.1"
    assert told.json["inbox"] == {
        "sender": "Care Team",
        "subject": "Tienes algo para celebrar",
        "preheader": "Nos alegramos contigo.",
    }
    assert told.json["lockScreen"] == {"title": "Algo para celebrar", "body": "Alcanzaste un logro."}
    assert "Alcanzaste 30 días y nos alegramos contigo." in told.json["text"]
    assert '<html lang="es">' in told.json["html"]


def test_without_a_wish_it_is_the_discreet_one_in_english(cairn: Toy) -> None:
    told = look(cairn)

    assert (told.json["locale"], told.json["level"]) == ("en", "discreet")


def test_templates_are_listed_with_their_versions(cairn: Toy) -> None:
    told = cairn.send("GET", "/templates", role=Role.PROGRAM_ADMIN)

    assert [item["name"] for item in told.json["items"]] == names()
    assert {"name": "check_in", "versions": [1, 2], "to": "participant", "variables": ["name"]} in told.json["items"]


@pytest.mark.parametrize("role", sorted(set(Role) - STAFF))
def test_others_may_not(cairn: Toy, role: Role) -> None:
    assert look(cairn, role=role).status in {403, 404}
    assert cairn.send("GET", "/templates", role=role).status in {403, 404}


@pytest.mark.parametrize("role", sorted(STAFF))
def test_staff_may(cairn: Toy, role: Role) -> None:
    assert look(cairn, role=role).status == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"locale": "fr"}, "locale"),
        ({"level": "loud"}, "level"),
        ({"version": "0"}, "version"),
        ({"version": "x"}, "version"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_bad_questions_are_refused_with_the_field_named(cairn: Toy, query: dict[str, str], field: str) -> None:
    told = look(cairn, query)

    assert told.status in {400, 422}
    assert [error["field"] for error in told.json["errors"]] == [field]
    assert "loud" not in json.dumps(told.json)


@pytest.mark.parametrize("name", ["no_such", "check", "..", "email.html"])
def test_a_template_that_is_not_there_is_not_found(cairn: Toy, name: str) -> None:
    assert look(cairn, name=name).status == 404


def test_the_page_of_all_messages_is_complete_and_fetches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "deep" / "words.html"

    gallery.main(file)

    text = file.read_text(encoding="utf-8")
    assert str(file) in capsys.readouterr().out
    for name in names():
        assert f'<section id="{name}"' in text
    assert text.count("<iframe") == text.count('class="note"') == (len(names()) + 2) * 6
    assert not [each for each in ("<script", "<link", "src=", "@import", "url(") if each in text]
