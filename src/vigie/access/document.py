"""Policy documents, read leniently: never raises, and says what it could not read.

Rests on the "Grammar of the IAM JSON policy language" (IAM user guide): statement object or list, every element a
scalar or a list, numbers and booleans compared as strings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote

from vigie.access.templates import Filling, is_function
from vigie.model.policies import as_text, listed

VARIABLES_SINCE: Final = "2012-10-17"
"""The version from which ``${…}`` is a policy variable; before it is text."""
_OF_DOCUMENT: Final = frozenset({"Version", "Id", "Statement"})
_OF_STATEMENT: Final = frozenset(
    {
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition",
    }
)  # fmt: skip
_KINDS: Final = {
    "aws": "AWS",
    "service": "Service",
    "federated": "Federated",
    "canonicaluser": "CanonicalUser",
    "*": "AWS",
}
_AROUND: Final = frozenset({"policy", "policydocument", "resourcepolicy", "policytext", "assumerolepolicydocument"})
"""Names under which AWS's APIs and templates hand a policy out, in lower case."""
LONGEST: Final = 1_000_000
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


def parse(document: Any, *, known: Mapping[str, str] = MappingProxyType({})) -> Document:
    """Read a policy document: an object, or a string of JSON. Never raises.

    What AWS would refuse is read in its widest sense where it allows, left out where it denies, and told either way.
    ``known``: values of a template's references (:func:`vigie.access.templates.place`).
    """
    problems: list[str] = []
    notes: list[str] = []
    try:
        found = _unwrapped(_loaded(document, problems), problems, notes)
    except _OddError as reason:
        return Document(problems=(str(reason),))
    if not isinstance(found, Mapping):
        return Document(problems=("the policy is not an object",))
    policy = _named(found, _OF_DOCUMENT, problems, "the policy")
    notes += [f"the policy has an unknown element {key!r}" for key in policy if key not in _OF_DOCUMENT]
    if "Statement" not in policy:
        return Document(problems=(*problems, "the policy has no Statement"), notes=tuple(notes))
    version = policy.get("Version", "")
    version = version if isinstance(version, str) else str(version)[:10]
    filling = Filling(known)
    statements: list[Statement] = []
    for number, row in enumerate(listed(policy["Statement"]), 1):
        odd: list[str] = []
        try:
            statement = _statement(row, number, version == VARIABLES_SINCE, filling, odd)
            if statement.allow or not odd:
                statements.append(statement)
        except _OddError as reason:
            odd.append(str(reason))
        except RecursionError:
            odd.append("it is nested too deeply")
        problems += [f"statement {number}: {phrase}" for phrase in odd]
    problems += [f"the value of the template's ⟨{name}⟩ is not known" for name in filling.unknown]
    return Document(tuple(statements), tuple(dict.fromkeys(problems)), version, tuple(notes))


# The document


def _loaded(document: Any, problems: list[str]) -> Any:
    """A string as what it says: JSON, as the IAM API has it with percent signs, or JSON in a string of JSON."""
    for _ in range(3):
        if not isinstance(document, str):
            return document
        if len(document) > LONGEST:
            raise _OddError(f"the policy has {len(document):,} characters: more than AWS stores")
        text = document.strip().removeprefix("\ufeff")
        if text[:3].upper() == "%7B":
            text = unquote(text)  # as the IAM API hands documents out
        elif text.startswith('{\\"'):
            text = text.replace('\\"', '"')  # as the API Gateway API does
        try:
            document = json.loads(text, object_pairs_hook=lambda pairs: _object(pairs, problems))
        except (ValueError, RecursionError) as error:
            raise _OddError(f"the policy is not JSON: {error}") from None
    return document


def _unwrapped(found: Any, problems: list[str], notes: list[str]) -> Any:
    """The document within what people and programs put around it; a list of statements, or one alone, as a document."""
    if isinstance(found, list | tuple) and found and all(isinstance(row, Mapping) for row in found):
        problems.append("the policy is a list: it was read as its statements")
        return {"Statement": found}
    if not isinstance(found, Mapping) or any(str(key).lower() == "statement" for key in found):
        return found
    if any(str(key).lower() == "effect" for key in found):
        problems.append("the policy is a statement without a document around it")
        return {"Statement": [found]}
    inside = [value for key, value in found.items() if str(key).lower().replace("_", "") in _AROUND]
    if len(inside) == 1:
        notes.append("the policy was taken out of an answer of an API")
        return _loaded(inside[0], problems)
    return found


