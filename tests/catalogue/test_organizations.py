"""The organisation's tree: read from the management account, empty in a member, and a denial there is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from vigie.catalogue.organizations import accounts, organization, policies, units
from vigie.model.scope import Scope

MANAGEMENT, MEMBER = "111111111111", "222222222222"


class Denied(Exception):  # noqa: N818 - as AWS says it
    code = "AccessDeniedException"


class Tree:
    """An organisation: a root, a unit in a unit, two accounts, one policy; pages of one."""

    def __init__(self, *, in_use: bool = True, readable: bool = True) -> None:
        self.in_use, self.readable = in_use, readable

    def __call__(self, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        name = operation.partition(":")[2]
        if name == "DescribeOrganization":
            return {"Organization": {"Id": "o-abc", "Arn": "arn:o", "MasterAccountId": MANAGEMENT}}
        if not self.readable:
            raise Denied
        children = {"r-1": ["ou-1"], "ou-1": ["ou-2"]}
        match name:
            case "ListRoots":
                return {"Roots": [{"Id": "r-1", "Name": "Root"}]}
            case "ListOrganizationalUnitsForParent":
                return {"OrganizationalUnits": [{"Id": i} for i in children.get(parameters["ParentId"], [])]}
            case "ListAccounts" if "NextToken" not in parameters:
                return {"Accounts": [{"Id": MANAGEMENT}], "NextToken": "more"}
            case "ListAccounts":
                return {"Accounts": [{"Id": MEMBER}]}
            case "ListParents":
                return {"Parents": [{"Id": "r-1" if parameters["ChildId"] == MANAGEMENT else "ou-2"}]}
            case "ListPolicies":
                one = {"Id": "p-1", "Type": parameters["Filter"]}
                return {"Policies": [one] if parameters["Filter"] == "SERVICE_CONTROL_POLICY" else []}
            case "DescribePolicy":
                return {"Policy": {"Content": '{"Statement": []}'}}
            case _:
                return {"Targets": [{"TargetId": "ou-2", "Type": "ORGANIZATIONAL_UNIT"}]}

    def unless(self, codes: Collection[str], operation: str, /, **parameters: Any) -> Mapping[str, Any] | None:
        if operation.endswith("DescribeOrganization") and not self.in_use:
            return None
        try:
            return self(operation, **parameters)
        except Denied:
            if Denied.code in codes:
                return None
            raise

    def wait(self, seconds: float) -> None:
        raise AssertionError("nothing is waited for")


def scope(account: str) -> Scope:
    return Scope(account, "global", "AWS::Organizations::Account")


def test_the_management_account_reads_the_whole_tree() -> None:
    (found,) = organization(Tree(), scope(MANAGEMENT))
    assert found["Roots"] == [{"Id": "r-1", "Name": "Root"}]
    assert [(u["Id"], u["ParentId"]) for u in units(Tree(), scope(MANAGEMENT))] == [("ou-1", "r-1"), ("ou-2", "ou-1")]
    assert [(a["Id"], a["ParentId"]) for a in accounts(Tree(), scope(MANAGEMENT))] == [
        (MANAGEMENT, "r-1"),
        (MEMBER, "ou-2"),
    ]
    (policy,) = policies(Tree(), scope(MANAGEMENT))
    assert policy["Content"] == {"Statement": []}
    assert policy["Targets"] == [{"TargetId": "ou-2", "Type": "ORGANIZATIONAL_UNIT"}]


def test_a_member_knows_its_organisation_and_nothing_of_the_tree() -> None:
    closed = Tree(readable=False)
    (found,) = organization(closed, scope(MEMBER))
    assert "Roots" not in found
    for hook in (units, accounts, policies):
        assert list(hook(closed, scope(MEMBER))) == []


def test_the_management_account_being_denied_is_not_an_empty_tree() -> None:
    for hook in (organization, units, accounts, policies):
        with pytest.raises(Denied):
            list(hook(Tree(readable=False), scope(MANAGEMENT)))


def test_an_account_in_no_organisation_has_none() -> None:
    for hook in (organization, units, accounts, policies):
        assert list(hook(Tree(in_use=False), scope(MEMBER))) == []
