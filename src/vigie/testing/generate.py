"""Deterministic, plausible values for botocore's output shapes.

The same call gives the same answer, in every process and at any time. Identifiers depend on the account, the
region, the name of the
member and the place in the list, so that lists of one account fit together: the third subnet's ``VpcId`` is the
third VPC's. A
member that has the name of a string parameter of the request has its value (``DescribeKey(KeyId=x)`` tells of x).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

from vigie.testing import realism
from vigie.testing.wire.models import Shape
from vigie.testing.wire.requests import Call

EPOCH = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
"""The latest time in any generated answer."""

_DEEPEST = 7
_NESTED = 2
"""Length of lists within the things listed."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a test would like to find in generated answers, by member name: ``{"KeyManager": "CUSTOMER"}``.

    A wish may be narrowed by the path of member names that leads to it: ``{"State.Name": "running"}``.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    avoid: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Values of enums that are not wished: ``{"State.Name": {"terminated"}}``."""
    without: frozenset[str] = frozenset()
    """Members that are left out."""
    size: int = 4
    """Length of the list that an operation is about (all pages together)."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """The same for one list of one operation: ``{"ec2:DescribeInstances/Reservations": 200}``."""

    def length(self, call: Call, member: str) -> int:
        return self.sizes.get(f"{call.name}/{member}", self.size)


def answer(call: Call, wishes: Wishes | None = None) -> dict[str, Any]:
    """A whole answer of a call (all pages in one), in botocore's form: member names, datetimes, bytes."""
    wishes = wishes or Wishes()
    shape = call.model.output_shape
    if shape is None:
        return {}
    generated = _Generator(call, wishes).structure(shape, (), 0, 0)
    special = realism.SPECIAL.get((call.service, call.operation))
    return {**generated, **special(call, generated)} if special else generated


