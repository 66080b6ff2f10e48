"""Reads the past of many resources at once: the estate at a time, findings as they stood, revisions in order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, or_, select
from sqlalchemy.sql.selectable import ScalarSelect

from vigie.history import asof, blobs
from vigie.history.columns import CONTENTS, COVERAGE, HEADER, RESOURCE, RESOURCES, REVISIONS, AnyRow
from vigie.history.cursors import decode, encode
from vigie.history.finding_rows import FINDING, FINDINGS, finding_of, from_text
from vigie.history.findings import FindingFilter, finding_conditions
from vigie.history.rows import coverage_of, resource_of
from vigie.history.tables.archive import blob, coverage, resource, revision, scope
from vigie.history.tables.findings import finding, finding_state
from vigie.model.change import ChangeKind, Revision
from vigie.model.finding import Finding, FindingStatus, Severity
from vigie.model.paging import Page, Paged
from vigie.model.past import EstateAt, Presence, ResourceAt, ScopeAt
from vigie.model.queries import ResourceFilter
from vigie.model.resource import Resource
from vigie.model.scope import GLOBAL, Coverage, Scope

_BATCH = 500


class Past:
    """Part of :class:`~vigie.history.store.History`. Reads only; every method is one consistent look at the store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def estate(self, wanted: ResourceFilter, when: datetime) -> EstateAt:
        """The resources of the filter that were, or may have been, there at a time; without their configurations.

        ``wanted.present``, ``tag`` and ``ref`` speak of now and are not looked at.
        """
        asked = _conditions(wanted)
        with self._engine.connect() as tx:
            runs = _runs(tx, _scope_conditions(wanted))
            rows = tx.execute(_around(when).where(*asked).order_by(resource.c.scope_pk, resource.c.id)).all()
        told = (_resource_at(row, runs.get(row.scope_pk, ()), when) for row in rows)
        there = tuple(one for one in told if one.presence is not Presence.ABSENT)
        looked = (_scope_at(of_scope, when) for of_scope in runs.values())
        return EstateAt(when, there, tuple(one for one in looked if _concerns(one.scope, wanted.region)))

    def with_configurations(self, states: Iterable[ResourceAt]) -> Iterator[ResourceAt]:
        """The same with the configuration of the state in force, where one is known. Reads in batches."""
        for batch in blobs.batches(list(states), _BATCH):
            held = self.configurations(one.state.revision for one in batch if one.state.revision is not None)
            for one in batch:
                known = one.state.revision
                yield one if known is None else replace(one, state=replace(one.state, revision=held[known.pk or 0]))

    def findings(self, wanted: FindingFilter, when: datetime, page: Page) -> Paged[Finding]:
        """The findings as they stood at a time, by what vigie held then: most severe first, then newest first.

        ``since`` and ``last_seen`` are the time of the state that was in force. A justification is told by the status.
        """
        kept = sorted(self._stood(wanted, when), key=_place)
        if page.after is not None:
            rank, pk = decode(page.after, int, int)
            kept = [one for one in kept if _place(one) > (-rank, -pk)]
        shown = tuple(kept[: page.limit])
        more = encode(shown[-1].severity.rank, shown[-1].pk or 0) if len(kept) > page.limit else None
        return Paged(shown, more)

    def _stood(self, wanted: FindingFilter, when: datetime) -> list[Finding]:
        last = (
            select(finding_state.c.pk)
            .where(finding_state.c.finding_pk == finding.c.pk, finding_state.c.at <= when)
            .order_by(finding_state.c.pk.desc())
            .limit(1)
            .correlate(finding)
            .scalar_subquery()
        )
        columns = (
            *FINDING,
            finding_state.c.at.label("state_at"),
            finding_state.c.status.label("state_status"),
            finding_state.c.severity.label("state_severity"),
            finding_state.c.message.label("state_message"),
            finding_state.c.evidence.label("state_evidence"),
        )
        joined = FINDINGS.join(finding_state, finding_state.c.pk == last)
        said = replace(wanted, statuses=tuple(FindingStatus), severity=None, severity_at_least=None)
        query = select(*columns).select_from(joined).where(*finding_conditions(said))
        with self._engine.connect() as tx:
            stood = [_as_it_stood(row) for row in tx.execute(query)]
        return [one for one in stood if one.status in wanted.statuses and _severe(one.severity, wanted)]

    def revisions(
        self, types: Sequence[str], *, account: str | None = None, until: datetime | None = None
    ) -> list[Revision]:
        """All revisions of resources of those types, without their configurations, in the order they were observed."""
        said = _of_types(types, account)
        said += [revision.c.observed_at <= until] if until is not None else []
        query = select(*RESOURCE, *HEADER).select_from(REVISIONS).where(*said)
        with self._engine.connect() as tx:
            rows = tx.execute(query.order_by(revision.c.observed_at, revision.c.pk)).all()
        return [_header(row) for row in rows]

    def configurations(self, revisions: Iterable[Revision]) -> dict[int, Revision]:
        """Those revisions with their configurations, by their number in the store."""
        found: dict[int, Revision] = {}
        with self._engine.connect() as tx:
            for batch in blobs.batches([one.pk for one in revisions], _BATCH):
                query = select(*RESOURCE, *HEADER, *CONTENTS).select_from(REVISIONS).where(revision.c.pk.in_(batch))
                found.update((row.revision_pk, asof.revision_of(row, row.unreadable)) for row in tx.execute(query))
        return found

    def coverage_runs(self, types: Sequence[str], *, account: str | None = None) -> list[list[Coverage]]:
        """Of every scope of those types: what came of looking at it through time, oldest first."""
        with self._engine.connect() as tx:
            return list(_runs(tx, _of_types(types, account)).values())


# --- resources around a time

