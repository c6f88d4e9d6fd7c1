"""The log of what happened on the outside: a line for each thing as it happens, never changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Line = dict[str, Any]


@dataclass
class Log:
    """Lines of plain JSON: when (UTC, ISO), what, who it is about, and what else is to be said."""

    lines: list[Line] = field(default_factory=list)

    def add(self, at: datetime, what: str, who: str = "", **more: Any) -> None:
        """Append a line."""
        self.lines.append(json.loads(json.dumps({"at": at.isoformat(), "what": what, "who": who, **more}, default=str)))

    def of(self, who: str) -> Iterator[Line]:
        """Give the lines about a person, and those about everybody."""
        return (line for line in self.lines if line["who"] in {who, ""})
