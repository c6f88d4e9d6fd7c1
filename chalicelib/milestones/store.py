"""Counts of days, and what was entered besides, in the table. The only place for their keys."""

from collections.abc import Iterable
from datetime import date, datetime

from pynamodb.attributes import BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError

from chalicelib.edge.table import Item, lost_the_race
from chalicelib.enrollment.changing import Change
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.milestones.domain import Award, End, Goal, Reached, Streak, Word
from chalicelib.milestones.entering import Entered, Sort

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


class EnteredItem(Item, discriminator="entered"):
    """pk ``MILESTONES#{person}``, sk ``ENTERED#{instant}#{id}``: what somebody wrote down as reached."""

    sort = UnicodeAttribute()
    on = UnicodeAttribute()
    text = UnicodeAttribute()
    by = UnicodeAttribute()
    own = BooleanAttribute()


class AwardItem(Item, discriminator="award"):
    """pk ``MILESTONES#{person}``, sk ``AWARD#{episode}#{name}``: achieved by what the person did, once an episode."""

    on = UnicodeAttribute()


class DynamoStreaks:
    """Implements ``progress.Streaks``. They change together with the person, behind the person's version."""

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


class DynamoEntries:
    """Implements ``entering.Entries``."""

    def add(self, entry: Entered) -> None:
        """Write it; nothing is ever put over another."""
        item = EnteredItem(
            f"MILESTONES#{entry.person_id}",
            f"ENTERED#{entry.place}",
            sort=entry.sort.value,
            on=entry.on.isoformat(),
            text=entry.text,
            by=entry.by,
            own=entry.own,
        )
        item.save(EnteredItem.pk.does_not_exist())

    def of_person(self, person_id: str, *, before: str | None, limit: int) -> tuple[list[Entered], str | None]:
        """Return a page, newest first, and the key to go on after; None at the end."""
        within = EnteredItem.sk.between("ENTERED#", "ENTERED$")
        if before is not None:
            within = EnteredItem.sk.between("ENTERED#", before)
        found = EnteredItem.query(f"MILESTONES#{person_id}", within, scan_index_forward=False, limit=limit + 2)
        items = [item for item in found if item.sk != before]
        return [_entered_of(item) for item in items[:limit]], items[limit - 1].sk if len(items) > limit else None


class DynamoAwards:
    """Implements ``achieving.Awards``."""

    def of_person(self, person_id: str) -> list[Award]:
        """Return all of a person's: one consistent query."""
        kept = AwardItem.query(f"MILESTONES#{person_id}", AwardItem.sk.startswith("AWARD#"), consistent_read=True)
        return [_award_of(item) for item in kept]

    def add(self, person_id: str, award: Award) -> bool:
        """Write it unless it is there."""
        item = AwardItem(f"MILESTONES#{person_id}", f"AWARD#{award.run:06}#{award.name}", on=award.on.isoformat())
        try:
            item.save(AwardItem.pk.does_not_exist())
        except PutError as error:
            if lost_the_race(error):
                return False
            raise
        return True


def _award_of(item: AwardItem) -> Award:
    _, episode, name = item.sk.split("#")
    return Award(run=int(episode), name=name, on=date.fromisoformat(item.on))


def _entered_of(item: EnteredItem) -> Entered:
    at, _, entry_id = item.sk.removeprefix("ENTERED#").partition("#")
    return Entered(
        id=entry_id,
        person_id=item.pk.removeprefix("MILESTONES#"),
        sort=Sort(item.sort),
        on=date.fromisoformat(item.on),
        text=item.text,
        by=item.by,
        own=item.own,
        at=datetime.fromisoformat(at),
    )


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
