"""Whom and what a policy speaks of: the accounts, ARNs, organisations, networks and sources that can matter in it.

Everybody who is not named is a stranger: one of each kind stands for all, and for each pattern one that fits it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from vigie.access.document import Condition, Principal, Statement
from vigie.access.keys import is_source_context
from vigie.access.spans import narrow_networks
from vigie.model.account import is_account

_ACCOUNT_KEYS: Final = frozenset({"aws:principalaccount", "kms:calleraccount", "s3:dataaccesspointaccount"})
_ARN_KEYS: Final = frozenset(
    {"aws:principalarn", "s3:dataaccesspointarn", "lambda:sourcefunctionarn", "ec2:sourceinstancearn"}
)
_SOURCE_ACCOUNT_KEYS: Final = frozenset({"aws:sourceaccount", "aws:sourceowner"})
VARIABLE_NAME: Final = re.compile(r"\$\{\s*([^{}\s,]+:[^{},]*?)\s*(?:,[^{}]*)?\}")
_WILD: Final = re.compile(r"[*?]")


@dataclass(slots=True)
class Mentions:
    """Names in the order of the document. Dictionaries are used as ordered sets."""

    accounts: dict[str, None] = field(default_factory=dict)
    account_patterns: dict[str, None] = field(default_factory=dict)
    principal_arns: dict[str, dict[str, None]] = field(default_factory=dict)
    """Account → ARNs (or patterns of them) of its principals that conditions name."""
    user_ids: dict[str, None] = field(default_factory=dict)
    organizations: dict[str, dict[str, None]] = field(default_factory=dict)
    """Organisation id → paths in it that are named."""
    organization_patterns: dict[str, None] = field(default_factory=dict)
    addresses: dict[str, None] = field(default_factory=dict)
    """Narrow networks only."""
    endpoints: dict[str, None] = field(default_factory=dict)
    """VPC endpoints."""
    vpcs: dict[str, None] = field(default_factory=dict)
    vpc_arns: dict[str, None] = field(default_factory=dict)
    """Of one account each, maybe with wildcards behind it."""
    endpoint_accounts: dict[str, None] = field(default_factory=dict)
    endpoint_organizations: dict[str, None] = field(default_factory=dict)
    source_accounts: dict[str, None] = field(default_factory=dict)
    source_arns: dict[str, dict[str, None]] = field(default_factory=dict)
    """Account → ARNs (or patterns of them) of sources in it."""
    source_names: dict[str, None] = field(default_factory=dict)
    """ARNs of sources that hold no account: buckets."""
    source_organizations: dict[str, None] = field(default_factory=dict)
    services: dict[str, None] = field(default_factory=dict)
    tokens: dict[str, None] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)

    def condition(self, condition: Condition) -> None:
        key = condition.key
        self.keys.add(key)
        if condition.operator == "null":
            return
        for value in condition.values:
            self.keys.update(name.lower() for name in VARIABLE_NAME.findall(value))
            if "${" not in value:
                self._value(key, value)
        if key == "aws:sourceip":
            self.addresses.update(dict.fromkeys(narrow_networks(condition.values)))

    def _value(self, key: str, value: str) -> None:
        if key in _ACCOUNT_KEYS:
            self._account(value)
        elif key in _ARN_KEYS:
            self._arn(key, value)
        elif key == "aws:userid":
            self._user_id(value)
        elif key in ("aws:principalorgid", "aws:principalorgpaths"):
            self._organization(value)
        elif key in _SOURCE_ACCOUNT_KEYS:
            self._source_account(value)
        elif key == "aws:sourcearn" or is_source_context(key):
            self._source_arn(value)
        elif key in ("aws:sourceorgid", "aws:sourceorgpaths"):
            self._plain(self.source_organizations, value.split("/")[0] if "/" in value else value)
        elif key == "aws:sourcevpce":
            self._plain(self.endpoints, value)
        elif key == "aws:sourcevpc":
            self._plain(self.vpcs, value)
        elif key == "aws:sourcevpcarn" and account_in(value):
            self.vpc_arns[value] = None
        elif key == "aws:vpceaccount":
            self._plain(self.endpoint_accounts, value)
        elif key == "aws:vpceorgid":
            self._plain(self.endpoint_organizations, value)
        elif key in ("aws:principalservicename", "aws:principalservicenameslist"):
            self._plain(self.services, value)
        elif key == "lambda:eventsourcetoken":
            self._plain(self.tokens, value)

    @staticmethod
    def _plain(names: dict[str, None], value: str) -> None:
        if value and not _WILD.search(value):
            names[value] = None

    def _account(self, value: str) -> None:
        if is_account(value):
            self.accounts[value] = None
        elif _WILD.search(value):
            self.account_patterns[value] = None

    def _arn(self, key: str, value: str) -> None:
        account = account_in(value)
        if account is None:
            parts = value.split(":", 5)
            if len(parts) == 6:
                self._account(parts[4])
            return
        self.accounts[account] = None
        if key == "aws:principalarn" and not value.endswith(":root"):
            self.principal_arns.setdefault(account, {})[value] = None

    def _user_id(self, value: str) -> None:
        name = value.split(":")[0]
        if is_account(name):
            self.accounts[name] = None
        elif name and not _WILD.search(name):
            self.user_ids[name] = None

    def _organization(self, value: str) -> None:
        name = value.split("/")[0]
        if _WILD.search(name) or not name:
            self.organization_patterns[name] = None
            return
        paths = self.organizations.setdefault(name, {})
        if "/" in value and value != f"{name}/*":
            paths[value] = None

    def _source_account(self, value: str) -> None:
        if is_account(value):
            self.source_accounts[value] = None
        elif _WILD.search(value):
            self.account_patterns[value] = None

    def _source_arn(self, value: str) -> None:
        account = account_in(value)
        if account is not None:
            self.source_accounts[account] = None
            self.source_arns.setdefault(account, {})[value] = None
            return
        parts = value.split(":", 5)
        if len(parts) == 6 and parts[2] == "s3" and parts[5] and not _WILD.search(parts[5]):
            self.source_names[f"arn:{parts[1]}:s3:::{parts[5]}"] = None  # names of buckets are unique in a partition
        elif len(parts) == 6 and parts[4] not in ("", "*"):
            self._account(parts[4])

    def principal(self, principal: Principal) -> None:
        if principal.kind != "AWS":
            return
        account = account_of(principal.value)
        if account is not None:
            self.accounts[account] = None


def mentions_of(statements: Iterable[Statement], *, principals: bool = False) -> Mentions:
    """What the conditions of the statements speak of, and, when asked, their principals."""
    found = Mentions()
    for statement in statements:
        for condition in statement.conditions:
            found.condition(condition)
        if statement.has_variables:
            found.keys.update(n.lower() for r in statement.resources for n in VARIABLE_NAME.findall(r))
        if principals or statement.not_principal:
            for principal in statement.principals:
                found.principal(principal)
    return found


def account_in(arn: str) -> str | None:
    """The account in an ARN, when it is one account."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 and is_account(parts[4]) else None


def account_of(principal: str) -> str | None:
    """The account of an ``AWS`` principal: its number, or that in its ARN."""
    return principal if is_account(principal) else account_in(principal)


def whole_account(principal: str) -> bool:
    """A number of an account or its root: any principal of it that it lets."""
    return is_account(principal) or principal.endswith(":root")


def fitting_accounts(patterns: Iterable[str]) -> Iterator[str]:
    """Account numbers that fit patterns such as ``12*``."""
    for pattern in patterns:
        head, star, tail = pattern.partition("*")
        for digit in "0973":
            filled = head + digit * max(0, 12 - len(head) - len(tail)) * bool(star) + tail
            filled = filled.replace("?", digit).replace("*", "")
            if is_account(filled):
                yield filled
