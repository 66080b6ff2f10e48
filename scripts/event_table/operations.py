"""Where the request and the answer of an operation name the resource that the operation is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from event_table.kinds import Kind

_WORDS: Final = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z0-9]+|[A-Z]+")
_BARE: Final = {"id": "id", "arn": "arn", "name": "name", "resourcearn": "arn", "identifier": "id", "resourceid": "id"}
"""Members that name what an operation is about where it is called after the kind itself."""
_SUFFIXES: Final = {"id": "id", "arn": "arn", "name": "name", "identifier": "id", "": "id", "url": "id", "ref": "id"}
_PLURALS: Final = ("s", "list", "set")


def verb_and_noun(operation: str) -> tuple[str, str]:
    """``BatchCreatePartition`` → ``("batchcreate", "partition")``."""
    words = _WORDS.findall(operation)
    count = 2 if words[0] == "Batch" and len(words) > 2 else 1
    return "".join(words[:count]).lower(), "".join(words[count:]).lower()


def singular(noun: str) -> str:
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    if noun.endswith(("ses", "xes")):
        return noun[:-2]
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") else noun


def best_kind(noun: str, kinds: Sequence[Kind]) -> tuple[Kind, str, bool] | None:
    """The kind that the noun of an operation speaks of, by which of its nouns, and whether by nothing else."""
    found: list[tuple[int, Kind, str]] = []
    one = singular(noun)
    for kind in kinds:
        for own in kind.nouns:
            if own in (noun, one):
                return kind, own, True
            if len(own) > 2 and (noun.startswith(own) or one.endswith(own)):
                found.append((len(own), kind, own))
    if not found:
        return None
    _, kind, own = max(found, key=lambda each: each[0])
    return kind, own, False


def request_paths(shape: Any, kind: Kind, noun: str, own: bool) -> list[str]:
    """``["id:clusterid", "name:clustername"]``: what of the kind, and under which member."""
    if shape is None:
        return []
    members = {name.lower(): (name, member) for name, member in shape.members.items()}
    places = {member.serialization.get("name", "").lower(): name for name, member in shape.members.items()}
    found = []
    for suffix, what in _SUFFIXES.items():
        for plural in ("", *_PLURALS):
            key = f"{noun}{suffix}{plural}"
            if key in members and _holds_text(members[key][1]):
                found.append(f"{what}:{key}")
    if own or not found:
        for key, what in _BARE.items():
            if key in members and _holds_text(members[key][1]) and (own or key in ("resourcearn", "arn")):
                found.append(f"{what}:{key}")
    if own and not found:
        found += _inside(members, noun)
    renamed = {name.lower(): place for place, name in places.items() if place}
    for path in list(found):
        what, key = path.split(":")
        place = renamed.get(key)
        if place and place != key and "." not in key and f"{what}:{place}" not in found:
            found.append(f"{what}:{place}")
    return found


def _inside(members: Mapping[str, Any], noun: str) -> Iterator[str]:
    """Glue's ``DatabaseInput.Name``."""
    for key in (f"{noun}input", noun, f"{noun}config", f"{noun}spec"):
        if key not in members or members[key][1].type_name != "structure":
            continue
        inner = {name.lower() for name in members[key][1].members}
        for suffix, what in (("name", "name"), ("id", "id"), ("arn", "arn")):
            for name in (suffix, noun + suffix):
                if name in inner:
                    yield f"{what}:{key}.{name}"


def _holds_text(shape: Any) -> bool:
    inner = shape.member if shape.type_name == "list" else shape
    return bool(inner.type_name == "string")


def answer_paths(shape: Any, kind: Kind, noun: str) -> list[str]:
    """Like ``request_paths``, for the answer: top level, or one structure or list of them below."""
    if shape is None:
        return []
    found = []
    for name, member in shape.members.items():
        key = _place(name, member)
        found += [f"{what}:{key}" for what in _said(name.lower(), noun, member)]
        inner = member.member if member.type_name == "list" else member
        about = singular(name.lower())
        if inner.type_name == "structure" and (about.endswith(noun) or noun.endswith(about) or noun in about):
            found += [
                f"{what}:{key}.{_place(below, shape_below)}"
                for below, shape_below in inner.members.items()
                for what in _said(below.lower(), noun, shape_below)
            ]
    return found


def _place(name: str, shape: Any) -> str:
    place: str = shape.serialization.get("name") or name
    return place.lower()


def _said(key: str, noun: str, shape: Any) -> Iterator[str]:
    if not _holds_text(shape):
        return
    for suffix, what in _SUFFIXES.items():
        if suffix not in ("", "ref") and key in (f"{noun}{suffix}", suffix, f"{noun}{suffix}s"):
            yield what
            return


def sole_member(shape: Any, kinds: Sequence[Kind]) -> tuple[Kind, list[str]] | None:
    """The one kind that a required member of the request names; where none is required, that any names."""
    if shape is None:
        return None
    for names in (shape.required_members, list(shape.members)):
        found: dict[str, tuple[Kind, list[str]]] = {}
        for name in names:
            if not _holds_text(shape.members[name]):
                continue
            for kind in kinds:
                for noun in kind.nouns:
                    for suffix in ("id", "arn", "name", "identifier", "ids", "arns", "names"):
                        if name.lower() == noun + suffix:
                            what = _SUFFIXES[suffix.removesuffix("s")]
                            found.setdefault(kind.type, (kind, []))[1].append(f"{what}:{name.lower()}")
        if len(found) == 1:
            return next(iter(found.values()))
    return None
