"""``make crises``."""

import sys

from tests.simulation.crises.many import main

if __name__ == "__main__":
    sys.exit(main())
