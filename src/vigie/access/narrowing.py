"""Which conditions narrow *who* may make a request, and to whom.

A condition narrows only when the caller cannot choose the key, the operator demands its presence, and its values are
not everybody.
Keys rest on "AWS global condition context keys" and each service's page in the Service Authorization Reference.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from vigie.access.document import Condition
from vigie.access.globs import matches

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Dimension(Enum):
    """What a key speaks of."""

    ACCOUNT = auto()
    ARN = auto()
    USER_ID = auto()
    ORGANIZATION = auto()
    ADDRESS = auto()
    ENDPOINT = auto()


KEYS: Final = {
    "aws:principalaccount": Dimension.ACCOUNT,
    "kms:calleraccount": Dimension.ACCOUNT,
    "aws:sourceaccount": Dimension.ACCOUNT,
    "aws:sourceowner": Dimension.ACCOUNT,
    "s3:dataaccesspointaccount": Dimension.ACCOUNT,
    "aws:principalarn": Dimension.ARN,
    "aws:sourcearn": Dimension.ARN,
    "s3:dataaccesspointarn": Dimension.ARN,
    "aws:userid": Dimension.USER_ID,
    "aws:principalorgid": Dimension.ORGANIZATION,
    "aws:principalorgpaths": Dimension.ORGANIZATION,
    "aws:sourceorgid": Dimension.ORGANIZATION,
    "aws:sourceorgpaths": Dimension.ORGANIZATION,
    "aws:sourceip": Dimension.ADDRESS,
    "aws:sourcevpc": Dimension.ENDPOINT,
    "aws:sourcevpce": Dimension.ENDPOINT,
}
SOURCE_KEYS: Final = frozenset(
    {"aws:sourceaccount", "aws:sourceowner", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths"}
)
"""Set by a service that acts for someone: they narrow whom a service acts for."""

CHOSEN_BY_CALLER: Final = (
    "aws:useragent",
    "aws:referer",
    "aws:requesttag/*",
    "aws:tagkeys",
    "aws:principaltag/*",
    "aws:username",
    "aws:securetransport",
    "aws:multifactorauth*",
    "aws:tokenissuetime",
    "aws:viaawsservice",
    "aws:calledvia*",
    "aws:requestedregion",
    "aws:currenttime",
    "aws:epochtime",
    "aws:resourceaccount",
    "aws:resourceorg*",
    "aws:resourcetag/*",
    "aws:vpcsourceip",
    "aws:principaltype",
    "sts:externalid",
    "sts:rolesessionname",
    "sts:sourceidentity",
    "sts:transitivetagkeys",
    "kms:viaservice",
    "kms:encryptioncontext*",
    "kms:grantisforawsresource",
    "kms:keyspec",
    "kms:granteeprincipal",
    "lambda:functionurlauthtype",
    "lambda:invokedviafunctionurl",
    "s3:*",
    "sns:protocol",
    "sns:endpoint",
    "secretsmanager:*",
    "dynamodb:*",
    "ec2:*",
    "ecr:*",
)
"""Chosen by the caller, or said of the resource or the time: they never narrow who."""

POSITIVE: Final = frozenset(
    {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress"}
)
INVERSE: Final = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "notipaddress": "ipaddress",
}
KNOWN: Final = POSITIVE | set(INVERSE) | {
    "null", "bool", "binaryequals",
    "numericequals", "numericnotequals", "numericlessthan", "numericlessthanequals", "numericgreaterthan",
    "numericgreaterthanequals", "dateequals", "datenotequals", "datelessthan", "datelessthanequals", "dategreaterthan",
    "dategreaterthanequals",
}  # fmt: skip
_LITERAL: Final = frozenset({"stringequals", "stringequalsignorecase"})
_SAME_ACCOUNT: Final = {
    "aws:resourceaccount": "${aws:principalaccount}",
    "s3:resourceaccount": "${aws:principalaccount}",
    "aws:principalaccount": "${aws:resourceaccount}",
}
_SAME_ORGANIZATION: Final = {
    "aws:resourceorgid": "${aws:principalorgid}",
    "aws:principalorgid": "${aws:resourceorgid}",
}
ACCOUNT_ID: Final = re.compile(r"\d{12}")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The request's ``dimension`` must be one of ``values``."""

    dimension: Dimension
    values: tuple[str, ...]
    of_source: bool = False
    """It speaks of whom a service acts for, rather than of the caller."""


