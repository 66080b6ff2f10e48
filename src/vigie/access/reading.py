"""Statements as rules of the search, for one requester: parts with constraints, and what is doubtful in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vigie.access.constraints import Constraint
from vigie.access.document import Statement
from vigie.access.federation import is_claim
from vigie.access.keys import is_known
from vigie.access.operators import Reading, constraint_of, written
from vigie.access.patterns import STAR, arn_glob, glob
from vigie.access.search import ACTION, RESOURCE, Part, Rule
from vigie.access.texts import Texts

Variables = Mapping[str, str | None]


@dataclass(slots=True)
class Reader:
    """Reads each statement once for all requesters, but for those with policy variables."""

    variables: bool
    """The document's version knows policy variables."""
    any_key: bool = False
    """A condition is a condition, whatever its key: what it says of who calls is not asked."""
    _read: dict[tuple[int, int], Rule] = field(default_factory=dict)

    def rule(self, statement: Statement, requester: object, known: Variables) -> Rule:
        """``known``: the values of policy variables for this requester."""
        key = (id(statement), id(requester) if statement.has_variables else 0)
        if key not in self._read:
            self._read[key] = self.read(statement, known)
        return self._read[key]

    def read(self, statement: Statement, known: Variables) -> Rule:
        """The same, read anew."""
        reading = Reading(statement.allow, known if self.variables else None)
        parts: list[Part] = [(ACTION, actions_of(statement))]
        resources = _resources(statement, reading)
        if resources is not None:
            parts.append((RESOURCE, resources))
        for condition in statement.conditions:
            parts.append((condition.key, constraint_of(condition, reading)))
            if not self.any_key and not is_known(condition.key) and not is_claim(condition.key):
                reading.doubt(f"the condition {condition} is not weighed: what {condition.key} says is not known here")
        side = "" if statement.allow else f"Deny {statement.label}: "
        return Rule(statement.label, tuple(parts), tuple(side + d for d in reading.doubts))


def actions_of(statement: Statement, only: str | None = None) -> Constraint:
    """The actions of a statement, or one of them."""
    names = statement.actions if only is None else (only,)
    words = f"{'an action but' if statement.not_action else 'an action like'} {', '.join(names)}"
    return Constraint(False, Texts(tuple(map(glob, names)), True, not statement.not_action), words=words)


def _resources(statement: Statement, reading: Reading) -> Constraint | None:
    if not statement.resources:
        return None
    inflate = reading.widen != statement.not_resource
    patterns = [p for r in statement.resources for p in written(r, reading, wild=True, inflate=inflate)]
    if STAR in patterns and not statement.not_resource:
        return None
    words = f"a resource {'but' if statement.not_resource else 'like'} {', '.join(statement.resources)}"
    return Constraint(False, Texts(tuple(map(arn_glob, patterns)), False, not statement.not_resource), words=words)
