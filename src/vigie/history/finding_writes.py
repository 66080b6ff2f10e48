"""Writes a :class:`~vigie.model.finding_plan.FindingPlan`: findings, their states, failures, and what is to be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, delete, insert, or_, text, update
from sqlalchemy.dialects import postgresql, sqlite

from vigie.history import log, outbox
from vigie.history.blobs import batches
from vigie.history.finding_rows import to_text
from vigie.history.statements import finding_state_statement
from vigie.history.tables.findings import finding, finding_state, judged, justification, rule_failure, rule_text
from vigie.model.finding import FindingKey, FindingStatus
from vigie.model.finding_plan import FindingPlan, RuleFailure, Step

_IN_LIST = 500
_LOCK = 7_614_390_112
"""PostgreSQL: one writer of findings at a time. SQLite has one writer anyway."""
_SEEN = (FindingStatus.OPEN, FindingStatus.JUSTIFIED)


def serialise(tx: Connection) -> None:
    """Until the end of the transaction, nobody else reads findings in order to change them."""
    if tx.dialect.name == "postgresql":
        tx.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


def write_plan(tx: Connection, plan: FindingPlan, now: datetime) -> None:
    """All of the plan, in the caller's transaction."""
    upsert(tx, rule_text, [{"rule": t.rule, "title": t.title, "remedy": t.remedy} for t in plan.texts])
    pks = _write_findings(tx, plan.steps, now)
    states = _write_states(tx, plan, pks, now)
    _end_justifications(tx, plan.steps, now)
    _confirm(tx, plan, now)
    _write_failures(tx, plan, now)
    rows = [
        {
            "resource_pk": j.resource,
            "revision": j.revision,
            "at": now,
            "compliant": j.compliant,
            "non_compliant": j.non_compliant,
            "unknown": j.unknown,
        }
        for j in plan.judged
    ]
    upsert(tx, judged, rows)
    _tell(tx, plan, states, now)


def upsert(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]], keep: Sequence[str] = ()) -> None:
    """Insert rows, or replace those with the same primary key, but for the columns ``keep``."""
    if not rows:
        return
    new: Any = postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    values = {name: new.excluded[name] for name in rows[0] if name not in keys and name not in keep}
    tx.execute(new.on_conflict_do_update(index_elements=keys, set_=values), list(rows))


def _write_findings(tx: Connection, steps: Sequence[Step], now: datetime) -> dict[FindingKey, int]:
    pks = {step.key: step.pk for step in steps if step.pk is not None}
    new = [step for step in steps if step.pk is None]
    if new:
        columns = (finding.c.rule, finding.c.resource_pk, finding.c.subject, finding.c.pk)
        rows = [
            _key_values(step) | _values(step, now) | {"first_seen": now, "last_seen": now, "since": now} for step in new
        ]
        for row in tx.execute(insert(finding).returning(*columns), rows):
            pks[FindingKey(row.rule, row.resource_pk, row.subject)] = row.pk
    for seen in (True, False):
        for moved in (True, False):
            chosen = [s for s in steps if s.pk is not None and _is_seen(s) is seen and _is_moved(s) is moved]
            times = {**({"last_seen": now} if seen else {}), **({"since": now} if moved else {})}
            if chosen:
                rows = [{"_pk": s.pk, **_values(s, now), **times} for s in chosen]
                tx.execute(update(finding).where(finding.c.pk == bindparam("_pk")), rows)
    return pks


def _is_seen(step: Step) -> bool:
    return step.status in _SEEN


def _is_moved(step: Step) -> bool:
    return step.status is not step.previous


def _key_values(step: Step) -> dict[str, Any]:
    return {"rule": step.key.rule, "resource_pk": step.key.resource, "subject": step.key.subject}


