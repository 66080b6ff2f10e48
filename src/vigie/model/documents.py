"""Values as JSON documents: the one shape that the API, the CLI's ``--json`` and the pages share.

Pure functions from the nouns of the model to plain dicts (JSON values only, keys in a fixed order). Fields are added,
never renamed or removed. Times are RFC 3339 in UTC with ``Z``. ``pk`` is the number of a record in this store: good for
links, and not an identity that outlives the store.
"""

from __future__ import annotations

import base64
import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any, Protocol, TypeVar

from vigie.model.account import Account
from vigie.model.attribution import Attribution, Credit, label
from vigie.model.backtest import Backtest, Episode
from vigie.model.blame import Blame
from vigie.model.change import Certainty, Change, DiffEntry, Erased, Revision, StateAt
from vigie.model.durations import format_duration
from vigie.model.event import Actor, Event
from vigie.model.finding import Finding, Justification
from vigie.model.imported import ImportedAt, ImportedState
from vigie.model.paging import Paged
from vigie.model.past import EstateAt, ResourceAt, ScopeAt
from vigie.model.resource import Resource
from vigie.model.scope import Coverage, Problem
from vigie.model.verdict import ChangeVerdict, Shift

Document = dict[str, Any]
"""A JSON object."""

T = TypeVar("T")


class RuleShape(Protocol):
    """What of a rule is shown (``vigie.rules.Rule`` has this shape; the model may not import it)."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def applies_to(self) -> tuple[str, ...]: ...
    @property
    def severity(self) -> Any: ...
    @property
    def remedy(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def depends_on(self) -> tuple[str, ...]: ...
    @property
    def parameters(self) -> Mapping[str, Any]: ...
    @property
    def references(self) -> tuple[str, ...]: ...
    @property
    def not_reported(self) -> str: ...
    @property
    def origin(self) -> str: ...


def instant(value: datetime) -> str:
    """An aware time as ``2026-01-02T03:04:05Z``; a fraction only where it is not zero.

    Raises:
        ValueError: the time has no zone.
    """
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be written: {value!r}")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def optional_instant(value: datetime | None) -> str | None:
    return None if value is None else instant(value)


def plain(value: Any) -> Any:
    """Any value of the model as JSON values.

    Dataclasses become objects, sets sorted lists, bytes base64 text, times text, numbers that JSON lacks null.

    Raises:
        TypeError: a value of a type that has no JSON form.
    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return _plain_container(value)


