"""Findings and their states through time, justifications, failures of rules. Derived: all of it can be judged again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, ColumnElement, Connection, Engine, and_, func, or_, select

from vigie.history import justifying
from vigie.history.blobs import batches
from vigie.history.cursors import decode, encode
from vigie.history.finding_rows import (
    FINDING,
    FINDINGS,
    JUSTIFICATION,
    finding_of,
    from_text,
    given_of,
    stored_of,
)
from vigie.history.finding_writes import serialise, upsert, write_plan
from vigie.history.tables.archive import coverage, resource, scope
from vigie.history.tables.findings import (
    audit_state,
    finding,
    finding_state,
    judged,
    justification,
    rule_failure,
)
from vigie.model.finding import Finding, FindingStatus, Justification, Severity
from vigie.model.finding_plan import (
    Cause,
    FindingPlan,
    FindingState,
    GivenJustification,
    Pattern,
    RuleFailure,
    StoredFinding,
)
from vigie.model.paging import Page, Paged
from vigie.model.scope import Scope

Begin = Callable[[], AbstractContextManager[Connection]]
_IN_LIST = 500
_UNRESOLVED = tuple(s.value for s in FindingStatus if s is not FindingStatus.RESOLVED)

Facet = Literal["severity", "status", "rule", "account", "region", "type"]


@dataclass(frozen=True, slots=True)
class FindingFilter:
    """Which findings are wanted: all that is said must hold."""

    rule: str | None = None
    severity_at_least: Severity | None = None
    severity: Severity | None = None
    """This severe, no more and no less."""
    statuses: tuple[FindingStatus, ...] = (FindingStatus.OPEN, FindingStatus.JUSTIFIED, FindingStatus.UNKNOWN)
    account: str | None = None
    region: str | None = None
    type: str | None = None
    resource: int | None = None
    text: str | None = None
    """Part of the message, rule, subject, or of the resource's id, name or ARN."""


@dataclass(frozen=True, slots=True)
class Score:
    """Sum of the severity weights of findings that stand."""

    total: int
    unjustified: int


@dataclass(frozen=True, slots=True)
class JudgedCounts:
    """How many (rule, resource) pairs came to which verdict, at the last judging of each resource."""

    resources: int
    compliant: int
    non_compliant: int
    unknown: int


