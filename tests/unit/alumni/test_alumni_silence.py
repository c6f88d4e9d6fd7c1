"""What an alumnus's silence brings: a word, then an offer, each once, and what couldn't be sent is nobody's silence."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.alumni.silence import KINDS, Run, run_of, word_for
from chalicelib.flags.nudges import Nudge, To
from chalicelib.outreach.domain import Entry, Reason, Standing, Status
from chalicelib.outreach.kinds import HELLO, HELLO_NUDGE, LESS_NUDGE
from tests.build import a_recipient

FIRST = date(2026, 1, 5)
RULES = {
    HELLO_NUDGE: Nudge(to=To.ALUMNI, missed=2, after=timedelta(hours=24)),
    LESS_NUDGE: Nudge(to=To.ALUMNI_LESS, missed=3, after=timedelta(hours=24)),
}
WHO = a_recipient(standing=Standing.ALUMNI)


def an_entry(week: int, kind: str = HELLO, status: Status = Status.SENT) -> Entry:
    on = FIRST + week * timedelta(days=7)
    at = datetime(on.year, on.month, on.day, 14, tzinfo=UTC)
    return Entry(person_id="p", kind=kind, on=on, due_at=at, status=status, attempt=1, claimed_at=at, ended_at=at)


def played(answered: list[bool], failed: list[bool]) -> list[tuple[int, str]]:
    """Play weekly hellos one after the other, and return which words were said with which."""
    entries: list[Entry] = []
    dates: set[date] = set()
    said = []
    for week, (answers, fails) in enumerate(zip(answered, failed, strict=True)):
        entry = an_entry(week, status=Status.FAILED if fails else Status.SENT)
        entries.append(entry)
        run = run_of(entries, frozenset(dates), zone="America/New_York", now=entry.claimed_at)
        due = word_for(WHO, run, rules=RULES, now=entry.claimed_at)
        # Whoever answers in time is told nothing: that is asked when it would go out.
        if due and not answers:
            said.append((week, due.kind))
            entries.append(an_entry(week, due.kind, Status.MERGED))
        if answers and not fails:
            dates.add(entry.on)
    return said


def test_a_word_with_the_third_an_offer_with_the_fourth_and_then_peace() -> None:
    assert played([False] * 9, [False] * 9) == [(2, HELLO_NUDGE), (3, LESS_NUDGE)]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12))
def test_each_word_comes_once_a_run_and_only_after_as_many_as_its_rule_says(weeks: list[tuple[bool, bool]]) -> None:
    answered, failed = [each for each, _ in weeks], [each for _, each in weeks]
    missed, spoken = 0, list[str]()
    told = dict(played(answered, failed))
    for week, (answers, fails) in enumerate(weeks):
        if week in told:
            assert told[week] not in spoken
            assert missed >= RULES[told[week]].missed
            spoken.append(told[week])
            assert spoken == list(KINDS[: len(spoken)])
        if fails:
            continue
        if answers:
            missed, spoken = 0, []
        else:
            missed += 1


def test_a_programme_without_such_rules_says_nothing_and_neither_is_it_said_to_who_left() -> None:
    entry = an_entry(9)
    run = Run(missed=9, open=entry, said=frozenset())

    assert word_for(WHO, run, rules={}, now=entry.claimed_at) is None
    gone = replace(WHO, standing=Standing.ENDED)
    assert word_for(gone, run, rules=RULES, now=entry.claimed_at) is None


def test_a_word_that_was_skipped_was_not_said_and_one_of_unknown_end_may_have_been() -> None:
    now = an_entry(3).claimed_at
    hellos = [an_entry(week) for week in range(4)]
    skipped = replace(an_entry(2, HELLO_NUDGE, Status.SKIPPED), reason=Reason.HELD)
    unknown = replace(skipped, status=Status.FAILED, reason=Reason.UNKNOWN)

    assert run_of([*hellos, skipped], frozenset(), zone="UTC", now=now).said == frozenset()
    assert len(run_of([*hellos, unknown], frozenset(), zone="UTC", now=now).said) == 1
