"""Resources: what exists in an account, and what was seen of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vigie.model.scope import Outcome, Problem, Scope

Configuration = Mapping[str, Any]
"""A canonical configuration: JSON values only, keys are strings, tags under ``Tags`` as a map. Never mutated."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing in AWS, as vigie identifies it: (scope, id).

    Identity is never the name. ``uid`` tells incarnations apart where the id is a reusable name (a role's ``AROA…``).
    """

    scope: Scope
    """Where it is listed."""
    id: str
    region: str
    """Where it lives (for a bucket of the global scope: its own region)."""
    arn: str | None = None
    name: str | None = None
    uid: str | None = None
    pk: int | None = None
    """Its number in this store; None for what is not (yet) recorded."""
    present: bool = True
    first_seen: datetime | None = None

    @property
    def account(self) -> str:
        return self.scope.account

    @property
    def type(self) -> str:
        return self.scope.type

    def __str__(self) -> str:
        return self.arn or f"{self.type} {self.id} ({self.account}, {self.region})"


@dataclass(frozen=True, slots=True)
class Observation:
    """What one look at one resource showed."""

    resource: Resource
    configuration: Configuration
    """Normalised and redacted (model/canonical.py). What could not be read is left out and named in ``unreadable``."""
    observed_at: datetime
    unreadable: Mapping[str, Problem] = field(default_factory=dict)
    """Top-level key → why it could not be read."""
    parent: str | None = None
    """The id of the parent under which a child was listed."""


@dataclass(frozen=True, slots=True)
class Reading:
    """All that one look at one scope showed. Could-not-look is here as data: see ``outcome`` and ``problems``."""

    scope: Scope
    started_at: datetime
    finished_at: datetime
    outcome: Outcome
    observations: tuple[Observation, ...] = ()
    problems: tuple[Problem, ...] = ()
    unread_parents: frozenset[str] = frozenset()
    """Ids of parents whose children could not be listed: nothing below them may be concluded gone."""
    calls: int = 0
    whole_listing: bool = True
    """False where the listing ended early (a cap), or held what could not be identified: absence says nothing then."""
    unread: frozenset[str] = frozenset()
    """Ids that were listed and could not be read at all: nothing may be concluded about them."""
