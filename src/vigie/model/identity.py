"""What tells the elements of an unordered list apart, and how a path names them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_KNOWN: tuple[tuple[str, ...], ...] = (
    ("Sid",),
    ("SecurityGroupRuleId",),
    ("RuleId",),
    ("Key",),
    ("PolicyArn",),
    ("PolicyName",),
    ("AccessKeyId",),
    ("VersionId",),
    ("IpProtocol", "FromPort", "ToPort"),
    ("RuleNumber", "Egress"),
    ("CidrIp",),
    ("CidrIpv6",),
    ("DestinationCidrBlock",),
    ("GroupId",),
    ("PrefixListId",),
    ("ID",),
    ("Id",),
    ("Name",),
    ("Arn",),
)
"""In order of preference. Of several members, the first must be there; others that lack are left blank."""
_SINGLE = frozenset(members[0] for members in _KNOWN if len(members) == 1)
_SUFFIXES = ("Id", "Arn", "ARN", "Name", "Key", "Ip")
"""Otherwise: members that by their name identify something."""
_BARE = re.compile(r"[^\[\]\"=#\x00-\x20][^\[\]\"=\x00-\x1f]*")
"""Names that need no quotes in brackets."""
_BARE_KEY = re.compile(r"[^\[\]\"/\x00-\x20][^\[\]\"/\x00-\x1f]*")


@dataclass(frozen=True, slots=True)
class Identity:
    """The members by which the elements of one list are known."""

    members: tuple[str, ...]

    def name(self, element: Any) -> str | None:
        """The name of one element (``tcp,443,443``); None where it has none."""
        if type(element) is not dict:
            return None
        values = [element.get(member) for member in self.members]
        if len(values) == 1 and type(values[0]) is str:
            return values[0]
        kinds = {type(value) for value in values}
        if kinds == {type(None)} or list in kinds or dict in kinds:
            return None
        return ",".join(_part(value) for value in values).rstrip(",")

    def names(self, elements: Sequence[Any]) -> list[str] | None:
        """The names of all the elements; None where one has none, or two have the same."""
        found = [self.name(element) for element in elements]
        named = [name for name in found if name]
        return named if len(named) == len(elements) == len(set(named)) else None

    def __str__(self) -> str:
        return "+".join(self.members)


def identities(elements: Sequence[Any], ignored: frozenset[str] = frozenset()) -> Iterator[Identity]:
    """What might identify these elements, best first. ``ignored``: members that change without meaning."""
    if not elements or not all(type(element) is dict for element in elements):
        return
    shared = set(elements[0]).intersection(*elements[1:]) - ignored
    for members in _KNOWN:
        if members[0] in shared and ignored.isdisjoint(members):
            yield Identity(members)
    for suffix in _SUFFIXES:
        for member in sorted(shared - _SINGLE):
            if member.endswith(suffix):
                yield Identity((member,))


def first_identity(elements: Sequence[Any], ignored: frozenset[str] = frozenset()) -> Identity | None:
    """The best that tells all of them apart."""
    for identity in identities(elements, ignored):
        if identity.names(elements) is not None:
            return identity
    return None


def common_identity(old: Sequence[Any], new: Sequence[Any], ignored: frozenset[str] = frozenset()) -> Identity | None:
    """The best that tells them apart on both sides; where one side is empty, that of the other."""
    for identity in identities([*old, *new], ignored):
        if identity.names(old) is not None and identity.names(new) is not None:
            return identity
    return None


def bracketed(name: str) -> str:
    """``[name]``, quoted as JSON where it holds what has a meaning in paths."""
    return f"[{name}]" if _BARE.fullmatch(name) else f"[{json.dumps(name)}]"


def segment(key: str) -> str:
    """``/key``, quoted as JSON where it holds what has a meaning in paths."""
    return f"/{key}" if _BARE_KEY.fullmatch(key) else f"/{json.dumps(key)}"


def _part(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
