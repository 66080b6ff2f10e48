"""What a look at a scope means: pure. From a reading and what is recorded to what to record, and what to look at again.

Three kinds of conclusions, by how sure they can be at once:

- *settled*: new resources, first readings of parts, ephemeral changes. Recorded as seen.
- *doubtful*: durable changes. One composite read in twelve shows a state that never existed (design page *catalogue*,
  torn reads), so they are read once more before they are recorded.
- *missing*: recorded resources that a whole listing did not show. Looked for once more before they are called deleted.

Unknown is never absent: parts that could not be read keep their recorded value, and nothing is missing from a listing
that was not whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from vigie.model.canonical import canonical_bytes, digest, digests, durable_digest
from vigie.model.change import ChangeKind
from vigie.model.recording import Draft, Head
from vigie.model.resource import Configuration, Observation, Reading, Resource
from vigie.model.scope import Coverage
from vigie.model.treatment import Treatment

EPHEMERAL_EVERY: Final = timedelta(hours=1)
"""Ephemeral changes of a resource are recorded no more often than this."""
_MASS_COUNT: Final = 10
_MASS_SHARE: Final = 0.3
_ALL_GONE: Final = 5

ConfigurationOf = Callable[[str], Configuration]
"""config_sha → the recorded configuration. Asked only where a digest differs, or parts are unknown."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is recorded of a scope."""

    heads: Mapping[str, Head]
    coverage: Coverage | None
    configuration: ConfigurationOf
    treatment: Treatment
    own_keys: frozenset[str] = frozenset()
    """Top-level keys that calls of their own fill (``TypeDeclaration.keys``): new ones mean that vigie reads more."""

    @property
    def listed_before(self) -> bool:
        """Whether a new resource is news: an earlier look showed all that there was."""
        return self.coverage is not None and (
            self.coverage.last_ok is not None or self.coverage.last_listed_began is not None
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do about one look at one scope."""

    settled: tuple[Draft, ...] = ()
    doubtful: tuple[Draft, ...] = ()
    missing: tuple[Head, ...] = ()
    mass_loss: bool = False
    """So many are missing that it looks like a listing that hides them: if confirmed, administrators are told."""


def decide(reading: Reading, known: Known) -> Plan:
    """The plan for a reading."""
    if not reading.outcome.listed_everything:
        return Plan()
    drafts = [draft for draft in (draft_of(one, known) for one in reading.observations) if draft is not None]
    missing = missing_from(reading, known.heads)
    return Plan(
        settled=tuple(draft for draft in drafts if not _is_doubtful(draft, known.heads)),
        doubtful=tuple(draft for draft in drafts if _is_doubtful(draft, known.heads)),
        missing=missing,
        mass_loss=is_mass_loss(len(missing), sum(head.resource.present for head in known.heads.values())),
    )


def draft_of(seen: Observation, known: Known) -> Draft | None:
    """What one observation is to be recorded as; None where it says nothing new."""
    head = known.heads.get(seen.resource.id)
    if head is None or head.kind is ChangeKind.DELETED:
        return _of_new(seen, head, known)
    another = _is_another(seen, head)
    configuration = seen.configuration
    if seen.unreadable and not another:
        configuration = with_known_values(configuration, seen.unreadable, known.configuration(head.config_sha))
    canonical = canonical_bytes(configuration)
    config_sha = digest(canonical)
    if another:
        kind: ChangeKind | None = ChangeKind.RECREATED
    elif config_sha == head.config_sha:
        return None
    else:
        kind = _kind_of_change(configuration, config_sha, seen, head, known)
    if kind is None:
        return None
    return Draft(
        resource=_numbered(seen, head),
        kind=kind,
        configuration=configuration,
        canonical=canonical,
        config_sha=config_sha,
        durable_sha=durable_digest(configuration, known.treatment, canonical),
        observed_at=seen.observed_at,
        changed_after=_known_until(head, known.coverage),
        unreadable=seen.unreadable,
        parent=seen.parent,
    )


def deletion_of(head: Head, observed_at: datetime, known: Known) -> Draft:
    """What a resource that is not there any more is recorded as."""
    config_sha, durable_sha = digests({}, known.treatment)
    return Draft(
        resource=head.resource,
        kind=ChangeKind.DELETED,
        configuration={},
        canonical=canonical_bytes({}),
        config_sha=config_sha,
        durable_sha=durable_sha,
        observed_at=observed_at,
        changed_after=_known_until(head, known.coverage),
        parent=head.parent,
    )


def missing_from(reading: Reading, heads: Mapping[str, Head]) -> tuple[Head, ...]:
    """The recorded, present resources that a look should have shown and did not.

    None at all unless the listing was whole; none below a parent whose children could not be listed.
    """
    if not reading.outcome.listed_everything or not reading.whole_listing:
        return ()
    seen = {one.resource.id for one in reading.observations} | reading.unread
    return tuple(
        head
        for identity, head in heads.items()
        if head.resource.present
        and head.kind is not ChangeKind.DELETED
        and identity not in seen
        and (head.parent is None or head.parent not in reading.unread_parents)
    )


def is_mass_loss(missing: int, present: int) -> bool:
    """More than ten and more than 30 % of a scope, or everything where there were five or more."""
    return missing > max(_MASS_COUNT, _MASS_SHARE * present) or (missing == present and present >= _ALL_GONE)


def with_known_values(
    configuration: Configuration, unreadable: Iterable[str], recorded: Configuration
) -> dict[str, Any]:
    """The configuration in which parts that could not be read have their recorded values."""
    kept = {key: recorded[key] for key in unreadable if key in recorded}
    return {**configuration, **kept}


def _is_of_aws(arn: str | None) -> bool:
    """Whether AWS itself made it (a managed policy of AWS): nobody here made it when it shows up."""
    parts = (arn or "").split(":")
    return len(parts) > 4 and parts[4] == "aws"


def _of_new(seen: Observation, head: Head | None, known: Known) -> Draft:
    if head is not None:
        kind = ChangeKind.RECREATED
    else:
        news = known.listed_before and not _is_of_aws(seen.resource.arn)
        kind = ChangeKind.CREATED if news else ChangeKind.BASELINE
    canonical = canonical_bytes(seen.configuration)
    return Draft(
        resource=_numbered(seen, head),
        kind=kind,
        configuration=seen.configuration,
        canonical=canonical,
        config_sha=digest(canonical),
        durable_sha=durable_digest(seen.configuration, known.treatment, canonical),
        observed_at=seen.observed_at,
        changed_after=None if kind is ChangeKind.BASELINE else _known_until(head, known.coverage),
        unreadable=seen.unreadable,
        parent=seen.parent,
    )


def _kind_of_change(
    configuration: Configuration, config_sha: str, seen: Observation, head: Head, known: Known
) -> ChangeKind | None:
    """What a difference in content is; None where it is too early to record it again."""
    recorded = known.configuration(head.config_sha)
    if durable_digest(configuration, known.treatment) == head.durable_sha:
        recent = head.kind is ChangeKind.EPHEMERAL and seen.observed_at - head.observed_at < EPHEMERAL_EVERY
        return None if recent else ChangeKind.EPHEMERAL
    newly_read = {
        key for key in configuration if key not in recorded and (key in head.unreadable or key in known.own_keys)
    }
    if newly_read:
        before = {key: value for key, value in configuration.items() if key not in newly_read}
        if durable_digest(before, known.treatment) == head.durable_sha:
            return ChangeKind.BASELINE
    return ChangeKind.CHANGED


def _is_doubtful(draft: Draft, heads: Mapping[str, Head]) -> bool:
    if draft.kind is ChangeKind.CHANGED:
        return True
    head = heads.get(draft.resource.id)
    return draft.kind is ChangeKind.RECREATED and head is not None and head.kind is not ChangeKind.DELETED


def _is_another(seen: Observation, head: Head) -> bool:
    """Whether it is another incarnation under the same id."""
    return seen.resource.uid is not None and head.resource.uid is not None and seen.resource.uid != head.resource.uid


def _numbered(seen: Observation, head: Head | None) -> Resource:
    return seen.resource if head is None else replace(seen.resource, pk=head.resource.pk)


def _known_until(head: Head | None, coverage: Coverage | None) -> datetime | None:
    """The last time at which the recorded state (or the absence) was seen to hold."""
    if coverage is not None and coverage.last_ok is not None:
        return coverage.last_ok if head is None else max(coverage.last_ok, head.observed_at)
    if head is not None:
        return head.observed_at
    return coverage.last_listed_began if coverage is not None else None