def _plain_container(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(member) for key, member in value.items()}
    if isinstance(value, AbstractSet):
        return sorted((plain(member) for member in value), key=repr)
    if isinstance(value, Sequence):
        return [plain(member) for member in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TypeError(f"a {type(value).__name__} has no JSON form")


def list_document(items: Iterable[Document], next_cursor: str | None = None) -> Document:
    """The document of every list: ``{"items": [...], "next": cursor or null}``."""
    return {"items": list(items), "next": next_cursor}


def paged_document(page: Paged[T], document: Callable[[T], Document]) -> Document:
    """A page of a list, each of its values by ``document``."""
    return list_document((document(value) for value in page.items), page.next)


def resource_document(resource: Resource) -> Document:
    return {
        "account": resource.account,
        "region": resource.region,
        "type": resource.type,
        "id": resource.id,
        "arn": resource.arn,
        "name": resource.name,
        "present": resource.present,
        "uid": resource.uid,
        "first_seen": optional_instant(resource.first_seen),
        "pk": resource.pk,
    }


def _resource_columns(resource: Resource) -> Document:
    return {
        "account": resource.account,
        "region": resource.region,
        "type": resource.type,
        "id": resource.id,
        "arn": resource.arn,
        "name": resource.name,
    }


def diff_document(diff: Iterable[DiffEntry]) -> list[Document]:
    """A diff: one object per path, with ``path``, ``op``, ``old``, ``new``, ``ephemeral``."""
    return [
        {
            "path": entry.path,
            "op": entry.op,
            "old": plain(entry.old),
            "new": plain(entry.new),
            "ephemeral": entry.ephemeral,
        }
        for entry in diff
    ]


def change_document(change: Change) -> Document:
    """A change in history, with its diff to the revision before."""
    revision = change.revision
    return {
        **_resource_columns(change.resource),
        "kind": revision.kind.value,
        "revision": revision.number,
        "changed_after": optional_instant(revision.changed_after),
        "observed_at": instant(revision.observed_at),
        "diff": diff_document(change.diff),
        "verdict": verdict_document(change.verdict) if change.verdict else None,
        "resource": change.resource.pk,
        "pk": change.pk,
        "attribution": attribution_document(change.attribution),
    }


def attribution_document(found: Attribution | None) -> Document | None:
    """Who made a change, and how sure that is; null where nothing was ever concluded."""
    if found is None:
        return None
    return {
        "confidence": found.confidence.value,
        "who": found.words,
        "actors": [label(actor) for actor in found.actors],
        "reason": found.reason,
        "at": optional_instant(found.at),
        "number": found.number,
        "events": [_credit_document(credit) for credit in found.credits],
    }


def _credit_document(credit: Credit) -> Document:
    return {
        **event_document(credit.event),
        "confidence": credit.confidence.value,
        "paths": list(credit.paths),
        "behind": [actor_document(actor) for actor in credit.behind],
    }


def event_document(event: Event) -> Document:
    """A call that CloudTrail told of, without its record."""
    return {
        "id": event.id,
        "at": instant(event.at),
        "source": event.source,
        "name": event.name,
        "account": event.account,
        "region": event.region,
        "read_only": event.read_only,
        "failed": event.failed,
        "error_code": event.error_code,
        "error_message": event.error_message,
        "category": event.category,
        "type": event.type,
        "actor": actor_document(event.actor),
        "resources": [plain(subject) for subject in (*event.subjects, *event.implied, *event.about)],
    }


def actor_document(actor: Actor) -> Document:
    """Who made a call: ``label`` for people, and all that CloudTrail says."""
    return {"label": label(actor), **plain(actor)}


def blame_document(one: Blame) -> Document:
    """Who set a part of a resource: what ``who`` prints."""
    revision = one.change.revision
    return {
        "path": one.path,
        "op": one.entry.op if one.entry else None,
        "value": plain(one.entry.new) if one.entry else None,
        "kind": revision.kind.value,
        "revision": revision.number,
        "changed_after": optional_instant(revision.changed_after),
        "observed_at": instant(revision.observed_at),
        "attribution": attribution_document(one.attribution),
    }


def verdict_document(verdict: ChangeVerdict) -> Document:
    """What a change did to what others may."""
    return {
        "direction": verdict.direction.value,
        "severity": verdict.severity.value if verdict.severity else None,
        "headline": verdict.headline,
        "gained": [shift_document(shift) for shift in verdict.gained],
        "lost": [shift_document(shift) for shift in verdict.lost],
        "problems": list(verdict.problems),
    }


def shift_document(shift: Shift) -> Document:
    """One thing that was gained or lost. ``witness``: a request that is allowed now and was not before (lost: the
    other way round).
    """
    return {
        "dimension": shift.dimension.value,
        "words": shift.words,
        "who": shift.who,
        "what": list(shift.what),
        "witness": plain(shift.witness),
        "exact": shift.exact,
        "relation": shift.relation.value if shift.relation else None,
    }


def problem_document(problem: Problem) -> Document:
    """Something that could not be looked at, and why."""
    return {
        "outcome": problem.outcome.value,
        "operation": problem.operation,
        "code": problem.code,
        "message": problem.message,
        "path": problem.path,
        "permission": problem.permission,
        "count": problem.count,
    }


def _erased_document(erased: Erased | None) -> Document | None:
    if erased is None:
        return None
    return {"policy": erased.policy, "at": instant(erased.at), "commitment": erased.commitment}


def revision_document(revision: Revision) -> Document:
    """One recorded state, configuration included: what ``show`` prints."""
    return {
        **_resource_columns(revision.resource),
        "present": revision.kind.value != "deleted",
        "erased": _erased_document(revision.erased),
        "revision": revision.number,
        "kind": revision.kind.value,
        "changed_after": optional_instant(revision.changed_after),
        "observed_at": instant(revision.observed_at),
        "config_sha": revision.config_sha,
        "durable_sha": revision.durable_sha,
        "unreadable": {key: problem_document(why) for key, why in sorted(revision.unreadable.items())},
        "configuration": plain(revision.configuration),
        "resource": revision.resource.pk,
        "pk": revision.pk,
    }


def state_at_document(state: StateAt) -> Document:
    """The answer to "how was it at T?". ``state`` is null where it is not known."""
    return {
        "asked": instant(state.asked),
        "certainty": state.certainty.value,
        "explanation": state.explanation,
        "state": None if state.revision is None else revision_document(state.revision),
        "next": None if state.next_revision is None else revision_document(state.next_revision),
    }


def resource_at_document(one: ResourceAt, *, whole: bool = False) -> Document:
    """One resource of the estate at a time; ``whole`` with its configuration."""
    revision = one.state.revision
    document = {
        **_resource_columns(one.resource),
        "presence": one.presence.value,
        "certainty": one.state.certainty.value,
        "explanation": one.state.explanation,
        "revision": None if revision is None else revision.number,
        "observed_at": None if revision is None else instant(revision.observed_at),
        "config_sha": None if revision is None else revision.config_sha,
        "resource": one.resource.pk,
    }
    return (
        document | {"configuration": None if revision is None else plain(revision.configuration)} if whole else document
    )


def scope_at_document(of: ScopeAt) -> Document:
    """What was known of one scope at a time. ``status`` is null where it was not looked at around then."""
    return {
        "account": of.scope.account,
        "region": of.scope.region,
        "type": of.scope.type,
        "status": None if of.status is None else of.status.value,
        "looked_before": optional_instant(of.looked_before),
        "looked_after": optional_instant(of.looked_after),
        "gap": of.is_gap,
    }


def estate_at_document(estate: EstateAt, shown: Iterable[Document], undecided: int, more: bool) -> Document:
    """The estate at a time: some of its resources, how sure all of them are, and the gaps of coverage behind it."""
    return {
        "asked": instant(estate.asked),
        "items": list(shown),
        "more": more,
        "certainty": {certainty.value: estate.count(certainty) for certainty in Certainty},
        "undecided": undecided,
        "scopes": len(estate.coverage),
        "gaps": [scope_at_document(of) for of in estate.gaps],
    }


def states_comparison_document(
    before: StateAt, after: StateAt, resource: Resource, diff: Iterable[DiffEntry]
) -> Document:
    """The difference between the states of one resource at two times, each with how sure it is."""
    return {
        **_resource_columns(resource),
        "from": _state_mark(before),
        "to": _state_mark(after),
        "diff": diff_document(diff),
        "resource": resource.pk,
    }


def _state_mark(state: StateAt) -> Document:
    marks = dict.fromkeys(("revision", "kind", "observed_at", "config_sha"))
    return {
        **(marks if state.revision is None else _revision_mark(state.revision)),
        "asked": instant(state.asked),
        "certainty": state.certainty.value,
        "explanation": state.explanation,
    }


def imported_document(state: ImportedState) -> Document:
    """What somebody else recorded of a resource, in its own words."""
    return {
        "source": state.source.value,
        "account": state.account,
        "region": state.region,
        "type": state.type,
        "id": state.id,
        "arn": state.arn,
        "name": state.name,
        "captured_at": instant(state.captured_at),
        "status": state.status,
        "present": state.present,
        "origin": state.origin,
        "config_sha": state.config_sha,
        "configuration": plain(state.configuration),
    }


def imported_at_document(imported: ImportedAt) -> Document:
    """What others recorded of a resource at a time."""
    return imported_document(imported.state) | {"next_at": optional_instant(imported.next_at)}


def comparison_document(before: Revision, after: Revision, diff: Iterable[DiffEntry]) -> Document:
    """The difference between any two revisions of one resource."""
    return {
        **_resource_columns(after.resource),
        "from": _revision_mark(before),
        "to": _revision_mark(after),
        "diff": diff_document(diff),
        "resource": after.resource.pk,
    }


def _revision_mark(revision: Revision) -> Document:
    return {
        "revision": revision.number,
        "kind": revision.kind.value,
        "observed_at": instant(revision.observed_at),
        "config_sha": revision.config_sha,
    }


def finding_document(finding: Finding) -> Document:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "status": finding.status.value,
        **_resource_columns(finding.resource),
        "subject": finding.subject,
        "title": finding.title,
        "message": finding.message,
        "first_seen": instant(finding.first_seen),
        "last_seen": instant(finding.last_seen),
        "since": instant(finding.since),
        "evidence": plain(finding.evidence),
        "parameters": plain(finding.parameters),
        "justification": None if finding.justification is None else justification_document(finding.justification),
        "resource": finding.resource.pk,
        "pk": finding.pk,
    }


