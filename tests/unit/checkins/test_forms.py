"""Forms are whole in every language, ask what answers bring up, and take nothing that can't be."""

import json
from pathlib import Path

import pytest

from chalicelib.checkins.forms import DAILY, FOLDER, WEEKLY, form, versions
from chalicelib.checkins.sharing import said_back
from chalicelib.flags.names import NAMES
from chalicelib.flags.rules import Told
from tests.unit.flags.test_rules import told

LANGUAGES = ("en", "es")


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.json")), ids=lambda file: file.stem)
def test_a_form_is_named_by_its_id_and_version(file: Path) -> None:
    raw = json.loads(file.read_text(encoding="utf-8"))

    assert file.stem == f"{raw['id']}.{raw['version']}"
    assert set(raw) == {"id", "version", "sections", *LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("reads_item_9", [True, False])
@pytest.mark.parametrize("form_id", [DAILY, WEEKLY])
def test_every_question_that_is_asked_has_words(form_id: str, *, reads_item_9: bool, language: str) -> None:
    asked = form(form_id, reads_item_9=reads_item_9)

    assert set(asked.words[language]) == {"hello", "intro", "why"}
    for section in asked.sections:
        if not section.asks_in(language):
            assert section.instrument
            continue
        for question in section.questions:
            assert question.words[language]
            assert question.length or all(choice.words[language] for choice in question.choices)


def test_there_is_no_version_that_is_not_there() -> None:
    assert versions(DAILY) == [1]
    with pytest.raises(KeyError):
        form(DAILY, 2)
    with pytest.raises(KeyError):
        form("monthly")


def test_low_mood_brings_the_rest_of_its_questions_up() -> None:
    asked = form(WEEKLY)

    assert asked.left_to_ask({"phq8.1": 1, "phq8.2": 1}, language="en") == []
    assert asked.left_to_ask({"phq8.1": 1, "phq8.2": 2}, language="en") == [f"phq8.{item}" for item in range(3, 9)]
    assert asked.left_to_ask({"phq8.2": 3, "phq8.3": 0, "gad7.1": 3}, language="es") == [
        *(f"phq8.{item}" for item in range(4, 9)),
        *(f"gad7.{item}" for item in range(3, 8)),
    ]


def said_weekly(days: int, **scores: int | tuple[int, int]) -> Told:
    one = told(days, **scores)
    return Told(on=one.on, form=WEEKLY, at=one.at, numbers=one.numbers, choices=one.choices)


def test_a_sum_is_said_back_with_the_last_one_and_without_a_name_for_it() -> None:
    history = [said_weekly(7, phq8__total=9), said_weekly(0, phq8__phq2=4, phq8__total=12)]

    assert said_back(history, form(WEEKLY), language="en") == [
        "Your answers about low mood add up to 12 of 24. Last time it was 9."
    ]


def test_a_sum_with_questions_left_out_is_not_said() -> None:
    assert said_back([said_weekly(0, bam7__risk=(3, 9))], form(WEEKLY), language="es") == [
        "Dejaste algunas preguntas sobre lo que lo hace más difícil sin contestar, así que no las sumamos."
    ]


def test_the_first_two_questions_speak_where_the_rest_was_not_asked() -> None:
    assert said_back([said_weekly(0, phq8__phq2=1, phq8__total=(1, 19))], form(WEEKLY), language="en") == [
        "Your answers about low mood add up to 1 of 6."
    ]


def test_rules_may_be_about_each_question_and_score_and_nothing_else() -> None:
    forms = [form(DAILY), form(WEEKLY), form(WEEKLY, reads_item_9=True)]
    names = {question.id for one in forms for question in one.questions if question.choices}
    scores = {
        f"{section.instrument.id}.{score.id}"
        for one in forms
        for section in one.sections
        if section.instrument
        for score in section.instrument.scores
    }

    assert set(NAMES) == names | scores
