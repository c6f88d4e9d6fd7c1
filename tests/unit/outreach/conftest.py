"""A push service that runs during a test, our key for it, and what is counted of it."""

from collections.abc import Callable, Iterator
from threading import Thread

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from chalicelib.edge.log import flush
from tests.push_service import Service


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def vapid() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def counted(log: Lines) -> Iterator[Callable[[], set[str]]]:
    """Give which metrics were counted."""
    flush()
    log()

    def names() -> set[str]:
        flush()
        return {name for line in log() for name in line if name.startswith("Push")}

    yield names
    flush()
