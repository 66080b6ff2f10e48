"""What the watcher hands to history, and what history hands back: values that cross that boundary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from vigie.model.change import ChangeKind
from vigie.model.resource import Configuration, Resource
from vigie.model.scope import Outcome, Problem, Scope
from vigie.model.treatment import PLAIN, Treatment


@dataclass(frozen=True, slots=True)
class Head:
    """The last recorded revision of a resource, without its configuration (fetch that by ``config_sha``)."""

    resource: Resource
    number: int
    kind: ChangeKind
    observed_at: datetime
    config_sha: str
    durable_sha: str
    parent: str | None = None
    unreadable: Mapping[str, Problem] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """A revision that the watcher decided to record; history gives it its number, stores it and computes its diff."""

    resource: Resource
    """``pk`` is set where the resource is already recorded."""
    kind: ChangeKind
    configuration: Configuration
    """Empty for a deletion."""
    canonical: bytes
    """Canonical bytes of the configuration (model/canonical.py)."""
    config_sha: str
    durable_sha: str
    observed_at: datetime
    changed_after: datetime | None
    unreadable: Mapping[str, Problem] = field(default_factory=dict)
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class ScopeRecord:
    """All that is to be written about one look at one scope, in one transaction."""

    scope: Scope
    started_at: datetime
    finished_at: datetime
    outcome: Outcome
    problems: tuple[Problem, ...] = ()
    drafts: tuple[Draft, ...] = ()
    unreadable: Mapping[str, Mapping[str, Problem]] = field(default_factory=dict)
    """Resource id → its keys that could not be read at this look; resources seen whole are absent here."""
    seen: frozenset[str] = frozenset()
    """Ids of the resources that this look showed."""
    treatment: Treatment = PLAIN
    targeted: bool = False
    """A look at a few resources only: it says nothing of the others, and nothing of the scope's coverage."""
    notices: tuple[str, ...] = ()
    """Sentences for the administrators (a mass disappearance that was confirmed, an account that cannot be entered)."""
