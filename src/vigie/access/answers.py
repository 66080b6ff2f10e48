"""What AWS's APIs and templates put around the parts that share a resource, taken off.

An answer of the API is taken as it came (``GetBucketAcl``, ``GetPublicAccessBlock``, ``DescribeImageAttribute``…),
and so is a resource of a template (CloudFormation's ``Properties``, with its own names; Terraform's arguments). Shapes:
the AWS API references and the "AWS resource and property types reference" (AWS CloudFormation template reference).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from vigie.model.account import is_account

_AROUND: Final = frozenset(
    {
        "properties", "role", "dbsnapshotattributesresult", "dbclustersnapshotattributesresult", "domainstatus",
        "images", "snapshots", "topic", "queue", "vaultaccesspolicy", "accesscontrolpolicy", "values",
    }
)  # fmt: skip
"""Names of what holds the parts themselves, in lower case: an object, or a list of one."""
_BESIDE: Final = frozenset({"responsemetadata", "type", "id", "account", "name", "address", "requestid"})
"""Names that may stand beside those."""
_POLICIES: Final = frozenset(
    {
        "policydocument", "policytext", "repositorypolicytext", "keypolicy", "filesystempolicy", "accesspolicies",
        "accesspolicy",
    }
)  # fmt: skip
_BLOCKS: Final = frozenset({"blockpublicacls", "ignorepublicacls", "blockpublicpolicy", "restrictpublicbuckets"})
_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DEPTH: Final = 3


def opened(type_: str, configuration: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parts of a configuration, without what an API or a template puts around them. Never raises."""
    found = _inside(configuration)
    named = {("Policy" if plain(name) in _POLICIES else name): value for name, value in found.items()}
    special = _OF_TYPES.get(type_)
    return special(named) if special is not None else named


def plain(name: str) -> str:
    """A name in any spelling, in one: ``public_access_block`` and ``PublicAccessBlock`` are the same."""
    return str(name).replace("_", "").replace("-", "").replace(" ", "").lower()


def _inside(found: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(_DEPTH):
        around = [name for name in found if plain(name) in _AROUND]
        if len(around) != 1 or any(plain(n) not in _BESIDE for n in found if n not in around):
            return found
        value = found[around[0]]
        value = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
        if not isinstance(value, Mapping):
            return found
        found = value
    return found


# Buckets


def _bucket(found: Mapping[str, Any]) -> Mapping[str, Any]:
    parts = dict(found)
    block = {name: parts.pop(name) for name in found if plain(name) in _BLOCKS}
    if block:
        parts.setdefault("PublicAccessBlock", block)
    for name in found:
        if plain(name) == "accesscontrol":
            parts["Acl"] = _canned(parts.pop(name))
        elif (
            plain(name) in ("acl", "accesscontrollist") and isinstance(found[name], Mapping) and "Grant" in found[name]
        ):
            rows = parts.pop(name)["Grant"]  # as the XML of the API has it
            grants = list(rows) if isinstance(rows, list | tuple) else [rows]
            parts["Acl"] = {"Owner": found.get("Owner") or {}, "Grants": grants}
        elif plain(name) == "grants" and not any(plain(n) in ("acl", "accesscontrollist") for n in found):
            parts["Acl"] = {"Owner": parts.pop("Owner", None) or {}, "Grants": parts.pop(name)}
    return parts


def _canned(value: Any) -> Any:
    """``PublicRead`` (CloudFormation) → ``public-read``."""
    return _CAPITAL.sub("-", value).lower() if isinstance(value, str) else value


# Permissions one by one


def _function(found: Mapping[str, Any]) -> Mapping[str, Any]:
    parts = dict(found)
    if any(plain(name) == "principal" for name in found):
        return {"Policy": {"Version": "2012-10-17", "Statement": [_permission(found)]}}
    for name in found:
        if plain(name) == "functionurlconfigs" and isinstance(found[name], list | tuple):
            parts["UrlConfig"] = _widest_url(parts.pop(name))
        elif plain(name) == "authtype":
            parts["UrlConfig"] = {"AuthType": parts.pop(name)}
    return parts


def _widest_url(rows: Any) -> Any:
    """Of several URLs, one without authentication where there is one."""
    auths = [row.get("AuthType") for row in rows if isinstance(row, Mapping)]
    return {"AuthType": "NONE" if "NONE" in auths else auths[0]} if auths else None


def _permission(found: Mapping[str, Any]) -> dict[str, Any]:
    """The statement that a permission comes to ("AddPermission", AWS Lambda API reference)."""
    values = {plain(name): value for name, value in found.items()}
    statement: dict[str, Any] = {
        "Sid": values.get("id") or values.get("statementid"),
        "Effect": "Allow",
        "Principal": _principal(values.get("principal")),
        "Action": values.get("action"),
    }
    conditions: dict[str, dict[str, Any]] = {}
    for name, (operator, key) in _CONDITIONS.items():
        if values.get(name) is not None:
            conditions.setdefault(operator, {})[key] = values[name]
    return statement | ({"Condition": conditions} if conditions else {})


_CONDITIONS: Final = {
    "sourcearn": ("ArnLike", "aws:SourceArn"),
    "sourceaccount": ("StringEquals", "aws:SourceAccount"),
    "eventsourcetoken": ("StringEquals", "lambda:EventSourceToken"),
    "principalorgid": ("StringEquals", "aws:PrincipalOrgID"),
    "organizationid": ("StringEquals", "aws:PrincipalOrgID"),
    "functionurlauthtype": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "invokedviafunctionurl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}


def _principal(value: Any) -> Any:
    if not isinstance(value, str) or value == "*" or value.startswith("arn:") or is_account(value):
        return value if value == "*" else {"AWS": value}
    return {"Service": value}


def _bus(found: Mapping[str, Any]) -> Mapping[str, Any]:
    values = {plain(name): value for name, value in found.items()}
    if "statement" in values:
        return {"Policy": {"Version": "2012-10-17", "Statement": values["statement"]}}
    if "principal" not in values:
        return found
    condition = values.get("condition")
    statement = _permission(found)
    if isinstance(condition, Mapping) and "Key" in condition:
        statement["Condition"] = {str(condition.get("Type")): {condition["Key"]: condition.get("Value")}}
    return {"Policy": {"Version": "2012-10-17", "Statement": [statement]}}


# Several policies


def _log_policies(found: Mapping[str, Any]) -> Mapping[str, Any]:
    rows = next((v for name, v in found.items() if plain(name) == "resourcepolicies"), None)
    if not isinstance(rows, list | tuple):
        return found
    documents = [row.get("policyDocument") for row in rows if isinstance(row, Mapping)]
    return {"Policy": {"Version": "2012-10-17", "Statement": [s for d in documents for s in _statements(d)]}}


def _statements(document: Any) -> Iterator[Any]:
    try:
        document = json.loads(document) if isinstance(document, str) else document
    except (ValueError, RecursionError):
        document = None
    written = document.get("Statement") if isinstance(document, Mapping) else document
    yield from written if isinstance(written, list | tuple) else [written]


_OF_TYPES: Final[Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]]] = MappingProxyType(
    {
        "AWS::S3::Bucket": _bucket,
        "AWS::Lambda::Function": _function,
        "AWS::Lambda::LayerVersion": _function,
        "AWS::Events::EventBus": _bus,
        "AWS::Logs::ResourcePolicy": _log_policies,
    }
)
