"""The inbox: every email and push that went out, newest first, as a page and as JSON."""

import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PAGE = 50
_URL = re.compile(r"https?://[^\s<>\"']+")
_PREHEADER = re.compile(r"<(div|span|p)[^>]*(?:display:\s*none|preheader)[^>]*>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]+>")


def preheader(message: dict[str, Any]) -> str:
    """Return what a mail program shows beside the subject: the hidden line of the HTML, else the text's beginning."""
    hidden = _PREHEADER.search(str(message.get("html", "")))
    shown = _TAG.sub("", html.unescape(hidden[2])) if hidden else str(message.get("text", ""))
    return " ".join(shown.replace("\u200c", "").replace("\u00ad", "").split())[:140]


def page(messages: list[dict[str, Any]], *, search: str, kind: str, zone_of: Callable[[str], str | None]) -> str:
    """Return the page with these messages."""
    whole = files(__package__).joinpath("inbox.html").read_text()
    items = "\n".join(_item(message, zone_of(message["person"])) for message in messages)
    older = ""
    if len(messages) == PAGE:
        asked = f"search={html.escape(search)}&kind={kind}&before={messages[-1]['id']}"
        older = f'<p class="older"><a href="/?{asked}">Older messages</a></p>'
    empty = '<p class="empty">Nothing here yet. Try <code>make day</code> to play a day.</p>'
    kinds = "".join(
        f'<option value="{value}"{" selected" if value == kind else ""}>{name}</option>'
        for value, name in (("", "Everything"), ("email", "Email"), ("push", "Browsers"), ("mobile", "Phones"))
    )
    return (
        whole.replace("{{search}}", html.escape(search, quote=True))
        .replace("{{kinds}}", kinds)
        .replace("{{newest}}", str(messages[0]["id"]) if messages else "0")
        .replace("{{items}}", f"<ol>{items}</ol>{older}" if messages else empty)
    )


def times(at: str, zone: str | None) -> tuple[str, str]:
    """Return the instant in the person's own zone, if known, and in UTC."""
    instant = datetime.fromisoformat(at).astimezone(UTC)
    local = ""
    if zone:
        try:
            local = f"{instant.astimezone(ZoneInfo(zone)):%a %d %b %Y %H:%M:%S} {zone}"
        except ZoneInfoNotFoundError:
            local = ""
    return local, f"{instant:%a %d %b %Y %H:%M:%S} UTC"


def email_document(message: dict[str, Any]) -> str:
    """Return an email's HTML so that its links open outside of the frame; nothing else is touched."""
    base = '<base target="_blank">'
    document = str(message.get("html", ""))
    return re.sub(r"(<head[^>]*>)", r"\1" + base, document, count=1) if "<head" in document else base + document


def _item(message: dict[str, Any], zone: str | None) -> str:
    local, utc = times(message["at"], zone)
    kind, number = message["kind"], message["id"]
    shown = preheader(message) if kind == "email" else str(_payload(message).get("body", ""))
    when = f"<time>{html.escape(local or utc)}</time>" + (f'<span class="utc">{utc}</span>' if local else "")
    return f"""<li><details id="m{number}"><summary>
<span class="kind {kind}">{kind}</span><span class="to">{html.escape(message["to"])}</span>
<span class="subject">{html.escape(message["subject"])}</span><span class="pre">{html.escape(shown)}</span>
<span class="when">{when}</span></summary>{_email(message) if kind == "email" else _push(message)}</details></li>"""


def _email(message: dict[str, Any]) -> str:
    number = message["id"]
    return f"""<dl><dt>From</dt><dd>{html.escape(message["from"])}</dd><dt>To</dt><dd>{html.escape(message["to"])}</dd>
<dt>Person</dt><dd>{html.escape(message["person"] or "not known")}</dd></dl>
<h2>As shown</h2><iframe loading="lazy" sandbox="allow-popups allow-popups-to-escape-sandbox"
 title="{html.escape(message["subject"], quote=True)}" src="/messages/{number}/html"></iframe>
<h2>Text</h2><pre>{_linked(message["text"])}</pre>
<details class="raw"><summary>Headers</summary>{_headers(message)}</details>
<p><a href="/messages/{number}/raw">Raw message</a> · <a href="/messages/{number}">JSON</a></p>"""


def _push(message: dict[str, Any]) -> str:
    rows = "".join(
        f"<dt>{html.escape(str(name))}</dt><dd>{_linked(str(value))}</dd>" for name, value in _payload(message).items()
    )
    person = html.escape(message["person"] or "not known")
    size = f"{message['bytes']} bytes" + (" encrypted" if message["kind"] == "push" else "")
    return f"""<h2>What the device gets</h2><dl>{rows}</dl>
<dl><dt>Person</dt><dd>{person}</dd><dt>Device</dt><dd>{html.escape(message["subscription"])}</dd>
<dt>Size</dt><dd>{size}</dd></dl>
<details class="raw"><summary>Headers</summary>{_headers(message)}</details>
<p><a href="/messages/{message["id"]}">JSON</a></p>"""


def _payload(message: dict[str, Any]) -> dict[str, Any]:
    payload = message.get("payload")
    return payload if isinstance(payload, dict) else {"text": payload}


def _headers(message: dict[str, Any]) -> str:
    return "<pre>" + "\n".join(f"{html.escape(n)}: {html.escape(v)}" for n, v in message["headers"]) + "</pre>"


def _linked(text: str) -> str:
    parts, at = [], 0
    for found in _URL.finditer(text):
        address = html.escape(found[0], quote=True)
        parts += [html.escape(text[at : found.start()]), f'<a href="{address}" target="_blank">{address}</a>']
        at = found.end()
    return "".join([*parts, html.escape(text[at:])])
