"""Whether a message of a category may reach somebody at all, and over which channels."""

from chalicelib.outreach.categories import category_name, confirm_kind
from chalicelib.outreach.category import Category
from chalicelib.outreach.domain import Channel, Due, Reason, Recipient, Standing, Urgency

_STOPPED = {
    Standing.ON_HOLD: Reason.ON_HOLD,
    Standing.AFTERCARE: Reason.ENDED,
    Standing.ENDED: Reason.ENDED,
    Standing.NONE: Reason.NO_EPISODE,
}


def ways(due: Due, recipient: Recipient, category: Category) -> tuple[Channel, ...] | Reason:
    """Return the channels to try, in order; or why there is none."""
    refusal = refusal_of(recipient, category)
    if refusal:
        return refusal
    if category.confirms:
        asked = tuple(
            channel for channel in recipient.channels if confirm_kind(channel.id, channel.revision) == due.kind
        )
        return asked or Reason.NO_CHANNEL
    name = category_name(due.kind)
    consented = [
        kind for kind in category.channels if category.consent is None or category.consent[kind] in recipient.consents
    ]
    usable = [
        channel for kind in consented for channel in recipient.channels if channel.kind is kind and channel.usable
    ]
    if not usable:
        return Reason.NO_CHANNEL
    if not category.opt_out:
        return tuple(usable)
    wanted = tuple(
        channel
        for channel in usable
        if (name, None) not in recipient.opt_outs and (name, channel.kind) not in recipient.opt_outs
    )
    return wanted or Reason.OPTED_OUT


def is_for_aftercare(recipient: Recipient, category: Category) -> bool:
    """Say whether it may reach somebody though their care has ended: as agreed, or to ask a graduate what they want."""
    is_agreed = category.aftercare and recipient.standing is Standing.AFTERCARE
    return is_agreed or (category.follows_care and recipient.graduated)


def refusal_of(recipient: Recipient, category: Category) -> Reason | None:
    """Return why nothing of this category may reach the person at all, if so."""
    if category.urgency is Urgency.CRISIS:
        return None
    stopped = _STOPPED.get(recipient.standing)
    if stopped and not is_for_aftercare(recipient, category):
        return stopped
    if category.also and category.also not in recipient.consents:
        return Reason.NO_CONSENT
    # Outreach after discharge is not treatment: it has an opt-in of its own.
    needs = category.alumni_consent if recipient.standing is Standing.ALUMNI else None
    if needs and needs not in recipient.consents:
        return Reason.NO_CONSENT
    if category.consent is not None and not set(category.consent.values()) & recipient.consents:
        return Reason.NO_CONSENT
    return None
