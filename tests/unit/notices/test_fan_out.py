"""A notice to many: nobody missed, nobody twice, whatever dies and whatever comes again."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.enrollment.episodes import State
from chalicelib.notices import service
from chalicelib.notices.domain import Audience, NoSuchNotice, Notice, NoticeTaken
from chalicelib.notices.service import Draft, StillTrue
from chalicelib.outreach import fanning
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.fanning import PAGE, Stage, Step
from chalicelib.outreach.service import STILL_LOOKED_AT
from tests.build import utc
from tests.fakes import Crashed, Moments, Mortal
from tests.fakes_notices import DueRows, FakeFanOutQueue, FakeMembers, FakeNotices, SomeMember

NOW = utc("2026-11-25T12:00:20")
MINUTE = timedelta(minutes=1)
A_SECOND = Notice.A_SECOND
TEXTS = {"en": "The evening group meets at six.", "es": "El grupo de la noche es a las seis."}


def some(number: int, **changes: object) -> list[SomeMember]:
    return [SomeMember(person_id=f"{one:032x}", **changes) for one in range(number)]  # type: ignore[arg-type]


@dataclass
class Office:
    """Everything that a fan-out touches."""

    notices: FakeNotices = field(default_factory=FakeNotices)
    members: FakeMembers = field(default_factory=FakeMembers)
    dues: DueRows = field(default_factory=DueRows)
    queue: FakeFanOutQueue = field(default_factory=FakeFanOutQueue)
    worked_until: datetime = NOW

    def send(self, *, at: datetime | None = None, now: datetime = NOW, audience: Audience | None = None) -> Notice:
        return service.add_notice(
            Draft(texts=TEXTS, at=at, audience=audience or Audience()),
            notice_id="0d" * 16,
            programme_id="iop-evening",
            languages=("en", "es"),
            by="admin",
            now=now,
            notices=self.notices,
        )

    def push_on(self, now: datetime, moments: Moments | None = None) -> int:
        dying = moments or Moments()
        return fanning.push_on(
            now=now,
            fan_outs=Mortal(self.notices, dying),  # type: ignore[arg-type]
            queue=Mortal(self.queue, dying),  # type: ignore[arg-type]
        )

    def page(self, notice_id: str, number: int, *, now: datetime, moments: Moments | None = None) -> Step:
        dying = moments or Moments()
        self.dues.looked_from, self.worked_until = now - STILL_LOOKED_AT, now
        return fanning.fan_out(
            notice_id,
            number,
            now=now,
            fan_outs=Mortal(self.notices, dying),  # type: ignore[arg-type]
            meant=service.meant_by(Mortal(self.members, dying)),  # type: ignore[arg-type]
            dues=Mortal(self.dues, dying),  # type: ignore[arg-type]
            queue=Mortal(self.queue, dying),  # type: ignore[arg-type]
        )

    def work(self, *, now: datetime) -> list[Step]:
        """Take messages until there are none."""
        steps = []
        while self.queue.messages:
            steps.append(self.page(*self.queue.messages.pop(0), now=now))
        return steps

    def finish(self, notice: Notice, *, now: datetime) -> Notice:
        """Let minutes go by until the notice is complete."""
        for _ in range(70):
            self.push_on(now)
            self.work(now=now)
            now += MINUTE
            if self.notices.kept[notice.id].stage is not Stage.OPEN:
                break
        return self.notices.kept[notice.id]

    @property
    def reached(self) -> Counter[str]:
        return Counter(due.person_id for due in self.dues.rows.values())

    @property
    def ledger_keys(self) -> set[tuple[str, str, object]]:
        return {(due.person_id, due.kind, due.on) for due in self.dues.rows.values()}


def everybody(people: Iterable[SomeMember]) -> Counter[str]:
    return Counter(member.person_id for member in people)


def test_everybody_gets_one_due_row_and_the_fan_out_is_over() -> None:
    office, people = Office(), some(2 * PAGE + 3)
    office.members.join(*people)
    notice = office.send()

    assert office.push_on(NOW + MINUTE / 2) == 1
    steps = office.work(now=NOW + MINUTE / 2)

    assert steps == [Step.MOVED, Step.MOVED, Step.COMPLETED]
    assert office.reached == everybody(people)
    done = office.notices.kept[notice.id]
    assert (done.stage, done.pages, done.recipients) == (Stage.COMPLETE, 3, len(people))
    assert office.notices.open == set()
    assert office.push_on(NOW + 2 * MINUTE) == 0


def test_recipients_fall_due_spread_out_so_that_others_find_room() -> None:
    office = Office()
    office.members.join(*some(PAGE + 2 * A_SECOND))
    notice = office.send()
    office.finish(notice, now=NOW)

    at = Counter(due.at for due in office.dues.rows.values())

    assert min(at) == notice.at == utc("2026-11-25T12:03")
    assert set(at.values()) == {A_SECOND}
    assert max(at) - min(at) == timedelta(seconds=(PAGE + 2 * A_SECOND) // A_SECOND - 1)
    assert all(due.due_at == due.at for due in office.dues.rows.values())


def test_a_notice_for_later_begins_shortly_before_and_its_rows_are_there_in_time() -> None:
    office = Office()
    office.members.join(*some(3))
    notice = office.send(at=utc("2026-11-27T09:00"))

    assert office.push_on(utc("2026-11-27T08:49")) == 0
    assert office.page(notice.id, 0, now=utc("2026-11-27T08:49")) is Step.STALE
    assert office.push_on(utc("2026-11-27T08:50")) == 1
    assert office.work(now=utc("2026-11-27T08:50")) == [Step.COMPLETED]
    assert {due.at for due in office.dues.rows.values()} == {utc("2026-11-27T09:00")}


def test_the_page_of_somebody_who_left_or_joined_meanwhile_stays_as_it_was() -> None:
    office, people = Office(), some(5)
    office.members.join(*people)
    notice = office.send()
    office.push_on(NOW)
    with pytest.raises(Crashed):
        office.page(notice.id, 0, now=NOW, moments=Moments(fatal=frozenset({6})))  # before the due rows
    del office.members.people[people[0].person_id]
    office.members.join(replace(people[1], person_id=f"{9:032x}"))

    office.work(now=NOW)

    assert office.reached == everybody(people)


def test_only_those_are_reached_who_are_meant_and_were_there() -> None:
    office = Office()
    meant = SomeMember(person_id="a", language="es", joined_at=NOW)
    office.members.join(
        meant,
        SomeMember(person_id="b", language="en"),
        SomeMember(person_id="c", language="es", state=State.ALUMNI),
        SomeMember(person_id="d", language="es", joined_at=NOW + timedelta(seconds=1)),
    )
    notice = office.send(audience=Audience(states=frozenset({State.ACTIVE}), languages=frozenset({"es"})))
    office.finish(notice, now=NOW + MINUTE)

    assert office.reached == everybody([meant])


def test_by_default_nobody_is_meant_whose_care_is_over_for_good() -> None:
    office = Office()
    for state in State:
        office.members.join(SomeMember(person_id=state.value, state=state))
    office.finish(office.send(), now=NOW)

    assert set(State) - set(office.reached) == {
        State.REFERRED,
        State.TRANSFERRED,
        State.DISCHARGED_EARLY,
        State.DECEASED,
    }


def test_a_message_that_is_lost_is_made_up_for_within_two_minutes() -> None:
    office, people = Office(), some(2 * PAGE)
    office.members.join(*people)
    notice = office.send()
    office.push_on(NOW)
    office.page(*office.queue.messages.pop(), now=NOW)
    office.queue.messages.clear()

    assert office.push_on(NOW + MINUTE / 2) == 0
    assert office.push_on(NOW + MINUTE * 3 / 2) == 1
    office.work(now=NOW + MINUTE * 3 / 2)

    assert office.reached == everybody(people)
    assert office.notices.kept[notice.id].stage is Stage.COMPLETE


def test_what_is_late_comes_later_and_still_not_all_at_once() -> None:
    office = Office()
    office.members.join(*some(2 * PAGE + 3))
    notice = office.send()
    hours_later = NOW + timedelta(hours=3)

    office.page(notice.id, 0, now=NOW)
    assert office.page(notice.id, 1, now=hours_later, moments=Moments()) is Step.MOVED
    office.finish(notice, now=hours_later)

    due = sorted(office.dues.rows.values(), key=lambda one: one.due_at)
    assert [one.at for one in due[:PAGE]] == [one.due_at for one in due[:PAGE]]
    assert {one.at - one.due_at for one in due[PAGE:]} == {hours_later - due[PAGE].due_at}
    assert Counter(one.at for one in due).most_common(1)[0][1] == A_SECOND
    assert {one.due_at - notice.at for one in due[-3:]} == {timedelta(seconds=2 * PAGE // A_SECOND)}


def test_a_page_begun_again_much_later_gives_nobody_a_second_ledger_key() -> None:
    office, people = Office(), some(3)
    office.members.join(*people)
    notice = office.send()
    with pytest.raises(Crashed):
        office.page(notice.id, 0, now=NOW, moments=Moments(fatal=frozenset({7})))  # after the due rows
    assert office.reached == everybody(people)

    office.finish(notice, now=NOW + timedelta(hours=3))

    assert set(office.reached) == set(everybody(people))
    assert len(office.ledger_keys) == len(people)


def test_a_page_that_can_not_be_done_is_tried_ever_more_rarely() -> None:
    office = Office()
    notice = office.send()

    pushed = [minute for minute in range(400) if office.push_on(notice.begins_at + minute * MINUTE)]

    assert pushed == [0, 1, 2, 4, 8, 16, 32, 60, 120, 180, 240, 300, 360]


def test_cancelling_stops_what_is_not_in_line_yet_and_what_is() -> None:
    office = Office()
    office.members.join(*some(2 * PAGE))
    notice = office.send()
    office.push_on(NOW)
    office.page(*office.queue.messages.pop(), now=NOW)

    for _ in range(2):
        cancelled = service.cancel_notice(
            notice.id, programme_id="iop-evening", by="admin", now=NOW + MINUTE, notices=office.notices
        )

    assert (cancelled.stage, cancelled.cancelled_at, cancelled.cancelled_by) == (
        Stage.CANCELLED,
        NOW + MINUTE,
        "admin",
    )
    assert office.work(now=NOW) == [Step.STALE]
    assert len(office.dues.rows) == PAGE
    assert office.push_on(NOW + 5 * MINUTE) == 0
    still_true = StillTrue(notices=office.notices, clock=lambda: NOW)
    assert {still_true(due) for due in office.dues.rows.values()} == {Reason.CANCELLED}


def test_a_notice_that_is_cancelled_while_a_page_is_done_does_not_go_on() -> None:
    office = Office()
    office.members.join(*some(2 * PAGE))
    notice = office.send()

    class Cancelling(DueRows):
        def put(self, dues: Iterable[Due]) -> None:
            super().put(dues)
            service.cancel_notice(notice.id, programme_id="iop-evening", by="x", now=NOW, notices=office.notices)

    office.dues = Cancelling()

    assert office.page(notice.id, 0, now=NOW) is Step.STALE
    assert office.queue.messages == []
    assert office.notices.kept[notice.id].stage is Stage.CANCELLED


def test_whether_it_still_stands_is_asked_again_after_seconds_and_only_of_notices() -> None:
    office = Office()
    notice = office.send()
    due = notice.dues(notice.page(notice.meant(some(1)), after=None))[0]
    time = [NOW]
    still_true = StillTrue(notices=office.notices, clock=lambda: time[0])

    assert still_true(due) is None
    service.cancel_notice(notice.id, programme_id="iop-evening", by="x", now=NOW, notices=office.notices)
    assert still_true(due) is None
    time[0] += service.REMEMBERED_FOR
    assert still_true(due) is Reason.CANCELLED
    assert still_true(replace(due, kind="check_in")) is None
    assert still_true(replace(due, kind="notice-nobody-knows")) is Reason.CANCELLED


def test_what_is_remembered_of_notices_does_not_grow_without_end() -> None:
    office = Office()
    notice = office.send()
    due = notice.dues(notice.page(notice.meant(some(1)), after=None))[0]
    still_true = StillTrue(notices=office.notices, clock=lambda: NOW)
    for number in range(3 * service.MOST_REMEMBERED):
        still_true(replace(due, kind=f"notice-{number}"))

    assert len(still_true._known) <= service.MOST_REMEMBERED  # noqa: SLF001 (what is kept is the point)


def test_the_same_request_again_is_the_same_notice_and_another_one_is_refused() -> None:
    office = Office()
    first = office.send(at=NOW + 4 * MINUTE)

    assert office.send(at=NOW + 4 * MINUTE, now=NOW + 10 * MINUTE) == first
    with pytest.raises(NoticeTaken):
        office.send(audience=Audience(languages=frozenset({"es"})))
    assert office.notices.open == {(first.begins_at, first.id)}


def test_a_notice_of_another_programme_is_not_there() -> None:
    office = Office()
    notice = office.send()

    with pytest.raises(NoSuchNotice):
        service.find_notice(notice.id, programme_id="iop-morning", notices=office.notices)
    with pytest.raises(NoSuchNotice):
        service.cancel_notice(notice.id, programme_id="iop-morning", by="x", now=NOW, notices=office.notices)


def moments_of_a_page(office: Office, notice: Notice) -> int:
    """Return how many moments a page has at which its process can die."""
    counted = Moments()
    office.page(notice.id, 0, now=NOW, moments=counted)
    return counted.passed


MOMENTS = 12
"""find, members, keep_page, put, advance, then the queue (or close): each before and after."""


def test_a_page_has_as_many_moments_as_the_tests_below_die_at() -> None:
    office = Office()
    office.members.join(*some(2 * PAGE))

    assert moments_of_a_page(office, office.send()) == MOMENTS


@pytest.mark.parametrize("fatal", range(MOMENTS))
def test_ten_thousand_are_reached_once_though_every_page_dies_at_the_same_moment(fatal: int) -> None:
    office, people = Office(), some(10_000)
    office.members.join(*people)
    notice = office.send()
    now, died = NOW, 0

    for _ in range(400):
        office.push_on(now)
        messages, office.queue.messages = office.queue.messages, []
        for message in messages:
            try:
                office.page(*message, now=now, moments=Moments(fatal=frozenset({fatal})))
            except Crashed:
                died += 1
                office.page(*message, now=now)  # SQS brings it again
        now += timedelta(seconds=10)
        if not messages and office.notices.kept[notice.id].stage is Stage.COMPLETE and not office.notices.open:
            break

    assert died >= 10_000 / PAGE
    assert office.reached == everybody(people)
    assert len(office.ledger_keys) == 10_000
    assert office.notices.kept[notice.id].recipients == 10_000
    assert Counter(due.at for due in office.dues.rows.values()).most_common(1)[0][1] == A_SECOND


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_dies_doubles_or_overtakes_everybody_is_reached_once(data: st.DataObject) -> None:
    office, people = Office(), some(data.draw(st.integers(0, 4 * PAGE), label="people"))
    office.members.join(*people)
    notice = office.send(at=NOW + data.draw(st.sampled_from([3, 9]), label="minutes ahead") * MINUTE)
    now = NOW
    for _ in range(data.draw(st.integers(0, 25), label="troubled steps")):
        now += timedelta(seconds=data.draw(st.sampled_from([0, 1, 30, 60, 61]), label="time goes by"))
        moments = Moments(fatal=data.draw(st.frozensets(st.integers(0, MOMENTS), max_size=1), label="dies at"))
        waiting = office.queue.messages
        what = data.draw(st.sampled_from(["tick", "take", "twice", "lose", "join"]), label="what")
        try:
            if what == "tick" or not waiting:
                office.push_on(now, moments)
            elif what == "join":
                office.members.join(SomeMember(person_id=data.draw(st.uuids()).hex, joined_at=now + MINUTE * 2))
            else:
                place = data.draw(st.integers(0, len(waiting) - 1), label="which message")
                message = waiting[place] if what == "twice" else waiting.pop(place)
                if what != "lose":
                    office.page(*message, now=now, moments=moments)
        except Crashed:
            pass

    done = office.finish(notice, now=now + 2 * MINUTE)

    assert done.stage is Stage.COMPLETE
    assert set(office.reached) == set(everybody(people))
    assert len(office.ledger_keys) == len(people) == done.recipients
    if office.worked_until <= notice.at + STILL_LOOKED_AT:
        # In time, each has one due row too; a page begun again later puts rows where they are still looked for.
        assert office.reached == everybody(people)
    assert [place for page in office.notices.pages(notice.id) for place in page.person_ids] == sorted(office.reached)