_before = revision.alias("before")
_after = revision.alias("after")
_before_blob = blob.alias("before_blob")


def _neighbour(*condition: ColumnElement[bool], newest: bool) -> ScalarSelect[Any]:
    order = (revision.c.observed_at, revision.c.number)
    query = select(revision.c.pk).where(revision.c.resource_pk == resource.c.pk, *condition)
    query = query.order_by(*(column.desc() if newest else column for column in order))
    return query.limit(1).correlate(resource).scalar_subquery()


def _around(when: datetime) -> Any:
    """Each resource with the header of the last revision up to that time, and of the first one after it."""
    before = _neighbour(revision.c.observed_at <= when, newest=True)
    after = _neighbour(revision.c.observed_at > when, newest=False)
    joined = (
        RESOURCES.outerjoin(_before, _before.c.pk == before)
        .outerjoin(_after, _after.c.pk == after)
        .outerjoin(_before_blob, _before_blob.c.pk == _before.c.blob_pk)
    )
    columns = [
        *RESOURCE,
        resource.c.scope_pk,
        resource.c.seen_until,
        _before_blob.c.sha.label("before_config_sha"),
        *(_before.c[name].label(f"before_{name}") for name in _MARKS),
        *(_after.c[name].label(f"after_{name}") for name in (*_MARKS, "looked_before")),
    ]
    return select(*columns).select_from(joined)


_MARKS = ("pk", "number", "kind", "observed_at", "changed_after", "durable_sha")


def _resource_at(row: AnyRow, runs: Sequence[Coverage], when: datetime) -> ResourceAt:
    of = resource_of(row)
    after = _mark(row, of, "after")
    if after is not None:
        held = after.changed_after or row.after_looked_before
    elif row.resource_present and row.seen_until is not None:
        held = row.seen_until
    else:
        held = runs[-1].last_listed_began if runs else None
    known = asof.known_of(_mark(row, of, "before"), after, held, runs, when)
    return ResourceAt(of, asof.state_at(known, when))


def _mark(row: AnyRow, of: Resource, prefix: str) -> Revision | None:
    members = row._mapping
    if members[f"{prefix}_pk"] is None:
        return None
    return Revision(
        resource=of,
        number=members[f"{prefix}_number"],
        kind=ChangeKind(members[f"{prefix}_kind"]),
        observed_at=members[f"{prefix}_observed_at"],
        configuration={},
        changed_after=members[f"{prefix}_changed_after"],
        config_sha=members.get(f"{prefix}_config_sha") or "",
        durable_sha=members[f"{prefix}_durable_sha"] or "",
        pk=members[f"{prefix}_pk"],
    )


def _header(row: AnyRow) -> Revision:
    return Revision(
        resource=resource_of(row),
        number=row.number,
        kind=ChangeKind(row.kind),
        observed_at=row.observed_at,
        configuration={},
        changed_after=row.changed_after,
        config_sha=row.config_sha or "",
        durable_sha=row.durable_sha or "",
        pk=row.revision_pk,
    )


# --- scopes around a time


def _runs(tx: Connection, conditions: Iterable[ColumnElement[bool]]) -> Mapping[int, list[Coverage]]:
    query = select(*COVERAGE, coverage.c.scope_pk).join_from(coverage, scope, coverage.c.scope_pk == scope.c.pk)
    query = query.where(*conditions).order_by(
        scope.c.account, scope.c.region, scope.c.type, coverage.c.since, coverage.c.pk
    )
    found: dict[int, list[Coverage]] = defaultdict(list)
    for row in tx.execute(query):
        found[row.scope_pk].append(coverage_of(row))
    return found


def _scope_at(runs: Sequence[Coverage], when: datetime) -> ScopeAt:
    now = next((run for run in reversed(runs) if run.since <= when <= run.last_looked), None)
    if now is not None:
        return ScopeAt(now.scope, now.status, now.since, now.last_looked)
    before = max((run.last_looked for run in runs if run.last_looked < when), default=None)
    return ScopeAt(runs[0].scope, None, before, min((run.since for run in runs if run.since > when), default=None))


def _concerns(of: Scope, region: str | None) -> bool:
    """A global listing may show resources of any region."""
    return region is None or of.region in (region, GLOBAL)


# --- conditions


def _of_types(types: Sequence[str], account: str | None) -> list[ColumnElement[bool]]:
    said: list[ColumnElement[bool]] = [scope.c.type.in_(list(types))]
    return said if account is None else [*said, scope.c.account == account]


def _scope_conditions(wanted: ResourceFilter) -> list[ColumnElement[bool]]:
    said = [(scope.c.account, wanted.account), (scope.c.type, wanted.type)]
    return [column == value for column, value in said if value is not None]


def _conditions(wanted: ResourceFilter) -> list[ColumnElement[bool]]:
    said = _scope_conditions(wanted)
    if wanted.region is not None:
        said.append(resource.c.region == wanted.region)
    if wanted.text:
        columns = (resource.c.id, resource.c.name, resource.c.arn)
        said.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in columns)))
    return said


# --- findings


def _as_it_stood(row: AnyRow) -> Finding:
    return replace(
        finding_of(row),
        status=FindingStatus(row.state_status),
        severity=Severity(row.state_severity),
        message=row.state_message,
        evidence=from_text(row.state_evidence),
        since=row.state_at,
        last_seen=row.state_at,
        justification=None,
    )


def _place(finding: Finding) -> tuple[int, int]:
    return (-finding.severity.rank, -(finding.pk or 0))


def _severe(severity: Severity, wanted: FindingFilter) -> bool:
    if wanted.severity is not None and severity is not wanted.severity:
        return False
    return wanted.severity_at_least is None or severity.rank >= wanted.severity_at_least.rank