class _Generator:
    """Walks one output shape. ``path``: member names from the root; ``place``: index in the nearest list;
    ``flat``: over all lists."""

    def __init__(self, call: Call, wishes: Wishes) -> None:
        self.call = call
        self.wishes = wishes
        self.given = {
            name.lower(): value
            for name, value in call.parameters.items()
            if isinstance(value, str) and not _is_paging(call, name)
        }
        self.batches = {
            _singular(name).lower(): [str(one) for one in value]
            for name, value in call.parameters.items()
            if isinstance(value, list)
            and value
            and all(isinstance(one, str) for one in value)
            and not name.startswith("Owner")  # narrows, and names nothing
        }
        identity = "\0".join(value for _, value in sorted(self.given.items()))
        self.salt = _digest(identity) if identity else ""
        tokens = (
            call.paging.output_tokens + ((call.paging.more,) if call.paging and call.paging.more else ())
            if call.paging
            else ()
        )
        self.left_out = frozenset(tokens) | {"ResponseMetadata"}

    def value(self, shape: Shape, path: tuple[str, ...], place: int, flat: int) -> Any:
        kind = shape.type_name
        if kind == "structure":
            return self.structure(shape, path, place, flat)
        if kind == "list":
            return self.sequence(shape, path, flat)
        if kind == "map":
            return self.mapping(shape, path, flat)
        wished = self._wished(path)
        return wished if wished is not None else self._scalar(shape, path, place, flat)

    def structure(self, shape: Shape, path: tuple[str, ...], place: int, flat: int) -> dict[str, Any]:
        if getattr(shape, "is_document_type", False):
            return {"Key": self._token(path, flat)}
        left_out = self.wishes.without if path else self.left_out | self.wishes.without
        names = [name for name in shape.members if name not in left_out]
        if getattr(shape, "is_tagged_union", False):
            names = names[:1]
        found = {}
        for name in names:
            if len(path) < _DEEPEST and path.count(name) < 2:
                found[name] = self.value(shape.members[name], (*path, name), place, flat)
        return found

    def sequence(self, shape: Shape, path: tuple[str, ...], flat: int) -> list[Any]:
        named = self._batch(shape)
        if named is not None:
            member, values = named
            return [self._of(shape.member, path, member, value) for value in values]
        length = self._length(shape, path)
        if shape.member.type_name not in ("structure", "list", "map"):
            path = (*path[:-1], _singular(path[-1]))  # each of SubnetIds is a SubnetId
        return [self.value(shape.member, path, place, flat * length + place) for place in range(length)]

    def _of(self, shape: Shape, path: tuple[str, ...], member: str, value: str) -> dict[str, Any]:
        """What is told of one of a batch: the same, whatever else is in the batch."""
        salt, self.salt = self.salt, _digest(value)
        found = self.structure(shape, path, 0, 0)
        self.salt = salt
        return {**found, member: value}

    def _batch(self, shape: Shape) -> tuple[str, list[str]] | None:
        """``DescribeTags(ResourceArns=[a, b])`` is answered by a list of two, whose ResourceArn are a and b."""
        if shape.member.type_name != "structure":
            return None
        for name in shape.member.members:
            if name.lower() in self.batches:
                return name, self.batches[name.lower()]
        return None

    def _length(self, shape: Shape, path: tuple[str, ...]) -> int:
        enum = getattr(shape.member, "enum", None)
        if enum:
            return min(_NESTED, len(enum))
        paging = self.call.paging
        if len(path) == 1 and (paging is None or path[0] in paging.results) and not self._is_of_one(shape, path):
            return self.wishes.length(self.call, path[0])
        return 1 if len(path) > 4 else _NESTED

    def _is_of_one(self, shape: Shape, path: tuple[str, ...]) -> bool:
        """Tags and the like: parts of the one thing asked about, not things."""
        return path[0].lower().startswith("tag") or (bool(self.given) and self.call.paging is None)

    def mapping(self, shape: Shape, path: tuple[str, ...], flat: int) -> dict[str, Any]:
        keys = [key for key in getattr(shape.key, "enum", ()) if key != "All"]
        if not keys:
            keys = list(realism.TAG_KEYS[:_NESTED]) if "tag" in path[-1].lower() else ["first", "second"]
        return {key: self.value(shape.value, (*path, key), place, flat) for place, key in enumerate(keys)}

    # scalars

    def _wished(self, path: tuple[str, ...]) -> Any:
        for start in range(len(path)):
            wished = self.wishes.values.get(".".join(path[start:]))
            if wished is not None:
                return wished
        return None

    def _not_avoided(self, path: tuple[str, ...], enum: Sequence[str]) -> Sequence[str]:
        for start in range(len(path)):
            avoided = self.wishes.avoid.get(".".join(path[start:]))
            if avoided:
                return [value for value in enum if value not in avoided] or enum
        return enum

    def _scalar(self, shape: Shape, path: tuple[str, ...], place: int, flat: int) -> Any:
        kind = shape.type_name
        if kind == "string" or kind == "character":
            return self._string(shape, path, place, flat)
        seed = self._number(path, flat)
        if kind == "boolean":
            return seed % 2 == 0
        if kind == "timestamp":
            return EPOCH - timedelta(seconds=seed % (300 * 86400))
        if kind in ("integer", "long"):
            return _within(shape, realism.integer(path[-1], seed))
        if kind in ("float", "double"):
            return float(seed % 1000) / 8
        return self._token(path, flat).encode()

    def _string(self, shape: Shape, path: tuple[str, ...], place: int, flat: int) -> str:
        name = path[-1]
        given = self.given.get(name.lower())
        if given is not None:
            return given
        enum: Sequence[str] = getattr(shape, "enum", ())
        if enum:
            enum = self._not_avoided(path, enum)
            return enum[(self._number((name,), 0) + place) % len(enum)]
        if realism.is_policy(name, shape.name):
            document = realism.policy(name, self.call, flat)
            return quote(document) if shape.name == "policyDocumentType" else document
        return realism.string(name, self._parent(path), self.call, place, self._token(path, flat))

    def _parent(self, path: tuple[str, ...]) -> str:
        return _thing(path[-2]) if len(path) > 1 else ""

    def _token(self, path: tuple[str, ...], flat: int) -> str:
        """17 hexadecimal digits that stand for one thing: the same wherever a thing of this name and place is told
        of."""
        name = path[-1]
        stem = re.sub(r"(Arn|ARN|Id|ID|Name|Url|Identifier)$", "", name) or _thing(path[-2] if len(path) > 1 else name)
        stem = re.sub(r"^(Target|Source|Owner|Referenced)(?=[A-Z])", "", stem).lower()
        return _digest(self.call.account, self._home(), stem, str(flat), self.salt)

    def _home(self) -> str:
        return "" if self.call.service in realism.GLOBAL_SERVICES else self.call.region

    def _number(self, path: tuple[str, ...], flat: int) -> int:
        return int(_digest(*path, str(flat), self.salt, self.call.account), 16)


def _is_paging(call: Call, name: str) -> bool:
    return call.paging is not None and (name in call.paging.input_tokens or name == call.paging.limit)


def _within(shape: Shape, value: int) -> int:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if high is not None and value > int(high):
        value = int(high)
    return int(low) if low is not None and value < int(low) else value


def _singular(name: str) -> str:
    for ending, stem in (("List", ""), ("ies", "y"), ("sses", "ss"), ("s", "")):
        if name.endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)] + stem
    return name


def _thing(name: str) -> str:
    """What a container is of: ``UserDetailList`` and ``KeyMetadata`` are of a user and of a key."""
    return re.sub(r"(?<=.)(Detail|Metadata|Description|Summary|Configuration|Entry)$", "", _singular(name))


@lru_cache(maxsize=100_000)
def _digest(*parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=9).hexdigest()[:17]
