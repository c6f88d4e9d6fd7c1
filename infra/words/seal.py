"""
Writes down the digest of each new version of a template, and refuses a version that changed since it was written down.

`make seal-words`; the format is that of sha256sum, so that anybody can check it.
"""

import sys
from hashlib import sha256
from pathlib import Path

from chalicelib.outreach.catalogue import TEMPLATES

SEALS = "SHA256SUMS"


def sealed(folder: Path = TEMPLATES) -> dict[str, str]:
    """Return the digest of each file as it was written down."""
    file = folder / SEALS
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}


def present(folder: Path = TEMPLATES) -> dict[str, str]:
    """Return the digest of each file as it is."""
    return {file.name: sha256(file.read_bytes()).hexdigest() for file in sorted(folder.glob("*.json"))}


def main(folder: Path = TEMPLATES) -> int:
    """Seal what is new; return how the program should end."""
    before, now = sealed(folder), present(folder)
    broken = sorted(name for name, digest in before.items() if now.get(name) != digest)
    for name in broken:
        print(f"{name} is no longer what it was: put it back, and give the new words the next number")
    if broken:
        return 1
    (folder / SEALS).write_text("".join(f"{now[name]}  {name}\n" for name in sorted(now)), encoding="utf-8")
    print(f"{len(now)} files, {len(now) - len(before)} of them new")
    return 0


if __name__ == "__main__":
    sys.exit(main())
