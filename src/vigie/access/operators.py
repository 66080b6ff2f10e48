"""Conditions as constraints, after the tables of "IAM JSON policy elements: Condition operators" and "Condition
operator sets for multivalued keys" (IAM user guide).

What cannot be read (an unknown operator, a value that is no number, a policy variable whose value is not known) widens
an Allow and narrows a Deny, and is told as a doubt.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from vigie.access.constraints import Constraint, Values
from vigie.access.document import Condition
from vigie.access.patterns import STAR, arn_glob, glob, is_literal, literal
from vigie.access.spans import Line, Spans, date_of, network_run, number_of, united
from vigie.access.texts import Texts

_TEXT_OPERATORS: Final = {
    # operator: (negated, ignores case, has wildcards, part by part)
    "stringequals": (False, False, False, False),
    "stringnotequals": (True, False, False, False),
    "stringequalsignorecase": (False, True, False, False),
    "stringnotequalsignorecase": (True, True, False, False),
    "stringlike": (False, False, True, False),
    "stringnotlike": (True, False, True, False),
    "arnequals": (False, False, True, True),
    "arnlike": (False, False, True, True),
    "arnnotequals": (True, False, True, True),
    "arnnotlike": (True, False, True, True),
    "binaryequals": (False, False, False, False),
}
_COMPARISONS: Final = ("notequals", "equals", "lessthanequals", "lessthan", "greaterthanequals", "greaterthan")
_VARIABLE: Final = re.compile(r"\$\{([^{}]*)\}")
_SIGN: Final = re.compile(r"[*?$]")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a statement is read: for an Allow (``widen``) or a Deny, and what its policy variables stand for."""

    widen: bool
    variables: Mapping[str, str | None] | None = None
    """Key → its value; None: known to be absent. A key that is not there is not known. Without a mapping, ``${…}`` is
    text."""
    doubts: list[str] = field(default_factory=list)

    def doubt(self, text: str) -> None:
        if text not in self.doubts:
            self.doubts.append(text)

    def unreadable(self, condition: Condition, reason: str) -> Constraint:
        self.doubt(f"the condition {condition} is not weighed: {reason}")
        return Constraint(self.widen, self.widen, every=True, words=str(condition))


def constraint_of(condition: Condition, reading: Reading) -> Constraint:
    """The constraint that a condition is on its key."""
    operator = condition.operator
    if condition.quantifier not in ("", "forallvalues", "foranyvalue"):
        return reading.unreadable(condition, f"there is no set operator {condition.quantifier}")
    if operator == "null":
        absent = any(v.lower() == "true" for v in condition.values)
        present = any(v.lower() == "false" for v in condition.values)
        return Constraint(absent, present, every=True, words=str(condition))
    if operator in _TEXT_OPERATORS:
        negated = _TEXT_OPERATORS[operator][0]
        values: Values | str = _texts(condition, reading)
    elif operator == "bool":
        negated = False
        values = Texts(tuple(v.lower() for v in condition.values if v.lower() in ("true", "false")), fold=True)
    elif operator in ("ipaddress", "notipaddress"):
        negated = operator == "notipaddress"
        values = _addresses(condition, reading)
    else:
        line = Line.NUMBER if operator.startswith("numeric") else Line.DATE if operator.startswith("date") else None
        comparison = operator.removeprefix("numeric").removeprefix("date")
        if line is None or comparison not in _COMPARISONS:
            return reading.unreadable(condition, f"there is no operator {operator}")
        negated = comparison == "notequals"
        values = _comparison(condition, line, comparison)
    if isinstance(values, str):
        return reading.unreadable(condition, values)
    if operator == "bool":
        return _flag(condition, values)
    if negated and not isinstance(values, bool):
        values = values.others()
    return Constraint(_on_absent(condition, negated), values, _every(condition, negated), str(condition))


def _on_absent(condition: Condition, negated: bool) -> bool:
    if condition.quantifier:
        return condition.quantifier == "forallvalues"
    return negated or condition.if_exists


def _every(condition: Condition, negated: bool) -> bool:
    return condition.quantifier == "forallvalues" if condition.quantifier else negated


class _Flag(Constraint):
    """Of a key that is true or false: its contrary is the other of the two, and no odd third value."""

    @cached_property
    def contrary(self) -> Constraint:
        held = self.values.patterns if isinstance(self.values, Texts) else ()
        rest = tuple(v for v in ("true", "false") if v not in held)
        return _Flag(not self.on_absent, Texts(rest, fold=True), not self.every, f"not {self.words}")


def _flag(condition: Condition, values: Any) -> Constraint:
    return _Flag(_on_absent(condition, False), values, _every(condition, False), str(condition))


# Values


def _texts(condition: Condition, reading: Reading) -> Texts:
    negated, fold, wild, parts = _TEXT_OPERATORS[condition.operator]
    patterns = []
    for value in condition.values:
        for pattern in written(value, reading, wild=wild, inflate=reading.widen != negated):
            if parts and not is_literal(pattern) and pattern != STAR and pattern.count(":") < 5:
                reading.doubt(f"{value} is not an ARN")
            patterns.append(arn_glob(pattern) if parts else pattern)
    return Texts(tuple(patterns), fold)


def written(value: str, reading: Reading, *, wild: bool, inflate: bool) -> Iterator[str]:
    """The pattern of a text of a policy; nothing where it can match nothing.

    ``inflate``: a variable that is not known stands for any text, rather than for none.
    """
    make = glob if wild else literal
    if reading.variables is None or "${" not in value:
        yield make(value)
        return
    pattern, end = "", 0
    for found in _VARIABLE.finditer(value):
        pattern += make(value[end : found.start()])
        end = found.end()
        name = found[1].strip()
        if _SIGN.fullmatch(name):
            pattern += literal(name)
            continue
        key, comma, default = name.partition(",")
        key = key.strip().lower()
        if key not in reading.variables:
            reading.doubt(f"the variable ${{{name}}} is not known")
            if not inflate:
                return
            pattern += STAR
            continue
        known = reading.variables[key]
        if known is None and not comma:
            return  # a variable of an absent key has no value, and nothing equals it
        pattern += literal(default.strip().strip("'") if known is None else known)
    yield pattern + make(value[end:])


def _addresses(condition: Condition, reading: Reading) -> Spans | str:
    """What is no network holds no address; where nothing is one, nothing is known of the condition."""
    found = {value: network_run(value) for value in condition.values}
    runs = [run for run in found.values() if run is not None]
    for value in (v for v, run in found.items() if run is None):
        if not runs:
            return f"{value} is no network"
        reading.doubt(f"{value} is no network")
    return united(Line.ADDRESS, runs)


def _comparison(condition: Condition, line: Line, comparison: str) -> Spans | str:
    runs = []
    for value in condition.values:
        at = number_of(value) if line is Line.NUMBER else date_of(value)
        if at is None:
            return f"{value} is no {line.value}"
        runs.append(_run(comparison, at))
    return united(line, runs)


def _run(comparison: str, at: float) -> tuple[Any, Any]:
    first, last = (-math.inf, 0), (math.inf, 1)
    match comparison:
        case "lessthan":
            return first, (at, 0)
        case "lessthanequals":
            return first, (at, 1)
        case "greaterthan":
            return (at, 1), last
        case "greaterthanequals":
            return (at, 0), last
        case _:
            return (at, 0), (at, 1)
