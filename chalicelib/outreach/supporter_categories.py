"""How messages to supporters behave, and to whoever is invited as one; a part of the table in categories.py."""

from datetime import timedelta

from chalicelib.outreach.category import Category, IfUnknown
from chalicelib.outreach.domain import ChannelKind, Urgency
from chalicelib.outreach.kinds import SUPPORTER_ALERT, SUPPORTER_CODE, SUPPORTER_INVITE, SUPPORTER_UPDATE
from chalicelib.outreach.sorts import Sort

FOR_SUPPORTERS: dict[str, Category] = {
    SUPPORTER_INVITE: Category(
        template="supporter_invite",
        sorts={"named": "supporter_invite_named"},
        to=Sort.KIN,
        urgency=Urgency.ACCOUNT,
        consent=None,
        alumni_consent=None,
        opt_out=False,
        if_unknown=IfUnknown.LEAVE,
        closes=timedelta(days=3),
        channels=(ChannelKind.EMAIL,),
    ),
    SUPPORTER_CODE: Category(
        template="supporter_code",
        to=Sort.KIN,
        urgency=Urgency.ACCOUNT,
        consent=None,
        alumni_consent=None,
        counts=True,
        quiet_hours_defer=False,
        opt_out=False,
        closes=timedelta(minutes=30),
        channels=(ChannelKind.EMAIL,),
    ),
    # The person said beforehand that this supporter is to hear of it, so that it waits for no quiet hours.
    SUPPORTER_ALERT: Category(
        template="supporter_alert",
        to=Sort.KIN,
        urgency=Urgency.CLINICAL,
        consent=None,
        alumni_consent=None,
        quiet_hours_defer=False,
        opt_out=False,
        closes=timedelta(hours=12),
        receipt_within=timedelta(minutes=5),
        push_urgency="high",
    ),
    SUPPORTER_UPDATE: Category(
        template="supporter_update",
        to=Sort.KIN,
        urgency=Urgency.PEER,
        consent=None,
        alumni_consent=None,
        recurs=True,
        if_unknown=IfUnknown.LEAVE,
        closes=timedelta(hours=24),
        push_ttl=timedelta(hours=24),
        push_urgency="low",
    ),
}
