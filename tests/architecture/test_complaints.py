"""docs/complaints.md names a test for every complaint, and the tests are there."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = (TESTS.parent / "docs/complaints.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE)
SHORT = dict(re.findall(r"\b([A-Z]) (?:is )?`(unit/\S+\.py)`", PAGE.replace("\n", " ")))


def test_all_29_complaints_are_answered() -> None:
    assert [int(number) for number, _ in ROWS] == list(range(1, 30))


def test_every_test_that_is_named_is_there() -> None:
    assert set(SHORT) == set("DCHT")
    for number, named in ROWS:
        tests = re.findall(r"`([^`:]+)::(\w+)`", named)
        assert tests, number
        for place, name in tests:
            file = TESTS / SHORT.get(place, place)
            tree = ast.parse(file.read_text(encoding="utf-8"))
            assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, (number, name)
