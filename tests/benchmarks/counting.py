"""
`make bench-units`: request units per delivered reminder, by kind of row, counted on the real handlers.

The tick, the queue, delivery, SES's events and the device's report, for 1,000 people whose check-in falls due at the
same minute; beside it other designs through the same meter.
"""

import argparse
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from chalicelib.edge import table
from chalicelib.enrollment.changing import change_record, next_of
from chalicelib.enrollment.channels import Channel
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import ChannelKind, occurrence_named
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.receipts import record_receipt
from tests.benchmarks import designs
from tests.benchmarks.meter import Line, Meter
from tests.benchmarks.quiet import quiet
from tests.benchmarks.settings import settle
from tests.benchmarks.world import World, a_world

DUE = datetime(2026, 11, 25, 14, tzinfo=UTC)
PEOPLE = 1000
BUDGET_WRITES, BUDGET_READS = 4, 1
KINDS = ("e-mail", "push, reported", "push, then e-mail")


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """What the reminders of one kind cost together."""

    kind: str
    reminders: int
    meter: Meter

    def units(self, counted: Mapping[Line, float], *, stages: frozenset[str]) -> float:
        """Return the units per reminder of some stages."""
        return sum(amount for line, amount in counted.items() if line.stage in stages) / self.reminders

    def calls(self, *, stages: frozenset[str]) -> float:
        """Return the calls of the table per reminder of some stages."""
        return sum(number for (stage, _), number in self.meter.calls.items() if stage in stages) / self.reminders


HANDING_OVER = frozenset({"tick", "deliver"})
ALL = frozenset({"tick", "deliver", "receipts", "look"})


def count(kind: str, *, people: int = PEOPLE) -> Count:
    """Bring this many reminders from waiting to ended, and return what that cost."""
    with a_world(DUE - timedelta(hours=18)) as world:
        consents = ("contact_email",) if kind == "e-mail" else ("contact_email", "contact_push")
        for number in range(people):
            person = world.enrol(number, consents=consents, now=world.clock.at)
            if kind != "e-mail":
                _add(a_device(world.clock.at), person)
        world.clock.at = DUE - timedelta(seconds=50)
        world.settle_ticks()
        meter = Meter(peek=world.table.peek)
        meter.attach(table.Item._get_connection())  # noqa: SLF001 (the client of all items)
        _run(world, kind, meter)
        told = world.providers[ChannelKind.EMAIL if kind != "push, reported" else ChannelKind.PUSH].taken
        if len(told) != people:
            raise RuntimeError(f"{len(told)} of {people} were sent")
    return Count(kind=kind, reminders=people, meter=meter)


def _add(channel: Channel, person_id: str) -> None:
    change_record(person_id, lambda record: replace(next_of(record), channels=(channel,)), people=DynamoPeople())


def _run(world: World, kind: str, meter: Meter) -> None:
    with meter.during("tick"):
        world.tick()
    world.clock.at = DUE
    with meter.during("deliver"):
        world.deliver()
    with meter.during("receipts"):
        for name, message in world.providers[ChannelKind.EMAIL].taken.items():
            _report(name, message, world.clock.at)
        if kind == "push, reported":
            for name in world.providers[ChannelKind.PUSH].taken:
                person, on, occurrence = occurrence_named(name)
                # The one call that the door of receipts makes.
                DynamoLedger().received(person, occurrence, on, at=world.clock.at, by_device=True)
    if kind == "e-mail":
        return
    # A quarter of an hour later somebody looks whether the device reported.
    world.clock.at = DUE + timedelta(minutes=14, seconds=10)
    with meter.during("look"):
        world.tick()
        world.clock.at = DUE + timedelta(minutes=15, seconds=1)
        world.deliver()
    with meter.during("receipts"):
        for name, message in world.providers[ChannelKind.EMAIL].taken.items():
            _report(name, message, world.clock.at)


