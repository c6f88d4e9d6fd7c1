"""A sample of ``make dst``: daily reminders around changes of clocks, against a walk of UTC minutes."""

from datetime import datetime, timedelta

from chalicelib.outreach.recurrence import Occurrence, When, next_occurrence
from tests.dst.corpus import check, sample


def test_each_daily_reminder_fires_once_per_local_date_that_exists_and_when_rfc_5545_says() -> None:
    report = check(sample())

    assert report.wrong == []
    assert report.with_changes > 25
    assert report.cases > 10_000
    assert len(report.patterns) > 30


def test_the_walk_of_one_change_may_stand_for_others_of_its_kind() -> None:
    report = check(["America/Havana", "Australia/Lord_Howe"], walk_all=True)

    assert report.wrong == []
    assert report.walked == report.changes > 60


def test_the_oracle_catches_who_leaves_out_a_time_in_a_gap() -> None:
    def skips(when: When, after: datetime) -> Occurrence | None:
        found = next_occurrence(when, after=after)
        while found and found.at.hour == 7 and found.at.month == 3:
            found = next_occurrence(when, after=found.at)
        return found

    assert check(["America/New_York"], next_of=skips).wrong


def test_the_oracle_catches_who_takes_the_second_of_two() -> None:
    def second(when: When, after: datetime) -> Occurrence | None:
        found = next_occurrence(when, after=after)
        if found and (found.at.hour, found.at.month, found.at.day) == (5, 11, 1):
            return Occurrence(on=found.on, at=found.at + timedelta(hours=1))
        return found

    assert check(["America/New_York"], next_of=second).wrong
