"""What the auditor decided about findings, to be written in one transaction; and what it needs to know to decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from vigie.model.finding import Finding, FindingKey, FindingStatus, Justification, Severity
from vigie.model.resource import Resource


class Cause(StrEnum):
    """Why a finding has a new state."""

    OPENED = "opened"
    REOPENED = "reopened"
    """Found again after it was resolved."""
    RESOLVED = "resolved"
    DELETED = "deleted"
    """Resolved: the resource is gone."""
    NOT_JUDGED = "not_judged"
    """Resolved: the rule is switched off, or is no more."""
    UNKNOWN = "unknown"
    """The rule failed, or what it needs could not be read."""
    CONFIRMED = "confirmed"
    """After *unknown*: it is as it was."""
    CHANGED = "changed"
    """What it rests on is other than before."""
    RESCORED = "rescored"
    """Only its severity is other than before."""
    JUSTIFIED = "justified"
    WITHDRAWN = "withdrawn"
    JUSTIFICATION_BROKEN = "justification_broken"
    """It got worse than it was when it was justified."""
    JUSTIFICATION_EXPIRED = "justification_expired"


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which findings a justification is for, where it is for more than one. All that is said must fit; shell
    patterns.
    """

    rule: str = "*"
    account: str | None = None
    region: str | None = None
    type: str | None = None
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def fits(self, rule: str, resource: Resource, tags: Mapping[str, str] | None) -> bool:
        """Whether it means findings of that rule on that resource. ``tags`` None: without looking at tags."""
        said = (
            (self.rule, rule),
            (self.account, resource.account),
            (self.region, resource.region),
            (self.type, resource.type),
            (self.name, resource.name or resource.id),
        )
        if not all(wanted is None or fnmatchcase(actual, wanted) for wanted, actual in said):
            return False
        return tags is None or all(k in tags and fnmatchcase(str(tags[k]), v) for k, v in self.tags.items())


@dataclass(frozen=True, slots=True)
class GivenJustification:
    """A justification in force, with the state it was given for."""

    pk: int
    justification: Justification
    pattern: Pattern | None = None
    """None: it is for the one finding that bears it."""
    evidence: Any = None
    severity: Severity | None = None
    """The weight that the rule itself gave to the violation (not that of the rule or of settings)."""


@dataclass(frozen=True, slots=True)
class StoredFinding:
    """A finding as recorded, with what reconciliation needs besides."""

    finding: Finding
    held: FindingStatus | None = None
    """While *unknown*: the status before (None: there was none)."""
    own_severity: Severity | None = None
    """The weight that the rule itself gave to the violation."""
    given: GivenJustification | None = None
    """The justification for this one finding, in force or not (``justification.expires_at`` may have passed)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One new state of a finding."""

    key: FindingKey
    pk: int | None
    """None: the finding is new."""
    cause: Cause
    status: FindingStatus
    severity: Severity
    message: str
    evidence: Any = None
    own_severity: Severity | None = None
    held: FindingStatus | None = None
    previous: FindingStatus | None = None
    justified_by: int | None = None
    """The justification under which it is *justified*."""
    ends_justification: int | None = None
    """The justification that does not hold any more."""
    told: bool = False
    """People are told of it."""
    baseline: bool = False
    """Found at the first look at the resource: goes into a summary."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A finding seen again without a new state. The text may be new (an age in it), which is no state."""

    pk: int
    message: str


@dataclass(frozen=True, slots=True)
class RuleFailure:
    """A rule gave no verdict on a resource."""

    rule: str
    resource: int
    message: str
    failed: bool
    """The rule itself is at fault, rather than something that could not be read."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One resource was judged."""

    resource: int
    revision: int
    """Number of the revision that was judged."""
    compliant: int = 0
    non_compliant: int = 0
    unknown: int = 0


@dataclass(frozen=True, slots=True)
class RuleText:
    """What of a rule is told with its findings: stored once."""

    rule: str
    title: str
    remedy: str


@dataclass(frozen=True, slots=True)
class FindingPlan:
    """All that is to be written about some resources that were judged, in one transaction."""

    judged: Sequence[Judged] = ()
    """Every resource of the plan."""
    steps: Sequence[Step] = ()
    confirmed: Sequence[Confirmation] = ()
    failures: Sequence[RuleFailure] = ()
    """All failures on these resources: earlier ones that are not here are over."""
    texts: Sequence[RuleText] = ()
    tags: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    """Resource → its tags: routes may ask for them."""


@dataclass(frozen=True, slots=True)
class FindingState:
    """One state in the history of a finding."""

    at: datetime
    cause: Cause
    status: FindingStatus
    severity: Severity
    message: str
    evidence: Any = None
    author: str | None = None
    """Who justified or withdrew."""
    reason: str | None = None
    pk: int | None = None