def backtest_document(found: Backtest) -> Document:
    """What a rule would have said of recorded history."""
    return {
        "rule": found.rule,
        "since": instant(found.since),
        "until": instant(found.until),
        "resources": found.resources,
        "revisions": found.revisions,
        "judgings": found.judgings,
        "items": [_episode_document(episode, found.until) for episode in found.episodes],
    }


def _episode_document(episode: Episode, until: datetime) -> Document:
    return {
        **_resource_columns(episode.resource),
        "subject": episode.subject,
        "status": "unknown" if episode.unknown else "open",
        "severity": episode.severity.value,
        "message": episode.message,
        "opened_at": instant(episode.opened_at),
        "opened_by": episode.opened_by,
        "closed_at": optional_instant(episode.closed_at),
        "closed_by": episode.closed_by,
        "seconds": int(episode.lasted(until).total_seconds()),
        "resource": episode.resource.pk,
    }


def justification_document(justification: Justification) -> Document:
    return {
        "author": justification.author,
        "reason": justification.reason,
        "created_at": instant(justification.created_at),
        "expires_at": optional_instant(justification.expires_at),
    }


def coverage_document(coverage: Coverage) -> Document:
    """One scope as it stands: ``region`` is that of the listing (``global`` for what is listed once per account)."""
    return {
        "account": coverage.scope.account,
        "region": coverage.scope.region,
        "type": coverage.scope.type,
        "status": coverage.status.value,
        "last_ok": optional_instant(coverage.last_ok),
        "since": instant(coverage.since),
        "error": coverage.error,
        "missing_permission": coverage.missing_permission,
        "last_looked": instant(coverage.last_looked),
        "problems": [problem_document(problem) for problem in coverage.problems],
    }


def account_document(account: Account) -> Document:
    """An account. Its external id is a shared secret: only whether there is one is told."""
    return {
        "id": account.id,
        "name": account.name,
        "relation": account.relation.value,
        "watched": account.watched,
        "partition": account.partition,
        "role_arn": account.role_arn,
        "has_external_id": account.external_id is not None,
        "regions": list(account.regions),
        "reason": account.reason,
        "canonical_ids": list(account.canonical_ids),
    }


def rule_document(rule: RuleShape) -> Document:
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": plain(rule.severity),
        "applies_to": list(rule.applies_to),
        "depends_on": list(rule.depends_on),
        "description": rule.description,
        "remedy": rule.remedy,
        "not_reported": rule.not_reported,
        "parameters": plain(rule.parameters),
        "references": list(rule.references),
        "origin": rule.origin,
    }


def error_document(code: str, message: str, detail: Any = None) -> Document:
    """The one error body: ``{"error": {"code", "message", "detail"?}}``."""
    error: Document = {"code": code, "message": message}
    if detail is not None:
        error["detail"] = plain(detail)
    return {"error": error}
