"""`make stop` and `make reset`: end what `make run` started, and with --forget everything that it stored."""

import argparse
import shutil

from infra.local import processes
from infra.local.places import LOCAL


def main() -> None:
    """Stop the run and, should it have died, what it left behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--forget", action="store_true")
    asked = parser.parse_args()
    left = processes.left_over()
    # The run stops its parts itself, in good order; whatever then still lives was orphaned.
    for name in sorted(left, key=lambda name: name != "run"):
        print(f"stopping {name} ({left[name]})", flush=True)
        processes.stop(left[name])
    if asked.forget and LOCAL.exists():
        shutil.rmtree(LOCAL)
        print("everything that was stored is gone")
    elif not left:
        print("nothing was running")


if __name__ == "__main__":
    main()
