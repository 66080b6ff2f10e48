"""Weighing a violation other than its rule does: one step less, or at most so much."""

from __future__ import annotations

from vigie.model.finding import Severity


def lower(severity: Severity) -> Severity:
    """One step weaker, but never less than low: it is still something to mend."""
    steps = list(Severity)
    return steps[max(steps.index(Severity.LOW), steps.index(severity) - 1)]


def at_most(severity: Severity, limit: Severity) -> Severity:
    """The weaker of the two."""
    return severity if severity.rank <= limit.rank else limit
