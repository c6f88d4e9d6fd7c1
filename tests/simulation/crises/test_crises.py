"""A short simulation of crises with fixed seeds; `make crises` runs the long one."""

import ast
from pathlib import Path

import pytest

from tests.simulation.crises import checker, facts
from tests.simulation.crises.mutations import MUTATIONS, ROOT, Mutation
from tests.simulation.crises.run import CALM, Size, run

SHORT = Size(crises=40, programmes=2, people=24, flood=40, hours=3, days_after=0.1)


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize("seed", [1, 6])
def test_each_crisis_reaches_a_human_or_goes_on_escalating_whatever_fails(seed: int) -> None:
    result = run(seed, size=SHORT)

    assert [str(finding) for finding in result.verdict.findings] == []
    assert result.verdict.counts["calls taken"] >= 40
    assert result.verdict.counts["acts: ack"] > 20
    assert result.faults.total() > 0


@pytest.mark.usefixtures("settings")
def test_where_nothing_fails_a_page_goes_out_within_seconds() -> None:
    result = run(2, size=SHORT, weather=CALM)

    assert [str(finding) for finding in result.verdict.findings] == []
    assert max(result.verdict.first_page) < 10


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_each_mutation_still_has_something_to_change(mutation: Mutation) -> None:
    text = (ROOT / "chalicelib" / mutation.file).read_text(encoding="utf-8")

    assert text.count(mutation.old) == 1


def test_the_checker_knows_nothing_of_cairns_code() -> None:
    for module in (checker, facts):
        tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

        assert not [name for name in imported if name.startswith(("chalicelib", "app"))]
