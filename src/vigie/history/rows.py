"""Rows of the archive as values of the model, and back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from vigie.history.columns import AnyRow
from vigie.model.canonical import canonical_text
from vigie.model.change import DiffEntry
from vigie.model.resource import Resource
from vigie.model.scope import Coverage, Outcome, Problem, Scope

Problems = Mapping[str, Problem]
"""Top-level key → why it could not be read."""


def scope_of(row: AnyRow) -> Scope:
    return Scope(row.scope_account, row.scope_region, row.scope_type)


def resource_of(row: AnyRow) -> Resource:
    """From the columns of :data:`vigie.history.columns.RESOURCE`."""
    return Resource(
        scope=scope_of(row),
        id=row.resource_id,
        region=row.resource_region,
        arn=row.resource_arn,
        name=row.resource_name,
        uid=row.resource_uid,
        pk=row.resource_pk,
        present=row.resource_present,
        first_seen=row.resource_first_seen,
    )


def coverage_of(row: AnyRow) -> Coverage:
    """From the columns of :data:`vigie.history.columns.COVERAGE`."""
    return Coverage(
        scope=scope_of(row),
        status=Outcome(row.status),
        since=row.since,
        last_looked=row.last_looked,
        last_ok=row.last_ok,
        problems=problems_from(row.problems),
        last_ok_began=row.last_ok_began,
        last_listed_began=row.last_listed_began,
    )


def diff_entry_of(row: AnyRow) -> DiffEntry:
    return DiffEntry(
        path=row.path,
        op=row.op,
        old=None if row.old is None else json.loads(row.old),
        new=None if row.new is None else json.loads(row.new),
        ephemeral=row.ephemeral,
    )


def diff_entry_row(entry: DiffEntry, revision_pk: int) -> dict[str, Any]:
    return {
        "revision_pk": revision_pk,
        "path": entry.path,
        "op": entry.op,
        "old": None if entry.op == "add" else canonical_text(entry.old),
        "new": None if entry.op == "remove" else canonical_text(entry.new),
        "ephemeral": entry.ephemeral,
    }


def problems_text(problems: Iterable[Problem]) -> str:
    return canonical_text([_problem_members(problem) for problem in problems])


def problems_from(text: str) -> tuple[Problem, ...]:
    return tuple(_problem(members) for members in json.loads(text))


def unreadable_text(unreadable: Problems) -> str | None:
    """None where all could be read."""
    if not unreadable:
        return None
    return canonical_text({key: _problem_members(problem) for key, problem in unreadable.items()})


def unreadable_from(text: str | None) -> Problems:
    if text is None:
        return {}
    return {key: _problem(members) for key, members in json.loads(text).items()}


def _problem_members(problem: Problem) -> dict[str, Any]:
    return {
        "outcome": problem.outcome.value,
        "operation": problem.operation,
        "code": problem.code,
        "message": problem.message,
        "path": problem.path,
        "permission": problem.permission,
        "count": problem.count,
    }


def _problem(members: Mapping[str, Any]) -> Problem:
    return Problem(**{**members, "outcome": Outcome(members["outcome"])})
