"""
Asking twice with the same Idempotency-Key acts once (draft-ietf-httpapi-idempotency-key-header).

Powertools does the work on Cairn's table: ``pk`` IDEMPOTENCY#{sign-in}, ``sk`` http#{SHA-256 of method, path as
declared and key}.
docs/decisions/0005-idempotency.md says what was weighed.
"""

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from chalicelib.edge.config import config
from chalicelib.edge.problems import Refused
from chalicelib.edge.table import Item

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

KEPT_FOR = timedelta(days=1)
"""How long a key is remembered."""


class DynamoReplays:
    """The answers given to requests that carried a key, for a day, in the table."""

    def once(
        self, subject: str, key: str, fingerprint: str, act: Callable[[], dict[str, Any]], *, context: object
    ) -> dict[str, Any]:
        """
        Act, unless the same was asked before with this key: then return what was answered.

        Only an answer is remembered. If ``act`` raises, the key is free again.

        :raises Refused: 422 if the key came with another request, 409 if that one is still under way
        """
        # Some 40 ms of a cold start, spent only when somebody sends a key.
        from aws_lambda_powertools.utilities.idempotency import (  # noqa: PLC0415
            DynamoDBPersistenceLayer,
            IdempotencyConfig,
            idempotent_function,
        )
        from aws_lambda_powertools.utilities.idempotency.exceptions import (  # noqa: PLC0415
            IdempotencyAlreadyInProgressError,
            IdempotencyValidationError,
        )

        settings = IdempotencyConfig(
            event_key_jmespath="key",
            payload_validation_jmespath="fingerprint",
            expires_after_seconds=int(KEPT_FOR.total_seconds()),
            hash_function="sha256",
        )
        if hasattr(context, "get_remaining_time_in_millis"):
            # A function that was killed holds the key only as long as it could have run.
            settings.register_lambda_context(cast("LambdaContext", context))
        store = DynamoDBPersistenceLayer(
            table_name=config().table,
            key_attr="pk",
            sort_key_attr="sk",
            static_pk_value=f"IDEMPOTENCY#{subject}",
            expiry_attr="expires_at",
            # The table's own: another client costs some 60 ms.
            boto3_client=cast("Any", Item._get_connection().connection.client),  # noqa: SLF001
        )
        replayed = True

        def run(*, asked: dict[str, str]) -> dict[str, Any]:
            nonlocal replayed
            del asked
            replayed = False
            return act()

        guarded = idempotent_function(
            run, data_keyword_argument="asked", persistence_store=store, config=settings, key_prefix="http"
        )
        try:
            answer: dict[str, Any] = guarded(asked={"key": key, "fingerprint": fingerprint})
        except IdempotencyValidationError:
            raise Refused(
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
                kind="idempotency-key-reused",
                detail="This Idempotency-Key came with another request before.",
            ) from None
        except IdempotencyAlreadyInProgressError:
            raise Refused(
                status=HTTPStatus.CONFLICT,
                kind="still-under-way",
                detail="The first request with this Idempotency-Key is still under way.",
                headers={"Retry-After": "2"},
            ) from None
        if replayed:
            answer = {**answer, "headers": {**answer["headers"], "Idempotency-Replayed": "true"}}
        return answer
