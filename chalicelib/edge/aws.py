"""Clients of AWS's other services, by botocore itself: boto3 adds to a cold start and has nothing that we use."""

from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config as ClientConfig


@cache
def client(service: str, *, attempts: int = 3, patience: float = 10) -> Any:  # noqa: ANN401 (made at run time)
    """
    Return this process's client of ``service``.

    ``attempts`` counts the first one too; ``patience`` is how many seconds an answer is waited for each time.
    """
    settings = ClientConfig(
        retries={"total_max_attempts": attempts, "mode": "standard"},
        connect_timeout=min(3, patience),
        read_timeout=patience,
    )
    return botocore.session.get_session().create_client(service, config=settings)
