"""The crisis telephone numbers are checked every 90 days, or somebody hears of it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from app import app
from chalicelib.edge import pages
from chalicelib.edge.log import flush
from chalicelib.helplines import handlers
from chalicelib.helplines.domain import (
    Kind,
    Resources,
    Service,
    countries,
    days_unchecked,
    overdose_lines,
    resources,
)
from tests.toy import Told, Toy

NOTICES = Path("chalicelib/notices/pages")
LONGEST_AGO = min(found for country in countries() if (found := resources(country).reviewed_on))


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
    assert overdose_lines("es-MX", country) == overdose_lines("es", country)


@pytest.mark.usefixtures("settings")
def test_the_age_is_published_once_an_hour(log: Callable[[], list[dict[str, object]]]) -> None:
    for minute in range(60):
        handlers.watch({"time": f"{LONGEST_AGO + timedelta(days=3)}T14:{minute:02}:00Z"})
    flush()

    (published,) = [line for line in log() if "CrisisResourcesAgeDays" in line]
    assert published["CrisisResourcesAgeDays"] == [3]


SERVICES = [(numbers, service) for numbers in map(resources, sorted(countries())) for service in numbers.services]


@pytest.mark.parametrize(("numbers", "service"), SERVICES, ids=lambda one: getattr(one, "name", None) or one.country)
def test_every_line_can_be_reached_and_none_is_one_that_has_ended(numbers: Resources, service: Service) -> None:
    """Press 3 of 988 ended on 17 July 2025, and pages still print it."""
    assert service.call or service.text or service.chat
    assert service.press in {"", "1", "2"}
    assert not service.press or service.call
    assert not service.keyword or service.text
    assert numbers.source
    assert numbers.reviewed_on is not None


def test_nobody_is_said_to_have_been_called_by_us() -> None:
    """Whoever rings a number says so in the data and here, with the date."""
    assert [country for country in countries() if resources(country).called] == []


@pytest.mark.parametrize("country", sorted(countries()))
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_countrys_own_numbers_are_said_and_988_only_where_it_is_one(language: str, country: str) -> None:
    numbers = resources(country)
    said = " ".join(numbers.spoken(language).values())

    assert numbers.emergency in said
    assert numbers.lifeline in said
    assert ("988" in said) == (country in {"US", "CA"})
    assert "{" not in said
    assert numbers.lifeline in {service.call for service in numbers.services if service.kind is Kind.CRISIS}
    assert numbers.lifeline_text in {"", *(service.text for service in numbers.services if not service.keyword)}


@pytest.mark.parametrize("language", ["en", "es", "de"])
def test_where_no_number_is_known_the_words_speak_of_local_ones(language: str) -> None:
    said = resources("XX").spoken(language)

    assert ("emergency" in said["now"]) or ("emergencias" in said["now"])
    assert not any(each.isdigit() for each in " ".join(said.values()))
    assert not any(each.isdigit() for each in " ".join(overdose_lines(language, "XX")))


def test_spanish_speakers_in_the_us_are_told_which_key_to_press() -> None:
    assert resources("US").spoken("es")["now"].endswith("oprime 2.")
    assert "oprime" not in resources("CA").spoken("es")["now"]
    assert "press" not in resources("US").spoken("en")["now"]


@pytest.mark.parametrize("country", ["US", "GB", "XX"])
def test_a_page_shows_only_links_that_lead_somewhere(country: str) -> None:
    numbers = resources(country)
    html = pages.render(
        NOTICES, "word.html", language="en", numbers=numbers, title="", say={"not_watched": ""}, heading="", lines=[]
    )

    assert ("tel:988" in html) == (country == "US")
    assert ("tel:116123" in html) == (country == "GB")
    assert ("sms:" in html) == (country == "US")
    assert 'href="tel:"' not in html


def ask(query: dict[str, list[str]], **headers: str) -> Told:
    return Toy(app=app).send("GET", "/help-resources", query=query, role=None, headers=headers)


def test_anybody_may_ask_for_a_countrys_numbers_and_keep_them() -> None:
    told = ask({"country": ["gb"], "language": ["es"]})

    assert (told.status, told.json["country"], told.json["emergency"]) == (200, "GB", "999")
    assert told.json["services"][0] | {"purpose": ""} == {
        "kind": "crisis",
        "purpose": "",
        "name": "Samaritans",
        "call": "116 123",
        "press": None,
        "text": None,
        "keyword": None,
        "chat": None,
        "languages": ["en"],
    }
    assert told.headers["Cache-Control"].startswith("public")
    again = ask({"country": ["GB"], "language": ["es"]}, **{"if-none-match": told.headers["ETag"]})
    assert (again.status, again.text) == (304, "")
    assert ask({"country": ["GB"]}).headers["ETag"] != told.headers["ETag"]


def test_a_country_that_we_know_nothing_of_gets_words_and_never_anothers_numbers() -> None:
    for query in ({}, {"country": ["BR"]}):
        told = ask(query)
        assert (told.status, told.json["known"], told.json["lifeline"], told.json["services"]) == (200, False, None, [])
        assert "local emergency number" in told.json["now"]
        assert "988" not in told.text
    assert ask({"country": ["the moon"]}).kind == "bad-query"
