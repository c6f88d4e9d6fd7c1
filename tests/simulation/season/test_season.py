"""A short season of a few people; `make season` plays a thousand's."""

import ast
from pathlib import Path

import pytest

from tests.simulation.season import naive
from tests.simulation.season.outcome import season
from tests.simulation.season.play import Size


@pytest.mark.usefixtures("settings")
@pytest.mark.parametrize(("first", "reads_item_9"), [(1, True), (501, False)])
def test_all_that_a_season_brings_is_what_the_log_says(first: int, reads_item_9: bool) -> None:  # noqa: FBT001
    result = season(Size(people=16, days=30, first=first, reads_item_9=reads_item_9), seed=1)

    assert [str(difference) for difference in result.differences] == []
    assert result.rows["prompts, daily: sent"][0] > 300
    assert result.rows["flags: silent"][0] > 0
    assert result.rows["celebrations of days: told"][0] > 0
    assert result.rows["nudges: told"][0] > 0
    assert result.done["batches again"] > 0


def test_the_naive_side_knows_nothing_of_cairns_code() -> None:
    parts = sorted(Path(naive.__file__).parent.glob("naive*.py"))
    imported = {
        name
        for part in parts
        for node in ast.walk(ast.parse(part.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    own = {f"tests.simulation.season.{part.stem}" for part in parts} - {naive.__name__}

    assert imported == {"__future__", "calendar", "collections", "datetime", "typing", "zoneinfo"} | own
