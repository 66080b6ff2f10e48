"""Rows of findings as values of the model, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.sql.selectable import Join

from vigie.history.blobs import batches
from vigie.history.columns import RESOURCE, RESOURCES
from vigie.history.rows import resource_of
from vigie.history.tables.archive import resource
from vigie.history.tables.findings import finding, finding_state, justification, rule_text
from vigie.model.canonical import canonical_text
from vigie.model.finding import Finding, FindingKey, FindingStatus, Justification, Severity
from vigie.model.finding_plan import GivenJustification, Pattern, StoredFinding

_IN_LIST = 500
JUSTIFICATION = (
    justification.c.pk.label("justification_pk"),
    justification.c.author,
    justification.c.reason,
    justification.c.created_at,
    justification.c.expires_at,
    justification.c.state_digest,
    justification.c.evidence.label("justified_evidence"),
    justification.c.severity.label("justified_severity"),
    justification.c.pattern,
)
FINDING = (
    finding.c.pk.label("finding_pk"),
    finding.c.rule,
    finding.c.subject,
    finding.c.status,
    finding.c.severity,
    finding.c.rank,
    finding.c.message,
    finding.c.evidence,
    finding.c.own_severity,
    finding.c.held,
    finding.c.first_seen,
    finding.c.last_seen,
    finding.c.since,
    rule_text.c.title,
    *RESOURCE,
    *JUSTIFICATION,
)
FINDINGS: Join = (
    finding.join(RESOURCES, finding.c.resource_pk == resource.c.pk)
    .outerjoin(rule_text, rule_text.c.rule == finding.c.rule)
    .outerjoin(justification, finding.c.justification_pk == justification.c.pk)
)


def finding_of(row: Any) -> Finding:
    """From the columns of :data:`FINDING`."""
    status = FindingStatus(row.status)
    shown = status is FindingStatus.JUSTIFIED and row.justification_pk is not None
    return Finding(
        key=FindingKey(row.rule, row.resource_pk, row.subject),
        resource=resource_of(row),
        status=status,
        severity=Severity(row.severity),
        title=row.title or row.rule,
        message=row.message,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        since=row.since,
        evidence=from_text(row.evidence),
        justification=_justification(row) if shown else None,
        pk=row.finding_pk,
    )


def stored_of(row: Any, given: GivenJustification | None) -> StoredFinding:
    """From the columns of :data:`FINDING`, and the finding's own justification."""
    return StoredFinding(
        finding=finding_of(row),
        held=FindingStatus(row.held) if row.held else None,
        own_severity=Severity(row.own_severity) if row.own_severity else None,
        given=given,
    )


def given_of(row: Any) -> GivenJustification:
    """From the columns of :data:`JUSTIFICATION`."""
    return GivenJustification(
        pk=row.justification_pk,
        justification=_justification(row),
        pattern=Pattern(**json.loads(row.pattern)) if row.pattern else None,
        evidence=from_text(row.justified_evidence),
        severity=Severity(row.justified_severity) if row.justified_severity else None,
    )


def _justification(row: Any) -> Justification:
    return Justification(row.author, row.reason, row.created_at, row.expires_at, row.state_digest)


def to_text(value: Any) -> str | None:
    """Plain JSON values as text; None stays None."""
    return None if value is None else canonical_text(value)


def from_text(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def findings_told(tx: Connection, states: Iterable[int]) -> dict[int, tuple[Finding, str]]:
    """By the numbers of states: the finding as it was after that state, and how to put it right."""
    columns = (
        *FINDING,
        rule_text.c.remedy,
        finding_state.c.pk.label("state_pk"),
        finding_state.c.at,
        finding_state.c.status.label("state_status"),
        finding_state.c.severity.label("state_severity"),
        finding_state.c.message.label("state_message"),
    )
    joined = FINDINGS.join(finding_state, finding_state.c.finding_pk == finding.c.pk)
    query = select(*columns).select_from(joined)
    found: dict[int, tuple[Finding, str]] = {}
    for batch in batches(sorted(states), _IN_LIST):
        for row in tx.execute(query.where(finding_state.c.pk.in_(batch))):
            found[row.state_pk] = (_as_of_state(row), row.remedy or "")
    return found


def _as_of_state(row: Any) -> Finding:
    return replace(
        finding_of(row),
        status=FindingStatus(row.state_status),
        severity=Severity(row.state_severity),
        message=row.state_message,
        since=row.at,
        last_seen=row.at,
    )
