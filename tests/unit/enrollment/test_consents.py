import hashlib
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.enrollment.consents import Action, Consent, Via, check_choice, detail_allowed, least, live
from chalicelib.enrollment.texts import CURRENT, LOCALES, current_text
from chalicelib.errors import Invalid
from chalicelib.outreach.domain import DetailLevel

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HOURS = st.integers(0, 50).map(lambda hours: START + timedelta(hours=hours))


def a_row(scope: str = "contact_email", *, at: datetime = START, **more: object) -> Consent:
    given: dict[str, object] = {"action": Action.GRANTED, "via": Via.WEB, "by": "sub"} | more
    return Consent(person_id="p", scope=scope, at=at, **given)  # type: ignore[arg-type]


ROWS = st.lists(
    st.builds(
        a_row,
        st.sampled_from(["contact_email", "contact_push", "alumni_contact"]),
        at=HOURS,
        action=st.sampled_from(Action),
        expires_at=st.none() | HOURS,
    ),
    unique_by=lambda row: (row.scope, row.at),
    max_size=12,
)


@given(ROWS, HOURS)
def test_a_live_consent_was_granted_by_then_and_neither_revoked_nor_expired(rows: list[Consent], at: datetime) -> None:
    for scope, row in live(rows, at=at).items():
        later = [other for other in rows if other.scope == scope and row.at < other.at <= at]
        assert row.action in {Action.GRANTED, Action.RESUMED}
        assert row.at <= at
        assert row.expires_at is None or at < row.expires_at
        assert later == []


@given(ROWS, HOURS)
def test_to_revoke_ends_a_consent_and_no_other(rows: list[Consent], at: datetime) -> None:
    before = live(rows, at=at)
    now = at + timedelta(microseconds=1)

    after = live([*rows, a_row(at=now, action=Action.REVOKED)], at=now)

    assert "contact_email" not in after
    assert {scope for scope in live(rows, at=now) if scope != "contact_email"} == set(after)
    assert live([*rows, a_row(at=now, action=Action.REVOKED)], at=at) == before


@given(ROWS, HOURS)
def test_what_comes_later_never_changes_what_was_live(rows: list[Consent], at: datetime) -> None:
    assert live(rows, at=at) == live([row for row in rows if row.at <= at], at=at)


@given(ROWS, HOURS, st.randoms())
def test_the_order_of_the_rows_is_nothing(rows: list[Consent], at: datetime, random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert live(shuffled, at=at) == live(rows, at=at)


def test_messages_are_discreet_unless_the_person_chose_more() -> None:
    chosen = {"detail_level": a_row("detail_level", value="detailed")}
    acknowledged = chosen | {"email_risk_ack": a_row("email_risk_ack")}

    assert detail_allowed({}, email=False) is DetailLevel.DISCREET
    assert detail_allowed(chosen, email=False) is DetailLevel.DETAILED
    assert detail_allowed(chosen, email=True) is DetailLevel.DISCREET
    assert detail_allowed(acknowledged, email=True) is DetailLevel.DETAILED
    assert least(DetailLevel.STANDARD, DetailLevel.DETAILED) is DetailLevel.STANDARD


@pytest.mark.parametrize(
    ("scope", "value", "field"),
    [
        ("everything", None, "scope"),
        ("supporter:ana:attendance", None, "scope"),
        ("detail_level", None, "value"),
        ("detail_level", "discreet", "value"),
        ("contact_email", "yes", "value"),
    ],
)
def test_what_cannot_be_chosen_is_refused(scope: str, value: str | None, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check_choice(scope, value)

    assert [fault.field for fault in refusal.value.faults] == [field]


@pytest.mark.parametrize("scope", [f"supporter:{'0f' * 16}:attendance", "partner_share:mood", "tpo"])
def test_every_scope_of_the_domain_is_known(scope: str) -> None:
    check_choice(scope, None)


@pytest.mark.parametrize("scope", CURRENT)
@pytest.mark.parametrize("locale", LOCALES)
def test_each_text_is_there_in_each_language_and_pinned_by_its_hash(scope: str, locale: str) -> None:
    text = current_text(scope, locale)

    assert len(text.body) > 100
    name = f"{scope.replace(':', '.')}.v{text.version}.{locale}.txt"
    raw = (files("chalicelib.enrollment") / "consent_texts" / name).read_bytes()
    assert text.sha256 == hashlib.sha256(raw).hexdigest()


@pytest.mark.parametrize(("scope", "locale"), [("tpo", "en"), ("contact_email", "de")])
def test_a_scope_without_a_text_cannot_be_granted(scope: str, locale: str) -> None:
    with pytest.raises(Invalid):
        current_text(scope, locale)
