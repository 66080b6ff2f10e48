"""Justifications: somebody's word that findings, one or all of a pattern, are accepted. Ended, never rewritten."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import Connection, insert, select, update

from vigie.history import work
from vigie.history.finding_writes import serialise, write_states
from vigie.history.tables.findings import finding, justification
from vigie.model.errors import UsageError
from vigie.model.finding import FindingKey, FindingStatus, Justification
from vigie.model.finding_plan import Cause, Pattern

JUDGE = "judge"
_UNRESOLVED = tuple(s.value for s in FindingStatus if s is not FindingStatus.RESOLVED)


def justify(tx: Connection, pk: int, given: Justification) -> None:
    """Accept a finding in the state it is in. It opens again when that gets worse, or when the justification
    expires.

    Raises:
        UsageError: there is no such finding, or nothing is wrong (or known) now that could be accepted.
    """
    row = _locked(tx, pk)
    if row.status not in (FindingStatus.OPEN.value, FindingStatus.JUSTIFIED.value):
        raise UsageError(f"The finding is {row.status}: only one that stands can be justified.")
    _end(tx, pk, given.author, given.created_at)
    values = {
        "finding_pk": pk,
        "evidence": row.evidence,
        "severity": row.own_severity,
        **_given_values(given),
        "state_digest": given.state_digest or _digest(row.evidence),
    }
    number = _insert_justification(tx, values)
    _move(tx, row, FindingStatus.JUSTIFIED, Cause.JUSTIFIED, given.created_at, given.author, number)
    if given.expires_at is not None:
        work.put(tx, JUDGE, [str(row.resource_pk)], given.expires_at)


def withdraw(tx: Connection, pk: int, author: str, now: datetime) -> None:
    """Take the justification of a finding back: it is open again.

    Raises:
        UsageError: there is no such finding, or it has no justification of its own.
    """
    row = _locked(tx, pk)
    if not _end(tx, pk, author, now):
        raise UsageError("The finding has no justification of its own that could be withdrawn.")
    if row.status == FindingStatus.JUSTIFIED.value:
        _move(tx, row, FindingStatus.OPEN, Cause.WITHDRAWN, now, author, None)


def justify_pattern(tx: Connection, pattern: Pattern, given: Justification) -> int:
    """Accept all findings that fit, now and later. What is affected is judged again (see ``matching`` first)."""
    number = _insert_justification(tx, {"pattern": json.dumps(asdict(pattern)), **_given_values(given)})
    _judge_again(tx, pattern.rule, given.created_at)
    if given.expires_at is not None:
        _judge_again(tx, pattern.rule, given.expires_at)
    return number


def withdraw_pattern(tx: Connection, pk: int, author: str, now: datetime) -> None:
    """Take a justification by pattern back.

    Raises:
        UsageError: there is none of that number in force.
    """
    in_force = (justification.c.pk == pk, justification.c.finding_pk.is_(None), justification.c.ended_at.is_(None))
    pattern = tx.execute(select(justification.c.pattern).where(*in_force)).scalar_one_or_none()
    if pattern is None:
        raise UsageError(f"There is no justification by pattern {pk} in force.")
    tx.execute(update(justification).where(*in_force).values(ended_at=now, ended_by=author))
    _judge_again(tx, Pattern(**json.loads(pattern)).rule, now)


def _end(tx: Connection, pk: int, author: str, now: datetime) -> bool:
    in_force = (justification.c.finding_pk == pk, justification.c.ended_at.is_(None))
    return tx.execute(update(justification).where(*in_force).values(ended_at=now, ended_by=author)).rowcount > 0


def _locked(tx: Connection, pk: int) -> Any:
    serialise(tx)
    row = tx.execute(select(finding).where(finding.c.pk == pk)).one_or_none()
    if row is None:
        raise UsageError(f"There is no finding {pk}.")
    return row


def _digest(evidence: str | None) -> str:
    """Of the state that a justification is given for: what the finding rests on, never its text or weight."""
    return f"sha256:{hashlib.sha256((evidence or 'null').encode()).hexdigest()}"


def _given_values(given: Justification) -> dict[str, Any]:
    return {
        "author": given.author,
        "reason": given.reason,
        "created_at": given.created_at,
        "expires_at": given.expires_at,
        "state_digest": given.state_digest,
    }


def _insert_justification(tx: Connection, values: Mapping[str, Any]) -> int:
    return int(tx.execute(insert(justification).values(**values).returning(justification.c.pk)).scalar_one())


def _move(
    tx: Connection,
    row: Any,
    status: FindingStatus,
    cause: Cause,
    now: datetime,
    author: str,
    justified_by: int | None,
) -> None:
    """A new state that a person made."""
    since = row.since if row.status == status.value else now
    moved = {"status": status.value, "since": since, "justification_pk": justified_by}
    tx.execute(update(finding).where(finding.c.pk == row.pk).values(**moved))
    state = {
        "finding_pk": row.pk,
        "at": now,
        "cause": cause.value,
        "status": status.value,
        "severity": row.severity,
        "message": row.message,
        "evidence": row.evidence,
        "justification_pk": justified_by,
        "author": author,
    }
    write_states(tx, [state], {row.pk: FindingKey(row.rule, row.resource_pk, row.subject)})


def _judge_again(tx: Connection, rule: str, at: datetime) -> None:
    """Make due all resources with findings of the rules that a pattern means."""
    rows = tx.execute(select(finding.c.rule, finding.c.resource_pk).where(finding.c.status.in_(_UNRESOLVED)).distinct())
    by_rule: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        by_rule[row.rule].add(str(row.resource_pk))
    due = {key for name, keys in by_rule.items() if fnmatchcase(name, rule) for key in keys}
    work.put(tx, JUDGE, due, at)
