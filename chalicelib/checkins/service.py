"""Take answers, with the flags and the call for help that they are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from chalicelib.checkins.domain import Answer, CheckIn, Revision, Source
from chalicelib.checkins.forms import CHANGE, DAILY, GOAL_STEP, WEEKLY, Form, form
from chalicelib.checkins.ports import CheckIns, Desk
from chalicelib.crisis import service as crisis
from chalicelib.crisis.calling import call_of
from chalicelib.enrollment.holds import hold_for_flag
from chalicelib.errors import Conflict, NotFound
from chalicelib.flags.domain import CareRules
from chalicelib.flags.rules import History, Told
from chalicelib.flags.service import flags_of
from chalicelib.outreach.domain import SILENT, Recipient
from chalicelib.outreach.kinds import WEEKLY_CHECK_IN
from chalicelib.outreach.links import Claims
from chalicelib.tasks.domain import Kind, Severity, Task, task_for


class LinkExpired(NotFound):
    """The link's time is over, or the address that it was sent to is no longer the person's."""


class ChangedMeanwhile(Conflict):
    """Two answers came in at the same moment, again and again."""


TRIES = 4

REMEMBERED = timedelta(weeks=6)
"""How far back rules look: the last of a weekly form, though some weeks were left out."""

LOOKED_AT_AGAIN = timedelta(days=14)
"""How far after a check-in that comes late others are looked at again: no run of a rule is longer."""

AT_ONCE = 32
"""How many flags one transaction takes with the answer (100 items are its most, a flag is three, and a call two)."""

PRESSING = {Severity.CRISIS, Severity.URGENT}
"""While these are open, celebrations wait (domain rules 2)."""


def form_of(kind: str) -> str:
    """Return the form that a check-in's message leads to: ``check_in-weekly`` to the weekly one."""
    return WEEKLY if kind == WEEKLY_CHECK_IN else DAILY


def open_link(
    claims: Claims, recipient: Recipient | None, *, now: datetime, check_ins: CheckIns
) -> tuple[Recipient, CheckIn]:
    """
    Return whose link it is, and the check-in that it leads to, as it stands.

    :raises LinkExpired: if the link is over, or was made void by a change of the address or the end of the episode
    """
    if now >= claims.expires_at or recipient is None or not _still_valid(claims, recipient):
        raise LinkExpired("this link has run out")
    return recipient, check_ins.get(claims.person_id, claims.on, form_of(claims.kind))


def _still_valid(claims: Claims, recipient: Recipient) -> bool:
    if recipient.standing in SILENT:
        return False
    return any(
        channel.id == claims.channel_id and channel.revision == claims.revision for channel in recipient.channels
    )


def answer(
    of: Recipient,
    on: date,
    form_id: str,
    said: Answer,
    *,
    now: datetime,
    source: Source,
    by: str | None = None,
    desk: Desk,
) -> CheckIn:
    """
    Store what the person said to a form for a local date, with the flags that it raises, and return the check-in.

    Answer and flags are one write: an answer that was taken is never one that nobody looks at. One that raises a crisis
    is a call for help as well, in the same write, though the flag of it be there from before: whoever says it again,
    or more, calls again. What is refused may be a call all the same (``calls_for_help``).

    :raises CheckInLocked: if it was answered too long ago to change
    :raises ChangedMeanwhile: if it keeps being changed by somebody else at the same moment
    """
    care = desk.care_rules.of(of.programme_id)
    for _ in range(TRIES):
        before = desk.check_ins.get(of.person_id, on, form_id)
        after = before.answered(said, at=now, source=source, by=by)
        if after is before:
            _say_again(after, of=of, now=now, source=source, by=by, desk=desk)
            return after
        known = desk.check_ins.between(of.person_id, on - REMEMBERED, on + LOOKED_AT_AGAIN)
        flags = [*_flags(after, known, of=of, care=care, now=now), *_wishes(after, of=of, now=now)]
        new = [flag for flag in flags if desk.tasks.find(of.person_id, flag.id) is None]
        is_call = any(flag.is_crisis for flag in (*new, *_raised_now(after, known, of=of, care=care, now=now)))
        call = call_of(of, _name(after), at=now, verified=source is not Source.LINK, by=by) if is_call else None
        if desk.check_ins.save(after, new[:AT_ONCE], call):
            for flag in new[AT_ONCE:]:
                desk.tasks.open(flag)
            if any(flag.severity in PRESSING for flag in new):
                hold_for_flag(of.person_id, now=now, holds=desk.holds)
            if call is not None:
                crisis.follow(call, now=now, desk=desk.crises)
            return after
    raise ChangedMeanwhile("this check-in is being answered somewhere else; please try again")


