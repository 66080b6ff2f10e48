"""What type a JMESPath expression gives over a type: finds members that are not there, before AWS is ever asked."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Final

from jmespath.exceptions import JMESPathError

from vigie.catalogue.expression import compiled
from vigie.catalogue.shapes import ANYTHING, NULL, TEXT, ListOf, MapOf, Scalar, Structure, Type, literal_type

_NUMBER: Final = Scalar(kind="number")
_TRUTH: Final = Scalar(kind="boolean")
_FUNCTIONS: Final = {
    "starts_with": _TRUTH,
    "ends_with": _TRUTH,
    "contains": _TRUTH,
    "length": _NUMBER,
    "join": TEXT,
    "to_string": TEXT,
    "type": TEXT,
    "keys": ListOf(of=lambda: TEXT),
}
"""What the functions give that do not give their first argument back."""


class WrongExpressionError(ValueError):
    """The expression cannot give anything over this type. The message says why."""


def inferred(text: str, over: Type) -> Type:
    """The type of the expression's value. Raises WrongExpressionError."""
    try:
        tree = compiled(text).parsed
    except JMESPathError as error:
        raise WrongExpressionError(f"cannot be parsed: {str(error).splitlines()[0]}") from error
    return _infer(tree, over)


def _infer(node: dict[str, Any], over: Type) -> Type:
    rule = _RULES.get(node["type"])
    if rule is None:
        raise WrongExpressionError(f"uses {node['type']}, which the verifier does not know")
    return rule(node, over)


def _field(node: dict[str, Any], over: Type) -> Type:
    key = node["value"]
    if type(over) is Type:
        return over
    if isinstance(over, MapOf):
        if over.keys and key not in over.keys:
            raise WrongExpressionError(f"{key!r} is not a key of the map{_nearest(key, over.keys)}")
        return over.of()
    if not isinstance(over, Structure):
        raise WrongExpressionError(f"{key!r} is looked for in a {over}")
    found = over.member(key)
    if found is None:
        raise WrongExpressionError(f"{key!r} is not in {over}{_nearest(key, tuple(over.members))}")
    return found


def _nearest(key: str, known: tuple[str, ...]) -> str:
    close = get_close_matches(key, known, n=1, cutoff=0.5)
    return f"; is {close[0]!r} meant?" if close else ""


def _chain(node: dict[str, Any], over: Type) -> Type:
    for child in node["children"]:
        over = _infer(child, over)
    return over


def _index(node: dict[str, Any], over: Type) -> Type:
    return _element(over)


def _element(over: Type) -> Type:
    if isinstance(over, ListOf):
        return over.of()
    if type(over) is Type:
        return over
    raise WrongExpressionError(f"takes elements of a {over}, which is not a list")


def _projection(node: dict[str, Any], over: Type) -> Type:
    left, right = node["children"][:2]
    element = _element(_infer(left, over))
    return _list(_infer(right, element))


def _filter(node: dict[str, Any], over: Type) -> Type:
    left, right, condition = node["children"]
    element = _element(_infer(left, over))
    _infer(condition, element)
    return _list(_infer(right, element))


def _values(node: dict[str, Any], over: Type) -> Type:
    left, right = node["children"]
    found = _infer(left, over)
    if isinstance(found, MapOf):
        return _list(_infer(right, found.of()))
    if type(found) is Type or isinstance(found, Structure):
        return _list(ANYTHING)
    raise WrongExpressionError(f"takes the values of a {found}")


def _flatten(node: dict[str, Any], over: Type) -> Type:
    found = _infer(node["children"][0], over)
    element = _element(found)
    return element if isinstance(element, ListOf) else found


def _either(node: dict[str, Any], over: Type) -> Type:
    found = [_infer(child, over) for child in node["children"]]
    return next((kind for kind in found if kind != NULL), NULL)


def _both(node: dict[str, Any], over: Type) -> Type:
    return [_infer(child, over) for child in node["children"]][-1]


def _truth(node: dict[str, Any], over: Type) -> Type:
    for child in node["children"]:
        _infer(child, over)
    return _TRUTH


def _compared(node: dict[str, Any], over: Type) -> Type:
    left, right = (_infer(child, over) for child in node["children"])
    kinds = {side.kind for side in (left, right) if isinstance(side, Scalar)} - {"null"}
    if len(kinds) == 2:
        raise WrongExpressionError(f"compares a {left} with a {right}, which are never equal")
    return _TRUTH


def _called(node: dict[str, Any], over: Type) -> Type:
    arguments = [_infer(child, over) for child in node["children"]]
    result = _FUNCTIONS.get(node["value"])
    return result if result is not None else (arguments[0] if arguments else ANYTHING)


def _selected_map(node: dict[str, Any], over: Type) -> Type:
    members = {pair["value"]: _infer(pair["children"][0], over) for pair in node["children"]}
    return Structure(name="(selected)").with_members(members)


def _selected_list(node: dict[str, Any], over: Type) -> Type:
    kinds = [_infer(child, over) for child in node["children"]]
    return _list(kinds[0])


def _list(element: Type) -> Type:
    return ListOf(of=lambda: element)


_RULES: Final[dict[str, Callable[[dict[str, Any], Type], Type]]] = {
    "field": _field,
    "subexpression": _chain,
    "index_expression": _chain,
    "pipe": _chain,
    "index": _index,
    "slice": lambda node, over: over,
    "identity": lambda node, over: over,
    "current": lambda node, over: over,
    "literal": lambda node, over: literal_type(node["value"]),
    "projection": _projection,
    "filter_projection": _filter,
    "value_projection": _values,
    "flatten": _flatten,
    "or_expression": _either,
    "and_expression": _both,
    "not_expression": _truth,
    "comparator": _compared,
    "function_expression": _called,
    "expref": lambda node, over: ANYTHING,
    "multi_select_dict": _selected_map,
    "multi_select_list": _selected_list,
}
