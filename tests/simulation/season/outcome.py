"""One programme's season in one process: played, worked out again, and the two laid side by side."""

from __future__ import annotations

import pickle
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.simulation.season.held import held, seen
from tests.simulation.season.naive import recompute
from tests.simulation.season.naive_person import Found
from tests.simulation.season.play import STARTS_ON, Season, Size, play
from tests.simulation.season.raw import Line, Log
from tests.simulation.season.stage import a_stage

BEGINS = datetime(STARTS_ON.year, STARTS_ON.month, STARTS_ON.day, 14, tzinfo=UTC)
ON_TIME = timedelta(minutes=2)
"""After an outage the first tick may find what fell due in its very minute, and hand it over with the next."""
NEAR = 40
"""Lines of the log that are shown with a difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something of which one side says another thing than the other; ``log`` are the person's lines around it."""

    what: str
    key: tuple[Any, ...]
    cairn: Any
    naive: Any
    log: tuple[Line, ...] = ()

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.what} {self.key}: Cairn {self.cairn!r}, naive {self.naive!r}"


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of a programme. ``rows``: what is counted -> by Cairn, by the naive side, and how many differ."""

    size: Size
    rows: dict[str, list[int]] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    model: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    log: list[Line] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Kept:
    """What is kept of a season that was played: all that comparing needs."""

    size: Size
    cairn: Found
    until: datetime
    lines: list[Line]
    done: Counter[str]
    model: Counter[str]
    seconds: float


def season(size: Size, *, seed: int, whom: str = "", folder: Path | None = None) -> Result:
    """Play a season and compare it. ``whom``: keep this person's log (``all``: everybody's)."""
    began = time.perf_counter()
    log = Log()
    with a_stage(BEGINS, seed=seed * 1000 + size.first) as stage:
        played = play(stage, log, size=size, seed=seed)
        kept = Kept(
            size=size,
            cairn=held(played),
            until=stage.now,
            lines=log.lines,
            done=stage.counts,
            model=of_the_model(played),
            seconds=time.perf_counter() - began,
        )
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{size.first:04}.pickle").write_bytes(pickle.dumps(kept))
    return compare(kept, whom=whom)


def compare(kept: Kept, *, whom: str = "") -> Result:
    """Work out what there should be, and compare it with what there is."""
    log, cairn, size = Log(kept.lines), kept.cairn, kept.size
    naive, providers = recompute(kept.lines, until=kept.until), seen(log)
    result = Result(size=size, done=kept.done, model=kept.model, seconds=kept.seconds)
    for what in sorted({*cairn, *naive} - {"minutes"}):
        _compare(what, cairn[what], naive[what], log, result)
    minutes = providers.pop("minutes")
    for key, expected in naive["minutes"].items():
        if key in minutes and abs(datetime.fromisoformat(minutes[key]) - datetime.fromisoformat(expected)) <= ON_TIME:
            minutes[key] = expected
    _compare("at the providers: prompts within two minutes", minutes, naive["minutes"], log, result)
    for what, found in providers.items():
        told = {key: said for key, said in naive[what].items() if said in {"sent", "told"}}
        _compare(f"at the providers: {what}", found, told, log, result)
    result.log = [line for line in log.lines if whom and whom in {line["who"], "all"}]
    return result


def _compare(what: str, cairn: dict[Any, Any], naive: dict[Any, Any], log: Log, result: Result) -> None:
    for key in sorted({*cairn, *naive}, key=str):
        one, other = cairn.get(key), naive.get(key)
        name = row_of(what, key, one if one is not None else other)
        row = result.rows.setdefault(name, [0, 0, 0])
        row[0] += one is not None
        row[1] += other is not None
        if one != other:
            row[2] += 1
            near = _near(log, key)
            result.differences.append(Difference(what=what, key=key, cairn=one, naive=other, log=near))


def row_of(what: str, key: tuple[Any, ...], said: Any) -> str:
    """Return the row of the table that something is counted in."""
    if what in {"flags", "tasks"}:
        return f"{what}: {key[1]}"
    if what == "prompts":
        how = "sent" if said == "sent" else f"none, {said}"
        return f"prompts, {'weekly' if key[2].endswith('weekly') else 'daily'}: {how}"
    names: dict[str, Callable[[], str]] = {
        "answers": lambda: f"answers, {key[2]}: {'first' if key[3] == 1 else 'changed or added to'}",
        "scores": lambda: f"scores: {key[3]}, {'whole' if said[0] == said[1] else 'some answers missing'}",
        "achieved": lambda: f"achieved: {key[1].replace('checkins_', 'check-ins in a row, ')}",
        "milestones": lambda: f"milestones: {key[2]}",
        "celebrations": lambda: f"{_of(key[1])}: {said}",
    }
    return names[what]() if what in names else what


def _of(kind: str) -> str:
    if kind == "nudge-check_in":
        return "nudges"
    return "celebrations of days" if kind == "milestone-days" else "celebrations of what was achieved"


def _near(log: Log, key: tuple[Any, ...]) -> tuple[Line, ...]:
    lines = list(log.of(key[0]))
    dates = [part[:10] for part in key if isinstance(part, str) and part[:4] == str(STARTS_ON.year)]
    if dates:
        lines = [line for line in lines if abs(_days(line["at"][:10]) - _days(dates[0])) <= 9]
    return tuple(lines[:NEAR])


def _days(text: str) -> int:
    return datetime.fromisoformat(text).toordinal()


def of_the_model(played: Season) -> Counter[str]:
    """Count what tells whether the people behave as the sources say."""
    counts: Counter[str] = Counter(people=len(played.people))
    asked: dict[tuple[str, str, str], bool] = {}
    by_name = {person.name: person for person in played.people}
    for person in played.people:
        for day in (30, 60, 90, 120):
            counts[f"stays {day}"] += person.stops_on >= day
        counts[f"ends: {person.ends}"] += 1
        counts["days of stay"] += person.stops_on
    for line in played.log.lines:
        if line["what"] == "taken" and line["kind"].startswith("check_in"):
            form = "weekly" if line["kind"].endswith("weekly") else "daily"
            person = by_name[line["who"]]
            day = person.day(datetime.fromisoformat(line["on"]).date())
            if person.engagement(day) == 1.0:
                asked.setdefault((line["who"], line["on"], form), False)
        elif line["what"] == "answered" and line["status"] < 300:
            key = (line["who"], line["on"], line["form"])
            if key in asked:
                asked[key] = True
    for (_, _, form), answered in asked.items():
        counts[f"{form} asked"] += 1
        counts[f"{form} answered"] += answered
    return counts
