"""
What every Python peer of the comparison shares: the same reminder to deliver, and the same provider to hand it to.

A peer is a script with two commands: ``fill N`` puts N reminders that are due now, ``work`` runs one worker until it is
ended. Each reminder is handed to the provider, gets a delivery record, and puts its own next occurrence, a day ahead.
"""

import os
import time
from datetime import UTC, datetime, timedelta

REDIS = os.environ.get("BENCH_REDIS", "redis://127.0.0.1:6379/0")
POSTGRES = os.environ.get("BENCH_POSTGRES", "")
AT_ONCE = int(os.environ.get("BENCH_AT_ONCE", "10"))
"""Reminders in hand at a time, the same for all."""
PROVIDER_SECONDS = float(os.environ.get("BENCH_PROVIDER_MS", "0")) / 1000

SAME_WORK = os.environ.get("BENCH_WORK") == "same"
"""
Whether a reminder takes the steps that Cairn's takes: the person is read, and the occurrence is claimed before anything
goes out, so that two workers, or a worker and its successor, never both send. Without, a peer does what its README
shows: it sends, writes the delivery record, and puts the next occurrence.
"""

_taken = os.open(os.environ.get("BENCH_TAKEN", os.devnull), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def hand_over(person: str) -> None:
    """Hand a message to the provider: it has it as soon as a line is written, and answers after its latency."""
    os.write(_taken, f"{person}\n".encode())
    if PROVIDER_SECONDS:
        time.sleep(PROVIDER_SECONDS)


def take(person: str) -> None:
    """Hand a message to the provider, for those that wait by themselves."""
    os.write(_taken, f"{person}\n".encode())


A_PERSON = {
    "first_name": "Ana",
    "language": "es",
    "zone": "America/New_York",
    "standing": "reachable",
    "consents": "contact_email",
    "address": "ana.lucia@example.com",
}

TABLE_OF_PEOPLE = f"create table person (person text primary key, {', '.join(f'{name} text' for name in A_PERSON)})"
A_ROW = f"insert into person values (%s{', %s' * len(A_PERSON)})"  # noqa: S608 (our own words)
CLAIM = "insert into record (person, status, at) values (%s, 'claimed', now()) on conflict do nothing"
WRITE = "insert into record values (%s, 'sent', now()) on conflict (person) do update set status = 'sent', at = now()"
TABLE_OF_RECORDS = "create table record (person text primary key, status text, at timestamptz)"


def people(number: int) -> list[str]:
    """Name as many people."""
    return [f"person-{one:06}" for one in range(number)]


def now() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


def tomorrow() -> datetime:
    """Return when the next occurrence falls due."""
    return now() + timedelta(days=1)