def _values(step: Step, now: datetime) -> dict[str, Any]:
    return {
        "status": step.status.value,
        "severity": step.severity.value,
        "rank": step.severity.rank,
        "message": step.message,
        "evidence": to_text(step.evidence),
        "own_severity": step.own_severity.value if step.own_severity else None,
        "held": step.held.value if step.held else None,
        "justification_pk": step.justified_by,
    }


def _write_states(
    tx: Connection, plan: FindingPlan, pks: Mapping[FindingKey, int], now: datetime
) -> dict[FindingKey, int]:
    if not plan.steps:
        return {}
    revisions = {j.resource: j.revision for j in plan.judged}
    key_of = {pk: key for key, pk in pks.items()}
    rows = [
        {
            "finding_pk": pks[step.key],
            "at": now,
            "cause": step.cause.value,
            "status": step.status.value,
            "severity": step.severity.value,
            "message": step.message,
            "evidence": to_text(step.evidence),
            "revision": revisions.get(step.key.resource),
            "justification_pk": step.justified_by,
        }
        for step in plan.steps
    ]
    return {key_of[finding_pk]: pk for finding_pk, pk in write_states(tx, rows, key_of).items()}


def write_states(tx: Connection, rows: Sequence[Mapping[str, Any]], keys: Mapping[int, FindingKey]) -> dict[int, int]:
    """Enter states, at most one a finding, and their leaves. ``keys``: by the finding's number. Gives their numbers."""
    statement = insert(finding_state).returning(finding_state.c.finding_pk, finding_state.c.pk)
    made: dict[int, int] = {row.finding_pk: row.pk for row in tx.execute(statement, list(rows))}
    salts = log.salts(len(rows))
    statements = [
        finding_state_statement(made[row["finding_pk"]], keys[row["finding_pk"]], row, salt)
        for row, salt in zip(rows, salts, strict=True)
    ]
    log.commit(tx, statements, salts)
    return made


def _end_justifications(tx: Connection, steps: Iterable[Step], now: datetime) -> None:
    ended = [step.ends_justification for step in steps if step.ends_justification is not None]
    for batch in batches(ended, _IN_LIST):
        in_force = justification.c.pk.in_(batch), justification.c.ended_at.is_(None)
        tx.execute(update(justification).where(*in_force).values(ended_at=now))


def _confirm(tx: Connection, plan: FindingPlan, now: datetime) -> None:
    rows = [{"_pk": c.pk, "message": c.message, "last_seen": now} for c in plan.confirmed]
    if rows:
        tx.execute(update(finding).where(finding.c.pk == bindparam("_pk")), rows)


def _write_failures(tx: Connection, plan: FindingPlan, now: datetime) -> None:
    """The failures on the judged resources are exactly those of the plan; one that goes on keeps its ``since``."""
    by_resource: dict[int, list[RuleFailure]] = {j.resource: [] for j in plan.judged}
    for failure in plan.failures:
        by_resource.setdefault(failure.resource, []).append(failure)
    for batch in batches(list(by_resource), _IN_LIST):
        kept = [
            and_(rule_failure.c.resource_pk == pk, rule_failure.c.rule.in_([f.rule for f in by_resource[pk]]))
            for pk in batch
            if by_resource[pk]
        ]
        gone = delete(rule_failure).where(rule_failure.c.resource_pk.in_(batch))
        tx.execute(gone.where(~or_(*kept)) if kept else gone)
    rows = [
        {
            "rule": f.rule,
            "resource_pk": f.resource,
            "message": f.message,
            "failed": f.failed,
            "since": now,
            "last_seen": now,
        }
        for f in plan.failures
    ]
    upsert(tx, rule_failure, rows, keep=["since"])


def _tell(tx: Connection, plan: FindingPlan, states: Mapping[FindingKey, int], now: datetime) -> None:
    told = [step for step in plan.steps if step.told]
    rows = [
        (states[step.key], outbox.finding_step(step.previous, step.baseline, plan.tags.get(step.key.resource)))
        for step in told
    ]
    outbox.put_all(tx, "finding", rows, now)
