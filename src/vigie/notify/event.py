"""Events of the notifier: what happened, as plain values that routes are matched against and messages are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from vigie.history.outbox import Topic
from vigie.model.account import Relation
from vigie.model.attribution import Confidence
from vigie.model.change import ChangeKind
from vigie.model.documents import plain
from vigie.model.finding import FindingStatus, Severity
from vigie.model.verdict import Direction

KINDS: Mapping[Topic, tuple[str, ...]] = {
    Topic.CHANGE: tuple(kind.value for kind in ChangeKind if kind.durable),
    Topic.FINDING: ("new", "reopened", "updated", "justified", "resolved", "unknown"),
    Topic.BASELINE: ("baseline",),
    Topic.COVERAGE: ("lost", "restored", "notice"),
}
"""What a route can name under ``kinds``, by topic."""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One difference, its values as compact JSON text that may have been cut."""

    path: str
    op: str
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. Fields that do not apply to its topic are None or empty."""

    topic: Topic
    kind: str
    at: datetime
    """When it was seen (changes), concluded (findings), or looked at."""
    account: str
    region: str = ""
    type: str = ""
    id: str = ""
    arn: str | None = None
    name: str | None = None
    account_name: str | None = None
    relation: Relation = Relation.UNKNOWN
    tags: Mapping[str, str] = field(default_factory=dict)
    actor: str | None = None
    """Who did it, where that is known: ``user alice``, ``likely role deploy (session ci)``."""
    actor_ids: tuple[str, ...] = ()
    """By what routes match them: ARNs, names, source identities; of who stands behind a session, too."""
    confidence: str | None = None
    """Changes: how sure that is: ``exact``, ``likely``, ``ambiguous``, ``pending``, ``none`` (no call explains it)."""
    calls: tuple[str, ...] = ()
    """Changes: the calls that made it: ``PutBucketPolicy by user alice from 203.0.113.7 with aws-cli/2.31``."""
    after: datetime | None = None
    """Changes: it happened after this time (and before ``at``)."""
    revision: int | None = None
    """Number of the revision, per resource."""
    paths: tuple[str, ...] = ()
    diff: tuple[DiffLine, ...] = ()
    diff_left_out: int = 0
    rule: str | None = None
    subject: str = ""
    severity: Severity | None = None
    status: FindingStatus | None = None
    title: str = ""
    message: str = ""
    remedy: str = ""
    first_seen: datetime | None = None
    baseline: bool = False
    """Seen at the first look at an account or scope: told in a summary."""
    count: int = 0
    """Baseline: how many resources were seen."""
    error: str | None = None
    missing_permission: str | None = None
    resource_pk: int | None = None
    finding_pk: int | None = None
    verdict: str | None = None
    """Changes: ``widened``, ``narrowed``, ``neutral`` or ``unknown``; None where there is none (yet)."""
    gained: tuple[str, ...] = ()
    """Changes: who may more than before, in words."""
    lost: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    """Changes: what of the verdict could not be decided, and why."""
    witness: str = ""
    """Changes: a request that is allowed now and was not before, as compact JSON."""
    late: bool = False
    """It was told before its verdict was there."""

    @property
    def widened(self) -> bool:
        return self.verdict == Direction.WIDENED.value

    def before_its_verdict(self) -> Event:
        """As it was told before it was judged."""
        return replace(self, verdict=None, severity=None, gained=(), lost=(), undecided=(), witness="", late=False)

    @property
    def ephemeral(self) -> bool:
        """Whether it must never be told: a change without meaning, or one in what vigie itself reads."""
        return self.topic is Topic.CHANGE and not ChangeKind(self.kind).durable

    @property
    def lacks_actor(self) -> bool:
        """Whether it is a change of which it may still become known who made it."""
        return self.topic is Topic.CHANGE and not self.late and self.confidence in (None, Confidence.PENDING)

    @property
    def label(self) -> str:
        """What the resource is called: its name, or its id."""
        return self.name or self.id or self.type or self.account

    @property
    def account_label(self) -> str:
        return f"{self.account_name} ({self.account})" if self.account_name else self.account

    @property
    def resource_key(self) -> str:
        """The same for events of the same resource."""
        return f"{self.account}/{self.region}/{self.type}/{self.id}"


def to_document(event: Event) -> dict[str, Any]:
    """The event as plain JSON, as it is kept and as the webhook sends it."""
    document = plain(event)
    if not isinstance(document, dict):
        raise TypeError("an event is a JSON object")
    return document


def from_document(document: Mapping[str, Any]) -> Event:
    """The event of :func:`to_document`; keys of a newer vigie are passed over.

    Raises:
        KeyError, ValueError, TypeError: it is not one.
    """
    known = {f.name for f in fields(Event)}
    values = {key: value for key, value in document.items() if key in known}
    values["topic"] = Topic(values["topic"])
    values["relation"] = Relation(values.get("relation", Relation.UNKNOWN))
    values["severity"] = Severity(values["severity"]) if values.get("severity") else None
    values["status"] = FindingStatus(values["status"]) if values.get("status") else None
    for key in ("at", "after", "first_seen"):
        values[key] = time_of(values.get(key))
    for key in ("paths", "actor_ids", "calls", "gained", "lost", "undecided"):
        values[key] = tuple(values.get(key, ()))
    values["diff"] = tuple(DiffLine(**line) for line in values.get("diff", ()))
    return Event(**values)


def time_of(text: str | None) -> datetime | None:
    """RFC 3339 → aware time. Raises ``ValueError`` for a time without a zone, or text that is none."""
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError(f"a time without a zone: {text!r}")
    return time