def _report(name: str, message: str, at: datetime) -> None:
    """Bring SES's two events of a message that arrived: sent, and delivered."""
    mail = {
        "timestamp": at.isoformat(),
        "messageId": message,
        "destination": ["ana.lucia@example.com"],
        "tags": {"occurrence": [name], "channel": ["mail_1"]},
    }
    for kind, detail in (("Send", {}), ("Delivery", {"recipients": ["ana.lucia@example.com"]})):
        event = {
            "id": name,
            "detail-type": kind,
            "time": at.isoformat(),
            "detail": {"eventType": kind, "mail": mail, kind.lower(): {"timestamp": at.isoformat(), **detail}},
        }
        record_receipt(event, addresses=DynamoPeople())


def a_device(now: datetime) -> Channel:
    """Return a browser's subscription that works."""
    channel = Channel(
        id="device",
        kind=ChannelKind.PUSH,
        address="https://push.example/subscription",
        added_at=now,
        push_key="BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM",
        push_auth="tBHItJI5svbpez7KI4CCXg",
        heartbeat_at=now,
    )
    return channel.confirmed(revision=1, at=now)


def rows() -> designs.Rows:
    """Return the rows of one reminder, as the real handlers write them."""
    with a_world(DUE - timedelta(hours=18)) as world:
        world.enrol(1, now=world.clock.at)
        found = {item["item"]["S"]: item for item in world.table.all()}
        due, schedule = found["due"], found["schedule"]
        world.clock.at = DUE - timedelta(seconds=50)
        world.settle_ticks()
        world.tick()
        world.clock.at = DUE
        world.deliver()
        found = {item["item"]["S"]: item for item in world.table.all()}
        ended = found["ledger"]
    later = {"ended_at", "channel_id", "channel_kind", "provider_id"}
    later = {"ended_at", "channel_id", "channel_kind", "provider_id"}
    claimed = {name: value for name, value in ended.items() if name not in later}
    schedule = {**schedule, "next_at": {"S": due["sk"]["S"][:20]}, "shard": {"S": due["pk"]["S"][-2:]}}
    return designs.Rows(
        due=due, following=found["due"], claimed={**claimed, "status": {"S": "claimed"}}, ended=ended, schedule=schedule
    )


def show(done: Count) -> None:
    """Print what one kind costs, by kind of row."""
    by_row: dict[tuple[str, str, str], float] = defaultdict(float)
    for what, counted in (("write", done.meter.writes), ("read", done.meter.reads)):
        for line, amount in counted.items():
            by_row[what, line.row, f"{line.stage}: {line.what}"] += amount
    print(f"\n{done.kind}, {done.reminders} reminders: units per reminder")
    for (what, row, step), amount in sorted(by_row.items()):
        print(f"  {what:6} {row:12} {step:40} {amount / done.reminders:8.3f}")
    for name, stages in (("handed over (tick, deliver)", HANDING_OVER), ("to the end (receipts, look)", ALL)):
        writes = done.units(done.meter.writes, stages=stages)
        reads = done.units(done.meter.reads, stages=stages)
        share = f"{writes / BUDGET_WRITES:5.2f} x W, {reads / BUDGET_READS:5.2f} x R"
        calls = done.calls(stages=stages)
        print(f"  {name:32} {writes:7.3f} W + {reads:6.3f} R   of the budget {share}   {calls:5.2f} calls")


def beside(cairn: Count, sample: designs.Rows) -> None:
    """Print the other designs through the same meter."""
    print("\nwrites per reminder, the same rows through the same meter (reads of the person left out)")
    ours = cairn.units(cairn.meter.writes, stages=HANDING_OVER)
    print(f"  {'Cairn, e-mail':32} {ours:6.2f} W   1.00 x")
    for name, design in designs.DESIGNS.items():
        writes = sum(designs.units_of(design, sample).writes.values())
        print(f"  {name:32} {writes:6.2f} W   {writes / ours:4.2f} x")


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=PEOPLE)
    asked = parser.parse_args()
    settle()
    with quiet():
        counts = [count(kind, people=asked.people) for kind in KINDS]
        sample = rows()
    for done in counts:
        show(done)
    beside(counts[0], sample)


if __name__ == "__main__":
    main()
