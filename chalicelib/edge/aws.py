"""Clients of AWS's other services, by botocore itself: boto3 adds to a cold start and has nothing that we use."""

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config as ClientConfig


@cache
def client(service: str, *, attempts: int = 3) -> Any:  # noqa: ANN401 (botocore makes its clients at run time)
    """Return this process's client of ``service``; ``attempts`` counts the first one too."""
    settings = ClientConfig(
        retries={"total_max_attempts": attempts, "mode": "standard"}, connect_timeout=3, read_timeout=10
    )
    return botocore.session.get_session().create_client(service, config=settings)
