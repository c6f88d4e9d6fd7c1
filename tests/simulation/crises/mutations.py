"""
``make crises-mutations``: break the code of crises as somebody might, and see that the simulation notices each.

A change is made to a copy of the code, never to the code itself. One whose text is no longer there fails loudly.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
LOTS = ("1-1", "2-5", "6-17")
"""Seeds to try, in lots: most mutations show within the first."""
LONGEST = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A way to break the code: ``old`` becomes ``new`` in a file of chalicelib."""

    name: str
    file: str
    old: str
    new: str


MUTATIONS = (
    Mutation(
        name="nobody looks at crises each minute",
        file="crisis/looking.py",
        old="    due = (one for one in looked if one.look_at <= now)\n",
        new="    due = (one for one in looked if one.look_at is None)\n",
    ),
    Mutation(
        name="an acknowledgement is answered and not kept",
        file="crisis/handling.py",
        old="        return _log(crisis, _ack(by, now), *_drilled(crisis, by, now))\n",
        new="        return crisis, (), ()\n",
    ),
    Mutation(
        name="a second call pages nobody",
        file="crisis/log.py",
        old="        return replace(crisis, called_at=max(event.at, crisis.called_at))\n",
        new="        return crisis\n",
    ),
    Mutation(
        name="the ladder leaves the secondary out",
        file="crisis/ladder.py",
        old="    yield number, first, _SECOND, False\n",
        new="    yield number, first, _FIRST, False\n",
    ),
    Mutation(
        name="it is closed while follow-ups are open",
        file="crisis/following.py",
        old="    if not present.follow_ups:\n",
        new="    if crisis.follow_ups is not None:\n",
    ),
    Mutation(
        name="another programme's staff can take it",
        file="crisis/handling.py",
        old="    if crisis is None or crisis.programme_id not in {programme_id, ALL_PROGRAMMES}:\n",
        new="    if crisis is None:\n",
    ),
    Mutation(
        name="a page is only in the queue",
        file="crisis/paging.py",
        old="    desk.dues.put(dues)\n",
        new="",
    ),
    Mutation(
        name="a call that is sent again is another one",
        file="crisis/calling.py",
        old="        id=press_id(sender.id, key),\n",
        new='        id=press_id(caller.id, f"{key}{at}"),\n',
    ),
    Mutation(
        name="who has it may do nothing",
        file="crisis/ladder.py",
        old="            yield from _widening(0, minutes.first_attempt, minutes)\n",
        new="            yield from ()\n",
    ),
    Mutation(
        name="celebrations don't wait",
        file="enrollment/holds.py",
        old="    holds.extend(person_id, PlacedHold(kind=Hold.CRISIS,",
        new="    (lambda *_: None)(person_id, PlacedHold(kind=Hold.CRISIS,",
    ),
    Mutation(
        name="what is acknowledged is paged all the same",
        file="crisis/paging.py",
        old="    return Reason.CANCELLED if is_void or is_old else None\n",
        new="    return None\n",
    ),
    Mutation(
        name="who ended it may review that",
        file="crisis/handling.py",
        old="        if crisis.resolved_by == by.account:\n",
        new="        if not by.account:\n",
    ),
)


def caught_by(mutation: Mutation | None, folder: Path, lots: Sequence[str] = LOTS) -> Iterator[str]:
    """Give the rules that a mutation breaks, from the first lot of seeds that shows any; None is the code as it is."""
    for name in ("chalicelib", "tests", "events"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", folder / "app.py")
    if mutation is not None:
        file = folder / "chalicelib" / mutation.file
        text = file.read_text(encoding="utf-8")
        if text.count(mutation.old) != 1:
            raise SystemExit(f"“{mutation.name}” no longer applies to {mutation.file}")
        file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    for seeds in lots:
        found = list(_broken(folder, seeds))
        if found:
            yield from (f"{rule} (seeds {seeds})" for rule in found)
            return


def _broken(folder: Path, seeds: str) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.simulation.crises", "--seeds", seeds, "--short"]
    try:
        done = subprocess.run(  # noqa: S603 (our own code)
            command,
            cwd=folder,
            env={"PATH": os.defpath, "PYTHONPATH": str(folder)},
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        yield "nothing comes to an end"
        return
    _, _, broken = done.stdout.partition("broken:\n")
    if done.returncode and not broken:
        yield f"the simulation itself broke down: {done.stderr[-300:]}"
        return
    yield from dict.fromkeys(line.split(None, 1)[1].partition(":")[0] for line in broken.splitlines() if line)


def main() -> int:
    """Try the code as it is and every mutation; return 1 if one goes unnoticed, or that is complained of."""
    missed = 0
    for mutation in (None, *MUTATIONS):
        with tempfile.TemporaryDirectory() as folder:
            rules = list(caught_by(mutation, Path(folder)))
        if mutation is None:
            missed += bool(rules)
            print(f"| (the code as it is) | {'; '.join(rules) or 'nothing'} |", flush=True)
        else:
            missed += not rules
            print(f"| {mutation.name} | {'; '.join(rules[:3]) or '**not noticed**'} |", flush=True)
    print("all noticed" if not missed else f"{missed} wrong")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
