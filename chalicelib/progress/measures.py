"""What is measured: questions with a number for an answer, items and scores, each of one instrument in one version."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from chalicelib.checkins.forms import DAILY, WEEKLY, Form, Question, form, versions
from chalicelib.checkins.instruments import Band, Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """
    One measure, by the name that rules have for it: ``craving``, ``bam7.use``, ``phq9.9``.

    It lies from ``lowest`` to ``highest``. The name holds the instrument, so that seven days and thirty, or eight
    questions and nine, are never one series. ``instrument`` and ``version`` are None for a form's own question;
    ``is_score``: a sum of items. ``is_always_asked``: not only where other answers bring it up, so that it is not known
    of the worse weeks alone.
    """

    id: str
    form: str
    lowest: int
    highest: int
    instrument: str | None = None
    version: int | None = None
    bands: tuple[Band, ...] = ()
    is_score: bool = False
    is_always_asked: bool = True

    @property
    def is_shown(self) -> bool:
        """Whether it is listed without being asked for: a form's own question, or a score."""
        return self.is_score or self.instrument is None


@cache
def measures() -> Mapping[str, Measure]:
    """Return all that can be measured, by name, in the order in which forms ask."""
    return {
        measure.id: measure
        for name in (DAILY, WEEKLY)
        for version in versions(name)
        for reads_item_9 in (True, False)
        for measure in _of(form(name, version, reads_item_9=reads_item_9))
    }


def _of(asked: Form) -> Iterator[Measure]:
    for section in asked.sections:
        one = section.instrument
        brought_up = {question.id for question in section.questions if question.after is not None}
        if one:
            yield from _scores(asked, one, brought_up)
        for question in section.questions:
            numbers = _numbers(question)
            if numbers:
                yield Measure(
                    id=question.id,
                    form=asked.id,
                    lowest=min(numbers),
                    highest=max(numbers),
                    instrument=one.title if one else None,
                    version=one.version if one else None,
                    is_always_asked=question.id not in brought_up,
                )


def _scores(asked: Form, one: Instrument, brought_up: set[str]) -> Iterator[Measure]:
    for score in one.scores:
        values = [one.item(item).values for item in score.items]
        yield Measure(
            id=f"{one.id}.{score.id}",
            form=asked.id,
            lowest=sum(map(min, values)),
            highest=sum(map(max, values)),
            instrument=one.title,
            version=one.version,
            bands=score.bands,
            is_score=True,
            is_always_asked=not brought_up & {f"{one.id}.{item}" for item in score.items},
        )


def _numbers(question: Question) -> list[int]:
    return [choice.value for choice in question.choices if isinstance(choice.value, int)]
