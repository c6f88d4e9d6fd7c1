"""
Text messages to the telephones of staff, through Amazon SNS: a page of a crisis, or a code; nothing else.

Whoever carries them can read them, and nobody says whether they arrived: so they say nothing of anybody, and are never
the only way (docs/rota.md).
"""

import json
from functools import cache
from pathlib import Path
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.edge.aws import client
from chalicelib.edge.log import count, logger
from chalicelib.outreach.wording import spoken_language

_WORDS = Path(__file__).parent / "texts.json"
PATIENCE = 3.0
"""Seconds that SNS is waited for: other ways must not wait for this one."""


@cache
def _words() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(_WORDS.read_text(encoding="utf-8"))
    return found


def page_text(reference: str, *, language: str) -> str:
    """Return the text of a page: that something is to be done, and by which reference."""
    return _words()["page"][spoken_language(language)].format(reference=reference)


def code_text(code: str, *, language: str) -> str:
    """Return the text that brings a code."""
    return _words()["code"][spoken_language(language)].format(code=code)


class Sns(Protocol):
    """A client of Amazon SNS."""

    def publish(self, **asked: object) -> object:
        """Publish a text message."""


class TextsUnanswered(Exception):
    """SNS didn't answer in time, or couldn't be reached: it may be so for all numbers."""


class SnsTexts:
    """Sends text messages through Amazon SNS. Nothing is tried twice here: the ladder pages again by itself."""

    def __init__(self, sns: Sns | None = None) -> None:
        self._client: Sns = sns or client("sns", attempts=1, patience=PATIENCE)

    def send_page(self, number: str, reference: str, *, language: str) -> bool:
        """
        Send a page; False if SNS didn't take it, which is counted.

        :raises TextsUnanswered: if it didn't answer, which is counted too
        """
        return self._send(number, page_text(reference, language=language))

    def send_code(self, number: str, code: str, *, language: str) -> bool:
        """Send a code; False if SNS didn't take it."""
        try:
            return self._send(number, code_text(code, language=language))
        except TextsUnanswered:
            return False

    def _send(self, number: str, text: str) -> bool:
        kind = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}}
        try:
            self._client.publish(PhoneNumber=number, Message=text, MessageAttributes=kind)
        except ClientError as error:
            # Never the text of the error: it may hold the number.
            why = str(error.response["Error"].get("Code", ""))
        except BotoCoreError as error:
            self._failed(type(error).__name__)
            raise TextsUnanswered from None
        else:
            count("PagerSent")
            return True
        self._failed(why)
        return False

    @staticmethod
    def _failed(why: str) -> None:
        logger.error("text message not sent", extra={"error": why})
        count("PagerFailures")
