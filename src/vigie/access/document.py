"""Policy documents, read leniently: never raises, and says what it could not read.

Rests on the "Grammar of the IAM JSON policy language" (IAM user guide): statement object or list, every element a
scalar or a list, numbers and booleans compared as strings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

VARIABLES_SINCE: Final = "2012-10-17"
"""The version from which ``${…}`` is a policy variable; before it is text."""
_OF_DOCUMENT: Final = frozenset({"Version", "Id", "Statement"})
_OF_STATEMENT: Final = frozenset(
    {
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
    }
)  # fmt: skip
_PRINCIPAL_KINDS: Final = ("AWS", "Service", "Federated", "CanonicalUser")
_LONGEST: Final = 1_000_000
"""Characters. The largest policy that AWS stores has 20 KB (S3; ECR and KMS less): more is not read."""


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
    """As written: their case means nothing."""
    not_action: bool = False
    resources: tuple[str, ...] = ()
    """Empty: the resource that bears the policy."""
    not_resource: bool = False
    conditions: tuple[Condition, ...] = ()
    has_variables: bool = False
    """Some resource or value holds a policy variable (and the version knows them)."""


@dataclass(frozen=True, slots=True)
class Document:
    statements: tuple[Statement, ...] = ()
    problems: tuple[str, ...] = field(default=())
    """What could not be read; a statement that could not be read is not among the statements."""
    version: str = ""
    notes: tuple[str, ...] = ()
    """What is odd and changes nothing."""

    @property
    def variables(self) -> bool:
        """Whether ``${…}`` means a policy variable in it."""
        return self.version == VARIABLES_SINCE


class _OddError(ValueError):
    """A part that does not follow the grammar: one phrase."""


def parse(document: Any) -> Document:
    """Read a policy document: an object, or a string of JSON. Never raises."""
    problems: list[str] = []
    if isinstance(document, str):
        if len(document) > _LONGEST:
            return Document(problems=(f"the policy has {len(document):,} characters: more than AWS stores",))
        try:
            document = json.loads(document, object_pairs_hook=lambda pairs: _object(pairs, problems))
        except (ValueError, RecursionError) as error:
            return Document(problems=(f"the policy is not JSON: {error}",))
    if not isinstance(document, Mapping):
        return Document(problems=("the policy is not an object",))
    version = document.get("Version", "")
    version = version if isinstance(version, str) else ""
    rows = document.get("Statement", [])
    rows = rows if isinstance(rows, list | tuple) else [rows]
    statements: list[Statement] = []
    for number, row in enumerate(rows, 1):
        try:
            statements.append(_statement(row, number, version == VARIABLES_SINCE))
        except _OddError as odd:
            problems.append(f"statement {number}: {odd}")
        except RecursionError:
            problems.append(f"statement {number}: it is nested too deeply")
    notes = tuple(f"the policy has an unknown element {key!r}" for key in document if key not in _OF_DOCUMENT)
    return Document(tuple(statements), tuple(problems), version, notes)


def _object(pairs: Sequence[tuple[str, Any]], problems: list[str]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        problems.append(f"{twice!r} stands twice in one object: only the last one was read")
    return found


def _statement(row: Any, number: int, variables: bool) -> Statement:
    if not isinstance(row, Mapping):
        raise _OddError("it is not an object")
    effect = row.get("Effect")
    if effect not in ("Allow", "Deny"):
        raise _OddError(f"Effect is {effect!r}")
    unknown = [key for key in row if key not in _OF_STATEMENT]
    if unknown:
        raise _OddError(f"it has an unknown element {unknown[0]!r}")
    actions = _strings(row.get("NotAction", row.get("Action", ())))
    if not actions:
        raise _OddError("it names no action")
    resources = _strings(row.get("NotResource", row.get("Resource", ())))
    conditions = tuple(_conditions(row.get("Condition")))
    return Statement(
        label=str(row.get("Sid") or f"#{number}"),
        allow=effect == "Allow",
        principals=tuple(_principals(row.get("NotPrincipal", row.get("Principal")))),
        not_principal="NotPrincipal" in row,
        actions=actions,
        not_action="NotAction" in row,
        resources=resources,
        not_resource="NotResource" in row,
        conditions=conditions,
        has_variables=variables
        and any("${" in t for c in ((resources,), (v.values for v in conditions)) for x in c for t in x),
    )


def _principals(value: Any) -> Iterator[Principal]:
    if value is None:
        return
    if isinstance(value, str | list | tuple):
        value = {"AWS": value}
    if not isinstance(value, Mapping):
        raise _OddError("Principal is neither a string nor an object")
    for kind, names in value.items():
        if kind not in _PRINCIPAL_KINDS:
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
            yield _condition(str(operator).strip().lower(), str(key).strip().lower(), _strings(values))


def _condition(operator: str, key: str, values: tuple[str, ...]) -> Condition:
    quantifier, colon, base = operator.rpartition(":")
    if_exists = base.endswith("ifexists")
    base = base.removesuffix("ifexists")
    return Condition(key, base, values, quantifier if colon else "", if_exists)


def _strings(value: Any) -> tuple[str, ...]:
    """Scalars and lists as strings; numbers and booleans as AWS compares them."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple):
        return tuple(text for inner in value for text in _strings(inner))
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, int):
        return (_whole_number(value),)
    if isinstance(value, float):
        return (str(value),)
    raise _OddError(f"{type(value).__name__} where a string is expected")


def _whole_number(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes no integer of more than 4,300 digits
        raise _OddError("a number is too long") from None
