"""Records as a watcher would hand them in, for tests of what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from vigie.model.canonical import canonical_bytes, digests, normalise
from vigie.model.change import ChangeKind
from vigie.model.recording import Draft, ScopeRecord
from vigie.model.resource import Resource
from vigie.model.scope import Outcome, Problem, Scope
from vigie.model.treatment import PLAIN, Treatment

T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
SCOPE = Scope("111122223333", "eu-west-1", "AWS::SQS::Queue")
DENIED = Problem(Outcome.DENIED, "sqs:GetQueueAttributes", "AccessDenied", "no", "Policy", "sqs:GetQueueAttributes")


def queue(name: str, scope: Scope = SCOPE, **parts: Any) -> Resource:
    arn = f"arn:aws:sqs:{scope.region}:{scope.account}:{name}"
    return Resource(**{"scope": scope, "id": name, "region": scope.region, "arn": arn, "name": name, **parts})


def draft(
    resource: Resource,
    kind: ChangeKind,
    at: datetime,
    raw: Mapping[str, Any] | None = None,
    *,
    changed_after: datetime | None = None,
    treatment: Treatment = PLAIN,
    unreadable: Mapping[str, Problem] | None = None,
) -> Draft:
    configuration = normalise(raw or {}, treatment)
    config_sha, durable_sha = digests(configuration, treatment)
    return Draft(
        resource=resource,
        kind=kind,
        configuration=configuration,
        canonical=canonical_bytes(configuration),
        config_sha=config_sha,
        durable_sha=durable_sha,
        observed_at=at,
        changed_after=changed_after,
        unreadable=unreadable or {},
    )


def look(
    at: datetime,
    *drafts: Draft,
    seen: Sequence[str] = (),
    outcome: Outcome = Outcome.COMPLETE,
    scope: Scope = SCOPE,
    **parts: Any,
) -> ScopeRecord:
    """A look that began a minute before ``at`` and ended a minute after."""
    return ScopeRecord(
        **{
            "scope": scope,
            "started_at": at - MINUTE,
            "finished_at": at + MINUTE,
            "outcome": outcome,
            "drafts": drafts,
            "seen": frozenset(seen) | {one.resource.id for one in drafts if one.kind is not ChangeKind.DELETED},
            **parts,
        }
    )
