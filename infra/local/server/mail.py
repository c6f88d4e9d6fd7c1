"""
SES as Cairn's functions see it: the request goes on to the emulator unchanged, and what it took is kept for the inbox.

The emulator keeps neither the raw message nor publishes events, so both happen here: each mail is reported as sent and
as delivered (or as bounced, for the addresses of SES's mailbox simulator) to whatever EventBridge rules want to know.
"""

import base64
import email
import email.policy
import json
import queue
import threading
import time
import uuid
from email.message import EmailMessage
from email.utils import parseaddr
from http import HTTPStatus
from typing import Any

from infra.local.places import ACCOUNT, REGION, stack_now
from infra.local.server.events import Rules
from infra.local.server.passing import pass_on
from infra.local.server.records import Records

SEND_PATH = "/v2/email/outbound-emails"
_REAL_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Mail:
    """Passes mail on, keeps it, and reports on it."""

    def __init__(self, *, emulator_port: int, records: Records, rules: Rules) -> None:
        self._port = emulator_port
        self._records = records
        self._rules = rules
        self._reports: queue.SimpleQueue[tuple[str, dict[str, Any]]] = queue.SimpleQueue()
        threading.Thread(target=self._report, daemon=True).start()

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Pass a request of the SES v2 API on and return the answer."""
        status, answered, content = pass_on(self._port, method, path, headers, body)
        if method == "POST" and path == SEND_PATH and status == HTTPStatus.OK:
            self._keep(json.loads(body), json.loads(content)["MessageId"])
        return status, answered, content

    def _keep(self, request: dict[str, Any], message_id: str) -> None:
        raw = base64.b64decode(request.get("Content", {}).get("Raw", {}).get("Data", ""))
        parsed: EmailMessage = email.message_from_bytes(raw, policy=email.policy.default)
        tags = {tag["Name"]: tag["Value"] for tag in request.get("EmailTags", [])}
        destination = request.get("Destination", {}).get("ToAddresses", [])
        occurrence = tags.get("occurrence", "")
        text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
        now = stack_now()
        self._records.add(
            {
                "kind": "email",
                "at": now.isoformat(timespec="milliseconds"),
                "realAt": time.strftime(_REAL_TIME, time.gmtime()),
                "to": ", ".join(parseaddr(address)[1] for address in destination),
                "person": occurrence.partition("_")[0],
                "subject": str(parsed.get("Subject", "")),
                "occurrence": occurrence,
                "from": str(parsed.get("From", "")),
                "messageId": message_id,
                "tags": tags,
                "configurationSet": request.get("ConfigurationSetName"),
                "headers": [[name, str(value)] for name, value in parsed.items()],
                "text": text.get_content() if text else "",
                "html": html.get_content() if html else "",
            },
            raw=raw,
        )
        mail = ses_mail(parsed, message_id, request, destination, tags)
        for kind in reports_about(destination):
            self._reports.put((kind, mail))

    def _report(self) -> None:
        while True:
            kind, mail = self._reports.get()
            # In the cloud a report takes its time too: it must not be relied on before the sender is done.
            time.sleep(0.2)
            event = ses_event(kind, mail)
            delivered = self._rules.put(event)
            occurrence = mail["tags"].get("occurrence", [""])[0]
            self._records.receipt(occurrence, f"{kind} ({delivered} told)", stack_now().isoformat(timespec="seconds"))


def reports_about(destination: list[str]) -> list[str]:
    """Return the detail types that SES would publish, by the rules of its mailbox simulator."""
    box, _, domain = parseaddr(destination[0])[1].partition("@") if destination else ("", "", "")
    if domain == "simulator.amazonses.com" and box.startswith(("bounce", "suppressionlist")):
        return ["Email Sent", "Email Bounced"]
    if domain == "simulator.amazonses.com" and box.startswith("complaint"):
        return ["Email Sent", "Email Delivered", "Email Complaint Received"]
    return ["Email Sent", "Email Delivered"]


def ses_mail(
    parsed: EmailMessage, message_id: str, request: dict[str, Any], destination: list[str], tags: dict[str, str]
) -> dict[str, Any]:
    """Return the ``mail`` object of an SES event."""
    source = request.get("FromEmailAddress") or str(parsed.get("From", ""))
    return {
        "timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
        "source": source,
        "sendingAccountId": ACCOUNT,
        "messageId": message_id,
        "destination": destination,
        "headersTruncated": False,
        "headers": [{"name": name, "value": str(value)} for name, value in parsed.items()],
        "commonHeaders": {
            "from": [str(parsed.get("From", ""))],
            "to": destination,
            "messageId": message_id,
            "subject": str(parsed.get("Subject", "")),
        },
        "tags": {
            "ses:configuration-set": [request.get("ConfigurationSetName", "")],
            "ses:from-domain": [parseaddr(source)[1].partition("@")[2]],
            **{name: [value] for name, value in tags.items()},
        },
    }


def ses_event(kind: str, mail: dict[str, Any]) -> dict[str, Any]:
    """Return the event that SES publishes to EventBridge (Amazon SES Developer Guide, event publishing)."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
    people = [{"emailAddress": address} for address in mail["destination"]]
    about: dict[str, tuple[str, dict[str, Any]]] = {
        "Email Sent": ("send", {}),
        "Email Delivered": (
            "delivery",
            {
                "timestamp": now,
                "processingTimeMillis": 200,
                "recipients": mail["destination"],
                "smtpResponse": "250 2.0.0 OK",
            },
        ),
        "Email Bounced": (
            "bounce",
            {
                "bounceType": "Permanent",
                "bounceSubType": "General",
                "bouncedRecipients": people,
                "timestamp": now,
                "feedbackId": uuid.uuid4().hex,
            },
        ),
        "Email Complaint Received": (
            "complaint",
            {
                "complainedRecipients": people,
                "timestamp": now,
                "feedbackId": uuid.uuid4().hex,
                "complaintFeedbackType": "abuse",
            },
        ),
    }
    name, content = about[kind]
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": "aws.ses",
        "account": ACCOUNT,
        "time": time.strftime(_REAL_TIME, time.gmtime()),
        "region": REGION,
        "resources": [f"arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/{mail['tags']['ses:configuration-set'][0]}"],
        "detail": {"eventType": name.capitalize(), "mail": mail, name: content},
    }
