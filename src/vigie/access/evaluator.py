"""Whether a policy allows one concrete request: written straight from AWS's description, and from nothing else here.

It shares the parsed statements with the engine and no decision: the engine's witnesses are tried on it, and random
requests in the tests. "Policy evaluation logic" and "IAM JSON policy elements: Condition operators" (IAM user guide).
"""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache

from vigie.access.document import Condition, Document, Principal, Statement
from vigie.access.request import Request

_SPECIAL = {"${*}": "[*]", "${?}": "[?]", "${$}": "$"}


def allows(document: Document, request: Request) -> bool:
    """Some Allow of the resource policy matches the request, and no Deny does."""
    allowed = False
    for statement in document.statements:
        if _matches(statement, request, document.variables):
            if not statement.allow:
                return False
            allowed = True
    return allowed


def _matches(statement: Statement, request: Request, variables: bool) -> bool:
    if not statement.principals or _is_meant(statement.principals, request) == statement.not_principal:
        return False
    return speaks_of(statement, request, variables)


def speaks_of(statement: Statement, request: Request, variables: bool) -> bool:
    """Whether its actions, resources and conditions match, whoever calls."""
    named = any(_like(a.lower(), request.action.lower()) for a in statement.actions)
    if named == statement.not_action:
        return False
    if statement.resources:
        patterns = [p for r in statement.resources if (p := _spelled(r, request, variables, wild=True)) is not None]
        if any(_arn_like(p, request.resource) for p in patterns) == statement.not_resource:
            return False
    return all(_holds(c, request, variables) for c in statement.conditions)


def _is_meant(principals: Iterable[Principal], request: Request) -> bool:
    return any(_is(p, request) for p in principals)


def _is(principal: Principal, request: Request) -> bool:
    if principal.kind == "AWS" and principal.value == "*":
        return True
    if request.principal.get(principal.kind) == principal.value:
        return True
    if principal.kind != "AWS" or "Service" in request.principal or "Federated" in request.principal:
        return False
    if request.account is not None and principal.value in (request.account, *_roots(request.account)):
        return True
    # a session is named by itself, and by its role
    return principal.value == request.context.get("aws:principalarn")


def _roots(account: str) -> list[str]:
    return [f"arn:{partition}:iam::{account}:root" for partition in ("aws", "aws-cn", "aws-us-gov")]


# Conditions


def _holds(condition: Condition, request: Request, variables: bool) -> bool:
    present = condition.key in request.context
    if condition.operator == "null":
        return ("false" if present else "true") in [v.lower() for v in condition.values]
    test, negated = _test(condition.operator)
    if not present:
        if condition.quantifier:
            return condition.quantifier == "forallvalues"
        return negated or condition.if_exists
    held = request.context[condition.key]
    values = (held,) if isinstance(held, str) else held
    wild = "like" in condition.operator or condition.operator.startswith("arn")
    wanted = [w for v in condition.values if (w := _spelled(v, request, variables, wild=wild)) is not None]
    fits = [any(test(w, value) for w in wanted) != negated for value in values]
    if condition.quantifier == "forallvalues":
        return all(fits)
    if condition.quantifier == "foranyvalue":
        return any(fits)
    return all(fits) if negated else any(fits)


Test = Callable[[str, str], bool]


def _test(operator: str) -> tuple[Test, bool]:
    negated = "not" in operator
    plain = operator.replace("not", "")
    tests: dict[str, Test] = {
        "stringequals": lambda want, got: _plain(want) == got,
        "binaryequals": lambda want, got: _plain(want) == got,
        "stringequalsignorecase": lambda want, got: _plain(want).lower() == got.lower(),
        "stringlike": _like,
        "arnequals": _arn_like,
        "arnlike": _arn_like,
        "bool": lambda want, got: want.lower() in ("true", "false") and want.lower() == got.lower(),
        "ipaddress": _in_network,
    }
    if plain in tests:
        return tests[plain], negated
    for kind, read in (("numeric", _number), ("date", _date)):
        if plain.startswith(kind):
            return _compared(plain.removeprefix(kind), read), negated
    return (lambda want, got: False), negated


def _compared(comparison: str, read: Callable[[str], float | None]) -> Test:
    orders: dict[str, Callable[[float, float], bool]] = {
        "equals": lambda want, got: got == want,
        "lessthan": lambda want, got: got < want,
        "lessthanequals": lambda want, got: got <= want,
        "greaterthan": lambda want, got: got > want,
        "greaterthanequals": lambda want, got: got >= want,
    }

    def test(want: str, got: str) -> bool:
        left, right = read(want), read(got)
        return left is not None and right is not None and comparison in orders and orders[comparison](left, right)

    return test


def _spelled(value: str, request: Request, variables: bool, *, wild: bool) -> str | None:
    """A value with its variables replaced; None where one has no value. ``[*]`` is a literal star then."""
    if not variables or "${" not in value:
        return value
    found = ""
    end = 0
    for variable in re.finditer(r"\$\{([^{}]*)\}", value):
        found += value[end : variable.start()]
        end = variable.end()
        text = _variable(variable[0], variable[1], request, wild=wild)
        if text is None:
            return None
        found += text
    return found + value[end:]


def _variable(whole: str, inside: str, request: Request, *, wild: bool) -> str | None:
    if whole in _SPECIAL:
        return _SPECIAL[whole] if wild else inside
    name, comma, default = inside.partition(",")
    held = request.context.get(name.strip().lower())
    if isinstance(held, str):
        return re.sub(r"([*?])", r"[\1]", held) if wild else held
    return default.strip().strip("'") if comma and held is None else None


def _plain(want: str) -> str:
    return want.replace("[*]", "*").replace("[?]", "?") if "[" in want else want


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    kept = re.sub(r"\[(?![*?]\])", "[[]", pattern)
    return re.compile(fnmatch.translate(kept), re.DOTALL)


def _like(pattern: str, text: str) -> bool:
    return _compiled(pattern).match(text) is not None


def _arn_like(pattern: str, text: str) -> bool:
    if pattern == "*":
        return True
    wanted, got = pattern.split(":", 5), text.split(":", 5)
    if len(wanted) < 6:  # open at its end
        got = text.split(":", len(wanted) - 1)
    return len(wanted) == len(got) and all(map(_like, wanted, got))


def _in_network(want: str, got: str) -> bool:
    network, address = _network(want.strip()), _network(got)
    if network is None or address is None or network.version != address.version:
        return False
    return address.num_addresses == 1 and address.network_address in network


@lru_cache(maxsize=4096)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """``::ffff:192.0.2.0/120`` is ``192.0.2.0/24``."""
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if network.version == 4 or network.prefixlen < 96 or int(network.network_address) >> 32 != 0xFFFF:
        return network
    return ipaddress.IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _date(text: str) -> float | None:
    text = text.strip()
    if re.fullmatch(r"\d{4}", text):
        text += "-01-01"
    elif re.fullmatch(r"\d{4}-\d{2}", text):
        text += "-01"
    elif _number(text) is not None:
        return _number(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
