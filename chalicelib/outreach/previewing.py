"""What a message will look like, before it is sent to anybody: in an inbox, on a locked screen, and opened."""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib.errors import NotFound
from chalicelib.outreach.categories import CATEGORIES, templates_of
from chalicelib.outreach.domain import DetailLevel
from chalicelib.outreach.wording import as_html, as_text, ending_with, words

SAMPLE_NAME, SAMPLE_SIGNER = "Ana", "Alex"
SAMPLE_SENDER = "Care Team"
SAMPLE_LINK, SAMPLE_LESS = "https://care.example/m/preview", "https://care.example/less/preview"
SAMPLE_ABOUT = {
    "caring": "m1",
    "caring_again": "m1",
    "milestone": "d30",
    "crisis_page": "7f3a91c0",
    "staff_alert": "7f3a91c0",
    "staff_work": "7f3a91c0",
    "staff_digest": "3",
    "supporter_code": "481920",
    "supporter_invite_named": "Ana",
}
"""What the sample message of a template is about, where its words say that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A message as people will see it. ``sender``, ``subject`` and ``preheader`` are the row in an inbox."""

    template: str
    language: str
    level: DetailLevel
    sender: str
    subject: str
    preheader: str
    push_title: str
    push_body: str
    text: str
    html: str


def preview(
    name: str,
    *,
    language: str,
    level: DetailLevel,
    version: int | None = None,
    first_name: str = SAMPLE_NAME,
    sender_name: str = SAMPLE_SENDER,
    carries: Sequence[str] = (),
) -> Preview:
    """
    Return how a template looks for a sample person; ``carries`` are kinds that the message also tells of.

    :raises NotFound: if there is no such template, or version of it
    """
    try:
        plain = words(
            name,
            language=language,
            level=level,
            first_name=first_name,
            about=SAMPLE_ABOUT.get(name, ""),
            signer=SAMPLE_SIGNER,
            version=version,
        )
    except KeyError as error:
        raise NotFound("There is no such template, or version of it.") from error
    message = ending_with(plain, carries, level)
    less = SAMPLE_LESS if any(each.opt_out for each in CATEGORIES.values() if name in templates_of(each)) else None
    return Preview(
        template=message.template,
        language=message.language,
        level=level,
        sender=sender_name,
        subject=message.subject,
        preheader=message.preheader,
        push_title=message.push_title,
        push_body=message.push_body,
        text=as_text(message, SAMPLE_LINK, less=less),
        html=as_html(message, SAMPLE_LINK, less=less),
    )