class Findings:
    """Part of :class:`~vigie.history.store.History`. Threads and processes may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # Reading

    def query(self, wanted: FindingFilter, page: Page) -> Paged[Finding]:
        """Findings, most severe first, then newest first."""
        query = select(*FINDING).select_from(FINDINGS).where(*finding_conditions(wanted))
        if page.after is not None:
            rank, pk = decode(page.after, int, int)
            query = query.where(or_(finding.c.rank < rank, and_(finding.c.rank == rank, finding.c.pk < pk)))
        query = query.order_by(finding.c.rank.desc(), finding.c.pk.desc()).limit(page.limit + 1)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        shown = rows[: page.limit]
        more = encode(shown[-1].rank, shown[-1].finding_pk) if len(rows) > page.limit else None
        return Paged(tuple(finding_of(row) for row in shown), more)

    def get(self, pk: int) -> Finding | None:
        """The finding of that number."""
        with self._engine.connect() as connection:
            row = connection.execute(select(*FINDING).select_from(FINDINGS).where(finding.c.pk == pk)).one_or_none()
        return finding_of(row) if row is not None else None

    def history(self, pk: int) -> list[FindingState]:
        """All states of a finding, oldest first."""
        joined = finding_state.outerjoin(justification, finding_state.c.justification_pk == justification.c.pk)
        columns = (*finding_state.c, justification.c.reason)
        query = select(*columns).select_from(joined).where(finding_state.c.finding_pk == pk)
        with self._engine.connect() as connection:
            return [_state_of(row) for row in connection.execute(query.order_by(finding_state.c.pk))]

    def state(self, pk: int) -> tuple[Finding, FindingState] | None:
        """One state (the ``ref`` of an outbox row), with its finding as it stands now."""
        query = select(finding_state).where(finding_state.c.pk == pk)
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        states = {state.pk: state for state in self.history(row.finding_pk)}
        found = self.get(row.finding_pk)
        return (found, states[pk]) if found else None

    def counts(self, wanted: FindingFilter, by: Facet = "severity") -> dict[str, int]:
        """How many findings, by one of their fields."""
        columns: dict[str, ColumnElement[Any]] = {
            "severity": finding.c.severity,
            "status": finding.c.status,
            "rule": finding.c.rule,
            "account": scope.c.account,
            "region": resource.c.region,
            "type": scope.c.type,
        }
        column = columns[by]
        query = select(column, func.count()).select_from(FINDINGS).where(*finding_conditions(wanted)).group_by(column)
        with self._engine.connect() as connection:
            found = {value: int(count) for value, count in connection.execute(query)}
        if by == "severity":
            return {s.value: found.get(s.value, 0) for s in reversed(Severity) if found.get(s.value)}
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    def score(self, *, account: str | None = None, resource: int | None = None) -> Score:
        """Of a resource, an account, or (neither given) the estate."""
        standing = (FindingStatus.OPEN, FindingStatus.JUSTIFIED)
        wanted = FindingFilter(statuses=standing, account=account, resource=resource)
        columns = (finding.c.severity, finding.c.status)
        query = (
            select(*columns, func.count()).select_from(FINDINGS).where(*finding_conditions(wanted)).group_by(*columns)
        )
        with self._engine.connect() as connection:
            rows = [(Severity(s).weight * int(n), status) for s, status, n in connection.execute(query)]
        unjustified = sum(weight for weight, status in rows if status == FindingStatus.OPEN.value)
        return Score(sum(weight for weight, _ in rows), unjustified)

    def failures(self, *, only_defects: bool = False, limit: int = 1000) -> list[tuple[RuleFailure, datetime]]:
        """Rules that gave no verdict on a resource, and since when; with ``only_defects``, those that failed
        themselves.
        """
        query = select(rule_failure).order_by(rule_failure.c.since.desc(), rule_failure.c.rule).limit(limit)
        if only_defects:
            query = query.where(rule_failure.c.failed)
        with self._engine.connect() as connection:
            return [
                (RuleFailure(row.rule, row.resource_pk, row.message, row.failed), row.since)
                for row in connection.execute(query)
            ]

    def judged_counts(self) -> JudgedCounts:
        """What the last judging of everything came to."""
        sums = (func.coalesce(func.sum(c), 0) for c in (judged.c.compliant, judged.c.non_compliant, judged.c.unknown))
        with self._engine.connect() as connection:
            row = connection.execute(select(func.count(), *sums).select_from(judged)).one()
        return JudgedCounts(*(int(value) for value in row))

    # Justifications

    def justify(self, tx: Connection, pk: int, given: Justification) -> None:
        """Accept a finding in the state it is in. It opens again when that gets worse, or when the justification
        expires.

        Raises:
            UsageError: there is no such finding, or nothing is wrong (or known) now that could be accepted.
        """
        justifying.justify(tx, pk, given)

    def withdraw(self, tx: Connection, pk: int, author: str, now: datetime) -> None:
        """Take the justification of a finding back: it is open again.

        Raises:
            UsageError: there is no such finding, or it has no justification of its own.
        """
        justifying.withdraw(tx, pk, author, now)

    def justify_pattern(self, tx: Connection, pattern: Pattern, given: Justification) -> int:
        """Accept all findings that fit, now and later. What is affected is judged again (see ``matching`` first)."""
        return justifying.justify_pattern(tx, pattern, given)

    def withdraw_pattern(self, tx: Connection, pk: int, author: str, now: datetime) -> None:
        """Take a justification by pattern back.

        Raises:
            UsageError: there is none of that number in force.
        """
        justifying.withdraw_pattern(tx, pk, author, now)

    def patterns(self, tx: Connection | None = None) -> list[GivenJustification]:
        """Justifications by pattern that are in force (or have just expired), oldest first."""
        in_force = (justification.c.finding_pk.is_(None), justification.c.ended_at.is_(None))
        query = select(*JUSTIFICATION).where(*in_force).order_by(justification.c.pk)
        with self._reading(tx) as connection:
            return [given_of(row) for row in connection.execute(query)]

    # What the auditor needs

    def of_resources(self, pks: Sequence[int], tx: Connection | None = None) -> dict[int, list[StoredFinding]]:
        """All findings on these resources, resolved ones too."""
        found: dict[int, list[StoredFinding]] = {pk: [] for pk in pks}
        with self._reading(tx) as connection:
            for batch in batches(list(pks), _IN_LIST):
                own = self._own_justifications(connection, batch)
                query = select(*FINDING).select_from(FINDINGS).where(finding.c.resource_pk.in_(batch))
                for row in connection.execute(query.order_by(finding.c.pk)):
                    found[row.resource_pk].append(stored_of(row, own.get(row.finding_pk)))
        return found

    def _own_justifications(self, connection: Connection, pks: Sequence[int]) -> dict[int, GivenJustification]:
        joined = justification.join(finding, justification.c.finding_pk == finding.c.pk)
        query = select(*JUSTIFICATION, justification.c.finding_pk).select_from(joined)
        in_force = (finding.c.resource_pk.in_(pks), justification.c.ended_at.is_(None))
        rows = connection.execute(query.where(*in_force).order_by(justification.c.pk))
        return {row.finding_pk: given_of(row) for row in rows}

    def serialise(self, tx: Connection) -> None:
        """Until the end of the transaction, nobody else reads findings in order to change them."""
        serialise(tx)

    def judged_revisions(self, pks: Sequence[int], tx: Connection | None = None) -> dict[int, int]:
        """Resource → number of the revision that was judged last."""
        return self._of_judged(judged.c.revision, pks, tx)

    def judged_at(self, pks: Sequence[int], tx: Connection | None = None) -> dict[int, datetime]:
        """Resource → when it was judged last."""
        return self._of_judged(judged.c.at, pks, tx)

    def _of_judged(self, column: Column[Any], pks: Sequence[int], tx: Connection | None) -> dict[int, Any]:
        found: dict[int, Any] = {}
        with self._reading(tx) as connection:
            for batch in batches(list(pks), _IN_LIST):
                query = select(judged.c.resource_pk, column).where(judged.c.resource_pk.in_(batch))
                found.update((row[0], row[1]) for row in connection.execute(query))
        return found

    def apply(self, tx: Connection, plan: FindingPlan, now: datetime) -> None:
        """Write what was decided: findings, states, failures, and what is to be told."""
        write_plan(tx, plan, now)

    def unresolved(self) -> set[int]:
        """The resources that have findings which are not resolved."""
        query = select(finding.c.resource_pk).where(finding.c.status.in_(_UNRESOLVED)).distinct()
        with self._engine.connect() as connection:
            return set(connection.execute(query).scalars())

    def remembered(self, name: str, tx: Connection | None = None) -> str | None:
        """Something that the auditor remembered."""
        with self._reading(tx) as connection:
            found = connection.execute(select(audit_state.c.value).where(audit_state.c.name == name))
            value: str | None = found.scalar_one_or_none()
        return value

    def remember(self, tx: Connection, name: str, value: str) -> None:
        upsert(tx, audit_state, [{"name": name, "value": value}])

    def turned_scopes(self, after: int) -> list[tuple[int, Scope]]:
        """Scopes whose coverage took another status, as (number of the run, scope), after the run of that number."""
        query = (
            select(coverage.c.pk, scope.c.account, scope.c.region, scope.c.type)
            .join(scope, coverage.c.scope_pk == scope.c.pk)
            .where(coverage.c.pk > after)
            .order_by(coverage.c.pk)
        )
        with self._engine.connect() as connection:
            return [(row.pk, Scope(row.account, row.region, row.type)) for row in connection.execute(query)]

    def matching(self, pattern: Pattern) -> list[Finding]:
        """The findings that stand and that a justification by this pattern would be for (but for its tags): a dry
        run.
        """
        wanted = FindingFilter(statuses=(FindingStatus.OPEN, FindingStatus.JUSTIFIED))
        query = select(*FINDING).select_from(FINDINGS).where(*finding_conditions(wanted)).order_by(finding.c.pk)
        with self._engine.connect() as connection:
            return [f for f in map(finding_of, connection.execute(query)) if pattern.fits(f.rule, f.resource, None)]

    def _reading(self, tx: Connection | None) -> AbstractContextManager[Connection]:
        return nullcontext(tx) if tx is not None else self._engine.connect()


def finding_conditions(wanted: FindingFilter) -> Iterable[ColumnElement[bool]]:
    """What a filter says, of the tables of :data:`~vigie.history.finding_rows.FINDINGS`."""
    yield finding.c.status.in_([s.value for s in wanted.statuses])
    if wanted.severity_at_least is not None:
        yield finding.c.rank >= wanted.severity_at_least.rank
    said = (
        (finding.c.rule, wanted.rule),
        (finding.c.severity, wanted.severity.value if wanted.severity else None),
        (scope.c.account, wanted.account),
        (resource.c.region, wanted.region),
        (scope.c.type, wanted.type),
        (finding.c.resource_pk, wanted.resource),
    )
    yield from (column == value for column, value in said if value is not None)
    if wanted.text:
        columns = (finding.c.message, finding.c.rule, finding.c.subject, resource.c.id, resource.c.name, resource.c.arn)
        yield or_(*(func.lower(c).contains(wanted.text.lower(), autoescape=True) for c in columns))


def _state_of(row: Any) -> FindingState:
    return FindingState(
        at=row.at,
        cause=Cause(row.cause),
        status=FindingStatus(row.status),
        severity=Severity(row.severity),
        message=row.message,
        evidence=from_text(row.evidence),
        author=row.author,
        reason=row.reason,
        pk=row.pk,
    )
