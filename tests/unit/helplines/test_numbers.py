"""The crisis telephone numbers are checked every 90 days, or somebody hears of it."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.edge.log import flush
from chalicelib.helplines import handlers
from chalicelib.helplines.domain import countries, days_unchecked, overdose_lines, resources

LONGEST_AGO = min(resources(country).reviewed_on for country in countries())


def test_the_country_that_was_checked_longest_ago_counts() -> None:
    assert days_unchecked(on=LONGEST_AGO) == 0
    assert days_unchecked(on=LONGEST_AGO + timedelta(days=91)) == 91


@pytest.mark.parametrize("country", sorted(countries()))
@pytest.mark.parametrize("language", ["en", "es"])
def test_what_to_know_of_an_overdose_is_there_in_every_language_with_the_number_to_call(
    language: str, country: str
) -> None:
    lines = " ".join(overdose_lines(language, country))

    assert resources(country).emergency in lines
    assert "nalox" in lines
    assert "{" not in lines
    assert overdose_lines("de", country) == overdose_lines("en", country)


@pytest.mark.usefixtures("settings")
def test_the_age_is_published_once_an_hour(log: Callable[[], list[dict[str, object]]]) -> None:
    for minute in range(60):
        handlers.watch({"time": f"{LONGEST_AGO + timedelta(days=3)}T14:{minute:02}:00Z"})
    flush()

    (published,) = [line for line in log() if "CrisisResourcesAgeDays" in line]
    assert published["CrisisResourcesAgeDays"] == [3]
