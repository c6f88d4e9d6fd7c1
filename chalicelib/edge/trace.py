"""
Subsegments for X-Ray through Powertools' Tracer, where a function asks for them with ``CAIRN_TRACE=on``.

Lambda traces every invocation by itself (active tracing). The X-Ray library costs some 150 ms of a cold start even
when it is switched off, so a function that people wait for must not import it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.edge.config import wants_subsegments

if TYPE_CHECKING:
    from aws_lambda_powertools import Tracer


@contextmanager
def segment(name: str) -> Iterator[None]:
    """Time what happens inside as a subsegment of this name; nothing where subsegments aren't wanted."""
    if not wants_subsegments():
        yield
        return
    with _tracer().provider.in_subsegment(f"## {name}"):
        yield


@cache
def _tracer() -> "Tracer":
    from aws_lambda_powertools import Tracer

    return Tracer(service="cairn")
