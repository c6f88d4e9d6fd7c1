"""What is wrong with meetings that somebody asks for: every fault with its field."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from chalicelib.enrollment.showable import line_fault
from chalicelib.errors import Fault, Invalid
from chalicelib.groups.series import FURTHEST, LONGEST, Meeting, MeetingOver, NoSuchMeeting, Part
from chalicelib.outreach.checking import when_faults

SHORTEST = timedelta(minutes=5)
LONGEST_LINK = 500


def part_faults(part: Part, *, now: datetime) -> list[Fault]:
    """Return everything that is wrong with a rule for meetings as somebody asks for it."""
    return [*when_faults(part.when, now=now), *lasts_faults(part.lasts), *link_faults(part.link)]


def lasts_faults(lasts: timedelta) -> list[Fault]:
    """Return what is wrong with how long a meeting lasts."""
    if SHORTEST <= lasts <= LONGEST:
        return []
    return [
        Fault(
            field="minutes", reason=f"must be {SHORTEST // timedelta(minutes=1)} to {LONGEST // timedelta(minutes=1)}"
        )
    ]


def link_faults(link: str) -> list[Fault]:
    """Return what is wrong with a video link: https, a host, nobody's password, one line."""
    try:
        parts = urlsplit(link)
        is_good = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or len(link) > LONGEST_LINK or line_fault(link) or any(each.isspace() for each in link):
        return [Fault(field="link", reason=f"must be an https address of at most {LONGEST_LINK} characters")]
    return []


def must_be_ahead(meeting: Meeting | None, *, now: datetime) -> Meeting:
    """
    Return a meeting that can still be changed.

    :raises NoSuchMeeting: if there is none
    :raises MeetingOver: if it has begun
    """
    if meeting is None:
        raise NoSuchMeeting("there is no such meeting")
    if meeting.at <= now:
        raise MeetingOver("this meeting has begun, or is over")
    return meeting


def must_be_soon(at: datetime, *, now: datetime) -> None:
    """
    Stop a meeting from being moved into the past, or too far.

    :raises Invalid: if it would be
    """
    if not now < at <= now + FURTHEST:
        raise Invalid(Fault(field="at", reason="must be ahead, within a year"))
