"""Counts of days in the table. The only place for their keys."""

from collections.abc import Iterable
from datetime import date, datetime

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.edge.table import Item
from chalicelib.enrollment.changing import Change
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.milestones.domain import End, Goal, Reached, Streak, Word

_WITH, _ALONE = "with_person", "alone"


class StreakItem(Item, discriminator="streak"):
    """
    pk ``MILESTONES#{person}``, sk ``STREAK#{number}``: not with the person, whom every message reads.

    ``earned`` is a line of ``{milestone}:{local date}``, a word is ``{instant}#{alone or with_person}#{by}``.
    """

    run = NumberAttribute()
    starts_on = UnicodeAttribute()
    goal = UnicodeAttribute()
    began = UnicodeAttribute()
    name = UnicodeAttribute(null=True)
    ends_on = UnicodeAttribute(null=True)
    end = UnicodeAttribute(null=True)
    ended = UnicodeAttribute(null=True)
    earned = UnicodeAttribute(null=True)


class DynamoStreaks:
    """Implements ``service.Streaks``. They change together with the person, behind the person's version."""

    def __init__(self, people: DynamoPeople) -> None:
        self._people = people

    def of_person(self, person_id: str) -> tuple[Streak, ...]:
        """Return a person's streaks, first to last: one consistent query."""
        kept = StreakItem.query(f"MILESTONES#{person_id}", StreakItem.sk.startswith("STREAK#"), consistent_read=True)
        return tuple(_streak_of(item) for item in kept)

    def write(self, change: Change, streaks: Iterable[Streak]) -> None:
        """
        Write a change of the person and these streaks, or nothing.

        :raises Stale: if the person was changed meanwhile
        """
        self._people.write(change, along=[(_item_of(change.person.id, streak), None) for streak in streaks])


def _item_of(person_id: str, streak: Streak) -> StreakItem:
    return StreakItem(
        f"MILESTONES#{person_id}",
        f"STREAK#{streak.number:06}",
        run=streak.run,
        starts_on=streak.starts_on.isoformat(),
        goal=streak.goal.value,
        began=_text_of(streak.began),
        name=streak.name,
        ends_on=streak.ends_on.isoformat() if streak.ends_on else None,
        end=streak.end.value if streak.end else None,
        ended=_text_of(streak.ended) if streak.ended else None,
        earned=" ".join(f"{one.name}:{one.on.isoformat()}" for one in streak.earned) or None,
    )


def _streak_of(item: StreakItem) -> Streak:
    return Streak(
        number=int(item.sk.removeprefix("STREAK#")),
        run=int(item.run),
        starts_on=date.fromisoformat(item.starts_on),
        goal=Goal(item.goal),
        began=_word_of(item.began),
        name=item.name,
        ends_on=date.fromisoformat(item.ends_on) if item.ends_on else None,
        end=End(item.end) if item.end else None,
        ended=_word_of(item.ended) if item.ended else None,
        earned=tuple(_reached_of(text) for text in (item.earned or "").split()),
    )


def _text_of(word: Word) -> str:
    return f"{word.at.isoformat()}#{_WITH if word.with_person else _ALONE}#{word.by}"


def _word_of(text: str) -> Word:
    at, how, by = text.split("#", 2)
    return Word(by=by, at=datetime.fromisoformat(at), with_person=how == _WITH)


def _reached_of(text: str) -> Reached:
    name, _, on = text.partition(":")
    return Reached(name=name, on=date.fromisoformat(on))
