"""The shapes of answers, for OpenAPI. Answers are made by ``vigie.model.documents``; tests hold the two together."""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ErrorBody(Shape):
    code: str
    message: str
    detail: Any = None


class Error(Shape):
    error: ErrorBody


class Listing(Shape, Generic[T]):
    items: list[T]
    next: str | None


class ResourceShape(Shape):
    account: str
    region: str
    type: str
    id: str
    arn: str | None
    name: str | None
    present: bool
    uid: str | None
    first_seen: str | None
    pk: int | None


class DiffShape(Shape):
    path: str
    op: Literal["add", "remove", "replace"]
    old: Any
    new: Any
    ephemeral: bool


Kind = Literal["created", "changed", "ephemeral", "deleted", "recreated", "baseline"]


class ActorShape(Shape):
    label: str
    kind: str
    arn: str | None
    account: str | None
    principal_id: str | None
    name: str | None
    session: str | None
    issuer: str | None
    access_key: str | None
    source_identity: str | None
    invoked_by: str | None
    on_behalf_of: str | None
    provider: str | None
    mfa: bool | None
    address: str | None
    agent: str | None
    tls: str | None
    vpc_endpoint: str | None


class SubjectShape(Shape):
    type: str
    account: str
    region: str
    id: str
    arn: str | None
    name: str | None
    known_by: Literal["id", "name", "arn"]


class EventShape(Shape):
    id: str
    at: str
    source: str
    name: str
    account: str
    region: str
    read_only: bool
    failed: bool
    error_code: str | None
    error_message: str | None
    category: str
    type: str
    actor: ActorShape
    resources: list[SubjectShape]


class EventWithRecord(EventShape):
    record: dict[str, Any]


ConfidenceName = Literal["exact", "likely", "ambiguous", "pending", "none"]


class CreditShape(EventShape):
    confidence: ConfidenceName
    paths: list[str]
    behind: list[ActorShape]


class AttributionShape(Shape):
    confidence: ConfidenceName
    who: str
    actors: list[str]
    reason: str
    at: str | None
    number: int
    events: list[CreditShape]


class ShiftShape(Shape):
    dimension: Literal["access", "power", "reachability"]
    words: str
    who: str
    what: list[str]
    witness: dict[str, Any] | None
    exact: bool
    relation: Literal["own", "third-party", "unknown"] | None


class VerdictShape(Shape):
    direction: Literal["widened", "narrowed", "neutral", "unknown"]
    severity: Literal["informational", "low", "medium", "high", "critical"] | None
    headline: str
    gained: list[ShiftShape]
    lost: list[ShiftShape]
    problems: list[str]


class ChangeShape(Shape):
    account: str
    region: str
    type: str
    id: str
    arn: str | None
    name: str | None
    kind: Kind
    revision: int
    changed_after: str | None
    observed_at: str
    diff: list[DiffShape]
    verdict: VerdictShape | None
    resource: int | None
    pk: int | None
    attribution: AttributionShape | None


class BlameShape(Shape):
    path: str
    op: Literal["add", "remove", "replace"] | None
    value: Any
    kind: Kind
    revision: int
    changed_after: str | None
    observed_at: str
    attribution: AttributionShape | None


class ProblemShape(Shape):
    outcome: str
    operation: str
    code: str
    message: str
    path: str
    permission: str | None
    count: int


class ErasedShape(Shape):
    policy: str
    at: str
    commitment: str


class RevisionShape(Shape):
    account: str
    region: str
    type: str
    id: str
    arn: str | None
    name: str | None
    present: bool
    erased: ErasedShape | None
    revision: int
    kind: Kind
    changed_after: str | None
    observed_at: str
    config_sha: str
    durable_sha: str
    unreadable: dict[str, ProblemShape]
    configuration: dict[str, Any]
    resource: int | None
    pk: int | None


class ResourceWithLatest(ResourceShape):
    latest: RevisionShape | None


