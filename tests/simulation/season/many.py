"""``make season``: a programme's season, shared out among processes, and the table of what came of it."""

from __future__ import annotations

import argparse
import json
import pickle
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

from tests.benchmarks.settings import settle
from tests.simulation.season.outcome import Difference, Result, compare, season
from tests.simulation.season.people import COMPLETES, DAILY, MEAN_STAY, RETENTION, STEPS_DOWN, WEEKLY
from tests.simulation.season.play import Size

PROCESSES = 2
APART = 125
"""People of a programme at most: the others are in programmes, tables and processes of their own."""
SHOWN = 12


def shares(people: int, days: int) -> list[Size]:
    """Return the programmes that so many people are in; in the first of them somebody reads item 9."""
    programmes = max(1, -(-people // APART))
    sizes, first = [], 1
    for number in range(programmes):
        some = people // programmes + (number < people % programmes)
        sizes.append(Size(people=some, days=days, first=first, reads_item_9=number == 0))
        first += some
    return sizes


def _one(arguments: tuple[Size, int, str, Path | None]) -> Result:
    size, seed, whom, folder = arguments
    settle()
    return season(size, seed=seed, whom=whom, folder=folder)


def _results(sizes: list[Size], *, seed: int, whom: str, folder: Path | None, again: bool) -> Iterator[Result]:
    if folder and again:
        for file in sorted(folder.glob("*.pickle")):
            yield compare(pickle.loads(file.read_bytes()), whom=whom)  # noqa: S301 (our own)
        return
    todo = [(size, seed, whom, folder) for size in sizes]
    if len(todo) == 1:
        yield _one(todo[0])
        return
    with get_context("spawn").Pool(PROCESSES, maxtasksperchild=1) as pool:
        yield from pool.imap_unordered(_one, todo)


def many(
    people: int,
    days: int,
    *,
    seed: int,
    whom: str = "",
    out: Path | None = None,
    folder: Path | None = None,
    again: bool = False,
    only: int | None = None,
) -> int:
    """Play and compare all of it; return 1 if anything differs."""
    began = time.monotonic()
    rows: dict[str, list[int]] = {}
    differences: list[Difference] = []
    done: Counter[str] = Counter()
    model: Counter[str] = Counter()
    sizes = shares(people, days)
    if only is not None:
        sizes = sizes[only - 1 : only]
    for result in _results(sizes, seed=seed, whom=whom, folder=folder, again=again):
        for name, numbers in result.rows.items():
            rows[name] = [sum(pair) for pair in zip(rows.get(name, (0, 0, 0)), numbers, strict=True)]
        differences += result.differences
        done += result.done
        model += result.model
        print(
            f"  {result.size.people} people from P-{result.size.first:04}: {result.seconds:,.0f} s, "
            f"{len(result.differences)} differences",
            flush=True,
        )
        for line in result.log:
            print("   ", json.dumps(line, ensure_ascii=False))
    text = "\n".join(
        [
            f"{people:,} people, {days} days, seed {seed}: {time.monotonic() - began:,.0f} s",
            "",
            *_table(rows),
            "",
            *_model(model),
            "",
            ", ".join(f"{name} {number:,}" for name, number in sorted(done.items())),
            *_told(differences, seed=seed, people=people, days=days),
        ]
    )
    print(text)
    if out:
        out.write_text(text + "\n", encoding="utf-8")
    return 1 if differences else 0


def _table(rows: dict[str, list[int]]) -> Iterator[str]:
    yield "| what | Cairn | naive | differ |"
    yield "|---|---|---|---|"
    for name, (cairn, naive, differ) in sorted(rows.items()):
        yield f"| {name} | {cairn:,} | {naive:,} | {differ:,} |"


def _model(model: Counter[str]) -> Iterator[str]:
    people = model["people"]

    def share(name: str, of: int) -> str:
        return f"{100 * model[name] / of:.1f} %" if of else "none"

    yield "| behaviour | here | source |"
    yield "|---|---|---|"
    for day, engaged in RETENTION:
        yield f"| stays {day} days | {share(f'stays {day}', people)} | {100 * engaged:.0f} % |"
    yield f"| completes | {share('ends: completes', people)} | {100 * COMPLETES} % |"
    yield f"| steps down | {share('ends: step_down', people)} | {100 * STEPS_DOWN} % |"
    yield f"| mean stay, days | {model['days of stay'] / people:.0f} | {MEAN_STAY:.0f} |"
    for form, often in (("daily", DAILY), ("weekly", WEEKLY)):
        answered = share(f"{form} answered", model[f"{form} asked"])
        yield f"| {form} answered while engaged | {answered} | {100 * often:.0f} % |"


def _told(differences: list[Difference], *, seed: int, people: int, days: int) -> Iterator[str]:
    if not differences:
        yield "no difference"
        return
    yield "differences:"
    for what, number in Counter(one.what for one in differences).most_common():
        yield f"  {number:,} {what}"
    for one in differences[:SHOWN]:
        yield f"{one}  (make season SEED={seed} PEOPLE={people} DAYS={days} WHOM={one.key[0]})"
        yield from (f"    {json.dumps(line, ensure_ascii=False)}" for line in one.log)


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make season", description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--days", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--whom", default="", help="print this person's log, P-0001")
    parser.add_argument("--out", type=Path, help="write the tables there too")
    parser.add_argument("--keep", type=Path, help="keep what was played in this folder")
    parser.add_argument("--again", action="store_true", help="only compare what is kept there")
    parser.add_argument("--only", type=int, help="play only the first, second … programme, to be compared with --again")
    given = parser.parse_args()
    return many(
        given.people,
        given.days,
        seed=given.seed,
        whom=given.whom,
        out=given.out,
        folder=given.keep,
        again=given.again,
        only=given.only,
    )
