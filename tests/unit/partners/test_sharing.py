"""The view of a partner never holds more than the person's consents allow at that moment."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.enrollment.consents import Action, Consent, Via
from chalicelib.enrollment.domain import Person, Record
from chalicelib.enrollment.episodes import Episode, State
from chalicelib.milestones.domain import Streak
from chalicelib.outreach.domain import Entry, Status
from chalicelib.partners.sharing import Share, View, shared, view_of
from tests.build import PERSON, utc
from tests.fakes import FakeLedger

NOON = utc("2026-11-24T17:00")
STATES = ("never", "granted", "expires", "expired", "revoked", "granted again", "later")
OTHERS = ("group_celebrate", "partner_share:mood", "peer_circle", "tpo", "supporter:x:milestones")


class Answers:
    """What was answered, noting that somebody asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def answered_on(self, person_id: str, first: date, last: date) -> list[date]:
        del first, last
        self.asked.append(person_id)
        return [date(2026, 11, 22)]


class Streaks:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def of_person(self, person_id: str) -> tuple[Streak, ...]:
        self.asked.append(person_id)
        return ()

    def write(self, change: object, streaks: Iterable[Streak]) -> None:
        raise NotImplementedError


def rows(scope: str, state: str) -> list[Consent]:
    def row(action: Action, hours: float, expires: datetime | None = None) -> Consent:
        at = NOON + timedelta(hours=hours)
        return Consent(person_id=PERSON, scope=scope, action=action, at=at, via=Via.WEB, by="ana", expires_at=expires)

    found = {
        "granted": [row(Action.GRANTED, -9)],
        "expires": [row(Action.GRANTED, -9, NOON + timedelta(seconds=1))],
        "expired": [row(Action.GRANTED, -9, NOON)],
        "revoked": [row(Action.GRANTED, -9), row(Action.REVOKED, -1)],
        "granted again": [row(Action.GRANTED, -9), row(Action.REVOKED, -8), row(Action.GRANTED, -7)],
        "later": [row(Action.GRANTED, 1)],
    }
    return found.get(state, [])


def a_record(consents: Iterable[Consent]) -> Record:
    person = Person(
        id=PERSON,
        external_id="TBH-1",
        given_name="Ana",
        family_name="Lee",
        language="en",
        zone="America/New_York",
        recovery_on=date(2026, 10, 1),
    )
    episode = Episode(number=1, programme_id="iop", state=State.ACTIVE, admitted_on=date(2026, 11, 1), changed_at=NOON)
    return Record(person=person, episodes=(episode,), consents=tuple(consents))


def a_ledger() -> FakeLedger:
    ledger = FakeLedger()
    for days in (2, 1):
        at = NOON - timedelta(days=days)
        ledger.add(
            [
                Entry(
                    person_id=PERSON,
                    kind="check_in",
                    on=at.date(),
                    due_at=at,
                    status=Status.SENT,
                    attempt=1,
                    claimed_at=at,
                    ended_at=at,
                )
            ]
        )
    return ledger


@given(
    check_ins=st.sampled_from(STATES),
    milestones=st.sampled_from(STATES),
    others=st.lists(st.sampled_from(OTHERS), unique=True),
    shares=st.booleans(),
)
def test_the_view_holds_what_each_consent_allows_now_and_nothing_else(
    check_ins: str, milestones: str, others: list[str], *, shares: bool
) -> None:
    """Every state of each consent: never given, given, run out, taken back, given again; and a pause of all."""
    consents = [
        *rows(Share.CHECK_IN_DONE.value, check_ins),
        *rows(Share.MILESTONES.value, milestones),
        *(row for scope in others for row in rows(scope, "granted")),
    ]
    record, answers, streaks = a_record(consents), Answers(), Streaks()

    what = shared(record.live_consents(at=NOON), shares=shares)
    view = view_of(record, what, now=NOON, answers=answers, ledger=a_ledger(), streaks=streaks)

    holds = {"granted", "expires", "granted again"}
    assert (view.check_ins is not None) == (shares and check_ins in holds) == bool(answers.asked)
    assert (view.milestones is not None) == (shares and milestones in holds) == bool(streaks.asked)
    # The fields that there are: whoever adds one has to say which consent it takes.
    assert set(View.__dataclass_fields__) == {"person_id", "name", "check_ins", "milestones"}
    assert view.name == "Ana"
    for day in view.check_ins or ():
        assert set(type(day).__dataclass_fields__) == {"on", "answered"}
    assert view.check_ins is None or [day.answered for day in view.check_ins] == [True, False]
    assert view.milestones is None or view.milestones == ("d1", "d7", "d14", "d30")
