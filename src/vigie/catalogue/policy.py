"""The IAM policy that vigie needs: exactly the operations that the catalogue declares, and how accounts are entered."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from vigie.catalogue.loader import Catalogue
from vigie.catalogue.reading_only import permission_for

__all__ = ["MANAGED_POLICY_LIMIT", "assume_policy", "iam_policy", "permission_for", "permissions"]

MANAGED_POLICY_LIMIT: Final = 6144
"""Characters of a managed policy, white space not counted (IAM and AWS STS quotas)."""

_ENTRY: Final = (("account", "ListRegions"), ("ec2", "DescribeRegions"), ("sts", "GetCallerIdentity"))
"""What is called to enter an account and to learn its regions, whatever types are watched (vigie.aws.accounts)."""


def permissions(catalogue: Catalogue) -> tuple[str, ...]:
    """Every IAM action that watching these types needs, sorted."""
    operations = catalogue.operations() | set(_ENTRY)
    found = {permission_for(service, operation) for service, operation in operations}
    return tuple(sorted(action for action in found if action is not None))


def iam_policy(catalogue: Catalogue) -> dict[str, Any]:
    """The policy document for the role that vigie reads an account with; give it ``catalogue.select(…)`` for a part.

    All these are reads, and most of them allow no resource but ``*``.
    """
    by_service = groupby(permissions(catalogue), key=lambda action: action.split(":")[0])
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Read" + re.sub("[^A-Za-z0-9]", "", prefix.title()),
                "Effect": "Allow",
                "Action": list(actions),
                "Resource": "*",
            }
            for prefix, actions in by_service
        ],
    }


def assume_policy(role_arns: Sequence[str]) -> dict[str, Any]:
    """The policy document for the identity that vigie starts with, where it enters other accounts by these roles."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "EnterAccounts", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": sorted(role_arns)}
        ],
    }
