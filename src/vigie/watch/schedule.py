"""When which scope is to be looked at. Pure; the state is the coverage in the store: who dies forgets nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from vigie.catalogue.declaration import TypeDeclaration
from vigie.model.scope import Coverage, Scope

AGAIN_AFTER_FAILURE = timedelta(minutes=10)
"""A scope that could not be looked at is tried again after this time, where its turn does not come earlier."""


@dataclass(frozen=True, slots=True)
class Calm:
    """Where a sweep is only the safety net: scopes whose changes events tell of, and in which nothing happens."""

    every: timedelta
    """How often those are swept."""
    told: frozenset[tuple[str, str]]
    """(account, region) whose events are known to arrive; the region ``global`` where those of global services do."""
    busy: frozenset[Scope]
    """Scopes in which something changed lately."""

    def holds(self, declaration: TypeDeclaration, coverage: Coverage) -> bool:
        """Whether the scope is one of them. None is of a type that no event tells of, or was not seen whole."""
        scope = coverage.scope
        told = (scope.account, scope.region) in self.told
        watched = bool(declaration.events) and declaration.hook is None
        return told and watched and scope not in self.busy and coverage.status.saw_everything


def due_at(
    declaration: TypeDeclaration, coverage: Coverage | None, every: timedelta, calm: Calm | None = None
) -> datetime | None:
    """When a scope is to be looked at next; None: at once."""
    if coverage is None:
        return None
    cadence = max(every, declaration.cadence or timedelta(0))
    if calm is not None and calm.holds(declaration, coverage):
        cadence = max(cadence, calm.every)
    if not coverage.status.listed_everything:
        cadence = min(cadence, max(AGAIN_AFTER_FAILURE, every / 4))
    return coverage.last_looked + cadence


def is_due(
    declaration: TypeDeclaration,
    coverage: Coverage | None,
    every: timedelta,
    now: datetime,
    calm: Calm | None = None,
) -> bool:
    """Whether it is time to look at a scope."""
    at = due_at(declaration, coverage, every, calm)
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
    calm: Calm | None = None,
) -> frozenset[Scope]:
    """Those of the scopes that are due."""
    return frozenset(
        scope for scope, declaration in scopes if is_due(declaration, coverages.get(scope), every, now, calm)
    )
