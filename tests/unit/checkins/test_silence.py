"""What counts as silence, and what never does."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.checkins.domain import CheckIn, Source
from chalicelib.checkins.ports import Desk
from chalicelib.checkins.silence import flag_silence, look, silence
from chalicelib.outreach.domain import Entry, Reason, Recipient, Status
from chalicelib.tasks.domain import Task
from tests.build import PERSON, a_recipient, said, utc
from tests.fakes import FakeCareRules, FakeCheckIns, FakeLedger
from tests.fakes_crisis import Site
from tests.fakes_tasks import FakeTasks
from tests.fakes_watch import FakeHolds

TODAY = date(2026, 11, 25)
NINE = utc("2026-11-25T14:00")
ZONE = "America/New_York"


def entry(days: int, status: Status = Status.SENT, *, kind: str = "check_in") -> Entry:
    """Return how the check-in of so many days ago ended."""
    return Entry(
        person_id=PERSON,
        kind=kind,
        on=TODAY - timedelta(days=days),
        due_at=NINE - timedelta(days=days),
        status=status,
        attempt=1,
        claimed_at=NINE - timedelta(days=days),
        ended_at=NINE - timedelta(days=days),
        reason=None if status is Status.SENT else Reason.LATE,
    )


def flags(who: Recipient, on: date, *, now: datetime, ledger: FakeLedger, desk: Desk) -> list[Task]:
    return flag_silence(who, look(who, on, now=now, ledger=ledger, check_ins=desk.check_ins), now=now, desk=desk)


def test_the_one_that_was_just_sent_is_not_missed_yet() -> None:
    assert silence([entry(0)], frozenset(), zone=ZONE, now=NINE).missed == 0


@pytest.mark.parametrize(
    ("diary", "missed"),
    [
        ("xxx", 3),
        ("xax", 1),
        ("axx", 2),
        ("x-x", 2),
        ("---", 0),
        ("a--", 0),
        ("xx-x--x", 4),
        ("", 0),
    ],
)
def test_an_answer_ends_a_run_and_what_was_not_sent_neither_counts_nor_ends_it(diary: str, missed: int) -> None:
    """x: sent, not answered; a: answered; -: not sent, for our reasons. The last is yesterday's."""
    days = range(len(diary), 0, -1)
    entries = [
        entry(day, Status.SKIPPED if sign == "-" else Status.SENT) for day, sign in zip(days, diary, strict=True)
    ]
    answered = frozenset(TODAY - timedelta(days=day) for day, sign in zip(days, diary, strict=True) if sign == "a")

    assert silence([*entries, entry(0)], answered, zone=ZONE, now=NINE).missed == missed


def test_an_answer_for_another_date_ends_a_run_too() -> None:
    entries = [entry(day) for day in (6, 4, 2)]

    assert silence(entries, frozenset({TODAY - timedelta(days=1)}), zone=ZONE, now=NINE).missed == 0


def test_what_a_mail_server_turned_away_is_nobodys_silence() -> None:
    entries = [replace(entry(day), bounced_at=NINE) for day in (3, 2, 1)]

    assert silence(entries, frozenset(), zone=ZONE, now=NINE).missed == 0


@given(st.text("xa-", max_size=20))
def test_an_outage_never_makes_a_run_longer(diary: str) -> None:
    def run(text: str) -> int:
        days = range(len(text), 0, -1)
        signs = list(zip(days, text, strict=True))
        entries = [entry(day, Status.FAILED if sign == "-" else Status.SENT) for day, sign in signs]
        answered = frozenset(TODAY - timedelta(days=day) for day, sign in signs if sign == "a")
        return silence(entries, answered, zone=ZONE, now=NINE).missed

    assert run(diary) == len(diary.rpartition("a")[2].replace("-", ""))


def test_weeks_of_silence_are_flagged_twice_in_all() -> None:
    ledger, tasks = FakeLedger(), FakeTasks()
    desk = Desk(
        check_ins=FakeCheckIns(tasks),
        care_rules=FakeCareRules(),
        tasks=tasks,
        holds=FakeHolds(),
        crises=Site(staff=[]).desk(),
    )
    for day in range(60):
        ledger.add([entry(-day)])
        on, now = TODAY + timedelta(days=day), NINE + timedelta(days=day)
        flags(a_recipient(), on, now=now, ledger=ledger, desk=desk)

    assert [task.about for task in tasks.of_person(PERSON)] == ["silent-2026-11-25", "silent_long-2026-11-25"]


def test_a_run_of_three_is_flagged_once_and_a_new_run_again() -> None:
    ledger, tasks = FakeLedger(), FakeTasks()
    desk = Desk(
        check_ins=FakeCheckIns(tasks),
        care_rules=FakeCareRules(),
        tasks=tasks,
        holds=FakeHolds(),
        crises=Site(staff=[]).desk(),
    )
    who = a_recipient()

    def look_on(day: int) -> list[str]:
        on, now = TODAY + timedelta(days=day), NINE + timedelta(days=day)
        ledger.add([entry(-day)])
        return [flag.about for flag in flags(who, on, now=now, ledger=ledger, desk=desk)]

    assert [look_on(day) for day in range(5)] == [[], [], [], ["silent-2026-11-25"], []]
    answered = CheckIn(person_id=PERSON, on=TODAY + timedelta(days=5))
    look_on(5)
    desk.check_ins.save(answered.answered(said(mood=5), at=NINE + timedelta(days=5), source=Source.LINK))
    assert [look_on(day) for day in range(6, 10)] == [[], [], [], ["silent-2026-12-01"]]
