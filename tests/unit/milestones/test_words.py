"""Which milestone it is: said at the detailed level only, and found out by the date of what is told."""

from dataclasses import replace
from datetime import date, time

import pytest

from chalicelib.edge import pages
from chalicelib.enrollment.celebrating import MILESTONES, milestones_of
from chalicelib.enrollment.programmes import Programme
from chalicelib.milestones.routes import WORDS, Said
from chalicelib.outreach.anniversaries import Anniversaries
from chalicelib.outreach.domain import DetailLevel, Entry, Recipient, Schedule, Status
from chalicelib.outreach.kinds import DAYS
from chalicelib.outreach.wording import milestone_name, words_for
from tests.build import NEW_YORK, PERSON, a_recipient, an_email, utc

AT = utc("2026-11-25T14:00")


def somebody(language: str = "en") -> Recipient:
    when = Anniversaries(of=date(2026, 10, 26), each=MILESTONES, at=time(9), zone=NEW_YORK)
    schedule = Schedule(person_id=PERSON, kind=DAYS, version=3, when=when)
    return replace(a_recipient(language=language), schedules=(schedule,))


def told(kind: str, *, carries: tuple[str, ...] = (), on: str = "2026-11-25") -> Entry:
    return Entry(
        person_id=PERSON,
        kind=kind,
        on=date.fromisoformat(on),
        due_at=AT,
        status=Status.CLAIMED,
        attempt=1,
        claimed_at=AT,
        carries=carries,
    )


@pytest.mark.parametrize(
    "entry",
    [
        told(DAYS),
        # Held back over midnight, it is still about the day that it was reached.
        told("updates-0811", carries=(f"2026-11-25#{DAYS}",), on="2026-11-26"),
    ],
)
def test_who_chose_details_reads_which_one_it_is(entry: Entry) -> None:
    detailed = words_for(entry, somebody(), an_email(detail=DetailLevel.DETAILED))
    spanish = words_for(entry, somebody("es"), an_email(detail=DetailLevel.DETAILED))

    assert detailed.body[0] == "You have reached 30 days, and we are happy for you."
    assert spanish.body[0] == "Alcanzaste 30 días y nos alegramos contigo."


@pytest.mark.parametrize("level", [DetailLevel.DISCREET, DetailLevel.STANDARD])
def test_nobody_else_does(level: DetailLevel) -> None:
    words = words_for(told(DAYS), somebody(), an_email(detail=level))

    assert "30" not in " ".join([words.subject, words.preheader, *words.body, words.push_title, words.push_body])


def test_a_date_that_brings_nothing_any_more_is_some_milestone() -> None:
    words = words_for(told(DAYS, on="2026-11-28"), somebody(), an_email(detail=DetailLevel.DETAILED))

    assert words.body[0].startswith("You have reached a milestone")


def test_every_milestone_has_a_name_in_both_languages() -> None:
    names = {*milestones_of(Programme(id="iop", name="", every_month=True)), "y1", "y2", "y40"} - {"y"}

    for language, any_of_them in (("en", "a milestone"), ("es", "un logro")):
        assert any_of_them not in {milestone_name(name, language=language) for name in names}


@pytest.mark.parametrize("language", ["en", "es", "de"])
def test_words_to_a_return_to_use_are_complete_and_shame_nobody(language: str) -> None:
    said = Said.model_validate(pages.words(WORDS, language))

    text = " ".join([*said.said, said.asks, said.help, said.talk, said.note, said.safer]).lower()
    assert not [
        word for word in ("relapse", "recaída", "fail", "fracas", "clean", "limpi", "lost", "reset") if word in text
    ]
