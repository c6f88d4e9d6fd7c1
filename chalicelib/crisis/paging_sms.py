"""The pager that wakes by text messages: whoever confirmed a number of their own, wherever e-mail and push get to."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol

from chalicelib.crisis.duty import NoPager, Pager
from chalicelib.edge.clock import utc_now
from chalicelib.edge.config import config
from chalicelib.edge.log import count, logger, places
from chalicelib.outreach.texting import SnsTexts, TextsUnanswered
from chalicelib.staff.domain import Member
from chalicelib.staff.store import DynamoStaff

LONGEST = timedelta(seconds=10)
"""For so long texts of one page are sent; whoever isn't reached by then is paged by other ways, and the next step."""

MOST_SILENCES = 3
"""How often a page waits in vain for whoever sends texts (``texting.PATIENCE``)."""


class Texts(Protocol):
    """Sends text messages."""

    def send_page(self, number: str, reference: str, *, language: str) -> bool:
        """
        Send a page to a number; False if it wasn't taken.

        :raises TextsUnanswered: if nobody said whether it was
        """
        ...


class Members(Protocol):
    """Members of staff by what outreach calls them."""

    def with_id(self, recipient_id: str) -> Member | None:
        """Return one as they are now."""
        ...


class TextPager:
    """Implements ``duty.Pager``. That a message was taken says nothing of who saw it."""

    def __init__(self, *, members: Members, texts: Texts, clock: Callable[[], datetime] = utc_now) -> None:
        self._members = members
        self._texts = texts
        self._clock = clock
        self._page: tuple[datetime, str] | None = None
        self._over_at: datetime | None = None
        self._silent_at: datetime | None = None
        self._silences = 0

    def page(self, member_id: str, reference: str, *, at: datetime) -> bool:
        """
        Send it, if they confirmed a number; never raises, since other ways must not wait for this one.

        Who doesn't answer a few times at an instant is asked no more at that instant: a whole team, one after the
        other, would hold up all crises behind this one. The next look asks again.
        """
        if at != self._silent_at:
            self._silent_at, self._silences = at, 0
        present = self._clock()
        if self._over_at is None or self._page != (at, reference):
            self._page, self._over_at = (at, reference), present + LONGEST
        if self._silences >= MOST_SILENCES or present >= self._over_at:
            return False
        try:
            member = self._members.with_id(member_id)
            if member is None or not member.is_active or member.phone is None or not member.phone.is_confirmed:
                return False
            return self._texts.send_page(member.phone.number, reference, language=member.language)
        except TextsUnanswered:
            self._silences += 1
            return False
        except Exception as error:  # noqa: BLE001 (see above)
            logger.error("not paged by text message", extra={"error": type(error).__name__, "at": places(error)})
            count("PagerFailures")
            return False


@cache
def pager() -> Pager:
    """Return the pager that the settings name."""
    if config().pager == "none":
        return NoPager()
    return TextPager(members=DynamoStaff(), texts=SnsTexts())
