"""What a draft becomes, decided purely from what is recorded: kind, number, window of change; or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from vigie.history.rows import Problems
from vigie.model.canonical import digest
from vigie.model.change import ChangeKind
from vigie.model.recording import Draft, ScopeRecord
from vigie.model.scope import Coverage


@dataclass(frozen=True, slots=True)
class Recorded:
    """A resource of the scope as it is recorded, with its last revision."""

    pk: int
    present: bool
    number: int
    observed_at: datetime
    config_sha: str | None
    durable_sha: str | None
    last_blob: int | None
    """Of its last revision that was not a deletion."""
    first_seen: datetime
    unreadable: Problems = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Planned:
    """One revision to be written."""

    draft: Draft
    kind: ChangeKind
    number: int
    changed_after: datetime | None
    recorded: Recorded | None
    """None for a resource that is not recorded yet."""

    @property
    def deleted(self) -> bool:
        return self.kind is ChangeKind.DELETED


def check(record: ScopeRecord) -> None:
    """Raise ``ValueError`` where the record contradicts itself: that is a defect of who made it, never of AWS."""
    ids = [draft.resource.id for draft in record.drafts]
    if len(ids) != len(set(ids)):
        twice = sorted({id for id in ids if ids.count(id) > 1})
        raise ValueError(f"{record.scope}: more than one draft for {', '.join(twice)}")
    for draft in record.drafts:
        if draft.resource.scope != record.scope:
            raise ValueError(f"{record.scope}: a draft of another scope, {draft.resource.scope}")
        if draft.kind is not ChangeKind.DELETED and digest(draft.canonical) != draft.config_sha:
            raise ValueError(f"{draft.resource}: the digest is not that of the canonical bytes")


def plan(
    draft: Draft, recorded: Recorded | None, coverage: Coverage | None, began: datetime | None = None
) -> Planned | None:
    """What is to be written for a draft; None where it says nothing new, or is older than what is recorded.

    Two watchers may have looked at the same scope: what the second one decided is laid against what the first one
    recorded. History is ordered by observation, and a late read never reorders it.
    """
    if recorded is None:
        if draft.kind is ChangeKind.DELETED:
            return None
        kind = ChangeKind.BASELINE if draft.kind is ChangeKind.BASELINE else ChangeKind.CREATED
        return Planned(draft, kind, 1, _window_start(draft, None, coverage), None)
    if draft.observed_at <= recorded.observed_at:
        return None
    if began is not None and not recorded.present and recorded.observed_at > began:
        return None  # it was found gone while this look went on, which may have read it before: the next one tells
    against = _kind(draft, recorded)
    if against is None:
        return None
    return Planned(draft, against, recorded.number + 1, _window_start(draft, recorded, coverage), recorded)


def _kind(draft: Draft, recorded: Recorded) -> ChangeKind | None:
    if draft.kind is ChangeKind.DELETED:
        return ChangeKind.DELETED if recorded.present else None
    if not recorded.present:
        return ChangeKind.RECREATED
    if draft.kind is ChangeKind.RECREATED:
        return ChangeKind.RECREATED
    if draft.config_sha == recorded.config_sha:
        return None
    if draft.kind is ChangeKind.CREATED:
        return ChangeKind.EPHEMERAL if draft.durable_sha == recorded.durable_sha else ChangeKind.CHANGED
    return draft.kind


def _window_start(draft: Draft, recorded: Recorded | None, coverage: Coverage | None) -> datetime | None:
    """The last time at which the old state is known to have held.

    The end of a sweep is not that: a resource was read some time after the sweep *began*. So an end is replaced by the
    beginning, or by the read of the old state where that is later.
    """
    if draft.kind is ChangeKind.BASELINE:
        return None
    known = draft.changed_after
    if coverage is None or (known is not None and known != coverage.last_ok):
        return known
    partly_read = recorded is not None and bool(recorded.unreadable)
    began = coverage.last_ok_began if partly_read else coverage.last_listed_began
    if recorded is not None and not partly_read and (began is None or began < recorded.observed_at):
        began = recorded.observed_at
    return min(began, draft.observed_at) if began is not None else known
