"""What decides about an occurrence, one thing after the other, in words and for machines."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from chalicelib.outreach.categories import PROACTIVE_A_DAY, category_name, closes_at, has_schedule
from chalicelib.outreach.category import Category
from chalicelib.outreach.deciding import Skip, Verdict, messages
from chalicelib.outreach.domain import ChannelKind, Due, Entry, Reason, Recipient, Schedule, Standing, Status, Urgency
from chalicelib.outreach.eligible import is_for_aftercare

_ASKED = "They graduated: they may be asked whether they want to stay in touch."
_STANDINGS = {
    Standing.REACHABLE: "They are in care, so outreach may reach them.",
    Standing.ALUMNI: "They have left care as alumni: only what they agreed to for the time after may reach them.",
    Standing.ON_HOLD: "Their episode is on hold: nothing but a crisis page goes out.",
    Standing.AFTERCARE: "Their episode has ended: only the caring contacts that they agreed to may reach them.",
    Standing.ENDED: "Their episode has ended: nothing goes out.",
    Standing.NONE: "They have no episode that outreach is for: not admitted yet, or an enrolment without consents.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that decides. ``passes``: no hindrance; None where it doesn't decide. ``facts`` are for machines."""

    about: str
    passes: bool | None
    says: str
    facts: Mapping[str, str | None] = field(default_factory=dict)


def _it_waits(_due: Due) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """
    What there is to explain with.

    ``lately``: the person's entries of the occurrence's date and those before. ``paused``: outreach is paused.
    ``why_unusable``: per channel id, why it can't be used. ``waits`` looks whether there is such a due row.
    """

    recipient: Recipient
    entry: Entry | None
    lately: Sequence[Entry] = ()
    paused: bool = False
    why_unusable: Mapping[str, str] = field(default_factory=dict)
    waits: Callable[[Due], bool] = _it_waits


def steps(
    kind: str,
    on: date,
    category: Category,
    known: Known,
    *,
    schedule: Schedule | None,
    due: Due | None,
    verdict: Verdict | None,
    now: datetime,
) -> tuple[Step, ...]:
    """Return everything that decides about an occurrence, in the order of the rules, as it stands now."""
    recipient = known.recipient
    timely = (_late_step(due, recipient, verdict, now), _quiet_step(category, due, recipient, now)) if due else ()
    return (
        _ledger_step(known.entry),
        _schedule_step(kind, on, schedule, due),
        *((_due_step(due, recipient, now),) if due else ()),
        _switch_step(category, known),
        _episode_step(category, recipient),
        _consent_step(category, recipient),
        _channel_step(kind, category, known),
        _opt_out_step(kind, category, recipient),
        *timely[:1],
        _hold_step(category, recipient),
        *_budget_step(kind, on, category, known),
        *timely[1:],
    )


