"""One suite for the fake and for DynamoDB: the fake can't lie."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.programme_store import member_item
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.notices import service
from chalicelib.notices.domain import Audience, Notice
from chalicelib.notices.service import Notices
from chalicelib.notices.store import DynamoNotices
from chalicelib.outreach import fanning
from chalicelib.outreach.fanning import PAGE, Page, Stage, Step
from tests.build import utc
from tests.fakes_notices import DueRows, FakeFanOutQueue, FakeMembers, FakeNotices, SomeMember, a_member

pytestmark = pytest.mark.usefixtures("aws")

NOW = utc("2026-11-25T12:00:20")


@pytest.fixture(params=[FakeNotices, DynamoNotices])
def notices(request: pytest.FixtureRequest) -> Notices:
    found: Notices = request.param()
    return found


def a_notice(number: int = 1, *, programme: str = "iop-evening", minutes: int = 0) -> Notice:
    at = NOW + timedelta(minutes=minutes)
    return Notice(
        id=f"{number:032x}",
        programme_id=programme,
        texts={"en": "At six.\n\n<b>Bring</b> a pen.", "es": "A las seis. ¿Vienes?"},
        at=at + timedelta(minutes=3),
        audience=Audience(states=frozenset({State.ACTIVE, State.ALUMNI}), languages=frozenset({"es"})),
        by="admin",
        created_at=at,
        moved_at=at,
    )


PAGES = (
    Page(number=0, first=0, person_ids=("a", "b"), after="MEMBER#b"),
    Page(number=1, first=2, person_ids=(), after="MEMBER#d"),
    Page(number=2, first=2, person_ids=("e",), after=None),
)


def test_a_notice_comes_back_as_it_went_and_is_kept_once(notices: Notices) -> None:
    notice = a_notice()

    assert notices.find(notice.id) is None
    assert notices.add(notice) == notice
    assert notices.add(replace(notice, texts={"en": "Other"})) == notice
    assert notices.find(notice.id) == notice


def test_a_programmes_notices_come_newest_first_in_pages(notices: Notices) -> None:
    for number in range(5):
        notices.add(a_notice(number, minutes=number))
    notices.add(a_notice(9, programme="iop-morning"))

    first, after = notices.of_programme("iop-evening", after=None, limit=3)
    rest, end = notices.of_programme("iop-evening", after=after, limit=3)

    assert [int(notice.id, 16) for notice in (*first, *rest)] == [4, 3, 2, 1, 0]
    assert (len(first), end) == (3, None)
    assert notices.of_programme("iop-couples", after=None, limit=3) == ([], None)


def test_what_has_begun_is_found_until_it_is_closed(notices: Notices) -> None:
    now, later = a_notice(1), replace(a_notice(2), at=NOW + timedelta(days=2))
    for notice in (now, later):
        notices.add(notice)

    assert notices.begun(by=NOW - timedelta(seconds=1)) == []
    assert notices.begun(by=NOW) == [now]
    assert notices.begun(by=later.begins_at) == [now, later]
    for _ in range(2):
        notices.close(now)
    assert notices.begun(by=later.begins_at) == [later]


def test_who_is_on_a_page_is_written_once(notices: Notices) -> None:
    for page in PAGES:
        assert notices.keep_page("n", page) == page

    assert notices.keep_page("n", replace(PAGES[0], person_ids=("x",), after=None)) == PAGES[0]
    assert tuple(notices.pages("n")) == PAGES
    assert tuple(notices.pages("n", first=1)) == PAGES[1:]
    assert tuple(notices.pages("n", first=3)) == ()
    assert tuple(notices.pages("other")) == ()


def test_progress_moves_one_page_at_a_time_and_only_while_it_is_open(notices: Notices) -> None:
    notice = a_notice()
    notices.add(notice)
    later = NOW + timedelta(seconds=40)
    moved = replace(notice.past(PAGES[0], now=later), late_by=timedelta(hours=2))

    assert not notices.advance(moved, pages=1)
    assert notices.advance(moved, pages=0)
    assert not notices.advance(moved, pages=0)
    assert notices.find(notice.id) == replace(
        notice, pages=1, recipients=2, after="MEMBER#b", moved_at=later, late_by=moved.late_by
    )
    assert notices.advance(moved.past(PAGES[1], now=later), pages=1)
    done = moved.past(PAGES[1], now=later).past(PAGES[2], now=later)
    assert notices.advance(done, pages=2)
    assert notices.find(notice.id) == done
    assert done.stage is Stage.COMPLETE
    assert not notices.advance(done, pages=3)


def test_a_cancelled_notice_does_not_move_and_keeps_how_far_it_was(notices: Notices) -> None:
    notice = a_notice()
    notices.add(notice)
    moved = notice.past(PAGES[0], now=NOW)
    notices.advance(moved, pages=0)
    cancelled = replace(notice, stage=Stage.CANCELLED, cancelled_at=NOW, cancelled_by="admin")

    assert notices.cancel(cancelled)
    assert not notices.cancel(replace(cancelled, cancelled_by="other"))
    assert not notices.advance(moved.past(PAGES[1], now=NOW), pages=1)
    assert notices.find(notice.id) == replace(moved, stage=Stage.CANCELLED, cancelled_at=NOW, cancelled_by="admin")


def test_nothing_is_cancelled_that_is_not_there(notices: Notices) -> None:
    assert not notices.cancel(replace(a_notice(), stage=Stage.CANCELLED, cancelled_at=NOW))
    assert notices.find(a_notice().id) is None


@pytest.mark.parametrize("people", [FakeMembers, DynamoPeople])
def test_a_programmes_people_are_fanned_out_to_over_either(
    notices: Notices, people: Callable[[], FakeMembers | DynamoPeople]
) -> None:
    members = people()
    meant = [SomeMember(person_id=f"{number:032x}", language="es", joined_at=NOW) for number in range(PAGE + 1)]
    for member in (*meant, SomeMember(person_id="f" * 32, language="en")):
        if isinstance(members, FakeMembers):
            members.join(member)
        else:
            member_item(a_member(member, programme="iop-evening")).save()
    notice = a_notice()
    notices.add(notice)
    dues, queue = DueRows(), FakeFanOutQueue([(notice.id, 0)])

    steps = []
    while queue.messages:
        taken = queue.messages.pop()
        step = fanning.fan_out(
            *taken, now=NOW, fan_outs=notices, meant=service.meant_by(members), dues=dues, queue=queue
        )
        steps.append(step)

    assert steps == [Step.MOVED, Step.COMPLETED]
    assert sorted(due.person_id for due in dues.rows.values()) == [member.person_id for member in meant]
    assert [len(page.person_ids) for page in notices.pages(notice.id)] == [PAGE, 1]
    assert notices.begun(by=NOW) == []


def test_members_are_found_by_their_ids() -> None:
    member = a_member(SomeMember(person_id="a" * 32, joined_at=NOW), programme="iop-evening")
    member_item(member).save()

    assert DynamoPeople().named("iop-evening", ["a" * 32, "b" * 32]) == {"a" * 32: member}
    assert DynamoPeople().named("iop-morning", ["a" * 32]) == {}
    assert DynamoPeople().named("iop-evening", []) == {}
