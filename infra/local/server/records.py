"""Everything that reached somebody, kept in one SQLite file: emails, pushes, and the push subscriptions of devices."""

import json
import sqlite3
import threading
from pathlib import Path
from typing import Any

_SCHEMA = """
create table if not exists messages (
  id integer primary key, kind text not null, at text not null, real_at text not null, recipient text not null,
  person text not null, subject text not null, occurrence text not null, content text not null, raw blob);
create index if not exists messages_recipient on messages (recipient);
create table if not exists subscriptions (
  id text primary key, label text not null, private_key text not null, auth text not null, server_key text,
  gone integer not null default 0);
create table if not exists receipts (occurrence text not null, event text not null, at text not null);
"""


class Records:
    """The store. Its methods may be called by any thread."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def add(self, message: dict[str, Any], *, raw: bytes | None = None) -> int:
        """Keep a message: kind, at, realAt, to, person, subject and occurrence as columns, all else as JSON."""
        columns = [message[name] for name in ("kind", "at", "realAt", "to", "person", "subject", "occurrence")]
        rest = {k: v for k, v in message.items() if k not in _COLUMNS}
        with self._lock:
            added = self._db.execute(
                "insert into messages (kind, at, real_at, recipient, person, subject, occurrence, content, raw)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [*columns, json.dumps(rest), raw],
            )
        return added.lastrowid or 0

    def find(
        self, *, to: str = "", kind: str = "", since: str = "", search: str = "", limit: int = 50, before: int = 0
    ) -> list[dict[str, Any]]:
        """
        Return messages, newest first. ``to``: this address exactly. ``search``: part of address, person, subject.

        ``since``: at or after this instant of the stack's clock (ISO). ``before``: older than the message of this id.
        """
        wanted, values = ["1"], []
        for condition, value in (
            ("recipient = ? collate nocase", to),
            ("kind = ?", kind),
            ("at >= ?", since),
            ("id < ?", before),
        ):
            if value:
                wanted.append(condition)
                values.append(value)
        if search:
            wanted.append("(recipient || ' ' || person || ' ' || subject || ' ' || content) like ? escape '\\'")
            values.append("%" + search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%")
        with self._lock:
            rows = self._db.execute(
                f"select * from messages where {' and '.join(wanted)} order by id desc limit ?",  # noqa: S608 (fixed text)
                [*values, limit],
            ).fetchall()
        return [_message(row) for row in rows]

    def get(self, number: int) -> tuple[dict[str, Any], bytes | None] | None:
        """Return one message and, of an email, its raw form."""
        with self._lock:
            row = self._db.execute("select * from messages where id = ?", [number]).fetchone()
        return (_message(row), row["raw"]) if row else None

    def counts(self) -> dict[str, int]:
        """Return how many messages of each kind there are."""
        with self._lock:
            rows = self._db.execute("select kind, count(*) from messages group by kind").fetchall()
        return {str(row[0]): int(row[1]) for row in rows}

    def subscribe(self, subscription: dict[str, Any]) -> None:
        """Keep a new subscription of a device."""
        with self._lock:
            self._db.execute(
                "insert into subscriptions (id, label, private_key, auth, server_key)"
                " values (:id, :label, :private_key, :auth, :server_key)",
                subscription,
            )

    def subscription(self, name: str) -> dict[str, Any] | None:
        """Return a subscription, also one that is gone."""
        with self._lock:
            row = self._db.execute("select * from subscriptions where id = ?", [name]).fetchone()
        return dict(row) if row else None

    def unsubscribe(self, name: str) -> None:
        """Mark a subscription as gone."""
        with self._lock:
            self._db.execute("update subscriptions set gone = 1 where id = ?", [name])

    def receipt(self, occurrence: str, event: str, at: str) -> None:
        """Note what was reported about a message (an SES event, or a device's receipt)."""
        with self._lock:
            self._db.execute("insert into receipts values (?, ?, ?)", [occurrence, event, at])

    def receipts(self, occurrence: str) -> list[dict[str, Any]]:
        """Return what was reported about a message, oldest first."""
        with self._lock:
            rows = self._db.execute("select event, at from receipts where occurrence = ?", [occurrence]).fetchall()
        return [dict(row) for row in rows]


_COLUMNS = frozenset({"kind", "at", "realAt", "to", "person", "subject", "occurrence"})


def _message(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "kind": row["kind"],
        "at": row["at"],
        "realAt": row["real_at"],
        "to": row["recipient"],
        "person": row["person"],
        "subject": row["subject"],
        "occurrence": row["occurrence"],
        **json.loads(row["content"]),
    }
