"""What the name of an API call says: whether it makes a resource, ends it, adds or takes away. Pure.

AWS has no table of it. A name that says nothing is taken for a change; nothing is concluded from it.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cache
from typing import Final

_VERSION: Final = re.compile(r"(\d{8}|\d{4}_\d{2}_\d{2})(v\d+)?$")
"""``CreateFunction20150331v2``, ``CreateDistribution2020_05_31``: Lambda and CloudFront name the version of the API."""
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+")

_CREATING: Final = frozenset(
    {"create", "run", "allocate", "register", "import", "copy", "request", "launch", "restore", "clone", "subscribe"}
)
_ENDING: Final = frozenset({"delete", "terminate", "release", "deregister", "unsubscribe", "remove"})
_ADDING: Final = frozenset({"authorize", "attach", "add", "tag", "associate", "assign"})
_TAKING: Final = frozenset(
    {"delete", "remove", "revoke", "detach", "untag", "disassociate", "unassign", "deregister", "terminate", "release"}
)

_OTHER_NAMES: Final = {
    ("ec2", "address"): "AWS::EC2::EIP",
    ("sns", "unsubscribe"): "AWS::SNS::Subscription",
    ("sns", "subscribe"): "AWS::SNS::Subscription",
    ("iam", "policy"): "AWS::IAM::ManagedPolicy",
    ("ec2", "image"): "AWS::EC2::Image",
}
"""(service, what the call's name says) → the type, where its name is another."""


class Verb(StrEnum):
    """What a call does to parts of a resource."""

    ADDS = "adds"
    TAKES = "takes"
    SETS = "sets"
    """Anything: it may add, replace and take away."""


def plain_name(name: str) -> str:
    """The name of the call without the version of its API."""
    return _VERSION.sub("", name)


@cache
def words(name: str) -> tuple[str, ...]:
    """``PutBucketPolicies`` → put, bucket, policy. Lower case, in the singular."""
    return tuple(_singular(word.lower()) for word in _WORD.findall(plain_name(name)))


def verb(name: str) -> Verb:
    """What it can do to parts."""
    first = words(name)[:1]
    if first and first[0] in _ADDING:
        return Verb.ADDS
    return Verb.TAKES if first and first[0] in _TAKING else Verb.SETS


def creates(source: str, name: str, type: str) -> bool:
    """Whether the call makes a resource of the type."""
    found = words(name)
    return bool(found) and found[0] in _CREATING and _names(source, found, type)


def ends(source: str, name: str, type: str) -> bool:
    """Whether the call ends a resource of the type as a whole, so that its absence afterwards is no surprise."""
    found = words(name)
    return bool(found) and found[0] in _ENDING and _names(source, found, type)


def _names(source: str, found: tuple[str, ...], type: str) -> bool:
    service = source.partition(".")[0]
    noun = "".join(found[1:]) or found[0]
    known = _OTHER_NAMES.get((service, noun))
    if known is not None:
        return known == type
    wanted = "".join(words(type.rpartition("::")[2]))
    return bool(noun) and (noun == wanted or (len(noun) > 2 and wanted.endswith(noun)))


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("s") and not word.endswith(("ss", "us", "is", "as")) and len(word) > 3:
        return word[:-1]
    return word
