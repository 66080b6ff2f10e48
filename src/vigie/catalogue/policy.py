"""The IAM policy that vigie needs: exactly the operations that the catalogue declares, and how accounts are entered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from vigie.catalogue.delivery import Sources, partition_of_region, signing_statement, statements
from vigie.catalogue.loader import Catalogue
from vigie.catalogue.reading_only import permission_for

__all__ = [
    "MANAGED_POLICY_LIMIT",
    "assume_policy",
    "characters",
    "evidence_policy",
    "iam_policy",
    "managed_policies",
    "permission_for",
    "permissions",
]

MANAGED_POLICY_LIMIT: Final = 6144
"""Characters of a managed policy, white space not counted (IAM and AWS STS quotas)."""

_ENTRY: Final = (("account", "ListRegions"), ("ec2", "DescribeRegions"), ("sts", "GetCallerIdentity"))
"""What is called to enter an account and to learn its regions, whatever types are watched (vigie.aws.accounts)."""


def permissions(catalogue: Catalogue) -> tuple[str, ...]:
    """Every IAM action that watching these types needs, sorted."""
    operations = catalogue.operations() | set(_ENTRY)
    found = {permission_for(service, operation) for service, operation in operations}
    return tuple(sorted(action for action in found if action is not None))


def iam_policy(catalogue: Catalogue, sources: Sources | None = None) -> dict[str, Any]:
    """The policy document for the role that vigie reads an account with; give it ``catalogue.select(…)`` for a part.

    All these are reads, and most of them allow no resource but ``*``. With ``sources``: also what fetching events from
    them needs, on just these (catalogue/delivery.py).
    """
    by_service = groupby(permissions(catalogue), key=lambda action: action.split(":")[0])
    reads = [
        {
            "Sid": "Read" + re.sub("[^A-Za-z0-9]", "", prefix.title()),
            "Effect": "Allow",
            "Action": list(actions),
            "Resource": "*",
        }
        for prefix, actions in by_service
    ]
    return _document([*reads, *(statements(sources) if sources else [])])


def managed_policies(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The document in parts that each fit into a managed policy, statements in their order and none of them cut."""
    parts: list[list[Any]] = [[]]
    for statement in document["Statement"]:
        if parts[-1] and characters(_document([*parts[-1], statement])) > MANAGED_POLICY_LIMIT:
            parts.append([])
        parts[-1].append(statement)
    return [_document(part) for part in parts]


def characters(document: Mapping[str, Any]) -> int:
    """The length of a policy as IAM counts it."""
    return len(json.dumps(document, separators=(",", ":")))


def _document(statements: Iterable[Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def evidence_policy(places: Sequence[tuple[str, str, str]], kms_key: str | None = None) -> dict[str, Any]:
    """The policy document for whoever signs heads, and puts them into buckets with object lock: all of vigie's own
    calls that are made with the ambient credentials and never in a watched account's role.

    ``places``: bucket, prefix and region of each. Setting a retention with the object needs a permission of its own.
    ``kms_key``: ARN of the key that signs.
    """
    arns = [f"arn:{partition_of_region(region)}:s3:::{bucket}/{prefix}*" for bucket, prefix, region in places]
    found: list[dict[str, Any]] = []
    if arns:
        actions = ["s3:PutObject", "s3:PutObjectRetention"]
        found.append({"Sid": "AnchorHeads", "Effect": "Allow", "Action": actions, "Resource": sorted(arns)})
    if kms_key is not None:
        found.append(signing_statement(kms_key))
    return _document(found)


def assume_policy(role_arns: Sequence[str]) -> dict[str, Any]:
    """The policy document for the identity that vigie starts with, where it enters other accounts by these roles."""
    return _document(
        [{"Sid": "EnterAccounts", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": sorted(role_arns)}]
    )
