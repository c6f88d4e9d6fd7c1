"""A short simulation of crises with fixed seeds; `make crises` runs the long one."""

import ast
from pathlib import Path

import pytest

from tests.simulation.crises import checker
from tests.simulation.crises.mutations import MUTATIONS, ROOT, Mutation, caught_by
from tests.simulation.crises.run import CALM, SHORT, Size, run

CALMER = Size(crises=15, programmes=2, people=24, flood=0, hours=1, lull=0.5, last=5, days_after=0.1)


@pytest.mark.usefixtures("settings")
def test_each_crisis_reaches_a_human_or_goes_on_escalating_whatever_fails() -> None:
    result = run(1, size=SHORT)

    assert [str(finding) for finding in result.verdict.findings] == []
    assert result.verdict.counts["calls taken"] >= 40
    assert result.verdict.counts["acts: ack"] > 20
    assert result.faults.total() > 0


@pytest.mark.usefixtures("settings")
def test_where_nothing_fails_a_page_goes_out_within_seconds() -> None:
    result = run(4, size=CALMER, weather=CALM)

    assert [str(finding) for finding in result.verdict.findings] == []
    assert max(result.verdict.first_page) < 10


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_each_mutation_still_has_something_to_change(mutation: Mutation) -> None:
    text = (ROOT / "chalicelib" / mutation.file).read_text(encoding="utf-8")

    assert text.count(mutation.old) == 1


def test_code_that_looks_at_crises_no_more_is_noticed(tmp_path: Path) -> None:
    broken = next(mutation for mutation in MUTATIONS if mutation.name == "nobody looks at crises each minute")

    assert "escalations are in time (seeds 1-1)" in list(caught_by(broken, tmp_path, ["1-1"]))


def test_the_checker_knows_nothing_of_cairns_code() -> None:
    folder = Path(str(checker.__file__)).parent
    parts = [*folder.glob("checker*.py"), folder / "facts.py"]
    assert len(parts) > 2
    for part in parts:
        tree = ast.parse(part.read_text(encoding="utf-8"))
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

        assert not [name for name in imported if name.startswith(("chalicelib", "app"))]
