"""Templates are read strictly: what is wrong with one is said with its place, before anything is sent."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.outreach.catalogue import TEMPLATES, TemplateRefused, names, read, template, versions
from chalicelib.outreach.categories import CATEGORIES, templates_of
from chalicelib.outreach.domain import DetailLevel
from infra.words.seal import main as seal
from infra.words.seal import present, sealed

Json = dict[str, Any]


def raw(name: str = "milestone") -> Json:
    return dict(json.loads((TEMPLATES / f"{name}.1.json").read_text(encoding="utf-8")))


def put(path: str, value: object) -> Callable[[Json], None]:
    *parents, last = path.split("/")

    def change(whole: Json) -> None:
        for key in parents:
            whole = whole[key]
        whole[last] = value

    return change


def drop(path: str) -> Callable[[Json], None]:
    *parents, last = path.split("/")

    def change(whole: Json) -> None:
        for key in parents:
            whole = whole[key]
        del whole[last]

    return change


DISCREET = "locales/es/levels/discreet"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (drop("locales/es"), "milestone.1 es: is missing"),
        (put("locales/fr", {}), "milestone.1 fr: is unknown"),
        (drop(DISCREET), "milestone.1 es/discreet: is missing"),
        (put("locales/es/levels/loud", {}), "milestone.1 es/loud: is unknown"),
        (drop(f"{DISCREET}/subject"), "milestone.1 es/discreet/subject: is missing"),
        (drop(f"{DISCREET}/line"), "milestone.1 es/discreet/line: is missing"),
        (put(f"{DISCREET}/sound", "bell"), "milestone.1 es/discreet/sound: is unknown"),
        (put(f"{DISCREET}/subject", ""), "milestone.1 es/discreet/subject: must be text, without spaces around it"),
        (put(f"{DISCREET}/subject", 7), "milestone.1 es/discreet/subject: must be text, without spaces around it"),
        (put(f"{DISCREET}/subject", "Hi\r\nBcc: x"), "milestone.1 es/discreet/subject: holds a control character"),
        (put(f"{DISCREET}/subject", "Hi {score}"), "milestone.1 es/discreet/subject: {score} is not declared"),
        (put(f"{DISCREET}/subject", "Hi {name}"), "milestone.1 es/discreet/subject: {name} may stand in greeting only"),
        (
            put(f"{DISCREET}/push_body", "{milestone}"),
            "milestone.1 es/discreet/push_body: {milestone} may stand in body",
        ),
        (put(f"{DISCREET}/subject", "Hi {"), "milestone.1 es/discreet/subject: has a stray brace"),
        (put(f"{DISCREET}/body", "Hi"), "milestone.1 es/discreet/body: must be a list of texts"),
        (put(f"{DISCREET}/body", []), "milestone.1 es/discreet/body: must be a list of texts"),
        (put("locales/es/greeting", "Hola:"), "milestone.1 es/greeting: lacks {name}"),
        (put("locales/es/greeting_without_name", "{name}:"), "milestone.1 es/greeting_without_name: {name} may stand"),
        (put("locales/es/footer", ["{name}"]), "milestone.1 es/footer: {name} may stand in greeting only"),
        (put("locales/es/milestones/d", "días"), "milestone.1 es/milestones: 'd' must be like d30"),
        (put("locales/es/milestones/week", "semana"), "milestone.1 es/milestones: 'week' must be like d30"),
        (drop("locales/es/milestones/other"), "milestone.1 es/milestones: must have an entry 'other'"),
        (
            put("variables", ["name", "milestone", "score"]),
            "milestone.1 variables: declares {score}, which nothing fills",
        ),
        (put("variables", "name"), "milestone.1 variables: must be a list of texts"),
        (put("to", "family"), "milestone.1 to: must be one of participant, staff"),
        (put("version", 2), "milestone.1 version: must be 1, as the file's name says"),
        (put("template", "nudge"), "milestone.1 template: must be 'milestone', as the file's name says"),
        (put("locales", []), "milestone.1: must be an object"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_faulty_template_is_refused_with_its_place(change: Callable[[Json], None], said: str) -> None:
    whole = raw()
    change(whole)

    with pytest.raises(TemplateRefused) as refused:
        read(json.dumps(whole), name="milestone", version=1)

    assert str(refused.value).startswith(said)


def test_a_level_that_leaves_out_a_declared_variable_is_refused() -> None:
    whole = raw()

    whole["locales"]["en"]["levels"]["detailed"]["body"] = ["Well done."]
    with pytest.raises(TemplateRefused, match=r"lacks \{milestone\}") as refused:
        read(json.dumps(whole), name="milestone", version=1)

    assert (refused.value.place.locale, refused.value.place.level) == ("en", "detailed")


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TemplateRefused, match=r"nudge\.1: is no JSON"):
        read("{", name="nudge", version=1)


def test_a_line_for_a_category_that_goes_along_with_nothing_is_refused() -> None:
    whole = raw("notice")
    put(f"{DISCREET}/line", "Hola.")(whole)

    with pytest.raises(TemplateRefused, match=r"notice\.1 es/discreet/line: is unknown"):
        read(json.dumps(whole), name="notice", version=1)


@pytest.mark.parametrize("name", names())
def test_every_version_can_be_read_and_the_newest_is_the_one_sent(name: str) -> None:
    read_back = [template(name, version) for version in versions(name)]

    assert [each.version for each in read_back] == list(range(1, len(read_back) + 1))
    assert template(name) == read_back[-1]


def test_every_category_has_its_template_and_every_template_its_category() -> None:
    assert set().union(*map(templates_of, CATEGORIES.values())) == set(names())


@pytest.mark.parametrize(("name", "version"), [("no_such", None), ("nudge", 99), ("check", None)])
def test_a_template_that_is_not_there_is_a_key_error(name: str, version: int | None) -> None:
    with pytest.raises(KeyError):
        template(name, version)


def test_levels_stay_in_order_of_what_they_tell() -> None:
    assert [level.value for level in template("nudge").locales["en"].levels] == list(DetailLevel)


def test_a_version_never_changes_once_it_is_written_down() -> None:
    assert present() == sealed(), "other words are another version: see docs/templates.md"


def test_a_new_version_is_sealed_and_an_old_one_that_changed_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "nudge.1.json").write_text("old", encoding="utf-8")
    assert seal(tmp_path) == 0
    (tmp_path / "nudge.2.json").write_text("new", encoding="utf-8")

    assert seal(tmp_path) == 0
    assert capsys.readouterr().out.splitlines() == ["1 files, 1 of them new", "2 files, 1 of them new"]
    assert set(sealed(tmp_path)) == {"nudge.1.json", "nudge.2.json"}

    before = sealed(tmp_path)
    (tmp_path / "nudge.1.json").write_text("other", encoding="utf-8")
    (tmp_path / "nudge.3.json").write_text("newer", encoding="utf-8")

    assert seal(tmp_path) == 1
    assert capsys.readouterr().out.startswith("nudge.1.json is no longer what it was")
    assert sealed(tmp_path) == before
