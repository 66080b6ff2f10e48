"""Policy documents, read leniently: never raises, and says what it could not read.

Rests on the "Grammar of the IAM JSON policy language": statement object or list, every element a scalar or a list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of one operator. Values are ORed (negated operators: NORed); conditions of a statement are ANDed."""

    key: str
    """In lower case: keys know no case."""
    operator: str
    """In lower case, without quantifier and IfExists: ``stringequals``."""
    values: tuple[str, ...]
    quantifier: str = ""
    """``forallvalues``, ``foranyvalue`` or nothing."""
    if_exists: bool = False

    def __str__(self) -> str:
        quantifier = f"{self.quantifier}:" if self.quantifier else ""
        suffix = "ifexists" if self.if_exists else ""
        return f"{quantifier}{self.operator}{suffix} {self.key} {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Principal:
    """``kind`` is ``AWS``, ``Service``, ``Federated``, ``CanonicalUser``."""

    kind: str
    value: str


@dataclass(frozen=True, slots=True)
class Statement:
    label: str
    """Its Sid, or ``#2`` for the second."""
    allow: bool
    principals: tuple[Principal, ...] = ()
    not_principal: bool = False
    """The principals are those who are *not* meant."""
    actions: tuple[str, ...] = ()
    """In lower case: actions know no case."""
    spelled: Mapping[str, str] = field(default_factory=dict)
    """An action in lower case → as it is written."""
    not_action: bool = False
    resources: tuple[str, ...] = ()
    """Empty: the resource that bears the policy."""
    not_resource: bool = False
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    statements: tuple[Statement, ...] = ()
    problems: tuple[str, ...] = field(default=())
    """What could not be read; a statement that could not be read is not among the statements."""


class _OddError(ValueError):
    """A part that does not follow the grammar: one phrase."""


def parse(document: Any) -> Document:
    """Read a policy document: an object, or a string of JSON. Never raises."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except (ValueError, RecursionError) as error:
            return Document(problems=(f"the policy is not JSON: {error}",))
    if not isinstance(document, Mapping):
        return Document(problems=("the policy is not an object",))
    rows = document.get("Statement", [])
    rows = rows if isinstance(rows, list | tuple) else [rows]
    statements: list[Statement] = []
    problems: list[str] = []
    for number, row in enumerate(rows, 1):
        try:
            statements.append(_statement(row, number))
        except _OddError as odd:
            problems.append(f"statement {number}: {odd}")
    return Document(tuple(statements), tuple(problems))


def _statement(row: Any, number: int) -> Statement:
    if not isinstance(row, Mapping):
        raise _OddError("it is not an object")
    effect = row.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise _OddError(f"Effect is {effect!r}")
    actions = _strings(row.get("NotAction", row.get("Action", ())))
    return Statement(
        label=str(row.get("Sid") or f"#{number}"),
        allow=effect == "Allow",
        principals=tuple(_principals(row.get("NotPrincipal", row.get("Principal")))),
        not_principal="NotPrincipal" in row,
        actions=tuple(dict.fromkeys(action.lower() for action in actions)),
        spelled={action.lower(): action for action in actions},
        not_action="NotAction" in row,
        resources=_strings(row.get("NotResource", row.get("Resource", ()))),
        not_resource="NotResource" in row,
        conditions=tuple(_conditions(row.get("Condition"))),
    )


def _principals(value: Any) -> Iterator[Principal]:
    if value is None:
        return
    if isinstance(value, str | list | tuple):
        value = {"AWS": value}
    if not isinstance(value, Mapping):
        raise _OddError("Principal is neither a string nor an object")
    for kind, names in value.items():
        if kind not in ("AWS", "Service", "Federated", "CanonicalUser"):
            raise _OddError(f"Principal has an unknown kind {kind!r}")
        for name in _strings(names):
            yield Principal(kind, name)


def _conditions(value: Any) -> Iterator[Condition]:
    if value is None:
        return
    if not isinstance(value, Mapping):
        raise _OddError("Condition is not an object")
    for operator, keys in value.items():
        if not isinstance(keys, Mapping):
            raise _OddError(f"Condition {operator} is not an object")
        for key, values in keys.items():
            yield _condition(str(operator).lower(), str(key).lower(), _strings(values))


def _condition(operator: str, key: str, values: tuple[str, ...]) -> Condition:
    quantifier, colon, base = operator.rpartition(":")
    if_exists = base.endswith("ifexists")
    base = base.removesuffix("ifexists")
    return Condition(key, base, values, quantifier if colon else "", if_exists)


def _strings(value: Any) -> tuple[str, ...]:
    """Scalars and lists as strings; numbers and booleans as AWS compares them."""
    if isinstance(value, list | tuple):
        return tuple(text for inner in value for text in _strings(inner))
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str | int | float):
        return (str(value),)
    raise _OddError(f"{type(value).__name__} where a string is expected")