class StateShape(Shape):
    asked: str
    certainty: Literal["exact", "changed_in_window", "unknown"]
    explanation: str
    state: RevisionShape | None
    next: RevisionShape | None


class RevisionMark(Shape):
    revision: int
    kind: Kind
    observed_at: str
    config_sha: str


class StateMark(Shape):
    revision: int | None
    kind: Kind | None
    observed_at: str | None
    config_sha: str | None
    asked: str
    certainty: Literal["exact", "changed_in_window", "unknown"]
    explanation: str


class StatesComparisonShape(Shape):
    account: str
    region: str
    type: str
    id: str
    arn: str | None
    name: str | None
    since: StateMark = Field(alias="from")
    to: StateMark
    diff: list[DiffShape]
    resource: int | None


class ResourceAtShape(Shape):
    account: str
    region: str
    type: str
    id: str
    arn: str | None
    name: str | None
    presence: Literal["present", "absent", "unknown"]
    certainty: Literal["exact", "changed_in_window", "unknown"]
    explanation: str
    revision: int | None
    observed_at: str | None
    config_sha: str | None
    resource: int | None


class ScopeAtShape(Shape):
    account: str
    region: str
    type: str
    status: str | None
    looked_before: str | None
    looked_after: str | None
    gap: bool


class EstateShape(Shape):
    asked: str
    items: list[ResourceAtShape]
    more: bool
    certainty: dict[str, int]
    undecided: int
    scopes: int
    gaps: list[ScopeAtShape]


class ComparisonShape(Shape):
    account: str
    region: str
    type: str
    id: str
    arn: str | None
    name: str | None
    since: RevisionMark = Field(alias="from")
    to: RevisionMark
    diff: list[DiffShape]
    resource: int | None


class JustificationShape(Shape):
    author: str
    reason: str
    created_at: str
    expires_at: str | None


class FindingShape(Shape):
    rule: str
    severity: Literal["informational", "low", "medium", "high", "critical"]
    status: Literal["open", "justified", "resolved", "unknown"]
    account: str
    region: str
    type: str
    id: str
    arn: str | None
    name: str | None
    subject: str
    title: str
    message: str
    first_seen: str
    last_seen: str
    since: str
    evidence: Any
    parameters: dict[str, Any]
    justification: JustificationShape | None
    resource: int | None
    pk: int | None


class CoverageShape(Shape):
    account: str
    region: str
    type: str
    status: str
    last_ok: str | None
    since: str
    error: str | None
    missing_permission: str | None
    last_looked: str
    problems: list[ProblemShape]


class AccountShape(Shape):
    id: str
    name: str | None
    relation: Literal["own", "third-party", "unknown"]
    watched: bool
    partition: str
    role_arn: str | None
    has_external_id: bool
    regions: list[str]
    reason: str | None
    canonical_ids: list[str]


class RuleShape(Shape):
    id: str
    title: str
    severity: str
    applies_to: list[str]
    depends_on: list[str]
    description: str
    remedy: str
    not_reported: str
    parameters: dict[str, Any]
    references: list[str]
    origin: str


class FacetsShape(Shape):
    total: int
    accounts: dict[str, int]
    regions: dict[str, int]
    types: dict[str, int]


class StatisticsShape(Shape):
    accounts: int
    regions: int
    types: int
    resources: int
    resources_ever: int
    revisions: int
    configurations: int
    stored_bytes: int
    canonical_bytes: int
    scopes: dict[str, int]
    last_looked: str | None
    findings: dict[str, int]
    score: int


class MeShape(Shape):
    name: str
    role: Literal["viewer", "justifier", "admin"]
    permissions: list[Literal["read", "justify", "admin"]]
    token: str | None


class TypeShape(Shape):
    type: str
    title: str
    service: str


class HealthShape(Shape):
    status: Literal["ok", "unavailable"]
