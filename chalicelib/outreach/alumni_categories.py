"""What reaches people after care, and those who walk a stretch together: their part of the table of categories."""

from datetime import timedelta

from chalicelib.outreach.category import CONTACT, Category, IfUnknown
from chalicelib.outreach.domain import Urgency

HELLO_NUDGE = "nudge-hello"
"""One kind word to an alumnus who left some hellos unanswered."""
LESS_NUDGE = "nudge-less"
"""Offers them fewer, or none."""
HELLO = "hello"
"""The check-in of who left care and wanted to stay in touch: ever more rarely, as they choose."""
STAY = "stay"
"""Asks who graduated whether they want to stay in touch."""
STAY_ASK, STAY_AGAIN = f"{STAY}-ask", f"{STAY}-again"
"""The question, and the one reminder of it."""
MENTORING = "mentoring"
"""Of two who walk a stretch together: something is proposed to them, a hello is due, or it has come to its end."""
MENTOR_PROPOSED, MENTOR_ENDED = f"{MENTORING}-proposed", f"{MENTORING}-ended"
MENTOR_HELLO = f"{MENTORING}-hello"
"""Reminds a mentor to say hello; one for all whom they walk with, of a date."""

FOR_ALUMNI: dict[str, Category] = {
    HELLO: Category(
        template="hello",
        urgency=Urgency.CLINICAL,
        consent=CONTACT,
        alumni_consent="alumni_contact",
        recurs=True,
        cap=1,
        closes=timedelta(hours=48),
        receipt_within=timedelta(hours=1),
    ),
    STAY: Category(
        template="stay",
        urgency=Urgency.PEER,
        consent=CONTACT,
        alumni_consent="alumni_contact",
        follows_care=True,
        if_unknown=IfUnknown.LEAVE,
        closes=timedelta(hours=48),
    ),
    MENTORING: Category(
        template="mentoring",
        sorts={"hello": "mentoring_hello", "ended": "mentoring_ended"},
        urgency=Urgency.PEER,
        consent=CONTACT,
        alumni_consent="alumni_contact",
        bundles=True,
        cap=1,
        budgeted=True,
        held_by_holds=True,
        if_unknown=IfUnknown.LEAVE,
        closes=timedelta(hours=72),
        push_urgency="low",
    ),
}
