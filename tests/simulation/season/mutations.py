"""
``make season-mutations``: break a rule in ways that somebody might, and see that a season's counts notice each.

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
LONGEST = 1_800.0
LOTS = (("--people", "16", "--days", "30", "--seed", "1"), ("--people", "40", "--days", "60", "--seed", "2"))
"""Seasons to try: most mutations show within the first."""
COPIED = ("chalicelib", "tests", "events")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A way to break a rule: ``old`` becomes ``new`` in a file of chalicelib."""

    name: str
    file: str
    old: str
    new: str


MUTATIONS = (
    Mutation(
        name="worry is screened from 4 on, not 3",
        file="flags/rules.json",
        old='{"answered": {"of": "gad7.gad2", "at_least": 3}}',
        new='{"answered": {"of": "gad7.gad2", "at_least": 4}}',
    ),
    Mutation(
        name="one missed day in eight is free, not in seven",
        file="milestones/achieving.py",
        old="FREE_AGAIN_AFTER = timedelta(days=7)\n",
        new="FREE_AGAIN_AFTER = timedelta(days=8)\n",
    ),
    Mutation(
        name="a missing answer counts as zero",
        file="checkins/instruments.py",
        old="        highest = sum_told + sum(max(self.item(item_id).values) for item_id in missing)\n",
        new="        highest = sum_told\n",
    ),
    Mutation(
        name="what we didn't send breaks a row",
        file="milestones/achieving.py",
        old="        and entry.status is Status.SENT\n        and entry.bounced_at is None\n",
        new="",
    ),
    Mutation(
        name="what we didn't send is silence",
        file="checkins/silence.py",
        old=" and entry.status is Status.SENT and entry.bounced_at is None and is_over:\n",
        new=" and is_over:\n",
    ),
    Mutation(
        name="six months are 180 days",
        file="outreach/anniversaries.py",
        old="        return shifted(of, months=number * (12 if unit == YEAR else 1), days=0)\n",
        new="        return of + timedelta(days=number * (365 if unit == YEAR else 30))\n",
    ),
    Mutation(
        name="a return to use takes away what was earned",
        file="milestones/domain.py",
        old="        changed.append(present.ending(End.LAPSE, on=on, earned=earned, word=word))\n",
        new="        changed.append(present.ending(End.LAPSE, on=on, earned=(), word=word))\n",
    ),
    Mutation(
        name="celebrations don't wait for a pressing flag",
        file="enrollment/holds.py",
        old="FLAG_LASTS = timedelta(hours=48)\n",
        new="FLAG_LASTS = timedelta(seconds=1)\n",
    ),
    Mutation(
        name="only an answer to the very date ends a silence",
        file="checkins/silence.py",
        old="    last = max(answered, default=date.min)\n",
        new="    last = min(answered, default=date.min)\n",
    ),
    Mutation(
        name="Saturday is a working day",
        file="flags/working.py",
        old="SATURDAY = 5\n",
        new="SATURDAY = 6\n",
    ),
    Mutation(
        name="an answer that was taken back counts no more",
        file="checkins/service.py",
        old="    for revision in newest.revisions:\n",
        new="    for revision in newest.revisions[-1:]:\n",
    ),
)


def noticed_by(mutation: Mutation | None, folder: Path) -> Iterator[str]:
    """Give what differs in the first season of a broken copy in which anything does, by its counts."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", folder)
    if mutation:
        file = folder / "chalicelib" / mutation.file
        text = file.read_text(encoding="utf-8")
        if text.count(mutation.old) != 1:
            raise SystemExit(f"“{mutation.name}” no longer applies to {mutation.file}")
        file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    for lot in LOTS:
        found = list(_differences(lot, folder))
        if found:
            yield from (f"{one} ({lot[1]} people)" for one in found)
            return


def _differences(lot: Sequence[str], folder: Path) -> Iterator[str]:
    done = subprocess.run(  # noqa: S603 (our own code)
        [sys.executable, "-m", "tests.simulation.season", *lot],
        cwd=folder,
        env={"PATH": os.defpath, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST,
    )
    _, _, differences = done.stdout.partition("differences:\n")
    if done.returncode and not differences:
        yield "the season itself broke down"
    for line in differences.splitlines():
        if not line.startswith("  ") or line.startswith("    "):
            return
        yield line.strip()


def main() -> int:
    """Try the code as it is and every mutation; return 1 if one goes unnoticed, or that differs."""
    missed = 0
    for mutation in (None, *MUTATIONS):
        with tempfile.TemporaryDirectory() as folder:
            found = list(noticed_by(mutation, Path(folder)))
        if mutation is None:
            missed += bool(found)
            print(f"| (the code as it is) | {'; '.join(found) or 'nothing'} |", flush=True)
        else:
            missed += not found
            print(f"| {mutation.name} | {'; '.join(found) or '**not noticed**'} |", flush=True)
    print("all noticed" if not missed else f"{missed} wrong")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
