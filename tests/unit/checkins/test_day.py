from dataclasses import replace
from datetime import date

from chalicelib.checkins.day import day
from chalicelib.checkins.domain import CheckIn, Progress, Source
from chalicelib.outreach.domain import Entry, Reason, Recipient, Status
from chalicelib.outreach.recurrence import Occurrence
from tests.build import a_recipient, a_schedule, said, utc
from tests.fakes import FakeCheckIns, FakeLedger

NOON = utc("2026-11-25T17:00")
TODAY = date(2026, 11, 25)


def someone(number: int, **changed: object) -> Recipient:
    person = f"{number:032x}"
    who = a_recipient(person=person, schedule=a_schedule(person=person))
    return replace(who, **changed)  # type: ignore[arg-type]


def entry(who: Recipient, status: Status, reason: Reason | None = None) -> Entry:
    return Entry(
        person_id=who.person_id,
        kind="check_in",
        on=TODAY,
        due_at=utc("2026-11-25T14:00"),
        status=status,
        attempt=1,
        claimed_at=NOON,
        ended_at=NOON,
        reason=reason,
    )


def test_a_day_shows_who_has_answered_and_who_has_not_whoever_needs_somebody_first() -> None:
    answered, severe, talk, silent, unreached, unasked, calling = (someone(number) for number in range(7))
    people = [answered, severe, talk, silent, unreached, unasked, calling]
    ledger, check_ins = FakeLedger(), FakeCheckIns()
    for who in (answered, severe, talk, silent):
        ledger.add([entry(who, Status.SENT)])
    ledger.add([entry(unreached, Status.SKIPPED, Reason.NO_CHANNEL)])
    told = ((answered, said(mood=8)), (severe, said(craving=9)), (talk, said(plan="talk")))
    for who, answer in told:
        empty = CheckIn(person_id=who.person_id, on=TODAY)
        check_ins.save(empty.answered(answer, at=NOON, source=Source.LINK))

    rows = day(people, on=TODAY, now=NOON, ledger=ledger, check_ins=check_ins, help_asked={calling.person_id: NOON})

    assert [(row.recipient, row.progress) for row in rows] == [
        (calling, Progress.LATER),
        (talk, Progress.ANSWERED),
        (severe, Progress.ANSWERED),
        (unreached, Progress.NOT_SENT),
        (silent, Progress.WAITING),
        (unasked, Progress.LATER),
        (answered, Progress.ANSWERED),
    ]


def test_today_is_each_persons_own_date() -> None:
    late = utc("2026-11-26T05:30")  # past midnight in New York, still Wednesday in Honolulu
    honolulu = someone(1, zone="Pacific/Honolulu", schedules=(a_schedule(zone="Pacific/Honolulu"),))

    rows = day([someone(0), honolulu], on=None, now=late, ledger=FakeLedger(), check_ins=FakeCheckIns(), help_asked={})

    assert {row.recipient.zone: row.on for row in rows} == {
        "America/New_York": date(2026, 11, 26),
        "Pacific/Honolulu": date(2026, 11, 25),
    }


def test_what_lay_behind_when_the_hour_was_set_does_not_come_later() -> None:
    at_nine = a_schedule()
    set_at_noon, set_before = replace(at_nine, since=NOON), replace(at_nine, since=utc("2026-11-25T13:59"))
    moved = replace(set_at_noon, fell_due=Occurrence(on=TODAY, at=utc("2026-11-25T14:00")))
    people = [someone(number, schedules=(one,)) for number, one in enumerate((set_at_noon, set_before, moved))]

    rows = day(people, on=TODAY, now=NOON, ledger=FakeLedger(), check_ins=FakeCheckIns(), help_asked={})

    found = {row.recipient.person_id: row.progress for row in rows}
    assert [found[who.person_id] for who in people] == [Progress.NOT_TODAY, Progress.LATER, Progress.LATER]


def test_whoever_is_not_asked_that_day_is_shown_so() -> None:
    mondays = someone(0, schedules=(a_schedule(rule="FREQ=WEEKLY;BYDAY=MO"),))
    never = someone(1, schedules=())

    rows = day([mondays, never], on=TODAY, now=NOON, ledger=FakeLedger(), check_ins=FakeCheckIns(), help_asked={})

    assert [row.progress for row in rows] == [Progress.NOT_TODAY, Progress.NOT_TODAY]


def test_a_check_in_due_at_the_first_instant_of_the_day_belongs_to_it() -> None:
    midnight = someone(0, schedules=(a_schedule(at="00:00", person=f"{0:032x}"),))

    rows = day([midnight], on=TODAY, now=NOON, ledger=FakeLedger(), check_ins=FakeCheckIns(), help_asked={})

    assert rows[0].due_at == utc("2026-11-25T05:00")


def test_a_later_answer_does_not_hide_that_someone_would_rather_talk() -> None:
    calm, talk = someone(0), someone(1)
    check_ins = FakeCheckIns()
    for who, answers in ((calm, [said(mood=9)]), (talk, [said(plan="talk"), said(mood=9)])):
        check_in = CheckIn(person_id=who.person_id, on=TODAY)
        for answer in answers:
            check_in = check_in.answered(answer, at=NOON, source=Source.LINK)
        check_ins.save(check_in)

    rows = day([calm, talk], on=TODAY, now=NOON, ledger=FakeLedger(), check_ins=check_ins, help_asked={})

    assert [row.recipient for row in rows] == [talk, calm]
