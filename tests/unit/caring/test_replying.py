"""What is written back is kept once, with a task for whoever reads it, and a flood is bounded."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.caring.domain import MOST_REPLIES_A_DAY, Because, Reply, Series
from chalicelib.caring.replying import ReplyDesk, write_back
from chalicelib.caring.sending import signing
from chalicelib.enrollment.domain import Carer, Person, Record
from chalicelib.enrollment.episodes import State, open_episode
from chalicelib.errors import TooSoon
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Member
from tests.build import utc
from tests.fakes import FakeCareRules
from tests.fakes_caring import FakeReplies, FakeSeries
from tests.fakes_enrollment import FakePeople
from tests.fakes_staff import FakeStaff
from tests.fakes_tasks import FakeTasks

NOW = utc("2026-11-24T18:00")
SERIES = Series(
    person_id="p",
    programme_id="iop",
    episode=1,
    because=Because.LEFT,
    of=date(2026, 11, 24),
    birthday=None,
    started_by="cm",
    started_at=NOW,
    signer="alex",
)
RECORD = Record(
    person=Person(id="p", external_id="1", given_name="Ana", family_name="Lee", language="en", zone="America/New_York"),
    episodes=(open_episode(number=1, programme_id="iop", state=State.ACTIVE, admitted_on=date(2026, 11, 1), at=NOW),),
    care_team=(
        Carer(subject="gone", since=NOW - timedelta(days=3), added_by="a"),
        Carer(subject="bea", since=NOW - timedelta(days=1), added_by="a"),
        Carer(subject="cam", since=NOW - timedelta(days=2), added_by="a"),
    ),
)


def a_member(account: str, *roles: Role, left: bool = False) -> Member:
    return Member(
        programme_id="iop",
        account=account,
        first_name=account.title(),
        roles=frozenset(roles or {Role.CLINICIAN}),
        language="en",
        zone="UTC",
        put_by="a",
        put_at=NOW,
        removed_at=NOW if left else None,
    )


ALL = [a_member("alex"), a_member("bea"), a_member("cam"), a_member("gone", left=True), a_member("other")]


def test_whoever_signs_has_agreed_or_else_is_the_longest_of_the_care_team_who_is_still_there() -> None:
    def name(series: Series, members: list[Member]) -> str | None:
        found = signing(series, RECORD, members)
        return found.first_name if found else None

    assert name(SERIES, ALL) == "Alex"
    assert name(SERIES, [a_member("alex", left=True), *ALL[1:]]) == "Cam"
    assert name(replace(SERIES, signer=None), ALL) == "Cam"
    assert name(SERIES, [a_member("gone", left=True), a_member("other")]) is None


def a_desk(*members: Member) -> tuple[ReplyDesk, FakeTasks]:
    people, tasks = FakePeople(), FakeTasks()
    people.records["p"] = RECORD
    all_series = FakeSeries(people)
    all_series.kept["p"] = SERIES
    desk = ReplyDesk(
        people=people,
        all_series=all_series,
        replies=FakeReplies(tasks),
        staff=FakeStaff(*members),
        care_rules=FakeCareRules(),
    )
    return desk, tasks


@pytest.mark.parametrize(
    ("roles", "owner"),
    [
        ({Role.CLINICIAN}, Role.CLINICIAN),
        ({Role.CLINICIAN, Role.CASE_MANAGER}, Role.CASE_MANAGER),
        ({Role.PEER_SPECIALIST}, Role.CASE_MANAGER),
    ],
)
def test_it_is_read_by_whoever_signs_where_their_role_reads_such_words(roles: set[Role], owner: Role) -> None:
    desk, tasks = a_desk(a_member("alex", *roles))

    assert write_back(Reply(id="1", person_id="p", at=NOW, text="Hi"), desk=desk)
    assert not write_back(Reply(id="1", person_id="p", at=NOW + timedelta(minutes=1), text="Hi"), desk=desk)

    (task,) = tasks.of_person("p")
    assert (task.owner, task.is_pressing, task.due_at) == (owner, True, utc("2026-11-24T22:00"))


@pytest.mark.parametrize(
    ("later", "reads"),
    [((), "iop"), ((State.ACTIVE,), "other"), ((State.DISCHARGED_EARLY,), "iop"), ((State.TRANSFERRED,), "iop")],
)
def test_an_old_link_leads_to_whom_the_hellos_came_from_unless_another_programme_has_the_person(
    later: tuple[State, ...], reads: str
) -> None:
    desk, tasks = a_desk(a_member("alex", Role.CLINICIAN))
    more = tuple(
        open_episode(number=2, programme_id="other", state=state, admitted_on=date(2026, 11, 20), at=NOW)
        for state in later
    )
    (left,) = RECORD.episodes
    first = replace(left, state=State.DISCHARGED_EARLY)
    desk.people.records["p"] = replace(RECORD, episodes=(first, *more))  # type: ignore[attr-defined]

    assert write_back(Reply(id="1", person_id="p", at=NOW, text="Hi"), desk=desk)

    assert [task.programme_id for task in tasks.of_person("p")] == [reads]


def test_what_comes_at_night_is_read_when_the_next_working_day_begins() -> None:
    desk, tasks = a_desk()

    write_back(Reply(id="1", person_id="p", at=utc("2026-11-28T03:00"), text="Hi"), desk=desk)

    assert [task.due_at for task in tasks.of_person("p")] == [utc("2026-11-30T14:00")]


def test_a_flood_is_bounded_and_what_came_stays() -> None:
    desk, tasks = a_desk()
    for number in range(MOST_REPLIES_A_DAY):
        assert write_back(Reply(id=str(number), person_id="p", at=NOW, text="Hi"), desk=desk)

    with pytest.raises(TooSoon):
        write_back(Reply(id="more", person_id="p", at=NOW + timedelta(hours=1), text="Hi"), desk=desk)
    assert not write_back(Reply(id="0", person_id="p", at=NOW, text="Hi"), desk=desk), "the same is no other"
    assert len(tasks.of_person("p")) == MOST_REPLIES_A_DAY
    assert write_back(Reply(id="later", person_id="p", at=NOW + timedelta(days=1), text="Hi"), desk=desk)
