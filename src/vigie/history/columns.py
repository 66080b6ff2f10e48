"""The columns that the queries of the archive read, under the names that ``rows`` knows."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Row, Select, and_, case, select
from sqlalchemy.sql.elements import Label
from sqlalchemy.sql.selectable import Join

from vigie.history.tables.archive import blob, coverage, resource, revision, scope
from vigie.history.tables.log import erasure, erasure_run

AnyRow = Row[*tuple[Any, ...]]
Query = Select[*tuple[Any, ...]]
Columns = tuple[Column | Label, ...]  # type: ignore[type-arg]  # of any type

SCOPE: Columns = (
    scope.c.account.label("scope_account"),
    scope.c.region.label("scope_region"),
    scope.c.type.label("scope_type"),
)
RESOURCE: Columns = (
    *SCOPE,
    resource.c.pk.label("resource_pk"),
    resource.c.id.label("resource_id"),
    resource.c.region.label("resource_region"),
    resource.c.arn.label("resource_arn"),
    resource.c.name.label("resource_name"),
    resource.c.uid.label("resource_uid"),
    resource.c.present.label("resource_present"),
    resource.c.first_seen.label("resource_first_seen"),
)
HEADER: Columns = (
    revision.c.pk.label("revision_pk"),
    revision.c.number,
    revision.c.kind,
    revision.c.changed_after,
    revision.c.observed_at,
    revision.c.looked_before,
    revision.c.durable_sha,
    revision.c.uid.label("revision_uid"),
    revision.c.unreadable,
    revision.c.blob_pk,
    blob.c.sha.label("config_sha"),
)
_gone = and_(revision.c.blob_pk.is_(None), revision.c.kind != "deleted")
_of_it = and_(erasure.c.revision_pk == revision.c.pk, erasure.c.part == "content")


def _told(column: Any) -> Any:
    """Of the erasure of a revision that has no contents any more: looked up for such ones only."""
    told = select(column).select_from(erasure.join(erasure_run, erasure.c.run_pk == erasure_run.c.pk)).where(_of_it)
    return case((_gone, told.correlate(revision).scalar_subquery()))


ERASED: Columns = (
    _told(erasure_run.c.policy).label("erased_policy"),
    _told(erasure_run.c.at).label("erased_at"),
    _told(erasure.c.commitment).label("erased_commitment"),
)
BODY: Columns = (blob.c.dictionary, blob.c.body)
CONTENTS: Columns = (*BODY, *ERASED)
COVERAGE: Columns = (
    *SCOPE,
    coverage.c.status,
    coverage.c.since,
    coverage.c.last_looked,
    coverage.c.last_ok,
    coverage.c.last_ok_began,
    coverage.c.last_listed_began,
    coverage.c.problems,
)

RESOURCES: Join = resource.join(scope, resource.c.scope_pk == scope.c.pk)
REVISIONS: Join = (
    revision.join(resource, revision.c.resource_pk == resource.c.pk)
    .join(scope, resource.c.scope_pk == scope.c.pk)
    .outerjoin(blob, revision.c.blob_pk == blob.c.pk)
)
HEADS: Join = (
    resource.join(scope, resource.c.scope_pk == scope.c.pk)
    .join(revision, and_(revision.c.resource_pk == resource.c.pk, revision.c.number == resource.c.head))
    .outerjoin(blob, revision.c.blob_pk == blob.c.pk)
)