def narrowing_of(condition: Condition, account: str, organization: str | None) -> Narrowing | None:
    """What the condition, in an Allow, narrows who to; None where it does not.

    ``account`` and ``organization`` are the resource owner's, for conditions that compare the caller's to them.
    """
    same = _comparison(condition, account, organization)
    if same is not None:
        return same
    dimension = KEYS.get(condition.key)
    if dimension is None or condition.operator not in POSITIVE:
        return None
    if condition.if_exists or condition.quantifier == "forallvalues":
        return None  # true for who lacks the key
    values = [v for v in condition.values if _can_match(condition.operator, v)]
    if any(_is_wide(dimension, v) for v in values):
        return None
    if dimension is Dimension.ADDRESS and wide_networks(values):
        return None
    return Narrowing(dimension, tuple(values), condition.key in SOURCE_KEYS)


def inverted(condition: Condition) -> Condition | None:
    """The condition that an Allow gains from a Deny under ``condition`` alone; None where that is no single condition.

    A negated operator is true when the key is absent, so such a Deny leaves only who has the key and matches.
    """
    operator = INVERSE.get(condition.operator)
    if operator is None or condition.quantifier:
        return None
    return Condition(condition.key, operator, condition.values)


def never_narrows(key: str) -> bool:
    """Whether the key is known to say nothing about who calls."""
    return key not in KEYS and any(matches(pattern, key) for pattern in CHOSEN_BY_CALLER)


def wide_networks(cidrs: Iterable[str]) -> bool:
    """Whether these networks together hold one wider than /8 (IPv4) or /32 (IPv6): the internet, whole or in parts."""
    four, six = [], []
    for cidr in cidrs:
        try:
            network = ipaddress.ip_network(cidr, strict=False)
        except ValueError:
            continue
        if isinstance(network, ipaddress.IPv4Network):
            four.append(network)
        else:
            six.append(network)
    joined_four = ipaddress.collapse_addresses(four)
    joined_six = ipaddress.collapse_addresses(six)
    return any(n.prefixlen < 8 for n in joined_four) or any(n.prefixlen < 32 for n in joined_six)


def inside(cidr: str, networks: Iterable[str]) -> bool:
    """Whether one of the networks holds the whole of this address or CIDR."""
    try:
        inner = ipaddress.ip_network(cidr, strict=False)
        known = [ipaddress.ip_network(network, strict=False) for network in networks]
    except ValueError:
        return False
    return any(outer.version == inner.version and _subnet(inner, outer) for outer in known)


def _subnet(inner: _Network, outer: _Network) -> bool:
    return (
        int(outer.network_address) <= int(inner.network_address)
        and inner.prefixlen >= outer.prefixlen
        and (int(inner.broadcast_address) <= int(outer.broadcast_address))
    )


def account_in(arn: str) -> str | None:
    """The account in an ARN, when it is one account."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 and ACCOUNT_ID.fullmatch(parts[4]) else None


def _comparison(condition: Condition, account: str, organization: str | None) -> Narrowing | None:
    if condition.operator not in POSITIVE or condition.if_exists or condition.quantifier == "forallvalues":
        return None
    values = {v.lower() for v in condition.values}
    if values == {_SAME_ACCOUNT.get(condition.key)}:
        return Narrowing(Dimension.ACCOUNT, (account,))
    if values == {_SAME_ORGANIZATION.get(condition.key)}:
        return Narrowing(Dimension.ORGANIZATION, (organization or "organization of the owner",))
    return None


def _can_match(operator: str, value: str) -> bool:
    """StringEquals knows no wildcards: a value with ``*`` there is no account, ARN or organisation that exists."""
    return not (operator in _LITERAL and ("*" in value or "?" in value) and "${" not in value)


def _is_wide(dimension: Dimension, value: str) -> bool:
    """Whether the value holds more than can be counted. Policy variables widen an Allow."""
    if "${" in value:
        return True
    match dimension:
        case Dimension.ACCOUNT | Dimension.ENDPOINT:
            return "*" in value or "?" in value
        case Dimension.ARN:
            return account_in(value) is None and not _is_bucket(value)
        case Dimension.USER_ID:
            return "*" in value.split(":")[0] or "?" in value.split(":")[0]
        case Dimension.ORGANIZATION:
            return "*" in value.split("/")[0] or "?" in value.split("/")[0]
        case Dimension.ADDRESS:
            return not _is_network(value)


def _is_bucket(arn: str) -> bool:
    """The ARN of one bucket: it holds no account."""
    parts = arn.split(":")
    return len(parts) == 6 and parts[2] == "s3" and bool(parts[5]) and parts[5][0] not in "*?"


def _is_network(value: str) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return True
