"""When which scope is to be looked at. Pure; the state is the coverage in the store: who dies forgets nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from vigie.catalogue.declaration import TypeDeclaration
from vigie.model.scope import Coverage, Scope

AGAIN_AFTER_FAILURE = timedelta(minutes=10)
"""A scope that could not be looked at is tried again after this time, where its turn does not come earlier."""


def due_at(declaration: TypeDeclaration, coverage: Coverage | None, every: timedelta) -> datetime | None:
    """When a scope is to be looked at next; None: at once."""
    if coverage is None:
        return None
    cadence = max(every, declaration.cadence or timedelta(0))
    if not coverage.status.listed_everything:
        cadence = min(cadence, max(AGAIN_AFTER_FAILURE, every / 4))
    return coverage.last_looked + cadence


def is_due(declaration: TypeDeclaration, coverage: Coverage | None, every: timedelta, now: datetime) -> bool:
    """Whether it is time to look at a scope."""
    at = due_at(declaration, coverage, every)
    return at is None or at <= now


def next_due(
    coverages: Iterable[Coverage], declarations: Mapping[str, TypeDeclaration], every: timedelta
) -> datetime | None:
    """When the first of the known scopes is due; None where no scope is known (then at once)."""
    times = [
        at
        for coverage in coverages
        if (declaration := declarations.get(coverage.scope.type)) is not None
        and (at := due_at(declaration, coverage, every)) is not None
    ]
    return min(times, default=None)


def due_scopes(
    scopes: Iterable[tuple[Scope, TypeDeclaration]],
    coverages: Mapping[Scope, Coverage],
    every: timedelta,
    now: datetime,
) -> frozenset[Scope]:
    """Those of the scopes that are due."""
    return frozenset(scope for scope, declaration in scopes if is_due(declaration, coverages.get(scope), every, now))
