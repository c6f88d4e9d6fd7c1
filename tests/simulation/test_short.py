"""A short simulation with fixed seeds; `make simulate` runs the long one."""

import pytest

from tests.simulation.run import Size, run


@pytest.mark.parametrize("seed", [1, 3, 4, 7])
def test_nothing_goes_wrong_for_anybody_whatever_fails(seed: int) -> None:
    result = run(seed, size=Size(people=60, days=3))

    assert [str(finding) for finding in result.verdict.findings] == []
    assert result.verdict.counts["messages taken"] > 100
