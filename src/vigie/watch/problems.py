"""What could not be read, counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from vigie.model.scope import Outcome, Problem


def counted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Equal causes as one problem with their count, the message of the first, in the order in which they came."""
    found: dict[tuple[Outcome, str, str, str], Problem] = {}
    for problem in problems:
        key = (problem.outcome, problem.operation, problem.code, problem.path)
        known = found.get(key)
        found[key] = problem if known is None else replace(known, count=known.count + problem.count)
    return tuple(found.values())
