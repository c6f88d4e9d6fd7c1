"""No function imports what it doesn't use: each in a fresh process, up to its first event."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"pydantic", "jwt", "jinja2", "http_ece", "py_vapid", "aws_xray_sdk", "boto3", "itsdangerous", "requests"}
NEEDS = {
    # The API takes bodies and opens links; tokens, pages and idempotency keys are paid for when they come.
    "api": {"pydantic", "itsdangerous"},
    "escalate": set[str](),
    "tick": set[str](),
    "sweep": set[str](),
    "deliver": set[str](),
    "import_roster": set[str](),
    "fan_out": set[str](),
    # What answers were given to is known by the module that opens their links; a report is in no hurry.
    "make_report": {"itsdangerous"},
    "achieve": set[str](),
    "record_receipt": set[str](),
    # Orders come a few times a month, and are read with every fault named.
    "operate": {"pydantic"},
}


def first_event_imports(function: str) -> str:
    """Return app.py's import, and what the handler imports when an event comes."""
    lines = ["import app"]
    wanted = "wire" if function == "api" else function
    for node in ast.parse((ROOT / "app.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef) and node.name == wanted:
            lines += [ast.unparse(inner) for inner in ast.walk(node) if isinstance(inner, ast.Import | ast.ImportFrom)]
    return "; ".join(lines)


@pytest.mark.parametrize("function", sorted(NEEDS))
def test_a_function_imports_only_what_it_uses(function: str) -> None:
    code = f"{first_event_imports(function)}; import sys; print(*sys.modules)"

    done = subprocess.run(  # noqa: S603 (our own code, in a process of its own)
        [sys.executable, "-c", code],
        env={"CAIRN_FUNCTION": function, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert {name.partition(".")[0] for name in done.stdout.split()} & HEAVY == NEEDS[function]
