"""What reaches people after care, and those who walk a stretch together: their part of the table of categories."""

from datetime import timedelta

from chalicelib.outreach.category import CONTACT, Category, IfUnknown
from chalicelib.outreach.domain import Urgency
from chalicelib.outreach.kinds import HELLO, MENTORING, STAY

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
