"""
Mobile push: Google's and Apple's services through Amazon SNS.

Unlike a browser's push it isn't encrypted for the device: Amazon, Google and Apple can read it. So it is always
discreet, whatever the person chose for other channels.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from chalicelib.edge.aws import client
from chalicelib.edge.log import count
from chalicelib.outreach.categories import category_of
from chalicelib.outreach.category import Category
from chalicelib.outreach.domain import Channel, DetailLevel, Entry, Recipient
from chalicelib.outreach.links import Links
from chalicelib.outreach.ports import Handed, Letter, NotAccepted, Refused
from chalicelib.outreach.topics import TooLong, keeps_until, topic_of
from chalicelib.outreach.wording import Words, words_for

LONGEST = 4096
"""Bytes that either service takes (FCM HTTP v1 reference; Apple, Generating a remote notification)."""

MAY_BE_TAKEN_LATER = frozenset(
    {"Throttled", "Throttling", "KMSThrottling", "ServiceUnavailable", "RequestLimitExceeded"}
)
SWITCHED_OFF = "PlatformApplicationDisabled"
GONE = frozenset({"EndpointDisabled", "NotFound"})
"""The app is gone from the phone, or its endpoint was given up because the phone changed hands."""
_NO_ENDPOINT = "No endpoint found"
"""What an InvalidParameter says of a target that was deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What SNS is to publish: a JSON with a text for each platform, and attributes for how long and how urgent."""

    message: str
    attributes: dict[str, str]


Formed: TypeAlias = tuple[dict[str, object], dict[str, str]]
"""A message as a platform wants it, and the attributes that SNS passes on to it."""


def platform_of(address: str) -> str:
    """Return SNS's name of the platform of an endpoint (``GCM``, ``APNS`` or ``APNS_SANDBOX``), by its ARN."""
    return address.split(":")[5].split("/")[1]


def for_google(words: Words, data: dict[str, str], *, category: Category, topic: str) -> Formed:
    """Return the message as FCM HTTP v1 wants it, with no attributes of its own; ``topic`` makes repeats collapse."""
    message = {
        "notification": {"title": words.push_title, "body": words.push_body},
        "data": data,
        "android": {
            "collapse_key": topic,
            "priority": "high" if category.push_urgency == "high" else "normal",
            "notification": {"tag": topic},
        },
    }
    return {"fcmV1Message": {"message": message}}, {}


def for_apple(words: Words, data: dict[str, str], *, category: Category, topic: str) -> Formed:
    """Return the message as APNs wants it, and the headers that SNS passes on; ``topic`` makes repeats collapse."""
    aps: dict[str, object] = {"alert": {"title": words.push_title, "body": words.push_body}}
    if category.push_urgency != "low":
        aps["sound"] = "default"
    # 5 lets the phone save power; 10 is at once (Apple, Sending notification requests to APNs).
    return {"aps": aps, **data}, {
        "AWS.SNS.MOBILE.APNS.COLLAPSE_ID": topic,
        "AWS.SNS.MOBILE.APNS.PRIORITY": "5" if category.push_urgency == "low" else "10",
        "AWS.SNS.MOBILE.APNS.PUSH_TYPE": "alert",
    }


_FORMS: dict[str, Callable[..., Formed]] = {
    "GCM": for_google,
    "APNS": for_apple,
    "APNS_SANDBOX": for_apple,
}
_LIVES = {
    "GCM": "AWS.SNS.MOBILE.FCM.TTL",
    "APNS": "AWS.SNS.MOBILE.APNS.TTL",
    "APNS_SANDBOX": "AWS.SNS.MOBILE.APNS_SANDBOX.TTL",
}


class Sns:
    """Hands pushes to Amazon SNS."""

    def __init__(self) -> None:
        # One attempt: a retry inside the client, after a time-out whose call did happen, would be a second push.
        self._client = client("sns", attempts=1)

    def publish(self, publication: Publication, *, endpoint: str) -> str:
        """
        Return SNS's message id: accepted, which isn't delivered.

        :raises NotAccepted: SNS can't take it now
        :raises Refused: the app is gone, or SNS won't take it
        """
        try:
            answer = self._client.publish(
                TargetArn=endpoint,
                Message=publication.message,
                MessageStructure="json",
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in publication.attributes.items()
                },
            )
        except (EndpointConnectionError, ConnectTimeoutError) as error:
            raise NotAccepted from error
        except ClientError as error:
            _judge(error)
            raise
        return str(answer["MessageId"])


def _judge(error: ClientError) -> None:
    """Raise what SNS's refusal means; return where it leaves open whether the push went out."""
    code = str(error.response["Error"]["Code"]).removesuffix("Exception")
    text = str(error.response["Error"].get("Message", ""))
    if code in GONE or (code == "InvalidParameter" and _NO_ENDPOINT in text):
        raise Refused(gone=True) from error
    if code in MAY_BE_TAKEN_LATER:
        raise NotAccepted from error
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code == SWITCHED_OFF:
        # Google's or Apple's credentials have run out: SNS switches all of an application off. Not the apps' fault.
        count("PushFault")
        raise NotAccepted from error
    if 400 <= status < 500:  # noqa: PLR2004 (RFC 9110 15.5: our fault)
        count("PushFault")
        raise Refused(gone=False) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class MobileSender:
    """Implements ``ports.Sender`` for apps on phones."""

    links: Links
    sns: Sns

    def compose(self, entry: Entry, recipient: Recipient, channel: Channel, *, closes_at: datetime) -> Letter:
        """
        Make the message for the app's platform.

        :raises TooLong: if it is more than the platform takes
        """
        category = category_of(entry.kind)
        platform = platform_of(channel.address)
        words = words_for(entry, recipient, replace(channel, detail=DetailLevel.DISCREET))
        link = self.links.action(entry, channel, expires_at=closes_at, zone=recipient.zone)
        topic = topic_of(entry.name)
        data = {
            "tag": topic,
            "lang": words.language,
            "url": link,
            "receipt": self.links.receipt(entry, channel, expires_at=closes_at),
        }
        if category.confirms:
            # The app answers for its phone: it confirms by itself.
            data["verify"] = link
        payload, attributes = _FORMS[platform](words, data, category=category, topic=topic)
        text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
        if len(text.encode()) > LONGEST:
            raise TooLong(f"a mobile push of {words.template} is too long")
        left = max(timedelta(), keeps_until(entry, closes_at=closes_at) - entry.claimed_at)
        publication = Publication(
            # The text for platforms that aren't named has to be there, and goes nowhere.
            message=json.dumps({"default": words.push_body, platform: text}, ensure_ascii=False),
            attributes={**attributes, _LIVES[platform]: str(int(left.total_seconds()))},
        )
        return Letter(entry=entry, channel=channel, template=words.template, content=publication)

    def send(self, letter: Letter) -> Handed:
        """Hand it to SNS; see the port for what it raises."""
        return Handed(provider_id=self.sns.publish(letter.content, endpoint=letter.channel.address))
