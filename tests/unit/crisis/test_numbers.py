"""The crisis telephone numbers are checked every 90 days, or somebody hears of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.crisis import handlers
from chalicelib.crisis.domain import countries, days_unchecked, resources
from chalicelib.edge.log import flush

LONGEST_AGO = min(resources(country).reviewed_on for country in countries())


def test_the_country_that_was_checked_longest_ago_counts() -> None:
    assert days_unchecked(on=LONGEST_AGO) == 0
    assert days_unchecked(on=LONGEST_AGO + timedelta(days=91)) == 91


@pytest.mark.usefixtures("settings")
def test_the_age_is_published_once_an_hour(log: Callable[[], list[dict[str, object]]]) -> None:
    for minute in range(60):
        handlers.watch({"time": f"{LONGEST_AGO + timedelta(days=3)}T14:{minute:02}:00Z"})
    flush()

    (published,) = [line for line in log() if "CrisisResourcesAgeDays" in line]
    assert published["CrisisResourcesAgeDays"] == [3]
