"""The organisation's tree and its policies: who stands under whom, and which policies hang where.

Only the management account (and one that it delegated this to) may read the tree; every member may ask which
organisation it is in ("AWS Organizations API reference"). For other members there is nothing to list: the tree is a
resource of the management account. That account itself being denied is a failure, and let through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from vigie.catalogue.hooks import RestrictedCall
from vigie.model.scope import Scope

POLICY_TYPES: Final = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
_DENIED: Final = frozenset({"AccessDeniedException"})
_UNUSED: Final = frozenset({"AWSOrganizationsNotInUseException"})
Row = Mapping[str, Any]


def organization(caller: RestrictedCall, scope: Scope) -> Iterator[Row]:
    """The organisation that the account is in, with its roots where they may be read; nothing where it is in none."""
    found = _organization(caller)
    if found is None:
        return
    roots = _first(caller, scope, found)
    yield found if roots is None else {**found, "Roots": roots}


def units(caller: RestrictedCall, scope: Scope) -> Iterator[Row]:
    """Every organisational unit, with its ``ParentId``."""
    waiting = [str(root["Id"]) for root in _roots(caller, scope)]
    while waiting:
        parent = waiting.pop()
        for unit in _pages(caller, "ListOrganizationalUnitsForParent", "OrganizationalUnits", ParentId=parent):
            waiting.append(str(unit["Id"]))
            yield {**unit, "ParentId": parent}


def accounts(caller: RestrictedCall, scope: Scope) -> Iterator[Row]:
    """Every account, with its ``ParentId``."""
    if not _roots(caller, scope):
        return
    for account in _pages(caller, "ListAccounts", "Accounts"):
        parents = _pages(caller, "ListParents", "Parents", ChildId=account["Id"])
        yield {**account, "ParentId": next((str(p["Id"]) for p in parents), None)}


def policies(caller: RestrictedCall, scope: Scope) -> Iterator[Row]:
    """Every service control and resource control policy, with its ``Content`` and its ``Targets``."""
    if not _roots(caller, scope):
        return
    for type_ in POLICY_TYPES:
        for policy in _pages(caller, "ListPolicies", "Policies", Filter=type_):
            content = caller("organizations:DescribePolicy", PolicyId=policy["Id"])["Policy"].get("Content", "")
            targets = _pages(caller, "ListTargetsForPolicy", "Targets", PolicyId=policy["Id"])
            yield {**policy, "Content": _document(content), "Targets": list(targets)}


def _organization(caller: RestrictedCall) -> Row | None:
    answer = caller.unless(_UNUSED, "organizations:DescribeOrganization")
    return answer["Organization"] if answer is not None else None


def _roots(caller: RestrictedCall, scope: Scope) -> list[Row]:
    found = _organization(caller)
    return _first(caller, scope, found) or [] if found is not None else []


def _first(caller: RestrictedCall, scope: Scope, found: Row) -> list[Row] | None:
    """The roots; None where the tree is not this account's to read."""
    if found.get("MasterAccountId") == scope.account:
        return list(_pages(caller, "ListRoots", "Roots"))
    answer = caller.unless(_DENIED, "organizations:ListRoots")
    return None if answer is None else list(answer["Roots"])  # an organisation has one root


def _pages(caller: RestrictedCall, operation: str, member: str, **parameters: Any) -> Iterator[Row]:
    token: str | None = None
    while True:
        more = {"NextToken": token} if token else {}
        answer = caller(f"organizations:{operation}", **parameters, **more)
        yield from answer.get(member) or ()
        token = answer.get("NextToken")
        if not token:
            return


def _document(content: Any) -> Any:
    try:
        return json.loads(content)
    except (TypeError, ValueError):
        return content
