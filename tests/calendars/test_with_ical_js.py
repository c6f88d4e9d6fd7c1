"""Our calendars as ical.js (Thunderbird's and Nextcloud's) reads them: `make calendars` installs it and runs this."""

import json
import shutil
import subprocess
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from tests.calendar_feeds import ZONES, samples

ROOT = Path(__file__).parents[2]
INSTALLED = ROOT / ".local/calendars"
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(
    NODE is None or not (INSTALLED / "node_modules/ical.js").exists(), reason="ical.js isn't here: make calendars"
)

FIRST, LAST = datetime(2026, 9, 1, tzinfo=UTC), datetime.combine(date(2028, 12, 25), time(0), tzinfo=UTC)


def test_ical_js_finds_the_same_instants() -> None:
    """
    Two years and more of each sample, both changes of clocks among them.

    Of a wall time that comes twice ical.js takes the second, and of one that is skipped the hour before; RFC 5545 3.3.5
    has it the other way. So those may be an hour off, and nothing else may.
    """
    ours = [one for zone in ZONES for one in samples(zone)]
    asked = [{"text": one.text, "from": FIRST.timestamp(), "until": LAST.timestamp()} for one in ours]

    done = subprocess.run(  # noqa: S603 (our own script)
        [NODE or "node", str(Path(__file__).parent / "expand.mjs")],
        cwd=INSTALLED,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert sum(map(len, read)) > 40_000
    for one, found in zip(ours, read, strict=True):
        theirs = {(uid, datetime.fromtimestamp(at, UTC)) for uid, at in found}
        expected = {each for each in one.times if FIRST <= each[1] < LAST}
        assert len(found) == len(theirs) == len(expected), one.name
        assert expected - theirs <= one.unclear, one.name
        for (uid, at), (same, instead) in zip(sorted(expected - theirs), sorted(theirs - expected), strict=True):
            assert (uid, abs(at - instead) <= timedelta(hours=1)) == (same, True), one.name
