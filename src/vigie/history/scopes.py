"""Scopes and their coverage ledger: what was looked at when, with what outcome, run-length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from vigie.history import log
from vigie.history.columns import COVERAGE
from vigie.history.rows import coverage_of, problems_text
from vigie.history.statements import coverage_begun, coverage_ended, run_members, run_seal
from vigie.history.tables.archive import coverage, scope
from vigie.model.scope import Coverage, Outcome, Problem, Scope


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a scope, as the ledger sees it."""

    scope: Scope
    outcome: Outcome
    began: datetime
    ended: datetime
    problems: tuple[Problem, ...] = ()


def lock(tx: Connection, wanted: Scope) -> int:
    """The scope's number (made where it has none). PostgreSQL: no other transaction records it until this one ends."""
    columns = {"account": wanted.account, "region": wanted.region, "type": wanted.type}
    same = [scope.c[name] == value for name, value in columns.items()]
    find = select(scope.c.pk).where(*same).with_for_update()
    found = tx.execute(find).scalar_one_or_none()
    if found is None:
        new: Any = postgresql.insert(scope) if tx.dialect.name == "postgresql" else sqlite.insert(scope)
        tx.execute(new.values(columns).on_conflict_do_nothing(index_elements=list(columns)))
        found = tx.execute(find).scalar_one()
    return int(found)


def current(tx: Connection, scope_pk: int) -> Coverage | None:
    """Its coverage as it stands."""
    joined = coverage.join(scope, coverage.c.scope_pk == scope.c.pk)
    query = select(*COVERAGE).select_from(joined).where(coverage.c.scope_pk == scope_pk, coverage.c.current)
    row = tx.execute(query).one_or_none()
    return coverage_of(row) if row is not None else None


def note(tx: Connection, scope_pk: int, look: Look, previous: Coverage | None) -> Coverage:
    """Enter one look: it lengthens the run of its status, or begins one. One older than the last changes nothing."""
    if previous is not None and look.ended < previous.last_looked:
        return previous
    now = _after(look, previous)
    values = {
        "last_looked": now.last_looked,
        "last_ok": now.last_ok,
        "last_ok_began": now.last_ok_began,
        "last_listed_began": now.last_listed_began,
        "problems": problems_text(now.problems),
        "seal": run_seal(run_members(now)),
    }
    run = update(coverage).where(coverage.c.scope_pk == scope_pk, coverage.c.current)
    if previous is not None and previous.status is now.status:
        tx.execute(run.values(values))
        return now
    closed = tx.execute(run.values(current=False).returning(coverage.c.pk)).scalar_one_or_none()
    opened = {"scope_pk": scope_pk, "status": now.status.value, "since": now.since, "current": True}
    number = tx.execute(insert(coverage).values(opened | values).returning(coverage.c.pk)).scalar_one()
    ended = [coverage_ended(closed, run_members(previous))] if closed is not None and previous is not None else []
    log.commit(tx, [*ended, coverage_begun(number, run_members(now))])
    return now


def runs(tx: Connection, scope_pk: int) -> Sequence[Coverage]:
    """All runs of a scope, oldest first."""
    return [coverage_of(row) for row in tx.execute(_RUNS, {"scope": scope_pk})]


_RUNS = (
    select(*COVERAGE)
    .select_from(coverage.join(scope, coverage.c.scope_pk == scope.c.pk))
    .where(coverage.c.scope_pk == bindparam("scope"))
    .order_by(coverage.c.since, coverage.c.pk)
)


def turned(previous: Coverage | None, now: Coverage) -> bool:
    """Whether people should hear of it: something may be hidden from us since now, or no longer."""
    return previous is not None and previous.is_gap != now.is_gap


def coverage_payload(now: Coverage, previous: Coverage | None, notice: str | None = None) -> dict[str, Any]:
    """What the outbox is told (history/outbox.py names the members)."""
    payload: dict[str, Any] = {
        "account": now.scope.account,
        "region": now.scope.region,
        "type": now.scope.type,
        "status": now.status.value,
        "previous": previous.status.value if previous is not None else None,
        "since": now.since.isoformat(),
        "error": now.error,
        "missing_permission": now.missing_permission,
    }
    return payload if notice is None else payload | {"notice": notice}


def _after(look: Look, previous: Coverage | None) -> Coverage:
    same = previous is not None and previous.status is look.outcome
    whole, listed = look.outcome.saw_everything, look.outcome.listed_everything
    return Coverage(
        scope=look.scope,
        status=look.outcome,
        since=previous.since if previous is not None and same else look.ended,
        last_looked=look.ended,
        last_ok=look.ended if whole else (previous.last_ok if previous else None),
        problems=look.problems,
        last_ok_began=look.began if whole else (previous.last_ok_began if previous else None),
        last_listed_began=look.began if listed else (previous.last_listed_began if previous else None),
    )
