"""Findings: what is wrong, followed through time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from vigie.model.resource import Resource


class Severity(StrEnum):
    """OCSF's five, weakest first."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def weight(self) -> int:
        """What one open finding adds to the score of its resource, account and estate."""
        return {"informational": 0, "low": 1, "medium": 3, "high": 6, "critical": 10}[self.value]

    @property
    def rank(self) -> int:
        return list(Severity).index(self)


class FindingStatus(StrEnum):
    OPEN = "open"
    JUSTIFIED = "justified"
    RESOLVED = "resolved"
    UNKNOWN = "unknown"
    """The rule failed on the resource, or what it needs could not be read: no verdict, and not a pass."""


class Compliance(StrEnum):
    """The verdict of one rule on one resource."""

    COMPLIANT = "compliant"
    NON_COMPLIANT = "non_compliant"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Violation:
    """A value that a rule yields: one thing wrong with one resource.

    ``subject`` tells several violations of one rule on one resource apart (a key id, a port, a grantee). It must be
    stable, for it is part of the finding's identity; ``message`` is text for people and is not.
    """

    message: str
    subject: str = ""
    evidence: Any = None
    """Plain data (JSON), or a dataclass of plain data, that shows why: stored with the finding."""
    severity: Severity | None = None
    """Where this one weighs other than the rule says."""


@dataclass(frozen=True, slots=True)
class FindingKey:
    """The identity of a finding: never its text, severity or score."""

    rule: str
    resource: int
    """The resource's number in the store."""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Justification:
    """Someone's word that a finding is accepted. Holds for the state it was given for (``state_digest``)."""

    author: str
    reason: str
    created_at: datetime
    expires_at: datetime | None = None
    state_digest: str | None = None
    """Digest of the violation's evidence when it was given.

    Where there is none, the violation has one state only: a change of something else of the resource (a tag) makes it
    no worse.
    """


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding as it stands."""

    key: FindingKey
    resource: Resource
    status: FindingStatus
    severity: Severity
    title: str
    message: str
    first_seen: datetime
    last_seen: datetime
    since: datetime
    """Since when it has the status it has."""
    evidence: Any = None
    justification: Justification | None = None
    pk: int | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rule(self) -> str:
        return self.key.rule

    @property
    def subject(self) -> str:
        return self.key.subject
