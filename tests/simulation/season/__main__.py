"""``make season``."""

import sys

from tests.simulation.season.many import main

if __name__ == "__main__":
    sys.exit(main())
