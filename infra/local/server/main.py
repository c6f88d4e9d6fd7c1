"""Run the servers that stand outside of AWS: one for the public address, one for mail, push and inbox."""

import argparse
import json
import signal
import sys
import threading
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from botocore.exceptions import ClientError

from infra.local.places import LOCAL
from infra.local.server import inbox
from infra.local.server.events import Rules
from infra.local.server.front import front
from infra.local.server.mail import Mail
from infra.local.server.mobile import Mobile
from infra.local.server.push import NotTaken, PushService, Sent
from infra.local.server.records import Records
from infra.local.server.web import Handler, Server
from infra.local.stack import aws

PassesOn = Callable[[str, str, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_EMAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox allow-popups allow-popups-to-escape-sandbox"
)


class Outside(Handler):
    """Mail, push and inbox, which share an address."""

    mail: Mail
    mobile: Mobile
    push: PushService
    records: Records
    zone_of: Callable[[str], str | None]

    def do_GET(self) -> None:  # noqa: N802
        """Show the inbox, or read the mail API."""
        asked = urlsplit(self.path)
        values = {name: found[-1] for name, found in parse_qs(asked.query).items()}
        parts = asked.path.strip("/").split("/")
        if parts == ["health"]:
            self.answer_json(HTTPStatus.OK, {"ok": True})
        elif parts == [""]:
            self._show_page(values)
        elif parts == ["messages"]:
            self._list(values)
        elif parts[0] == "messages" and len(parts) in {2, 3} and parts[1].isdigit():
            self._show(int(parts[1]), parts[2] if parts[2:] else "json")
        elif asked.path.startswith("/v2/email/"):
            self._mail()
        else:
            self.answer_json(HTTPStatus.NOT_FOUND, {"error": "there is no such address"})

    do_HEAD = do_GET  # noqa: N815

    def do_POST(self) -> None:  # noqa: N802
        """Subscribe, take a push, take what goes to phones (the SNS API has one path), or take mail."""
        if self.path == "/subscriptions":
            self._subscribe()
        elif self.path.startswith("/push/"):
            self._push()
        elif self.path == "/":
            self._pass_on(self.mobile.handle)
        else:
            self._mail()

    def do_DELETE(self) -> None:  # noqa: N802
        """End a subscription, or pass on to the mail API."""
        if not self.path.startswith("/push/"):
            self._mail()
            return
        try:
            self.push.unsubscribe(self.path.removeprefix("/push/"))
        except NotTaken as refusal:
            self.answer_json(refusal.status, {"error": refusal.why})
        else:
            self.answer(HTTPStatus.NO_CONTENT)

    def do_PUT(self) -> None:  # noqa: N802
        """Pass on to the mail API."""
        self._mail()

    def _show_page(self, values: dict[str, str]) -> None:
        found = self.records.find(
            search=values.get("search", ""),
            kind=values.get("kind", ""),
            before=int(values.get("before") or 0),
            limit=inbox.PAGE,
        )
        shown = inbox.page(found, search=values.get("search", ""), kind=values.get("kind", ""), zone_of=self.zone_of)
        headers = {"Content-Security-Policy": _PAGE_POLICY, "Referrer-Policy": "no-referrer"}
        self.answer(HTTPStatus.OK, shown, media_type="text/html; charset=utf-8", headers=headers)

    def _list(self, values: dict[str, str]) -> None:
        try:
            limit, before = int(values.get("limit") or inbox.PAGE), int(values.get("before") or 0)
        except ValueError:
            self.answer_json(HTTPStatus.BAD_REQUEST, {"error": "limit and before are numbers"})
            return
        words = {k: values[k] for k in ("to", "kind", "since", "search") if values.get(k)}
        found = self.records.find(limit=limit, before=before, **words)
        self.answer_json(HTTPStatus.OK, {"messages": found, "counts": self.records.counts()})

    def _show(self, number: int, form: str) -> None:
        found = self.records.get(number)
        if found is None:
            self.answer_json(HTTPStatus.NOT_FOUND, {"error": "there is no such message"})
            return
        message, raw = found
        if form == "html":
            self.answer(
                HTTPStatus.OK,
                inbox.email_document(message),
                media_type="text/html; charset=utf-8",
                headers={"Content-Security-Policy": _EMAIL_POLICY, "Referrer-Policy": "no-referrer"},
            )
        elif form == "raw":
            self.answer(HTTPStatus.OK, raw or b"", media_type="text/plain; charset=utf-8")
        else:
            receipts = self.records.receipts(message["occurrence"]) if message["occurrence"] else []
            self.answer_json(
                HTTPStatus.OK,
                {**message, "receipts": receipts, "raw": raw.decode(errors="replace") if raw else None},
            )

    def _subscribe(self) -> None:
        try:
            asked = json.loads(self.body() or b"{}")
        except ValueError:
            self.answer_json(HTTPStatus.BAD_REQUEST, {"error": "JSON is wanted"})
            return
        self.answer_json(HTTPStatus.CREATED, self.push.subscribe(asked))

    def _push(self) -> None:
        body = self.body()
        try:
            location = self.push.take(self.path.removeprefix("/push/"), Sent(dict(self.headers.items()), body))
        except NotTaken as refusal:
            self.answer_json(refusal.status, {"error": refusal.why}, headers=refusal.headers)
        else:
            self.answer(HTTPStatus.CREATED, headers={"Location": location})

    def _mail(self) -> None:
        self._pass_on(self.mail.handle)

    def _pass_on(self, handle: PassesOn) -> None:
        hop = {"connection", "content-length", "expect", "transfer-encoding"}
        headers = {k: v for k, v in self.headers.items() if k.lower() not in hop}
        status, answered, content = handle(self.command, self.path, headers, self.body())
        self.answer(status, content, headers=answered)


def zones(emulator_port: int) -> Callable[[str], str | None]:
    """Return what looks up a person's time zone in the table."""
    table = aws("dynamodb", emulator_port)

    @cache
    def zone_of(person: str) -> str | None:
        if not person:
            return None
        key = {"pk": {"S": f"PERSON#{person}"}, "sk": {"S": "SCHEDULE#check_in"}}
        zone = table.get_item(TableName="cairn", Key=key).get("Item", {}).get("zone", {}).get("S")
        return str(zone) if zone else None

    return zone_of


def endpoint_attributes(emulator_port: int) -> Callable[[str], dict[str, str] | None]:
    """Return what looks up a phone's endpoint on the emulator."""
    sns = aws("sns", emulator_port)

    def attributes(endpoint: str) -> dict[str, str] | None:
        try:
            found: dict[str, str] = sns.get_endpoint_attributes(EndpointArn=endpoint)["Attributes"]
        except ClientError:
            return None
        return found

    return attributes


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    for part in ("aws", "api", "inbox"):
        parser.add_argument(f"--{part}", type=int, required=True)
    parser.add_argument("--stage-url", required=True)
    asked = parser.parse_args()
    records = Records(LOCAL / "inbox.sqlite3")
    settled = {
        "mail": Mail(emulator_port=asked.aws, records=records, rules=Rules(asked.aws)),
        "mobile": Mobile(emulator_port=asked.aws, records=records, attributes=endpoint_attributes(asked.aws)),
        "push": PushService(origin=f"http://127.0.0.1:{asked.inbox}", records=records),
        "records": records,
        "zone_of": staticmethod(zones(asked.aws)),
    }
    servers = [
        Server(asked.api, front(asked.stage_url)),
        Server(asked.inbox, type("OutsideOfAws", (Outside,), settled)),
    ]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()


if __name__ == "__main__":
    main()
