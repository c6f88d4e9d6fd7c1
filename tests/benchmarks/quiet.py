"""Keeps the functions' log lines and metrics away from what a measurement prints."""

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from logging import StreamHandler

from chalicelib.edge.log import logger


@contextmanager
def quiet() -> Iterator[None]:
    """Write them as always, to where nobody reads them: the work stays the same."""
    handler = logger.registered_handler
    assert isinstance(handler, StreamHandler)
    before = handler.setStream(io.StringIO())
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        if before is not None:
            handler.setStream(before)
