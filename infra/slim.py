"""
Make a deployment zip start faster: ship bytecode, and leave out descriptions of AWS services that Cairn never calls.

A function's folder is read-only, so without bytecode each cold start compiles all that it imports: three times as slow
(docs/decisions/0011-bytecode-in-the-package.md).
"""

import compileall
import shutil
import tempfile
import zipfile
from pathlib import Path

CALLED = ("dynamodb", "secretsmanager", "sesv2", "sns", "sqs")
"""The services whose clients Cairn's functions make. Another one fails at once, with UnknownServiceError."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip can hold: the same content gives the same zip."""


def slim(vendored: Path, result: Path) -> None:
    """Write the zip of dependencies anew: with bytecode, without what isn't called."""
    with tempfile.TemporaryDirectory(dir=result.parent) as name:
        folder = Path(name)
        with zipfile.ZipFile(vendored) as whole:
            whole.extractall(folder)
        for package in ("botocore", "boto3"):
            _leave_out(folder / package / "data")
        _zip(folder, result)


def add(app: Path, vendored: Path, result: Path) -> None:
    """Write the zip of the dependencies together with what only the app's zip holds, compiled as well."""
    with tempfile.TemporaryDirectory(dir=result.parent) as name:
        folder = Path(name)
        with zipfile.ZipFile(vendored) as base, zipfile.ZipFile(app) as whole:
            there = set(base.namelist())
            whole.extractall(folder, [entry for entry in whole.namelist() if entry not in there])
        _zip(folder, result, onto=vendored)


def _zip(folder: Path, result: Path, *, onto: Path | None = None) -> None:
    # Unchecked: the source can't change under it, and its time stamps don't survive being zipped.
    compileall.compile_dir(
        folder,
        quiet=2,
        stripdir=str(folder),
        prependdir="/var/task",
        invalidation_mode=compileall.py_compile.PycInvalidationMode.UNCHECKED_HASH,  # type: ignore[attr-defined]
    )
    fresh = result.with_suffix(".new")
    if onto:
        shutil.copyfile(onto, fresh)
    with zipfile.ZipFile(fresh, "a" if onto else "w", zipfile.ZIP_DEFLATED) as made:
        for file in sorted(found for found in folder.rglob("*") if found.is_file()):
            entry = zipfile.ZipInfo(str(file.relative_to(folder)), _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            made.writestr(entry, file.read_bytes())
    fresh.replace(result)


def _leave_out(data: Path) -> None:
    for service in data.iterdir() if data.is_dir() else ():
        if service.is_dir() and service.name not in CALLED:
            shutil.rmtree(service)
