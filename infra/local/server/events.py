"""
Hands an event of an AWS service to the EventBridge rules on the emulator.

The emulator refuses it, as AWS would: nobody but AWS may put events whose source begins with ``aws.``. So the rules'
own patterns are asked (TestEventPattern) and their functions invoked, which is all that EventBridge would do.
"""

import json
import time
from typing import Any

from infra.local.stack import aws

RULES_KEPT = 30.0
"""Seconds: a stack update may change the rules."""


class Rules:
    """The rules of the default bus that have a pattern, with their functions."""

    def __init__(self, emulator_port: int) -> None:
        self._events = aws("events", emulator_port)
        self._lambda = aws("lambda", emulator_port)
        self._known: list[tuple[str, list[str]]] = []
        self._read_at = float("-inf")

    def put(self, event: dict[str, Any]) -> int:
        """Invoke, without waiting, every function that a rule wants told; return how many."""
        told = 0
        for pattern, targets in self._patterns():
            if self._events.test_event_pattern(EventPattern=pattern, Event=json.dumps(event))["Result"]:
                for arn in targets:
                    self._lambda.invoke(FunctionName=arn, InvocationType="Event", Payload=json.dumps(event).encode())
                    told += 1
        return told

    def _patterns(self) -> list[tuple[str, list[str]]]:
        if time.monotonic() - self._read_at > RULES_KEPT:
            rules = [rule for rule in self._events.list_rules()["Rules"] if rule.get("EventPattern")]
            self._known = [
                (
                    rule["EventPattern"],
                    [
                        target["Arn"]
                        for target in self._events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
                        if ":function:" in target["Arn"]
                    ],
                )
                for rule in rules
                if rule["State"] == "ENABLED"
            ]
            self._read_at = time.monotonic()
        return self._known
