"""Each way to break a rule still has something to break; `make season-mutations` tries them all."""

import pytest

from tests.simulation.season.mutations import MUTATIONS, ROOT, Mutation


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name.replace(" ", "-"))
def test_each_mutation_still_has_something_to_change(mutation: Mutation) -> None:
    text = (ROOT / "chalicelib" / mutation.file).read_text(encoding="utf-8")

    assert text.count(mutation.old) == 1
