import pytest

from chalicelib.enrollment.showable import line_fault, lines_fault

BOTH = ["Ana Lucía", "سارة", "\U0001f469\u200d\U0001f33e grows", "O'Neill & <b>", "=1+1", ""]
NEITHER = ["a\x00b", "a\x07b", "a\ud800b", "a\ue000b", "a\r"]
ONLY_LINES = ["two\nlines", "a\ttab", "سارة\u200f", "a\u2028b"]


@pytest.mark.parametrize("text", BOTH)
def test_words_of_any_language_and_emoji_are_shown(text: str) -> None:
    assert (line_fault(text), lines_fault(text)) == (None, None)


@pytest.mark.parametrize("text", NEITHER)
def test_what_controls_or_means_nothing_is_not(text: str) -> None:
    assert line_fault(text) == lines_fault(text) == "holds a character that can't be shown"


@pytest.mark.parametrize("text", ONLY_LINES)
def test_one_line_is_stricter(text: str) -> None:
    assert lines_fault(text) is None
    assert line_fault(text)
