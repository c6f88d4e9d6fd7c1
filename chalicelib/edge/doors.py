"""A door, what it is asked and what it answers: the words that routes are written in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from pydantic import BaseModel

from chalicelib.edge.wire import next_link, sort_key_of
from chalicelib.privacy.domain import Actor, Grant, Public, Rule, SignedIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    What a door was asked. ``now`` was read once for the whole request.

    ``actor`` is None at a public door, ``grant`` at one without a rule; ``if_match`` is the version that an edit builds
    on; ``body`` is the door's model, or text where the door takes a raw body.
    """

    now: datetime
    correlation_id: str
    path: str
    source_ip: str
    actor: Actor | None = None
    grant: Grant | None = None
    body: Any = None
    query: Any = None
    raw_query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    if_match: int | None = None

    @property
    def who(self) -> Actor:
        """Who asks; there is always somebody behind a rule."""
        if self.actor is None:
            raise LookupError("a public door has no actor")
        return self.actor

    @property
    def granted(self) -> Grant:
        """How far they may go; there is always a grant behind a rule."""
        if self.grant is None:
            raise LookupError("a public door has no grant")
        return self.grant

    def after(self, *, prefix: str = "") -> str | None:
        """
        Return the sort key to go on from, where the query is a PageQuery.

        :raises Refused: 400, if the cursor isn't one of ours or leaves ``prefix``
        """
        return sort_key_of(self.query.cursor, prefix=prefix)

    def next(self, last_sort_key: str | None) -> str | None:
        """Return the address of the next page; None if there is none."""
        return next_link(self.path, self.raw_query, last_sort_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a door answers; ``status`` None is the door's own, ``etag`` the version of what is shown."""

    body: BaseModel | dict[str, Any] | str | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: int | None = None
    media_type: str = "application/json"


View: TypeAlias = Callable[..., Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What is known of a door without opening it: for the OpenAPI document and the architecture tests."""

    name: str
    method: str
    path: str
    summary: str
    rule: Rule | SignedIn | Public
    body: type[BaseModel] | None
    raw: tuple[str, ...]
    answer: type[BaseModel] | None
    status: int
    created: bool
    edits: bool
    query: type[BaseModel] | None
    gateway_auth: bool
