"""Have DynamoDB fail for some keys, as it would for Cairn: the call itself fails, whoever makes it."""

from typing import Any

from botocore.exceptions import EndpointConnectionError

from chalicelib.edge.table import Item


class Outage:
    """Calls that name an item whose partition key begins with one of these fail, but for the first ``passes``."""

    def __init__(self, *prefixes: str, passes: int = 0) -> None:
        self.prefixes, self.passes, self.met = prefixes, passes, 0
        # The client lives as long as a test does (``conftest.settings``), and so does what is registered with it.
        client = Item._get_connection().connection.client  # noqa: SLF001 (our own)
        client.meta.events.register("before-call.dynamodb.*", self._answer)

    def _answer(self, *, params: dict[str, Any], **_: object) -> None:
        asked = params["body"].decode() if isinstance(params["body"], bytes) else params["body"]
        if any(f'"{prefix}' in asked for prefix in self.prefixes):
            self.met += 1
            if self.met <= self.passes:
                return
            raise EndpointConnectionError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com")
