"""One broken engine, which the simulation must notice; `make mutations` tries them all."""

from pathlib import Path

import pytest

from tests.simulation.mutations import MUTATIONS, ROOT, Mutation, caught_by


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_each_mutation_still_has_something_to_change(mutation: Mutation) -> None:
    text = (ROOT / "chalicelib" / "outreach" / mutation.file).read_text(encoding="utf-8")

    assert text.count(mutation.old) == 1


def test_an_engine_that_takes_a_claim_over_at_once_is_noticed(tmp_path: Path) -> None:
    broken = next(mutation for mutation in MUTATIONS if mutation.name == "a claim is taken over at once")

    assert "nobody is told twice (seeds 1-2)" in list(caught_by(broken, tmp_path, ["1-2"]))
