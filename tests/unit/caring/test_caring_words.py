"""What hellos say: each its own words, asking for nothing, and no more at one level than at another."""

import pytest

from chalicelib.caring.domain import STEPS
from chalicelib.outreach.catalogue import LOCALES
from chalicelib.outreach.domain import DetailLevel
from chalicelib.outreach.wording import Words, words


def hello(about: str, language: str = "en", level: DetailLevel = DetailLevel.DISCREET, signer: str = "Alex") -> Words:
    return words("caring", language=language, level=level, first_name="Ana", about=about, signer=signer)


@pytest.mark.parametrize("language", LOCALES)
def test_a_second_series_says_nothing_that_the_first_one_did(language: str) -> None:
    def said(template: str) -> list[str]:
        return [
            words(template, language=language, level=DetailLevel.DISCREET, first_name="Ana", about=step).body[0]
            for step in (*STEPS, "b0229")
        ]

    again = said("caring_again")

    assert len({*said("caring"), *again}) == 22
    assert "?" not in "".join(again)


@pytest.mark.parametrize("language", LOCALES)
def test_no_two_say_the_same_and_none_asks_for_anything(language: str) -> None:
    texts = [hello(step, language).body for step in (*STEPS, "b0229")]

    assert len({body[0] for body in texts}) == 11
    assert all("?" not in " ".join(body) for body in texts)
    assert {body[-1] for body in texts} == {"Alex"}


def test_a_birthday_has_its_words_whatever_its_date_and_an_unknown_one_some_others() -> None:
    assert hello("b0229").body[0] == hello("b1231").body[0]
    assert "birthday" in hello("b0101").body[0]
    assert hello("x9").body[0] == hello("").body[0]


def test_what_a_stranger_sees_is_the_same_each_time_and_says_nothing() -> None:
    shown = {
        (one.subject, one.preheader, one.push_title, one.push_body)
        for one in (hello(step, level=level) for step in (*STEPS, "b0229") for level in DetailLevel)
    }

    assert len(shown) == 1
