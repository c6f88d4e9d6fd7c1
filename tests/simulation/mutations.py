"""
``make mutations``: break the engine in ways that somebody might, and see that the simulation notices each.

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

ROOT = Path(__file__).parents[2]
LONGEST = 600.0
"""Seconds; a lot of seeds takes far less, unless what waits never goes."""

SEEDS = ("1-4", "5-16", "17-48")
"""Seeds to try, in lots: most mutations show within the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A way to break the engine: ``old`` becomes ``new`` in a file of chalicelib/outreach."""

    name: str
    file: str
    old: str
    new: str


SAME = "    claim(cases, now=now, means=means)\n"

MUTATIONS = (
    Mutation(
        name="the due row goes before the message",
        file="delivering.py",
        old="    claim(cases, now=now, means=means)\n",
        new="    means.dues.remove([case.due for case in cases])\n    claim(cases, now=now, means=means)\n",
    ),
    Mutation(
        name="a claim that somebody else has is taken for one's own",
        file="claiming.py",
        old="        if not is_ours:\n",
        new="        if not is_ours and case.claim.kind == '':\n",
    ),
    Mutation(
        name="a claim is taken over at once",
        file="claiming.py",
        old="    if now < existing.claimed_at + category.settles_in:\n        return None\n",
        new="",
    ),
    Mutation(
        name="the next due row is never put",
        file="delivering.py",
        old="    means.dues.put([due for case in open_cases(cases) for due in _next(case, now=now)])\n",
        new="",
    ),
    Mutation(
        name="after an outage only the next date is put",
        file="service.py",
        old="        after = coming.due_at\n",
        new="        break\n",
    ),
    Mutation(
        name="quiet hours are not kept",
        file="deciding.py",
        old="    return (quiet_until, Reason.LATE) if quiet_until else None\n",
        new="    return (quiet_until, Reason.LATE) if quiet_until and not recipient.person_id else None\n",
    ),
    Mutation(
        name="opt-outs are not kept",
        file="eligible.py",
        old="    return wanted or Reason.OPTED_OUT\n",
        new="    return tuple(usable)\n",
    ),
    Mutation(
        name="what is too late goes out",
        file="deciding.py",
        old="    if now >= closes or _has_a_later_one(due, recipient, now):\n",
        new="    if _has_a_later_one(due, recipient, now):\n",
    ),
    Mutation(
        name="what is overdue is not handed over again",
        file="ticking.py",
        old="            self.room = 0 if queue.backlog() > NEARLY_IDLE else WAVE\n",
        new="            self.room = 0 if queue.backlog() >= 0 else WAVE\n",
    ),
    Mutation(
        name="the watermark passes rows that wait",
        file="ticking.py",
        old="            if hour == first and hour not in look.busy and",
        new="            if hour == first and",
    ),
    Mutation(
        name="a pause stops crisis pages too",
        file="handlers.py",
        old="    crises = [due for due in ready if urgency_of(due.kind) is Urgency.CRISIS]\n",
        new="    crises = list[Due]()\n",
    ),
    Mutation(
        name="a crisis page goes over the first channel that takes it",
        file="handing.py",
        old="    if category.every_channel and not case.claim.fallback:\n",
        new="    if category.every_channel and case.claim.fallback:\n",
    ),
    Mutation(
        name="what goes along with a message is not bound to it",
        file="collecting.py",
        old="        present = _put_over(existing, bound, means=means)\n",
        new="        present = bound\n",
    ),
    Mutation(
        name="the day's budget is not kept",
        file="deciding.py",
        old="    if messages(lately, on=local_date(now, recipient.zone), zone=recipient.zone) >= budget:\n",
        new="    if budget < 0:\n",
    ),
    Mutation(
        name="celebrations go out while a crisis is open",
        file="deciding.py",
        old="        elif (category.held_by_holds and recipient.holds) or not left:\n",
        new="        elif not left:\n",
    ),
)


def caught_by(mutation: Mutation, folder: Path, lots: Sequence[str] = SEEDS) -> Iterator[str]:
    """Give the rules that a mutation breaks, from the first lot of seeds that shows any."""
    for name in ("chalicelib", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "chalicelib/outreach" / mutation.file
    text = file.read_text(encoding="utf-8")
    if text.count(mutation.old) != 1:
        raise SystemExit(f"“{mutation.name}” no longer applies to {mutation.file}")
    file.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")
    for seeds in lots:
        command = [sys.executable, "-m", "tests.simulation", "--seeds", seeds, "--people", "150", "--days", "3"]
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
            yield f"nothing comes to an end (seeds {seeds})"
            return
        _, _, broken = done.stdout.partition("broken:\n")
        if done.returncode and not broken:
            yield "the simulation itself broke down"
            return
        found = list(dict.fromkeys(line.split(None, 1)[1].partition(":")[0] for line in broken.splitlines() if line))
        if found:
            yield from (f"{rule} (seeds {seeds})" for rule in found)
            return


def main() -> int:
    """Try every mutation, and the code as it is; return 1 if one goes unnoticed, or that is complained of."""
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        unbroken = list(caught_by(Mutation(name="none", file="delivering.py", old=SAME, new=SAME), Path(folder)))
    print(f"| (the code as it is) | {'; '.join(unbroken) or 'nothing'} |", flush=True)
    for mutation in MUTATIONS:
        with tempfile.TemporaryDirectory() as folder:
            rules = list(caught_by(mutation, Path(folder)))
        missed += not rules
        print(f"| {mutation.name} | {'; '.join(rules[:3]) or '**not noticed**'} |", flush=True)
    print(f"{len(MUTATIONS) - missed} of {len(MUTATIONS)} noticed")
    return 1 if missed or unbroken else 0


if __name__ == "__main__":
    sys.exit(main())
