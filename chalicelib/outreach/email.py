"""E-mail through Amazon SES: one recipient, text and HTML, nothing in the envelope that tells what it is about."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from chalicelib.edge.aws import client
from chalicelib.edge.log import count, logger, places
from chalicelib.outreach import mime
from chalicelib.outreach.categories import category_name
from chalicelib.outreach.domain import Channel, Entry, Recipient
from chalicelib.outreach.invites import Part
from chalicelib.outreach.inviting import Calendars
from chalicelib.outreach.kinds import INVITE
from chalicelib.outreach.links import Links
from chalicelib.outreach.listing import UNFOLDED, Listing, listing_of
from chalicelib.outreach.ports import Handed, Letter, NotAccepted, Refused
from chalicelib.outreach.wording import Words, as_html, as_text, words_for

MAY_BE_TAKEN_LATER = frozenset(
    {
        "TooManyRequestsException",
        "LimitExceededException",
        "SendingPausedException",
        "ThrottlingException",
        "Throttling",
    }
)
WILL_NOT_BE_TAKEN = frozenset({"MessageRejected", "BadRequestException", "MailFromDomainNotVerifiedException"})


_ONE_ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9.-]+")
_MORE_THAN_ONE = re.compile(r"[\"(),:;<>@\[\\\]]")


def compose(
    words: Words,
    link: str,
    *,
    sender_name: str,
    from_address: str,
    reply_to: str,
    to: str,
    name: str,
    at: datetime,
    listing: Listing | None = None,
    calendar: Part | None = None,
) -> bytes:
    """
    Return the MIME message (RFC 5322, CRLF) to exactly one address.

    ``name`` is the occurrence, kept in a header of our own since SES puts its own Message-ID.

    :raises ValueError: if what should be in one header would make another one, or another recipient
    """
    less = listing.url if listing else None
    parts = [
        mime.Text(type="text/plain", text=as_text(words, link, less=less)),
        mime.Text(type="text/html", text=as_html(words, link, less=less)),
    ]
    attachment = None
    if calendar:
        method = f"; method={calendar.method.value}"
        parts.append(mime.Text(type="text/calendar", text=calendar.ics.decode(), parameters=method))
        # For mail programs that don't read the part above; the name tells nothing.
        attachment = mime.Attachment(type="application/ics", name="invite.ics", content=calendar.ics)
    return mime.message(
        [
            ("From", mime.mailbox(sender_name, from_address)),
            ("To", _one(to)),
            ("Reply-To", reply_to),
            ("Subject", mime.text(words.subject)),
            ("Date", format_datetime(at)),
            ("Auto-Submitted", "auto-generated"),  # RFC 3834: no out-of-office answers, please
            ("X-Cairn-Id", name),
            *(listing.headers() if listing else ()),
            ("Content-Language", words.language),
        ],
        parts,
        attachment=attachment,
        unfolded=UNFOLDED,
    )


def _one(address: str) -> str:
    local, _, _ = address.rpartition("@")
    if not _ONE_ADDRESS.fullmatch(address) or _MORE_THAN_ONE.search(local):
        raise ValueError("is not one address")
    return address


class Ses:
    """Hands messages to the SES v2 API."""

    def __init__(self, *, from_address: str, configuration_set: str) -> None:
        self._from_address = from_address
        self._configuration_set = configuration_set
        # One attempt: a retry inside the client, after a time-out whose call did happen, would be a second e-mail.
        self._client = client("sesv2", attempts=1)

    def send(self, message: bytes, *, to: str, name: str, channel: str) -> str:
        """
        Return SES's message id: accepted, which isn't delivered.

        ``name`` (the occurrence) and ``channel`` (``{id}_{revision}``) go along as tags, for the receipts.

        :raises NotAccepted: SES can't take it now
        :raises Refused: SES won't take it
        """
        try:
            answer = self._client.send_email(
                FromEmailAddress=self._from_address,
                Destination={"ToAddresses": [to]},
                Content={"Raw": {"Data": message}},
                EmailTags=[{"Name": "occurrence", "Value": name}, {"Name": "channel", "Value": channel}],
                ConfigurationSetName=self._configuration_set,
            )
        except (EndpointConnectionError, ConnectTimeoutError) as error:
            raise NotAccepted from error
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in MAY_BE_TAKEN_LATER:
                raise NotAccepted from error
            if code in WILL_NOT_BE_TAKEN:
                raise Refused(gone=False) from error
            raise
        return str(answer["MessageId"])


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailSender:
    """Implements ``ports.Sender`` for e-mail."""

    links: Links
    ses: Ses
    from_address: str
    reply_to: str
    app_url: str

    def compose(self, entry: Entry, recipient: Recipient, channel: Channel, *, closes_at: datetime) -> Letter:
        """Make the message as MIME; a reminder goes without its calendar entry rather than not at all."""
        message = words_for(entry, recipient, channel)
        content = compose(
            message,
            self.links.action(entry, channel, expires_at=closes_at, zone=recipient.zone),
            sender_name=recipient.sender_name,
            from_address=self.from_address,
            reply_to=recipient.reply_to or self.reply_to,
            to=channel.address,
            name=entry.name,
            at=entry.claimed_at,
            listing=listing_of(
                entry,
                recipient,
                channel,
                links=self.links,
                from_address=self.from_address,
                mailbox=self.reply_to,
            ),
            calendar=self._calendar(entry, recipient, channel, language=message.language),
        )
        return Letter(entry=entry, channel=channel, template=message.template, content=content)

    def _calendar(self, entry: Entry, recipient: Recipient, channel: Channel, *, language: str) -> Part | None:
        calendars = Calendars(address=self.reply_to, page=self.app_url)
        try:
            return calendars.part_for(entry, recipient, channel, language=language)
        except Exception as error:
            if category_name(entry.kind) == INVITE:
                # Without its entry it would bring nothing.
                raise
            # By its kind and place only: an error's text may hold an address.
            logger.error("no calendar part", extra={"error": type(error).__name__, "at": places(error)})
            count("DeliveryErrors")
            return None

    def send(self, letter: Letter) -> Handed:
        """Hand it to SES; see the port for what it raises."""
        channel = letter.channel
        provider_id = self.ses.send(
            letter.content,
            to=channel.address,
            name=letter.entry.name,
            channel=f"{channel.id}_{channel.revision}",
        )
        return Handed(provider_id=provider_id)