def _object(pairs: Sequence[tuple[str, Any]], problems: list[str]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        problems.append(f"{twice!r} stands twice in one object: only the last one was read")
    return found


def _named(row: Mapping[Any, Any], known: frozenset[str], odd: list[str], where: str) -> dict[str, Any]:
    """The elements under their names, which AWS takes in one spelling only."""
    found: dict[str, Any] = {}
    spelt = {name.lower(): name for name in known}
    for key, value in row.items():
        name = key if key in known else spelt.get(str(key).strip().lower(), str(key))
        if name != key and name in known:
            odd.append(f"{where} spells {name} as {key!r}, which AWS does not take")
        if name not in found or name == key:
            found[name] = value
    return found


# Statements


def _statement(row: Any, number: int, variables: bool, filling: Filling, odd: list[str]) -> Statement:
    if not isinstance(row, Mapping):
        raise _OddError("it is not an object")
    row = _named(row, _OF_STATEMENT, odd, "it")
    effect = row.get("Effect")
    if effect not in ("Allow", "Deny"):
        if str(effect).strip().lower() != "allow":
            raise _OddError(f"Effect is {effect!r}")
        odd.append(f"Effect is {effect!r}")
    odd.extend(f"it has an unknown element {key!r}" for key in row if key not in _OF_STATEMENT)
    reader = _Elements(row, filling, odd)
    actions, not_action = reader.of("Action")
    if not actions and not reader.has_both("Action"):
        raise _OddError("it names no action")
    resources, not_resource = reader.of("Resource")
    conditions = tuple(_conditions(row.get("Condition"), filling, odd))
    not_principal = "NotPrincipal" in row and not reader.has_both("Principal")
    written = "*" if reader.has_both("Principal") else row.get("NotPrincipal" if not_principal else "Principal")
    principals = tuple(_principals(written, filling, odd))
    return Statement(
        label=str(row.get("Sid") or f"#{number}"),
        allow=str(effect).strip().lower() == "allow",
        principals=principals,
        not_principal=not_principal,
        actions=tuple(a.strip() for a in actions) or ("*",),
        not_action=not_action,
        resources=tuple(_written_out(r.strip()) for r in resources),
        not_resource=not_resource,
        conditions=conditions,
        has_variables=variables
        and any("${" in t for c in ((resources,), (v.values for v in conditions)) for x in c for t in x),
    )


@dataclass(frozen=True, slots=True)
class _Elements:
    """Elements that stand alone or as their contrary: never both, says the grammar; both is read as everything."""

    row: Mapping[str, Any]
    filling: Filling
    odd: list[str]

    def has_both(self, name: str) -> bool:
        return name in self.row and f"Not{name}" in self.row

    def of(self, name: str) -> tuple[tuple[str, ...], bool]:
        if self.has_both("Principal") and name == "Action":
            self.odd.append("it has both Principal and NotPrincipal")
        if self.has_both(name):
            self.odd.append(f"it has both {name} and Not{name}")
            return (), False
        negated = f"Not{name}" in self.row
        return _strings(self.row.get(f"Not{name}" if negated else name, ()), self.filling, self.odd), negated


def _written_out(resource: str) -> str:
    """The short form of a resource of an API's policy as the ARN that API Gateway makes of it ("Access policy language
    overview for Amazon API Gateway").
    """
    short = resource.startswith("execute-api:/")
    return f"arn:*:execute-api:*:*:*{resource.removeprefix('execute-api:')}" if short else resource


def _principals(value: Any, filling: Filling, odd: list[str]) -> Iterator[Principal]:
    if value is None:
        return
    if isinstance(value, str | list | tuple) or is_function(value):
        value = {"AWS": value}
    if not isinstance(value, Mapping):
        raise _OddError("Principal is neither a string nor an object")
    for written, names in value.items():
        kind = _KINDS.get(str(written).strip().lower())
        if kind is None or kind != written:
            odd.append(f"Principal has an unknown kind {written!r}")
        if kind is None:
            continue
        for name in _strings(names, filling, odd):
            yield Principal(kind, name.strip())


def _conditions(value: Any, filling: Filling, odd: list[str]) -> Iterator[Condition]:
    if not value:
        return
    if not isinstance(value, Mapping):
        odd.append("Condition is not an object")
        return
    for operator, keys in value.items():
        if not isinstance(keys, Mapping):
            odd.append(f"Condition {operator} is not an object")
            continue
        for key, values in keys.items():
            texts = _strings(values, filling, odd)
            yield _condition(str(operator).strip().lower(), str(key).strip().lower(), texts)


def _condition(operator: str, key: str, values: tuple[str, ...]) -> Condition:
    quantifier, colon, base = operator.rpartition(":")
    if_exists = base.endswith("ifexists")
    base = base.strip().removesuffix("ifexists")
    return Condition(key, base, values, quantifier.strip() if colon else "", if_exists)


def _strings(value: Any, filling: Filling, odd: list[str]) -> tuple[str, ...]:
    """Scalars and lists as strings; numbers and booleans as AWS compares them; a template's functions filled in."""
    if isinstance(value, str):
        return (filling.text(value),)
    if isinstance(value, list | tuple):
        return tuple(text for inner in value for text in _strings(inner, filling, odd))
    if is_function(value):
        return tuple(filling.function(value))
    try:
        text = as_text(value)
    except ValueError:  # Python writes no integer of more than 4,300 digits
        raise _OddError("a number is too long") from None
    if isinstance(text, str):
        return (text,)
    odd.append(f"{'null' if value is None else type(value).__name__} where a string is expected")
    return ()
