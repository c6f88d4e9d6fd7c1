"""The lint finds nothing in our words, and each of its rules finds what it is there for."""

from dataclasses import replace

import pytest

from chalicelib.outreach.catalogue import LOCALES, Template, names, template
from chalicelib.outreach.domain import DetailLevel
from infra.words import lint as lint_module
from infra.words.lint import CHECKS, Finding, lint
from infra.words.reading import ease, grade, sentences, syllables, too_hard

LEVEL = {level.value: level for level in DetailLevel}


def changed(name: str, locale: str, level: str, **texts: object) -> Template:
    """Return the template with other words in one place; ``footer`` and greetings are all levels'."""
    whole = template(name)
    local = whole.locales[locale]
    common = {key: value for key, value in texts.items() if key in {"footer", "greeting"}}
    said = {key: value for key, value in texts.items() if key not in common}
    levels = {**local.levels, LEVEL[level]: replace(local.levels[LEVEL[level]], **said)}  # type: ignore[arg-type]
    changed_local = replace(local, levels=levels, **common)  # type: ignore[arg-type]
    return replace(whole, locales={**whole.locales, locale: changed_local})


def found(findings: list[Finding]) -> set[tuple[str, str, str, str]]:
    return {(each.place.locale, each.place.level, each.place.field, each.rule) for each in findings}


@pytest.mark.parametrize("name", names())
def test_our_own_words_keep_every_rule(name: str) -> None:
    assert [str(finding) for finding in lint(template(name))] == []


@pytest.mark.parametrize(
    ("locale", "level", "field", "text", "rule"),
    [
        ("en", "discreet", "subject", "Your recovery today", "shown"),
        ("en", "detailed", "subject", "90 days sober", "shown"),
        ("en", "detailed", "preheader", "From your IOP group", "shown"),
        ("en", "detailed", "push_title", "Therapy at six", "shown"),
        ("en", "detailed", "push_body", "How are your cravings", "shown"),
        ("en", "detailed", "line", "You have reached 30 days", "shown"),
        ("en", "discreet", "body", ("Your care team wrote.", "Read it."), "shown"),
        ("en", "discreet", "button", "Open my plan", "shown"),
        ("es", "detailed", "subject", "Tu recuperación", "shown"),
        ("es", "detailed", "push_body", "Tu grupo de terapia", "shown"),
        ("es", "detailed", "line", "Llegaste a 30 días", "shown"),
        ("es", "discreet", "body", ("Tu programa te escribió.", "Léelo."), "shown"),
        ("en", "detailed", "body", ("Stay clean.", "Read it."), "stigma"),
        ("en", "detailed", "body", ("For addicts.", "Read it."), "stigma"),
        ("es", "detailed", "body", ("Sigues limpio.", "Léelo."), "stigma"),
        ("es", "detailed", "body", ("Tras la recaída.", "Léelo."), "stigma"),
        ("en", "detailed", "body", ("They committed suicide.", "Read it."), "safe_messaging"),
        ("en", "detailed", "body", ("A failed attempt.", "Read it."), "safe_messaging"),
        ("es", "detailed", "body", ("Va a cometer suicidio.", "Léelo."), "safe_messaging"),
        ("en", "standard", "body", ("You missed a day.", "Read it."), "pressure"),
        ("en", "standard", "body", ("Keep your streak.", "Read it."), "pressure"),
        ("en", "standard", "body", ("You have to answer.", "Read it."), "pressure"),
        ("es", "standard", "body", ("Te perdiste un día.", "Léelo."), "pressure"),
        ("es", "standard", "body", ("Tienes que responder.", "Léelo."), "pressure"),
        ("en", "standard", "body", ("Help is on the way.", "Read it."), "promises"),
        ("es", "standard", "body", ("Estamos aquí 24/7.", "Léelo."), "promises"),
        ("en", "standard", "body", ("Kindly open it.", "Read it."), "register"),
        ("es", "standard", "body", ("Usted tiene una nota.", "Léela."), "register"),
        ("es", "standard", "body", ("Te damos la bienvenida, estimado.", "Léelo."), "register"),
        ("en", "standard", "subject", "A note for {name}", "variable"),
        ("en", "standard", "push_body", "You reached {milestone}", "variable"),
        ("en", "standard", "subject", "A" + " note" * 11, "length"),
        ("en", "standard", "preheader", "A" + " note" * 13, "length"),
        ("en", "standard", "push_title", "A" + " note" * 8, "length"),
        ("en", "standard", "push_body", "A" + " note" * 19, "length"),
        ("en", "standard", "line", "A" + " note" * 13, "length"),
        ("en", "standard", "button", "Read" + " note" * 5, "length"),
        ("en", "standard", "body", ("A short note. " * 21,), "length"),
        ("en", "standard", "body", ("A note" + " and a note" * 7 + ".", "Read it."), "sentence"),
        (
            "en",
            "standard",
            "body",
            ("Comprehensive interdisciplinary communications necessitate considerable deliberation.", "Read it."),
            "reading",
        ),
        (
            "es",
            "standard",
            "body",
            ("Comunicaciones interdisciplinarias extraordinariamente satisfactorias.", "Léelo."),
            "reading",
        ),
        ("en", "standard", "body", ("See https://example.com.", "Read it."), "action"),
        ("en", "standard", "body", ("Write to a@example.com.", "Read it."), "action"),
        ("en", "standard", "body", ("How are you? Will you read it?", "Read it."), "action"),
        ("en", "standard", "subject", "A note!", "shouting"),
        ("es", "standard", "subject", "¡Una nota!", "shouting"),
        ("en", "standard", "subject", "A NOTE for you", "shouting"),
        ("en", "standard", "footer", ("Bye.",), "watched"),
        ("es", "standard", "footer", ("Nos vemos.",), "watched"),
        ("es", "standard", "body", ("Una nota.",), "language"),
        ("es", "standard", "subject", "A note from someone you know", "language"),
    ],
)
def test_each_rule_bites(locale: str, level: str, field: str, text: object, rule: str) -> None:
    broken = changed("nudge", locale, level, **{field: text})

    assert (locale, level, field, rule) in found(lint(broken))


