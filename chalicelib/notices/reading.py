"""What somebody reads of a notice who follows their link. Apart from sending, which needs no links."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.notices.domain import READABLE_FOR, NoticeOver, notice_id_of
from chalicelib.notices.service import Notices
from chalicelib.outreach.domain import SILENT, Recipient
from chalicelib.outreach.fanning import Stage
from chalicelib.outreach.links import Claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What one person reads of a notice. ``at`` is when it went out."""

    language: str
    words: str
    at: datetime


def read_notice(claims: Claims, recipient: Recipient | None, *, now: datetime, notices: Notices) -> Text:
    """
    Return the text that a link leads to. Changes nothing.

    A notice is written in every language that its programme had then; for one that came later it is shown in English,
    or in what there is.

    :raises NoticeOver: if it can't be read any more, or not by this link
    """
    notice = notices.find(notice_id_of(claims.kind) or "")
    if (
        notice is None
        or notice.stage is Stage.CANCELLED
        or now >= max(claims.expires_at, notice.at + READABLE_FOR)
        or recipient is None
        or recipient.standing in SILENT
        or not any(
            channel.id == claims.channel_id and channel.revision == claims.revision for channel in recipient.channels
        )
    ):
        raise NoticeOver("this notice can't be read any more")
    for language in (recipient.language, "en", *notice.texts):
        if language in notice.texts:
            return Text(language=language, words=notice.texts[language], at=notice.at)
    raise NoticeOver("this notice can't be read any more")
