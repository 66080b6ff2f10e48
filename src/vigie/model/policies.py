"""One spelling for policy documents that say the same, so that a respelling is not taken for a change.

AWS accepts a scalar where a list of one is meant, does not mind the case of actions, and gives principals back in
any order (IAM User Guide, "Grammar of the IAM JSON policy language"). Only spelling is levelled, never meaning: ``"*"``
and ``{"AWS": "*"}`` stay different, and so do an account number and the ARN of its root. See
docs/decisions/canonical-form.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Spell = Callable[[str], str]
"""Gives an action its one spelling."""


def is_policy(value: Any) -> bool:
    """Whether this is a parsed policy document: a ``Statement`` (or several), each with an ``Effect``."""
    if not isinstance(value, Mapping) or "Statement" not in value:
        return False
    statements = value["Statement"]
    if isinstance(statements, Mapping):
        return "Effect" in statements
    if not isinstance(statements, list) or not statements:
        return False
    return all(isinstance(statement, Mapping) and "Effect" in statement for statement in statements)


def normal_policy(document: Mapping[str, Any], spell: Spell = str.lower) -> dict[str, Any]:
    """The document in its one spelling. The order of its statements means nothing, and is left to the caller."""
    statements = document["Statement"]
    if isinstance(statements, Mapping):
        statements = [statements]
    return {**document, "Statement": [_statement(statement, spell) for statement in statements]}


def actions_of(document: Mapping[str, Any]) -> list[str]:
    """Every action of the document, as it is spelt there."""
    statements = document["Statement"]
    if isinstance(statements, Mapping):
        statements = [statements]
    written = [listed(statement.get(key, [])) for statement in statements for key in ("Action", "NotAction")]
    return [action for actions in written for action in actions if isinstance(action, str)]


def _statement(statement: Mapping[str, Any], spell: Spell) -> dict[str, Any]:
    return {key: _element(key, value, spell) for key, value in statement.items()}


def _element(key: str, value: Any, spell: Spell) -> Any:
    if key in ("Action", "NotAction"):
        return _as_set([spell(action) if isinstance(action, str) else action for action in listed(value)])
    if key in ("Resource", "NotResource"):
        return _as_set(listed(value))
    if key in ("Principal", "NotPrincipal") and isinstance(value, Mapping):
        return {kind: _as_set(listed(names)) for kind, names in value.items()}
    if key == "Condition" and isinstance(value, Mapping):
        return {operator: _condition(block) for operator, block in value.items()}
    return value


def _condition(block: Any) -> Any:
    if not isinstance(block, Mapping):
        return block
    return {key: _as_set([as_text(value) for value in listed(values)]) for key, values in block.items()}


def as_text(value: Any) -> Any:
    """Condition values are strings to AWS: ``true`` is ``"true"``, 5 is ``"5"``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def listed(value: Any) -> list[Any]:
    """An element as a list: AWS takes a scalar for a list of one."""
    return list(value) if isinstance(value, list | tuple) else [value]


def _as_set(values: list[Any]) -> list[Any]:
    """Without repeats and sorted, where all are strings; anything else is malformed, and left for people to see."""
    return sorted(set(values)) if all(isinstance(value, str) for value in values) else values