def test_a_page_to_staff_says_only_what_it_may() -> None:
    broken = changed("crisis_page", "en", "standard", subject="Someone needs you", greeting="Hi {name},")
    broken = replace(broken, variables=broken.variables | {"name"})

    assert {("en", "standard", "subject", "page"), ("en", "standard", "greeting", "page")} <= found(lint(broken))


def test_a_line_is_short_enough_for_every_push_that_may_carry_it() -> None:
    broken = changed("check_in", "en", "standard", push_body="note " * 18)
    crowded = replace(broken, version=99)

    assert ("en", "standard", "push_body", "length") not in found(lint(crowded))
    too_much = changed("check_in", "en", "standard", push_body="note " * 24)
    assert [each for each in lint(too_much) if "with every line" in each.detail]


def test_a_word_inside_another_is_left_alone() -> None:
    """``via`` is in ``viable``, ``clean`` in ``cleaning``, ``plan`` in ``planet``; accents don't end a word."""
    kept = changed("nudge", "en", "detailed", subject="A viable cleaning planet")

    assert not {each.rule for each in lint(kept)} & {"shown", "stigma", "register"}


def test_what_nobody_has_to_do_may_be_said() -> None:
    kept = changed("nudge", "es", "detailed", body=("Una nota.", "No tienes que responder."))

    assert "pressure" not in {each.rule for each in lint(kept)}


def test_every_check_is_run_and_every_rule_of_the_file_has_both_languages() -> None:
    generators = [name for name, value in vars(lint_module).items() if callable(value) and value in CHECKS]

    assert len(generators) == len(CHECKS)
    assert all(set(locales) == set(LOCALES) for locales in lint_module.patterns().values())


def test_a_finding_says_where() -> None:
    broken = changed("nudge", "es", "discreet", subject="Tu terapia")

    lines = [str(finding) for finding in lint(broken)]

    assert "nudge.1 es/discreet/subject [shown] 'terapia'; instead: nada sobre atención" in lines


def test_the_command_says_how_much_it_read_and_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert lint_module.main(template) == 0
    number = len(names())
    assert f"{number * 6} messages read ({number} templates), 0 findings" in capsys.readouterr().out


def test_the_command_fails_where_something_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    def broken(name: str) -> Template:
        return changed("nudge", "en", "standard", subject="A note!") if name == "nudge" else template(name)

    assert lint_module.main(broken) == 1
    assert "nudge.1 en/standard/subject [shouting] '!'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("abrir", 2),
        ("leer", 2),
        ("día", 2),
        ("reunión", 2),
        ("quieras", 2),
        ("ciudad", 2),
        ("hoy", 1),
        ("y", 1),
        ("cuándo", 2),
        ("guía", 2),
        ("prohibir", 3),
    ],
)
def test_spanish_syllables_are_told_exactly(word: str, count: int) -> None:
    assert syllables(word) == count


def test_harder_texts_measure_as_harder() -> None:
    easy, hard = "See the dog run. It is fun.", "Institutional considerations necessitate administrative intervention."
    facil, dificil = "El perro come pan. El sol sale.", "Consideraciones institucionales administrativas."

    assert (grade(easy) < 1, grade(hard) > 12) == (True, True)
    assert (ease(facil) > 90, ease(dificil) < 20) == (True, True)
    assert too_hard(easy, "en") is None
    assert too_hard(facil, "es") is None
    assert str(too_hard(hard, "en")).startswith("grade 41")
    assert "at least 70" in str(too_hard(dificil, "es"))


def test_a_sentence_ends_where_one_ends() -> None:
    assert sentences("How is it? Fine. 12. Then: go") == ["How is it?", "Fine.", "Then:", "go"]
