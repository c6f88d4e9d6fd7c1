"""The settings of a process that a measurement runs."""

import os

from tests.conftest import SETTINGS


def settle() -> None:
    """Give this process the settings that tests have, unless it has its own."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
