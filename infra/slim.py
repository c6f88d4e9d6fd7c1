"""
Make a deployment zip start faster: ship bytecode, and leave out descriptions of AWS services that Cairn never calls.

A function's folder is read-only, so without bytecode each cold start compiles all that it imports: three times as slow
(docs/decisions/0011-bytecode-in-the-package.md).
"""

import compileall
import tempfile
import zipfile
from pathlib import Path

CALLED = ("dynamodb", "secretsmanager", "sesv2", "sqs")
"""The services whose clients Cairn's functions make. Another one fails at once, with UnknownServiceError."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip can hold: the same content gives the same zip."""


def slim(path: Path) -> None:
    """Rewrite the zip in place."""
    with tempfile.TemporaryDirectory(dir=path.parent) as name:
        folder = Path(name)
        with zipfile.ZipFile(path) as whole:
            whole.extractall(folder)
        for data in ("botocore", "boto3"):
            _leave_out(folder / data / "data")
        # Unchecked: the source can't change under it, and its time stamps don't survive being zipped.
        compileall.compile_dir(
            folder,
            quiet=2,
            stripdir=str(folder),
            prependdir="/var/task",
            invalidation_mode=compileall.py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
        fresh = path.with_suffix(".new")
        with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
            for file in sorted(found for found in folder.rglob("*") if found.is_file()):
                entry = zipfile.ZipInfo(str(file.relative_to(folder)), _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                made.writestr(entry, file.read_bytes())
        fresh.replace(path)


def _leave_out(data: Path) -> None:
    for service in data.iterdir() if data.is_dir() else ():
        if service.is_dir() and service.name not in CALLED:
            for file in sorted(service.rglob("*"), reverse=True):
                file.rmdir() if file.is_dir() else file.unlink()
            service.rmdir()
