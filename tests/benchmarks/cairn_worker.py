"""
Cairn beside its peers: ``fill N`` puts N people whose check-in falls due at once, ``work`` runs one process.

``work`` is what a Lambda process of each function does: the tick hands over, and then event after event is delivered.
The functions talk to the services by their own clients, over HTTP. With ``BENCH_MAIL=ses`` the e-mail is composed and
handed to SES; without, the provider is the line of a file as for the peers, and nothing is composed.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from tests.benchmarks.expressions import Item
from tests.benchmarks.settings import settle

DUE = datetime(2026, 11, 25, 14, tzinfo=UTC)
BATCH = int(os.environ.get("BENCH_BATCH", "10"))


def clones(number: int) -> Iterator[Item]:
    """Give the items of as many people, each like one who was enrolled by the service itself."""
    settle()
    from tests.benchmarks.world import a_world

    with a_world(DUE - timedelta(seconds=50)) as world:
        person = world.enrol(1, now=DUE - timedelta(hours=18))
        items = [json.dumps(item) for item in world.table.all()]
    shared = [text for text in items if person not in text]
    own = [text for text in items if person in text]
    yield from (json.loads(text) for text in shared)
    for one in range(number):
        name = f"{one:032x}"
        for text in own:
            # Spread over the shards by their own ids, as people are.
            yield _moved(json.loads(text.replace(person, name).replace("TBH-1", f"TBH-{one}")), name)


def _moved(item: Item, person: str) -> Item:
    if item["item"]["S"] == "due":
        from chalicelib.outreach.store import DueItem, due_item, due_of

        due = due_of(DueItem.from_raw_data(dict(item)))
        return due_item(replace(due, person_id=person)).serialize()
    return item


def fill(number: int, port: int) -> None:
    """Put people into the table."""
    connection = HTTPConnection("127.0.0.1", port)
    part: list[Item] = []
    for item in clones(number):
        part.append(item)
        if len(part) == 2000:
            _post(connection, part)
            part = []
    _post(connection, part)


def _post(connection: HTTPConnection, items: list[Item]) -> None:
    connection.request("POST", "/load", body=json.dumps(items))
    connection.getresponse().read()


@dataclass
class ToFile:
    """A provider that is a line in a file, as the peers' is."""

    taken: int
    seconds: float

    def compose(self, entry: Any, recipient: Any, channel: Any, *, closes_at: datetime) -> Any:  # noqa: ARG002
        """Compose nothing."""
        from chalicelib.outreach.ports import Letter

        return Letter(entry=entry, channel=channel, template="none.1", content=None)

    def send(self, letter: Any) -> Any:
        """Take it."""
        from chalicelib.outreach.ports import Handed

        os.write(self.taken, f"{letter.entry.name}\n".encode())
        if self.seconds:
            time.sleep(self.seconds)
        return Handed(provider_id="provider-00000001")


def work(port: int) -> None:
    """Tick once, then deliver event after event."""
    settle()
    from chalicelib.edge.log import logger
    from chalicelib.enrollment.store import people
    from chalicelib.outreach import handlers, wiring
    from chalicelib.outreach.domain import ChannelKind
    from tests.benchmarks.world import Clock

    logger.setLevel("INFO")
    clock = Clock(DUE - timedelta(seconds=50))
    ticking = replace(wiring.ticking(), clock=clock)
    using = replace(wiring.delivering(people()), clock=clock)
    if os.environ.get("BENCH_MAIL") != "ses":
        taken = os.open(os.environ["BENCH_TAKEN"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        seconds = float(os.environ.get("BENCH_PROVIDER_MS", "0")) / 1000
        using = replace(using, means=replace(using.means, senders={ChannelKind.EMAIL: ToFile(taken, seconds)}))
    if os.environ.get("BENCH_AGAIN"):
        _report_what_was_taken()
        clock.at = DUE + timedelta(minutes=5)
    began = time.process_time()
    found = handlers.tick({"time": clock.at.isoformat()}, using=ticking)
    spent = time.process_time() - began
    Path(os.environ["BENCH_TICK"]).write_text(json.dumps({"cpu": spent, **found}))
    clock.at = max(clock.at, DUE)
    connection = HTTPConnection("127.0.0.1", port)
    while True:
        with suppress(ConnectionError):
            connection.request("GET", f"/next?batch={BATCH}")
            event = json.loads(connection.getresponse().read())
            if event["Records"]:
                handlers.deliver(event, using=using)
            else:
                time.sleep(0.01)


def _report_what_was_taken() -> None:
    """Bring SES's events of all that it took, as it does by itself, to the one call that they come to."""
    from chalicelib.outreach.domain import occurrence_named
    from chalicelib.outreach.ledger_store import DynamoLedger

    for name in Path(os.environ["BENCH_TAKEN"]).read_text().split():
        person, on, kind = occurrence_named(name)
        DynamoLedger().received(person, kind, on, at=DUE, by_device=False)


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill(int(sys.argv[2]), int(os.environ["BENCH_PORT"]))
    else:
        work(int(os.environ["BENCH_PORT"]))
