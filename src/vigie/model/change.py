"""Revisions and changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from vigie.model.attribution import Attribution
from vigie.model.resource import Configuration, Resource
from vigie.model.scope import Problem
from vigie.model.verdict import ChangeVerdict


class ChangeKind(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    EPHEMERAL = "ephemeral"
    """Only parts declared ephemeral changed. Recorded, never notified."""
    DELETED = "deleted"
    RECREATED = "recreated"
    """Present again after a deletion, or another incarnation (uid) under the same id."""
    BASELINE = "baseline"
    """vigie itself reads more: the first look at a scope, or a part that could not be (or was not) read before."""

    @property
    def durable(self) -> bool:
        """Whether it is something that was done to the resource, and so told to people."""
        return self not in (ChangeKind.EPHEMERAL, ChangeKind.BASELINE)


@dataclass(frozen=True, slots=True)
class DiffEntry:
    """One difference.

    ``path`` names elements by what identifies them: ``/IpPermissions[tcp,443,443]/IpRanges[0.0.0.0/0]``.
    """

    path: str
    op: Literal["add", "remove", "replace"]
    old: Any = None
    new: Any = None
    ephemeral: bool = False


@dataclass(frozen=True, slots=True)
class Erased:
    """The contents were erased by a retention policy; that they were is in the evidence log."""

    policy: str
    at: datetime
    commitment: str
    """What the log holds in their place: a salted digest (hex), of which the salt is destroyed."""

    @property
    def words(self) -> str:
        return f"erased by the policy {self.policy} on {self.at:%Y-%m-%d}, commitment {self.commitment}"


@dataclass(frozen=True, slots=True)
class Revision:
    """One recorded state of a resource. What rules are given.

    ``configuration`` is empty for a deletion. ``number`` counts from 1 per resource. The state began somewhere in
    (``changed_after``, ``observed_at``]; ``changed_after`` is None where vigie had not looked before.
    """

    resource: Resource
    number: int
    kind: ChangeKind
    observed_at: datetime
    configuration: Configuration
    changed_after: datetime | None = None
    unreadable: Mapping[str, Problem] = field(default_factory=dict)
    """Top-level keys that could not be read when last looked at: absent, or their last known value."""
    config_sha: str = ""
    durable_sha: str = ""
    pk: int | None = None
    erased: Erased | None = None
    """Set where ``configuration`` is empty because its contents were erased."""

    @property
    def account(self) -> str:
        return self.resource.account

    @property
    def region(self) -> str:
        return self.resource.region

    @property
    def type(self) -> str:
        return self.resource.type

    @property
    def id(self) -> str:
        return self.resource.id

    @property
    def arn(self) -> str | None:
        return self.resource.arn

    @property
    def name(self) -> str | None:
        return self.resource.name

    @property
    def tags(self) -> Mapping[str, str]:
        tags = self.configuration.get("Tags")
        return tags if isinstance(tags, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Change:
    """A revision as an event in history, with its diff to the revision before."""

    revision: Revision
    diff: tuple[DiffEntry, ...] = ()
    pk: int | None = None
    """= the revision's."""
    attribution: Attribution | None = None
    """Who did it, as far as that is concluded; None where nothing was (no event of the account was ever seen)."""
    verdict: ChangeVerdict | None = None
    """What it did to what others may; None where there is nothing to judge so, or it is not judged yet."""

    @property
    def kind(self) -> ChangeKind:
        return self.revision.kind

    @property
    def resource(self) -> Resource:
        return self.revision.resource


class Certainty(StrEnum):
    """How sure an answer about the past is."""

    EXACT = "exact"
    """Seen before and after the asked time in this same state."""
    CHANGED_IN_WINDOW = "changed_in_window"
    """The asked time lies between two looks that saw different states: this is the earlier; the next may hold."""
    UNKNOWN = "unknown"
    """No look covers that time: what is given, if anything, is only the last state known before."""


@dataclass(frozen=True, slots=True)
class StateAt:
    """The answer to "how was it at T?"."""

    asked: datetime
    certainty: Certainty
    revision: Revision | None
    """The state in force (a deletion: it was absent); where that is unknown, the last known; None before the first."""
    next_revision: Revision | None = None
    """Where the asked time falls in a window of change: the state that was seen at its end."""
    explanation: str = ""
    """One sentence for people."""

    @property
    def is_known(self) -> bool:
        """Whether any state is given: one that holds or was the last known, or that it did not exist."""
        return self.revision is not None or self.certainty is not Certainty.UNKNOWN
