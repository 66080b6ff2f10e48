"""The words of the format, each with what it means: the source of the JSON Schema and of the reference page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "array", "items": {"type": "string"}, "uniqueItems": True}
_FLAG: Final = {"type": "boolean"}
_COUNT: Final = {"type": "integer", "minimum": 1}
_MAP: Final = {"type": "object"}
_SPAN: Final = {"type": "string", "pattern": r"^\d+[mhd]$"}
_DECODE: Final = {"enum": ["json", "base64", "base64-json"]}


@dataclass(frozen=True, slots=True)
class Word:
    """One key of a table: what it means, and the JSON Schema of its value."""

    meaning: str
    schema: Mapping[str, Any]
    required: bool = False


def _table(kind: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{kind}"}


def _keyed(kind: str) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": _table(kind)}


_CALL: Final = {
    "op": Word("Operation, `DescribeKey`; of another service with its name: `ec2:DescribeRegions`.", _TEXT, True),
    "args": Word("Literal arguments.", _MAP),
    "bind": Word("Parameter → expression over the resource, `parent.…` or `scope.…`.", _keyed("expression")),
    "absent": Word("Error codes that mean that there is none: a fact, recorded as null.", _TEXTS),
    "gone": Word("Error codes that mean that the resource (or its parent) vanished since it was listed.", _TEXTS),
    "missing_ok": Word("A true answer may lack the member that is taken, when there is none.", _FLAG),
}
_CALL_OR_SOURCE: Final = {
    **_CALL,
    "op": Word(_CALL["op"].meaning, _TEXT),
    "source": Word("Instead of `op`: the name of a `_source` of the file.", _TEXT),
}

TABLES: Final[Mapping[str, Mapping[str, Word]]] = {
    "file": {
        "_format": Word("Version of the format: 1.", {"const": 1}),
        "_service": Word("botocore's name of the service.", _TEXT, True),
        "_scope": Word("`regional`, or `global`: listed once per account.", {"enum": ["regional", "global"]}),
        "_event_source": Word("CloudTrail's name of the service, where it is not `<service>.amazonaws.com`.", _TEXT),
        "_source": Word("Answers that several types share.", _keyed("call")),
    },
    "type": {
        "cfn": Word("The type's name everywhere outside this file: CloudFormation's, or AWS Config's.", _TEXT, True),
        "about": Word("One sentence for the reference.", _TEXT),
        "scope": Word("Where it is other than the file's `_scope`.", {"enum": ["regional", "global"]}),
        "list": Word("How resources are found.", _table("list")),
        "singleton": Word("Instead of `list`: settings that exist exactly once.", _table("singleton")),
        "hook": Word("Instead of `list`: a generator in Python, `module:function`, of an installed package.", _TEXT),
        "calls": Word("The operations that the hook may call.", _TEXTS),
        "id": Word("Expression: what identifies the resource in its scope. Of a singleton, its table's name.", _TEXT),
        "id_without": Word("A text that is cut off the front of `id`: AWS's other services name it without.", _TEXT),
        "uid": Word("Expression: tells incarnations apart, where `id` can be used again.", _TEXT),
        "name": Word("Expression: what people call it; of an ARN, the last part.", _TEXT),
        "arn": Word("Expression, or a text that starts with `arn:` and has fields in braces.", _TEXT),
        "region": Word("Expression: where the resource lives, where that is not the region of the scope.", _TEXT),
        "calls_in_region": Word("Details and tags are asked for in the resource's region.", _FLAG),
        "parent": Word("The table of the type under each of whose resources this one is listed.", _TEXT),
        "skip": Word("Expression: listed resources for which it is true are left out.", _TEXT),
        "describe": Word("Completes resources of which the listing gives only names.", _table("describe")),
        "detail": Word("Further keys of the configuration, one call a resource each.", _keyed("detail")),
        "join": Word("Further keys of the configuration, one call a scope each.", _keyed("join")),
        "tags": Word("Expression, or a call, that gives the tags.", {"anyOf": [_TEXT, _table("tags")]}),
        "tag_keys": Word("Names of key and value in a tag; `Key` and `Value` unless said.", _TEXTS),
        "transform": Word("Registered pure function of the resource, applied last.", _TEXT),
        "decode": Word("Path → how the texts there are decoded.", {"type": "object", "additionalProperties": _DECODE}),
        "ephemeral": Word("Paths that change without meaning: recorded, never told.", _TEXTS),
        "ordered": Word("Paths of lists whose order has a meaning. All others are unordered.", _TEXTS),
        "redact": Word("Paths whose values are replaced by a keyed digest.", _TEXTS),
        "drop": Word("Paths that are not kept.", _TEXTS),
        "stable": Word("Counters and times that look ephemeral and are not: reviewed.", _TEXTS),
        "sensitive": Word("Members that AWS calls sensitive and that are kept: reviewed.", _TEXTS),
        "events": Word("CloudTrail event names, with `*`, that tell of a change.", _TEXTS),
        "event_source": Word("Where it is other than the file's.", _TEXT),
        "cadence": Word("Read no more often than this: `30m`, `4h`, `1d`.", _SPAN),
        "cap": Word("A listing is ended after so many resources, and the look is partial.", _COUNT),
        "immutable": Word("A resource once seen never changes.", _FLAG),
        "tier": Word(
            "`scaffolded`: not reviewed, its changes are told to nobody.", {"enum": ["reviewed", "scaffolded"]}
        ),
    },
    "call": _CALL,
    "list": {
        **_CALL_OR_SOURCE,
        "items": Word("Expression over a page's answer: the list.", _TEXT, True),
        "each": Word("Expression over an element: resources lie one level deeper.", _TEXT),
        "carry": Word("Members of the element that resources below it keep.", _TEXTS),
        "as": Word("Elements are texts; they become `{as: text}`.", _TEXT),
        "narrow": Word("How the listing is narrowed to one resource.", _table("narrow")),
    },
    "narrow": {
        "param": Word("The parameter that names resources.", _TEXT, True),
        "item": Word("Expression: what of the resource it takes.", _TEXT, True),
        "many": Word("The parameter takes a list.", _FLAG),
        "without": Word("Literal arguments that cannot be given together with it.", _TEXTS),
        "gone": Word("Error codes that mean that there is no such resource.", _TEXTS),
    },
    "singleton": {**_CALL, "take": Word("Expression over the answer; without it, all of it.", _TEXT)},
    "describe": {
        **_CALL,
        "param": Word("The parameter that takes the list of what to describe.", _TEXT),
        "single": Word("Instead of `param`: the parameter that takes one.", _TEXT),
        "item": Word("Expression: what of a listed resource names it.", _TEXT, True),
        "size": Word("How many one call can describe.", _COUNT),
        "items": Word("Expression over the answer: the list.", _TEXT),
        "key": Word("Expression: what of a described element equals `item`.", _TEXT),
        "take": Word("With `single`: expression over the answer.", _TEXT),
    },
    "detail": {
        **_CALL,
        "take": Word("Expression over the answer; without it, all of it.", _TEXT),
        "when": Word("Expression: called only where it is true.", _TEXT),
        "first": Word("Read before the others and before `region`.", _FLAG),
        "pairs": Word("A list of elements with a key and a value becomes a map.", _table("pairs")),
        "decode": Word("How the text that was taken is decoded.", _DECODE),
        "transform": Word("Registered pure function of the value that was taken.", _TEXT),
        "redact": Word("`digest`: only a keyed digest of the value is kept.", {"const": "digest"}),
        "each": Word("Details of every element of the list that was taken.", _keyed("detail")),
        "cadence": Word("Read no more often than this.", _SPAN),
    },
    "pairs": {
        "key": Word("Expression over an element.", _TEXT, True),
        "value": Word("Expression over an element.", _TEXT, True),
    },
    "join": {
        **_CALL_OR_SOURCE,
        "items": Word("Expression over the answer: the list.", _TEXT, True),
        "on": Word("What is equal.", _table("on"), True),
        "many": Word("The key holds a list of all that match.", _FLAG),
        "take": Word("Expression over a matching element: what of it is kept.", _TEXT),
    },
    "on": {
        "item": Word("Expression over the resource.", _TEXT, True),
        "other": Word("Expression over an element of the list.", _TEXT, True),
    },
    "tags": {
        **_CALL,
        "take": Word("Expression over the answer, or over the element of the batch.", _TEXT),
        "when": Word("Expression: called only where it is true.", _TEXT),
        "batch": Word("One call for many resources.", _table("batch")),
        "tag_keys": Word("Names of key and value in a tag; `Key` and `Value` unless said.", _TEXTS),
    },
    "batch": {
        "param": Word("The parameter that takes the list of resources.", _TEXT, True),
        "item": Word("Expression: what of a resource names it.", _TEXT, True),
        "size": Word("How many one call can take.", _COUNT),
        "items": Word("Expression over the answer: the list.", _TEXT, True),
        "key": Word("Expression: what of an element equals `item`.", _TEXT, True),
    },
}
"""Kind of table → its words."""
