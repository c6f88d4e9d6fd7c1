"""Puts outreach together with AWS, each part when it is first used. Only app.py asks for it."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.edge import clock
from chalicelib.edge.config import config
from chalicelib.edge.trace import segment
from chalicelib.outreach import ports
from chalicelib.outreach.domain import Channel, ChannelKind, Due, Entry, Reason, Recipient
from chalicelib.outreach.handlers import Delivering, Ticking
from chalicelib.outreach.moments import Moment
from chalicelib.outreach.sqs import BATCH, SqsQueue
from chalicelib.outreach.store import DynamoDues
from chalicelib.outreach.switch import switch

if TYPE_CHECKING:
    from chalicelib.outreach.links import Links


@cache
def ticking() -> Ticking:
    """Return what the tick and its helpers work with."""
    settings = config()
    return Ticking(
        dues=DynamoDues(),
        queue=SqsQueue(
            deliver=settings.deliver_queue_url, pages=settings.page_queue_url, sweep=settings.sweep_queue_url
        ),
        switch=switch(),
        clock=clock,
    )


class People(ports.Recipients, ports.Suppressions, Protocol):
    """Whom we reach, and where a dead address is noted: people by enrolment, others beside them (everybody.py)."""


@cache
def delivering(
    people: People,
    *objections: Callable[[Due], Reason | None],
    count: Callable[[Due], int] = ports.nothing_to_count,
    moment: Callable[[Due], Moment | None] = ports.at_no_moment,
    signer: Callable[[Due], str] = ports.nobody,
) -> Delivering:
    """Return what delivery works with; of ``objections`` the first that has one counts."""
    from chalicelib.outreach.ledger_store import DynamoLedger
    from chalicelib.outreach.pacing import DynamoPace
    from chalicelib.outreach.store import DynamoParking

    means = ports.Means(
        recipients=people,
        dues=DynamoDues(),
        ledger=DynamoLedger(),
        senders={
            ChannelKind.EMAIL: _Lazily(_email),
            ChannelKind.PUSH: _Lazily(_push),
            ChannelKind.MOBILE: _Lazily(_mobile),
        },
        suppressions=people,
        objections=lambda due: next((reason for ask in objections if (reason := ask(due))), None),
        count=count,
        moment=moment,
        signer=signer,
        each=_at_once,
    )
    pace = DynamoPace(rate=_emails_a_second)
    return Delivering(means=means, pace=pace, switch=switch(), parking=DynamoParking(), clock=clock)


def _at_once(call: Callable[[Any], Any], things: Iterable[Any]) -> list[Any]:
    things = list(things)
    if len(things) < 2:  # noqa: PLR2004 (one needs no thread)
        return [call(thing) for thing in things]
    return list(_threads().map(call, things))


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(BATCH)


class _Lazily:
    """A sender that is made when its channel is first used: a batch of e-mails needs no push library, and so on."""

    def __init__(self, make: Callable[[], ports.Sender]) -> None:
        self._made = cache(make)

    def compose(self, entry: Entry, recipient: Recipient, channel: Channel, **closing: Any) -> ports.Letter:  # noqa: ANN401
        """Make the message."""
        return self._made().compose(entry, recipient, channel, **closing)

    def send(self, letter: ports.Letter) -> ports.Handed:
        """Hand it over."""
        with segment(f"send.{letter.channel.kind.value}"):
            return self._made().send(letter)


def _links() -> "Links":
    from chalicelib.edge.keys import keys
    from chalicelib.outreach.links import Links, Signer

    settings = config()
    return Links(public_url=settings.public_url, app_url=settings.web_origin, signer=Signer(keys().links))


def _email() -> ports.Sender:
    from chalicelib.outreach.email import EmailSender, Ses

    settings = config()
    return EmailSender(
        links=_links(),
        ses=Ses(from_address=settings.from_address, configuration_set=settings.configuration_set),
        from_address=settings.from_address,
        reply_to=settings.reply_to,
        app_url=settings.web_origin,
    )


def _emails_a_second() -> float:
    from chalicelib.edge.aws import client

    return float(client("sesv2").get_account()["SendQuota"]["MaxSendRate"])


def _push() -> ports.Sender:
    from chalicelib.edge.keys import keys
    from chalicelib.outreach.push import PushSender, WebPush

    settings = config()
    web_push = WebPush(vapid_private=keys().vapid_private, contact=settings.reply_to, origins=settings.push_origins)
    return PushSender(links=_links(), push=web_push)


def _mobile() -> ports.Sender:
    from chalicelib.outreach.mobile import MobileSender, Sns

    return MobileSender(links=_links(), sns=Sns())