def at(instant: datetime, zone: str) -> str:
    """Return an instant in words, in local time with its zone."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local:%A} {local.day} {local:%B %Y} at {local:%H:%M} ({zone})"


def _ledger_step(entry: Entry | None) -> Step:
    if entry is None:
        return Step(about="ledger", passes=None, says="There is no entry for it: nothing was sent, and nothing ended.")
    facts = {
        "status": entry.status.value,
        "reason": entry.reason.value if entry.reason else None,
        "channel": entry.channel_kind.value if entry.channel_kind else None,
        "template": entry.template,
        "attempt": str(entry.attempt),
    }
    says = "What follows is how things stand now, which may differ from then."
    return Step(about="ledger", passes=entry.status in {Status.SENT, Status.MERGED}, says=says, facts=facts)


def _schedule_step(kind: str, on: date, schedule: Schedule | None, due: Due | None) -> Step:
    if schedule is None:
        says = "They have no schedule of this kind." if has_schedule(kind) else "It belongs to no schedule."
        return Step(about="schedule", passes=False if has_schedule(kind) else None, says=says, facts={"kind": kind})
    facts = {"kind": kind, "version": str(schedule.version), "zone": schedule.when.zone}
    if schedule.paused:
        return Step(about="schedule", passes=False, says="Their schedule of this kind is paused.", facts=facts)
    if due is None:
        says = f"Their schedule has nothing due under the date {on.isoformat()}."
        return Step(about="schedule", passes=False, says=says, facts=facts)
    return Step(about="schedule", passes=True, says="Their schedule has it due on this date.", facts=facts)


def _due_step(due: Due, recipient: Recipient, now: datetime) -> Step:
    tense = "falls" if due.due_at > now else "fell"
    return Step(
        about="due",
        passes=due.due_at <= now,
        says=f"It {tense} due on {at(due.due_at, recipient.zone)}.",
        facts={"due_at": due.due_at.isoformat(), "zone": recipient.zone},
    )


def _switch_step(category: Category, known: Known) -> Step:
    if not known.paused:
        return Step(about="switch", passes=True, says="Outreach is running.")
    crisis = category.urgency is Urgency.CRISIS
    return Step(about="switch", passes=crisis, says="All outreach but crisis pages is paused by an operator.")


def _episode_step(category: Category, recipient: Recipient) -> Step:
    stands = recipient.standing in {Standing.REACHABLE, Standing.ALUMNI} or is_for_aftercare(recipient, category)
    reachable = stands or category.urgency is Urgency.CRISIS
    facts = {"standing": recipient.standing.value}
    says = _ASKED if category.follows_care and recipient.graduated else _STANDINGS[recipient.standing]
    return Step(about="episode", passes=reachable, says=says, facts=facts)


def _consent_step(category: Category, recipient: Recipient) -> Step:
    if category.consent is None:
        return Step(about="consent", passes=True, says="It needs no consent.")
    scopes = set(category.consent.values())
    live = scopes & recipient.consents
    missing = category.alumni_consent if recipient.standing is Standing.ALUMNI else None
    if missing and missing not in recipient.consents:
        says = f"After care it needs the consent {missing}, which is not live."
        return Step(about="consent", passes=False, says=says, facts={"missing": missing})
    if category.also and category.also not in recipient.consents:
        says = f"It also needs the consent {category.also}, which is not live."
        return Step(about="consent", passes=False, says=says, facts={"missing": category.also})
    says = f"It needs one of {', '.join(sorted(scopes))}; live: {', '.join(sorted(live)) or 'none'}."
    return Step(about="consent", passes=bool(live), says=says, facts={"live": " ".join(sorted(live))})


def _channel_step(kind: str, category: Category, known: Known) -> Step:
    recipient, name = known.recipient, category_name(kind)
    facts: dict[str, str | None] = {}
    lines, usable = [], False
    for channel in recipient.channels:
        scope = (category.consent or {}).get(channel.kind)
        if channel.kind not in category.channels:
            fault = "not a way for this kind of message"
        elif not channel.usable and not category.confirms:
            fault = known.why_unusable.get(channel.id, "can't be used")
        elif scope and scope not in recipient.consents:
            fault = f"the consent {scope} is not live"
        elif category.opt_out and {(name, None), (name, channel.kind)} & recipient.opt_outs:
            fault = "they switched this kind of message off there"
        else:
            fault = ""
        usable = usable or not fault
        facts[channel.id] = fault or "usable"
        lines.append(f"{channel.kind.value}: {fault or 'can be used'}")
    says = f"Channels: {'; '.join(lines)}." if lines else "They have no channel."
    return Step(about="channels", passes=usable, says=says, facts=facts)


def _opt_out_step(kind: str, category: Category, recipient: Recipient) -> Step:
    off = {where for name, where in recipient.opt_outs if name == category_name(kind)}
    if not category.opt_out:
        return Step(about="opt_out", passes=True, says="This kind of message can't be switched off.")
    if not off:
        return Step(about="opt_out", passes=True, says="They have not switched this kind of message off.")
    if None in off or off >= set(ChannelKind):
        return Step(about="opt_out", passes=False, says="They have switched this kind of message off.")
    names = ", ".join(sorted(where.value for where in off if where))
    says = f"They have switched this kind of message off for: {names}."
    return Step(about="opt_out", passes=None, says=says, facts={"off": names})


def _hold_step(category: Category, recipient: Recipient) -> Step:
    if not category.held_by_holds:
        return Step(about="hold", passes=True, says="Holds don't concern this kind of message.")
    # Not which kind of hold: who may see messages may not see a crisis.
    says = "Such messages are held back just now." if recipient.holds else "Nothing is held back just now."
    return Step(about="hold", passes=not recipient.holds, says=says)


def _budget_step(kind: str, on: date, category: Category, known: Known) -> tuple[Step, ...]:
    if not category.budgeted:
        return ()
    name = category_name(kind)
    told = [entry for entry in known.lately if entry.on == on and entry.status not in {Status.SKIPPED, Status.FAILED}]
    same = sum(entry.kind != kind and category_name(entry.kind) == name for entry in told)
    sent = messages(known.lately, on=on, zone=known.recipient.zone)
    says = f"Messages of that day: {sent} of {PROACTIVE_A_DAY}"
    says += f"; others of this kind: {same} of {category.cap}." if category.cap is not None else "."
    used_up = (category.cap is not None and same >= category.cap) or sent >= PROACTIVE_A_DAY
    return (Step(about="budget", passes=not used_up, says=says, facts={"messages": str(sent)}),)


def _quiet_step(category: Category, due: Due, recipient: Recipient, now: datetime) -> Step:
    hours = recipient.quiet_hours
    facts: dict[str, str | None] = {"from": f"{hours.start:%H:%M}", "to": f"{hours.end:%H:%M}"}
    if not category.quiet_hours_defer:
        return Step(about="quiet_hours", passes=True, says="It doesn't wait for quiet hours to end.", facts=facts)
    ends = hours.ends_after(max(now, due.at), recipient.zone)
    if ends is None:
        return Step(about="quiet_hours", passes=True, says="It is outside their quiet hours.", facts=facts)
    says = f"Their quiet hours last until {at(ends, recipient.zone)}."
    return Step(about="quiet_hours", passes=False, says=says, facts={**facts, "until": ends.isoformat()})


def _late_step(due: Due, recipient: Recipient, verdict: Verdict | None, now: datetime) -> Step:
    closes = closes_at(due, recipient.zone)
    if (
        now < closes
        and verdict == Skip(reason=Reason.LATE)
        and not recipient.quiet_hours.ends_after(now, recipient.zone)
    ):
        says = "It has fallen due again since: only the latest of each kind goes out."
        return Step(about="late", passes=False, says=says)
    tense = "was" if closes <= now else "is"
    return Step(
        about="late",
        passes=now < closes,
        says=f"It {tense} too late from {at(closes, recipient.zone)} on.",
        facts={"closes_at": closes.isoformat()},
    )
