"""What a notice may say and to whom, and how it is counted."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.enrollment.episodes import State
from chalicelib.errors import Invalid
from chalicelib.notices import counting, service
from chalicelib.notices.counting import Counts, Outcome
from chalicelib.notices.domain import (
    FURTHEST,
    LONGEST_TEXT,
    MOST_LINES,
    Audience,
    Notice,
    clean,
    notice_id_of,
    text_fault,
)
from chalicelib.outreach.domain import Entry, Reason, Status, occurrence_named
from chalicelib.outreach.fanning import SOONEST, Page
from tests.build import utc
from tests.fakes import FakeLedger
from tests.fakes_notices import FakeNotices, SomeMember

NOW = utc("2026-11-25T12:00:20")
TEXTS = {"en": "At six.", "es": "A las seis."}


def faults(texts: dict[str, str] | None = None, **changes: object) -> dict[str, str]:
    """Return what is wrong with a notice, by field."""
    draft = service.Draft(texts=TEXTS if texts is None else texts, at=None, audience=Audience())
    with pytest.raises(Invalid) as refused:
        service.add_notice(
            replace(draft, **changes),  # type: ignore[arg-type]
            notice_id="n",
            programme_id="iop-evening",
            languages=("en", "es"),
            by="admin",
            now=NOW,
            notices=FakeNotices(),
        )
    return {fault.field: fault.reason for fault in refused.value.faults}


def a_notice(texts: dict[str, str] | None = None) -> Notice:
    return service.add_notice(
        service.Draft(texts=texts or TEXTS, at=None, audience=Audience()),
        notice_id="0d" * 16,
        programme_id="iop-evening",
        languages=("en", "es"),
        by="admin",
        now=NOW,
        notices=FakeNotices(),
    )


def test_everybody_in_the_programme_must_be_able_to_read_it() -> None:
    assert faults({"en": "At six."}) == {"text.es": "is missing"}
    assert faults({}) == {"text.en": "is missing", "text.es": "is missing"}
    assert faults({**TEXTS, "fr": "À six heures."}) == {"text": "holds a language that the programme hasn't: en, es"}
    assert faults({**TEXTS, "es": " \r\n "}) == {"text.es": "is empty"}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("x" * (LONGEST_TEXT + 1), f"is longer than {LONGEST_TEXT} characters"),
        ("\n".join("x" * (MOST_LINES + 1)), f"has more than {MOST_LINES} lines"),
        ("a\x00b", "holds a character that can't be shown"),
        ("a\tb", "holds a character that can't be shown"),
        ("\u202egnp.exe", "holds a character that can't be shown"),
        ("a\u200bb", "holds a character that can't be shown"),
        ("a\ud800b", "holds a character that can't be shown"),
        ("x" * LONGEST_TEXT, None),
        ("\n".join("x" * MOST_LINES), None),
        ("<script>alert(1)</script> & {{ 7*7 }} %s", None),
        ("Sí, a las 6 👋\n\nहिन्दी", None),
    ],
)
def test_a_text_can_hold_what_can_be_shown(text: str, fault: str | None) -> None:
    assert text_fault(text) == fault


@given(st.text())
def test_a_cleaned_text_is_clean_and_says_the_same(text: str) -> None:
    once = clean(text)

    assert clean(once) == once
    assert "\r" not in once
    assert once.split() == text.split()


def test_it_goes_out_from_three_minutes_to_a_year_from_now() -> None:
    too_soon, too_far = NOW + timedelta(minutes=2), NOW + FURTHEST + timedelta(seconds=1)

    assert list(faults(at=too_soon)) == list(faults(at=NOW - timedelta(days=1))) == ["at"]
    assert faults(at=too_far) == {"at": "must be within a year"}
    assert a_notice().at == utc("2026-11-25T12:00") + SOONEST


def test_a_part_of_the_people_must_be_one_that_can_be_reached() -> None:
    assert list(faults(audience=Audience(states=frozenset({State.DECEASED})))) == ["audience.states"]
    assert list(faults(audience=Audience(states=frozenset()))) == ["audience.states"]
    assert faults(audience=Audience(languages=frozenset({"fr"}))) == {"audience.languages": "must be some of en, es"}


def test_every_fault_is_named_at_once() -> None:
    found = faults({"en": ""}, at=NOW, audience=Audience(languages=frozenset({"fr"})))

    assert set(found) == {"text.en", "text.es", "at", "audience.languages"}


def test_the_name_of_an_occurrence_leads_back_to_its_notice() -> None:
    notice = a_notice()
    due = notice.dues(Page(number=0, first=0, person_ids=("a1",), after=None))[0]

    person_id, on, kind = occurrence_named(due.name)

    assert (person_id, on, notice_id_of(kind)) == ("a1", notice.on, notice.id)
    assert [notice_id_of(kind) for kind in ("check_in", "notice", "notice-", "nudge-1")] == [None] * 4


def a_count(*statuses: tuple[Status, Reason | None] | None) -> tuple[Notice, FakeNotices, FakeLedger]:
    """Return a notice to as many people, each with this end (None: nothing happened yet)."""
    notice, notices, ledger = a_notice(), FakeNotices(), FakeLedger()
    people = [f"{number:032x}" for number in range(len(statuses))]
    half = len(people) // 2
    members = [SomeMember(person_id=person_id) for person_id in people]
    first = notice.page(notice.meant(members[:half]), after="x")
    notices.keep_page(notice.id, first)
    notices.keep_page(notice.id, notice.past(first, now=NOW).page(notice.meant(members[half:]), after=None))
    for person_id, end in zip(people, statuses, strict=True):
        if end:
            ledger.entries[person_id, notice.kind, notice.on] = Entry(
                person_id=person_id,
                kind=notice.kind,
                on=notice.on,
                due_at=notice.at,
                status=end[0],
                reason=end[1],
                attempt=1,
                claimed_at=notice.at,
            )
    return notice, notices, ledger


ENDS = (
    (Status.SENT, None),
    (Status.MERGED, None),
    (Status.CLAIMED, None),
    None,
    (Status.SKIPPED, Reason.NO_CONSENT),
    (Status.SKIPPED, Reason.NO_CONSENT),
    (Status.SKIPPED, Reason.CANCELLED),
    (Status.FAILED, Reason.REFUSED),
    (Status.WAITING, None),
)


def test_the_numbers_add_up_and_say_why() -> None:
    notice, notices, ledger = a_count(*ENDS)

    assert counting.counts(notice, notices=notices, ledger=ledger) == Counts(
        recipients=9,
        sent=2,
        waiting=3,
        skipped={"cancelled": 1, "no_consent": 2},
        failed={"refused_by_provider": 1},
    )


@given(limit=st.integers(1, 12))
def test_every_recipient_is_listed_once_in_order_whatever_the_page(limit: int) -> None:
    notice, notices, ledger = a_count(*ENDS)
    seen, after = [], None
    while True:
        found, after = counting.results(notice, after=after, limit=limit, notices=notices, ledger=ledger)
        seen += found
        assert len(found) <= limit
        if after is None:
            break
        assert counting.is_place(after)

    assert [result.person_id for result in seen] == [f"{number:032x}" for number in range(len(ENDS))]
    assert [result.outcome for result in seen][:5] == [
        Outcome.SENT,
        Outcome.SENT,
        Outcome.WAITING,
        Outcome.WAITING,
        Outcome.SKIPPED,
    ]
    assert [result.reason for result in seen][6] is Reason.CANCELLED


def test_a_notice_to_nobody_counts_nobody() -> None:
    notice, notices, ledger = a_count()

    assert counting.counts(notice, notices=notices, ledger=ledger) == Counts(recipients=0, sent=0, waiting=0)
    assert counting.results(notice, after=None, limit=5, notices=notices, ledger=ledger) == ([], None)


@pytest.mark.parametrize("text", ["", "1.2", "00001", "00001.0000²", "00001.00002.", "PAGE#1"])
def test_what_is_no_place_is_told_from_one(text: str) -> None:
    assert not counting.is_place(text)
