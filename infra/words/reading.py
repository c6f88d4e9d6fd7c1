"""
How hard a text is to read, by published formulas that fit its language.

English: the Automated Readability Index (Senter and Smith 1967), a US school grade out of letters a word and words a
sentence. Spanish: Fernández Huerta's scale (1959, with the sign that Law 2011 corrected), 0 to 100, in which 70 to 80
is the sixth grade. No library is used: textstat fetches a word list from the network for English syllables, and the
hyphenation patterns that it counts Spanish ones with miss one in a-brir, le-er and dí-a. Spanish is spelt so that its
syllables can be told exactly.
"""

import re

HARDEST_GRADE = 6
EASY_ENOUGH = 70

_SENTENCE = re.compile(r"(?<=[.?!:])\s+")
_VOWELS = re.compile(r"[aeiouáéíóúü]+")
_STRONG = re.compile(r"[aeoáéíóú]")
"""A vowel that makes a syllable of its own; i and u without an accent lean on it."""
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, those without a word left out."""
    return [sentence for sentence in _SENTENCE.split(text) if words_in(sentence)]


def words_in(text: str) -> list[str]:
    """Return the words of a text, numbers left out."""
    return _WORD.findall(text)


def grade(text: str) -> float:
    """Return the US school grade that an English text is for (ARI)."""
    found = words_in(text)
    letters = sum(len(word) for word in found)
    return 4.71 * letters / len(found) + 0.5 * len(found) / len(sentences(text)) - 21.43


def ease(text: str) -> float:
    """Return how easy a Spanish text is (Fernández Huerta): 100 is for everybody, 0 for scholars."""
    found = words_in(text)
    total = sum(syllables(word) for word in found)
    return 206.84 - 60 * total / len(found) - 1.02 * len(found) / len(sentences(text))


def syllables(word: str) -> int:
    """Return the syllables of a Spanish word: one for each vowel that carries one (RAE, Ortografía 2010, II.3)."""
    return sum(max(1, len(_STRONG.findall(vowels))) for vowels in _VOWELS.findall(word.lower())) or 1


def too_hard(text: str, locale: str) -> str | None:
    """Say how much too hard a text is for somebody after six years of school; None if it isn't."""
    if locale == "es":
        scale = ease(text)
        return f"Fernández Huerta {scale:.0f}, at least {EASY_ENOUGH} wanted" if scale < EASY_ENOUGH else None
    level = grade(text)
    return f"grade {level:.1f}, at most {HARDEST_GRADE} wanted" if level > HARDEST_GRADE else None
