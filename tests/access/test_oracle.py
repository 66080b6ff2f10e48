"""Allow minus Deny against an SMT solver, on a bounded set of random policies (z3 is a development dependency only).

The conditions speak of keys that any caller may choose, so that "public" is exactly "some request is allowed".
"""

from __future__ import annotations

import random
from typing import Any

import pytest

from vigie.access import judge

z3: Any = pytest.importorskip("z3")

OWN = "111111111111"
POLICIES = 60
TEXT_KEYS = ("s3:prefix", "aws:Referer", "aws:UserAgent")
PIECES = ("a", "b", "ab", "*", "?", "*a", "b*", "A", "/")
ACTIONS = ("*", "s3:*", "s3:Get*", "s3:GetObject", "s3:*Object", "s3:Put?bject", "S3:getobject")
RESOURCES = ("*", "arn:aws:s3:::b/*", "arn:aws:s3:::b", "arn:aws:s3:::b/a*", "arn:aws:s3:::b/*a", "arn:*:s3:::b/?*")
TEXT_OPERATORS = ("StringEquals", "StringNotEquals", "StringLike", "StringNotLike")
NUMERIC = ("NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericGreaterThanEquals")


# Policies


def pattern(chance: random.Random, *, wild: bool) -> str:
    pieces = [p for p in PIECES if wild or not set(p) & set("*?")]
    return "".join(chance.choices(pieces, k=chance.randint(1, 4)))


def condition(chance: random.Random) -> tuple[str, str, list[str]]:
    kind = chance.random()
    if kind < 0.7:
        operator = chance.choice(TEXT_OPERATORS)
        values = [pattern(chance, wild="Like" in operator) for _ in range(chance.randint(1, 3))]
        return operator + chance.choice(("", "", "IfExists")), chance.choice(TEXT_KEYS), values
    if kind < 0.85:
        return chance.choice(NUMERIC) + chance.choice(("", "IfExists")), "s3:max-keys", [str(chance.randint(0, 3))]
    return "Null", chance.choice((*TEXT_KEYS, "s3:max-keys")), [chance.choice(("true", "false"))]


def statement(chance: random.Random, effect: str) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": effect, "Principal": "*"}
    found[chance.choice(("Action", "Action", "Action", "NotAction"))] = chance.sample(ACTIONS, chance.randint(1, 2))
    found[chance.choice(("Resource", "Resource", "NotResource"))] = chance.sample(RESOURCES, chance.randint(1, 2))
    conditions: dict[str, dict[str, list[str]]] = {}
    for _ in range(chance.randint(0, 3)):
        operator, key, values = condition(chance)
        conditions.setdefault(operator, {})[key] = values
    return found | ({"Condition": conditions} if conditions else {})


def policy(seed: int) -> list[dict[str, Any]]:
    chance = random.Random(seed)  # noqa: S311 (the same policies in every run)
    allows = [statement(chance, "Allow") for _ in range(chance.randint(1, 2))]
    return allows + [statement(chance, "Deny") for _ in range(chance.randint(1, 4))]


# The same as formulas


class Request:
    """Any request, as variables of the solver."""

    def __init__(self) -> None:
        self.action, self.resource = z3.String("action"), z3.String("resource")
        self.texts = {key: z3.String(key) for key in TEXT_KEYS}
        self.number = z3.Int("number")
        self.present = {key: z3.Bool(f"has {key}") for key in (*TEXT_KEYS, "s3:max-keys")}

    def allowed(self, statements: list[dict[str, Any]]) -> Any:
        allows = [self.matches(s) for s in statements if s["Effect"] == "Allow"]
        denies = [self.matches(s) for s in statements if s["Effect"] == "Deny"]
        lower = z3.Star(z3.Union(z3.Range("a", "z"), z3.Re(":"), z3.Range("0", "9")))
        reachable = z3.And(z3.InRe(self.action, lower), z3.PrefixOf("s3:", self.action))
        return z3.And(reachable, z3.Or(*allows), z3.Not(z3.Or(*denies)))

    def matches(self, statement: dict[str, Any]) -> Any:
        parts = []
        for name, value, by_parts in (("Action", self.action, False), ("Resource", self.resource, True)):
            for spelt in (name, f"Not{name}"):
                if spelt in statement:
                    wanted = [p.lower() if name == "Action" else p for p in statement[spelt]]
                    fits = z3.Or(*(z3.InRe(value, expression(p, by_parts=by_parts)) for p in wanted))
                    parts.append(fits if spelt == name else z3.Not(fits))
        for operator, keys in statement.get("Condition", {}).items():
            parts += [self.holds(operator, key, values) for key, values in keys.items()]
        return z3.And(*parts)

    def holds(self, operator: str, key: str, values: list[str]) -> Any:
        present = self.present[key]
        if operator == "Null":
            return z3.Not(present) if values == ["true"] else present
        base = operator.removesuffix("IfExists")
        negated = "Not" in base
        test = self._number(base, values) if base.startswith("Numeric") else self._text(base, key, values)
        absent = negated or base != operator
        return z3.Or(z3.And(present, z3.Not(test) if negated else test), z3.And(z3.Not(present), absent))

    def _text(self, base: str, key: str, values: list[str]) -> Any:
        value = self.texts[key]
        if "Like" in base:
            return z3.Or(*(z3.InRe(value, expression(v)) for v in values))
        return z3.Or(*(value == z3.StringVal(v) for v in values))

    def _number(self, base: str, values: list[str]) -> Any:
        limit = int(values[0])
        if base.endswith("LessThan"):
            return self.number < limit
        return self.number >= limit if base.endswith("ThanEquals") else self.number == limit


def expression(text: str, *, by_parts: bool = False) -> Any:
    """A glob; ``by_parts``: the wildcards of an ARN's first five parts hold no colon."""
    if by_parts and text != "*":
        parts = text.split(":", 5)
        joined: list[Any] = []
        for place, part in enumerate(parts):
            joined += ([z3.Re(":")] if place else []) + _pieces(part, inside=place < 5)
        return _joined(joined)
    return _joined(_pieces(text, inside=False))


def _pieces(text: str, *, inside: bool) -> list[Any]:
    anything = z3.AllChar(z3.ReSort(z3.StringSort()))
    one = z3.Intersect(anything, z3.Complement(z3.Re(":"))) if inside else anything
    signs = {"*": z3.Star(one), "?": one}
    return [signs[sign] if sign in signs else z3.Re(z3.StringVal(sign)) for sign in text] or [z3.Re("")]


def _joined(pieces: list[Any]) -> Any:
    return pieces[0] if len(pieces) == 1 else z3.Concat(*pieces)


def test_public_is_what_the_solver_says() -> None:
    decided = {True: 0, False: 0}
    for seed in range(POLICIES):
        statements = policy(seed)
        access = judge("AWS::S3::Bucket", {"Policy": {"Version": "2012-10-17", "Statement": statements}}, account=OWN)
        assert access.problems == ()
        if any(not g.exact for g in access.grants):
            continue
        solver = z3.Solver()
        solver.set("timeout", 500)
        solver.add(Request().allowed(statements))
        answer = solver.check()
        if answer != z3.unknown:
            public = bool(access.public())
            assert public == (answer == z3.sat), (seed, statements, answer)
            decided[public] += 1
    assert min(decided.values()) >= 8, decided
    assert sum(decided.values()) >= POLICIES // 2, decided
