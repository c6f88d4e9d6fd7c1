"""What becomes of an occurrence, decided at the moment of sending."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.outreach.categories import Category, category_of, closes_at, confirm_kind
from chalicelib.outreach.domain import Channel, Due, Reason, Recipient, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Reach the person over the first of these channels that takes it."""

    channels: tuple[Channel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Defer:
    """Wait for the end of the person's quiet hours."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Send nothing, and say why."""

    reason: Reason


def decide(due: Due, recipient: Recipient, *, now: datetime) -> Send | Defer | Skip:
    """
    Decide, at the moment of sending, what becomes of an occurrence.

    Rules, in this order: the episode, the consents, a channel to use, too late, quiet hours (domain rules: eligibility
    is checked when sending; quiet hours defer to their end, and what would then be too late is dropped).
    """
    category = category_of(due.kind)
    refusal = _standing_refuses(recipient, category)
    if refusal:
        return Skip(reason=refusal)
    if category.consent is None:
        channels = tuple(
            channel for channel in recipient.channels if confirm_kind(channel.id, channel.revision) == due.kind
        )
    else:
        consented = {kind for kind, scope in category.consent.items() if scope in recipient.consents}
        if not consented:
            return Skip(reason=Reason.NO_CONSENT)
        channels = tuple(
            channel
            for kind in category.channels
            for channel in recipient.channels
            if channel.kind is kind and kind in consented and channel.usable
        )
    if not channels:
        return Skip(reason=Reason.NO_CHANNEL)
    closes = closes_at(due, recipient.zone)
    quiet_until = recipient.quiet_hours.ends_after(now, recipient.zone) if category.quiet_hours_defer else None
    if (quiet_until or now) >= closes:
        return Skip(reason=Reason.LATE)
    return Defer(until=quiet_until) if quiet_until else Send(channels=channels)


def _standing_refuses(recipient: Recipient, category: Category) -> Reason | None:
    match recipient.standing:
        case Standing.REACHABLE:
            return None
        case Standing.ALUMNI:
            # Outreach after discharge is not treatment: it has an opt-in of its own.
            missing = category.alumni_consent is not None and category.alumni_consent not in recipient.consents
            return Reason.NO_CONSENT if missing else None
        case Standing.ON_HOLD:
            return Reason.ON_HOLD
        case Standing.ENDED:
            return Reason.ENDED
        case Standing.NONE:
            return Reason.NO_EPISODE
