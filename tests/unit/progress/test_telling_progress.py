"""What a person is told is plain, in their language, and judges nobody."""

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.outreach.wording import spoken_language
from chalicelib.progress.measures import measures
from chalicelib.progress.telling import WORDS, Tongue, basis, counted, name_of, sentences, title
from chalicelib.progress.trends import Direction, trend
from tests.unit.progress.test_trends import CRAVING, TODAY, USE, point

KNOWN = json.loads(WORDS.read_text(encoding="utf-8"))


def texts(words: Any) -> Iterator[str]:
    if isinstance(words, str):
        yield words
    elif isinstance(words, dict):
        for each in words.values():
            yield from texts(each)
    else:
        yield from words


def names(words: Any, at: str = "") -> set[str]:
    if isinstance(words, dict):
        return {each for name, inner in words.items() for each in names(inner, f"{at}.{name}")}
    return {at}


def test_both_languages_say_the_same_things_with_the_same_gaps() -> None:
    assert names(KNOWN["en"]) == names(KNOWN["es"])
    for one, other in zip(texts(KNOWN["en"]), texts(KNOWN["es"]), strict=True):
        assert set(re.findall(r"{\w+}", one)) >= set(re.findall(r"{\w+}", other)) - {"{weeks}"}, (one, other)


@pytest.mark.parametrize("language", ["en", "es"])
def test_no_sentence_is_long_and_none_judges_or_diagnoses(language: str) -> None:
    for text in texts(KNOWN[language]):
        for sentence in text.split(". "):
            assert len(sentence.split()) <= 20, sentence
        assert not re.search(
            r"miss|fail|better|worse|bad|good|poor|depress|anxi|disorder|severe|relapse|clean|abuse|addict"
            r"|perdi|fall|mejor|peor|mal[oa]?\b|buen|depresi|ansiedad|trastorno|grave|reca|limpi|adict",
            text,
            re.IGNORECASE,
        ), text


@pytest.mark.parametrize("language", ["en", "es", "es-MX", "fr"])
def test_every_measure_and_direction_has_words(language: str) -> None:
    tongue = Tongue(language=language)
    for measure in measures().values():
        if name_of(measure) is None:
            assert not measure.is_shown
            continue
        assert title(measure, tongue)
        if not measure.is_always_asked:
            continue
        step = 1 if measure.form == "daily" else 3
        for now, before in ((measure.lowest, measure.highest), (measure.highest, measure.lowest), (1, 1)):
            days = range(0, 28 * len(range(measure.form == "weekly", 2)) // 2, step)
            start = 14 if measure.form == "daily" else 28
            known = [*(point(day, now) for day in days), *(point(start + day, before) for day in days)]
            found = trend(known, measure=measure, today=TODAY)
            assert found is not None, measure.id
            said = f"{sentences(found, tongue)} {basis(found, tongue)}"
            assert "{" not in said
            assert max(len(sentence.split()) for sentence in said.split(". ")) <= 20, said
            assert found.direction is (
                Direction.SAME if now == before else Direction.HIGHER if now > before else Direction.LOWER
            )


@pytest.mark.parametrize(
    ("language", "country", "shown"),
    [("en", "US", "4.3"), ("es", "US", "4.3"), ("es", "MX", "4.3"), ("es", "ES", "4,3"), ("en", "ES", "4.3")],
)
def test_numbers_are_written_as_the_country_writes_them(language: str, country: str, shown: str) -> None:
    assert Tongue(language=language, country=country).number(Fraction(13, 3)) == shown


@given(st.integers(0, 1000), st.integers(1, 60))
def test_a_number_has_one_digit_after_the_point_at_most(total: int, answers: int) -> None:
    text = Tongue(language="en").number(Fraction(total, answers))

    assert re.fullmatch(r"\d+(\.[1-9])?", text)
    assert abs(Fraction(text) - Fraction(total, answers)) <= Fraction(1, 20)


def test_a_date_is_written_in_the_language() -> None:
    known = [*(point(back, 2) for back in range(5)), *(point(14 + back, 6) for back in range(5))]
    found = trend(known, measure=CRAVING, today=TODAY)
    assert found is not None

    assert basis(found, Tongue(language="en")) == (
        "This compares 5 answers from November 11 to November 24 with 5 answers from October 28 to November 10."
    )
    assert "del 11 de noviembre al 24 de noviembre" in basis(found, Tongue(language="es"))
    assert spoken_language("es-MX") == "es"
    assert title(USE, Tongue(language="es")) == "Consumo"


def test_what_is_none_is_not_said() -> None:
    tongue = Tongue(language="en")

    assert [counted("check_ins", number, tongue) for number in (0, 1, 2)] == [
        None,
        "You answered one check-in.",
        "You answered 2 check-ins.",
    ]