def _say_again(check_in: CheckIn, *, of: Recipient, now: datetime, source: Source, by: str | None, desk: Desk) -> None:
    """Take the call for help that the same answer is, sent again so much later that it is no repeated request."""
    last = check_in.revisions[-1]
    if now < last.at + crisis.SAME_ON_PAGE_FOR:
        return
    asked = form_answered(check_in.form, last.answer)
    if calls_for_help(of, check_in.on, asked, last.answer.values, now=now, desk=desk):
        key = f"{check_in.on}-{check_in.form}-again"
        call = call_of(of, key, at=now, verified=source is not Source.LINK, by=by)
        crisis.press(call, now=now, desk=desk.crises)


def calls_for_help(
    of: Recipient, on: date, asked: Form, sent: Mapping[str, object], *, now: datetime, desk: Desk
) -> bool:
    """
    Say whether answers that could not be taken raise a crisis: then they are a call for help, whatever was wrong.

    What is no answer to this form is passed over, and what was answered before isn't looked at.
    """
    wrong = {fault.field for fault in asked.faults(sent)}
    values = {name: value for name, value in sent.items() if name not in wrong and isinstance(value, int | str)}
    if not values:
        return False
    said = Answer(form_version=asked.version, values=values)
    alone = CheckIn(person_id=of.person_id, on=on, form=asked.id).answered(said, at=now, source=Source.LINK)
    known = desk.check_ins.between(of.person_id, on - REMEMBERED, on)
    care = desk.care_rules.of(of.programme_id)
    return any(flag.is_crisis for flag in _raised_now(alone, known, of=of, care=care, now=now))


def _raised_now(
    newest: CheckIn, known: Sequence[CheckIn], *, of: Recipient, care: CareRules, now: datetime
) -> Iterable[Task]:
    """Return the flags that the last submission of a check-in raises, new or not."""
    before = [one for one in known if one.on <= newest.on]
    *_, last = histories(newest, before)
    return flags_of([last], f"{newest.on}-{newest.form}", of=of, care=care, at=now).values()


def _flags(newest: CheckIn, known: Sequence[CheckIn], *, of: Recipient, care: CareRules, now: datetime) -> list[Task]:
    """Return what a check-in raises, and what later ones raise now that it is known (it may have come late)."""
    others = [one for one in known if (one.on, one.form) != (newest.on, newest.form)]
    later = [one for one in others if one.on > newest.on and one.revisions]
    flags: dict[str, Task] = {}
    for one in (newest, *later):
        before = [other for other in (*others, newest) if other.on <= one.on]
        flags |= flags_of(histories(one, before), f"{one.on}-{one.form}", of=of, care=care, at=now)
    order = list(Severity)
    return sorted(flags.values(), key=lambda flag: order.index(flag.severity or Severity.REVIEW))


def _name(check_in: CheckIn) -> str:
    return f"{check_in.on}-{check_in.form}-{check_in.version + 1}"


def _wishes(newest: CheckIn, *, of: Recipient, now: datetime) -> list[Task]:
    """Return what the person asks for by their answer, whatever the programme's rules are."""
    if newest.answer is None or newest.answer.values.get(GOAL_STEP) != CHANGE:
        return []
    about = {"programme_id": of.programme_id, "person_id": of.person_id, "zone": of.zone}
    return [task_for(Kind.GOAL_TO_CHANGE, newest.on.isoformat(), at=now, **about)]


def histories(newest: CheckIn, earlier: Iterable[CheckIn]) -> Iterator[History]:
    """
    Give what is known at each submission of a check-in: the answers of the weeks before, and that one last.

    What was said first and taken back still counts.
    """
    before = [
        told_in(check_in, check_in.revisions[-1])
        for check_in in earlier
        if check_in.revisions and (check_in.on, check_in.form) != (newest.on, newest.form)
    ]
    before.sort(key=lambda told: (told.on, told.at))
    for revision in newest.revisions:
        yield History(told=(*before, told_in(newest, revision)))


def told_in(check_in: CheckIn, revision: Revision) -> Told:
    """Return a submission as rules see it: each number, each choice, and the scores of its instruments."""
    values = revision.answer.values
    asked = form_answered(check_in.form, revision.answer)
    numbers = {name: (value, value) for name, value in values.items() if isinstance(value, int)}
    scores = {name: (scored.lowest, scored.highest) for name, scored in asked.scored(values).items()}
    choices = {
        question.id: str(values[question.id])
        for question in asked.questions
        if question.choices and isinstance(values.get(question.id), str)
    }
    return Told(on=check_in.on, form=check_in.form, at=revision.at, numbers={**numbers, **scores}, choices=choices)


def form_answered(form_id: str, said: Answer) -> Form:
    """Return the form that an answer was given to, with the instruments that it was asked."""
    return form(form_id, said.form_version, reads_item_9=any(name.startswith("phq9.") for name in said.values))


def dispute(person_id: str, on: date, form: str, *, now: datetime, check_ins: CheckIns) -> None:
    """Record that the link reached somebody else. Nothing is taken away: staff decide what counts."""
    for _ in range(TRIES):
        before = check_ins.get(person_id, on, form)
        if before.disputed_at or check_ins.save(replace(before, disputed_at=now)):
            return
    raise ChangedMeanwhile("this check-in is being answered somewhere else; please try again")
