"""The whole estate as it was at a time: what was there, how sure that is, and what had been looked at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from vigie.model.change import Certainty, ChangeKind, StateAt
from vigie.model.resource import Resource
from vigie.model.scope import Outcome, Scope


class Presence(StrEnum):
    """Whether a resource existed at a time."""

    PRESENT = "present"
    """As far as is known: ``certainty`` says how far."""
    ABSENT = "absent"
    UNKNOWN = "unknown"
    """It came, or went, between two looks around that time; or nobody had looked yet."""


@dataclass(frozen=True, slots=True)
class ResourceAt:
    """One resource, as it was at a time."""

    resource: Resource
    state: StateAt

    @property
    def presence(self) -> Presence:
        revision, following = self.state.revision, self.state.next_revision
        here = revision is not None and revision.kind is not ChangeKind.DELETED
        if self.state.certainty is Certainty.CHANGED_IN_WINDOW and following is not None:
            there = following.kind is not ChangeKind.DELETED
            return (Presence.PRESENT if here else Presence.ABSENT) if here == there else Presence.UNKNOWN
        if revision is None:
            return Presence.ABSENT if self.state.certainty is Certainty.EXACT else Presence.UNKNOWN
        return Presence.PRESENT if here else Presence.ABSENT


@dataclass(frozen=True, slots=True)
class ScopeAt:
    """What was known of one scope at a time: the looks around it.

    ``status`` is what came of looking before *and* after; None: nobody had looked before that time, or nobody did
    after it, or the two looks came to different ends.
    """

    scope: Scope
    status: Outcome | None
    looked_before: datetime | None = None
    """When a look at that time or earlier ended; None: there was none."""
    looked_after: datetime | None = None
    """When a look at that time or later ended; None: there was none."""

    @property
    def is_gap(self) -> bool:
        """Whether something may have existed there that nobody saw."""
        if self.status in (Outcome.UNAVAILABLE, Outcome.REGION_DISABLED):
            return False
        return self.status is None or not self.status.listed_everything


@dataclass(frozen=True, slots=True)
class EstateAt:
    """The answer to "what was there at T?", for the resources and scopes that were asked about."""

    asked: datetime
    resources: tuple[ResourceAt, ...]
    """Those that were, or may have been, there: by scope and id."""
    coverage: tuple[ScopeAt, ...]
    """Every scope that was ever looked at, among those asked about."""

    @property
    def gaps(self) -> tuple[ScopeAt, ...]:
        return tuple(scope for scope in self.coverage if scope.is_gap)

    def count(self, certainty: Certainty) -> int:
        return sum(one.state.certainty is certainty for one in self.resources)
