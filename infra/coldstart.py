"""
`make coldstart`: time and memory that each function's packaged code takes to import, beside the least for such a one.

Fresh processes, without site-packages, on the unpacked zip: a dependency that the package lacks shows here.
"""

import argparse
import ast
import os
import statistics
import subprocess
import sys
import zipfile
from pathlib import Path

from infra.package import PACKAGE, ROOT, TEMPLATE, ZIP, package

RUNS = 15
FUNCTIONS = {
    "api": ("wire",),
    "escalate": ("escalate",),
    "tick": ("tick",),
    "sweep": ("sweep",),
    "deliver": ("deliver",),
    "import_roster": ("import_roster",),
    "fan_out": ("fan_out",),
    "make_report": ("make_report",),
    "achieve": ("achieve",),
    "record_receipt": ("record_receipt",),
    "operate": ("operate",),
}
"""Each function, and what in app.py it runs at its first event: what is imported there counts."""

_TIMED = """
import resource, sys, time
began = time.perf_counter()
sys.path.insert(0, {folder!r})
{imports}
imported = time.perf_counter()
{client}
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print((imported - began) * 1000, (time.perf_counter() - began) * 1000, memory)
"""
_CLIENT = "from chalicelib.edge.aws import client; client('dynamodb')"
_BASELINE_CLIENT = "boto3.client('dynamodb')"
_BASELINE = """from chalice.app import Chalice
from aws_lambda_powertools import Logger
import boto3
Chalice("baseline", configure_logs=False)
Logger(service="baseline")"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    asked = parser.parse_args()
    if not TEMPLATE.exists():
        package("local")
    folder = unpacked()
    scripts = {"baseline": _BASELINE, **{name: first_event_imports(name) for name in FUNCTIONS}}
    # Turn about, so that a slow moment of the machine hits all of them.
    times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in scripts}
    for _ in range(asked.runs):
        for name, imports in scripts.items():
            times[name].append(measure(name, imports, folder))
    least = statistics.median(both for _, both, _ in times["baseline"])
    least_memory = statistics.median(memory for *_, memory in times["baseline"])
    print(f"median of {asked.runs} fresh processes, Python {sys.version.split()[0]}, ms\n")
    print(f"{'':16}{'import':>8}{'+ client':>10}{'ratio':>8}{'MB':>7}{'ratio':>8}   what takes longest (own time, ms)")
    for name, imports in scripts.items():
        alone = statistics.median(first for first, _, _ in times[name])
        both = statistics.median(second for _, second, _ in times[name])
        memory = statistics.median(resident for *_, resident in times[name])
        figures = f"{alone:8.0f}{both:10.0f}{both / least:8.2f}{memory:7.0f}{memory / least_memory:8.2f}"
        print(f"{name:16}{figures}   {dominating(name, imports, folder)}")


def unpacked() -> Path:
    """Return the folder with the zip's content, as a function has it."""
    folder = PACKAGE / "unpacked"
    if not folder.exists() or folder.stat().st_mtime < ZIP.stat().st_mtime:
        with zipfile.ZipFile(ZIP) as whole:
            whole.extractall(folder)
        folder.touch()
    return folder


def first_event_imports(name: str) -> str:
    """Return app.py's import, and the imports that its handler makes when the first event comes."""
    tree = ast.parse((ROOT / "app.py").read_text())
    lines = ["import app"]
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        if function.name in FUNCTIONS[name]:
            lines += [ast.unparse(n) for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)]
    return "\n".join(lines)


def measure(name: str, imports: str, folder: Path) -> tuple[float, float, float]:
    """Return milliseconds for the imports alone and together with a first AWS client, and the most memory then, MB."""
    done = _run(name, imports, folder)
    first, second, memory = map(float, done.stdout.split())
    return first, second, memory


def dominating(name: str, imports: str, folder: Path) -> str:
    """Return the packages that take most of the import by themselves."""
    own: dict[str, float] = {}
    for line in _run(name, imports, folder, "-X", "importtime").stderr.splitlines():
        columns = line.removeprefix("import time:").split("|")
        if len(columns) == 3 and columns[0].strip().isdigit():  # noqa: PLR2004 (own, cumulative, name)
            module = columns[2].strip().split(".")
            package_ = ".".join(module[:2]) if module[0] == "chalicelib" else module[0]
            own[package_] = own.get(package_, 0) + int(columns[0]) / 1000
    longest = sorted(own.items(), key=lambda item: -item[1])[:6]
    return ", ".join(f"{package_} {ms:.0f}" for package_, ms in longest)


def _run(name: str, imports: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    client = _CLIENT if name in FUNCTIONS else _BASELINE_CLIENT
    script = _TIMED.format(folder=str(folder), imports=imports, client=client)
    settings = {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "LANG"}},
        **({"CAIRN_FUNCTION": name} if name in FUNCTIONS else {}),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    # -I and -S: nothing but the standard library and the package; -B: a function's folder can't be written to.
    command = [sys.executable, "-B", "-I", "-S", *options, "-c", script]
    return subprocess.run(command, env=settings, capture_output=True, text=True, check=True, cwd=folder)


if __name__ == "__main__":
    main()
