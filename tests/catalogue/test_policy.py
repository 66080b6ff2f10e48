"""The IAM policy allows exactly what is declared: each of it, and nothing else."""

from __future__ import annotations

import json

import pytest

from vigie.aws.accounts import ENTRY_OPERATIONS
from vigie.catalogue.loader import load
from vigie.catalogue.policy import (
    MANAGED_POLICY_LIMIT,
    assume_policy,
    iam_policy,
    managed_policies,
    permission_for,
    permissions,
)
from vigie.catalogue.reading_only import access_levels


def allowed(document: dict[str, object]) -> list[str]:
    statements = document["Statement"]
    assert isinstance(statements, list)
    return [action for statement in statements for action in statement["Action"]]


def test_every_declared_operation_is_allowed_and_nothing_else() -> None:
    catalogue = load()
    called = catalogue.operations() | (ENTRY_OPERATIONS - {("sts", "AssumeRole")})
    needed = {permission_for(service, operation) for service, operation in called} - {None}
    found = allowed(iam_policy(catalogue))
    assert set(found) == needed
    assert len(found) == len(set(found))


def test_nothing_is_allowed_by_a_wildcard() -> None:
    assert not any("*" in action for action in allowed(iam_policy(load())))


def test_every_allowed_action_exists_and_only_reads() -> None:
    for action in permissions(load()):
        prefix, name = action.split(":")
        assert access_levels()[prefix][name] in ("List", "Read"), action


def test_a_part_of_the_catalogue_needs_a_part_of_the_policy() -> None:
    document = iam_policy(load().select(["AWS::SQS::Queue"]))
    assert allowed(document) == [
        "account:ListRegions",
        "ec2:DescribeRegions",
        "sqs:GetQueueAttributes",
        "sqs:ListQueueTags",
        "sqs:ListQueues",
    ]


def test_in_parts_the_policy_fits_into_managed_policies_and_loses_nothing() -> None:
    document = iam_policy(load())
    parts = managed_policies(document)
    assert all(len(json.dumps(part, separators=(",", ":"))) <= MANAGED_POLICY_LIMIT for part in parts)
    assert [statement for part in parts for statement in part["Statement"]] == document["Statement"]
    assert len(parts) <= 10  # managed policies of a role (IAM and AWS STS quotas)
    small = iam_policy(load().select(["AWS::SQS::Queue"]))
    assert managed_policies(small) == [small]


def test_statements_are_valid_to_iam() -> None:
    statements = iam_policy(load())["Statement"]
    names = [statement["Sid"] for statement in statements]
    assert len(set(names)) == len(names)
    assert all(name.isalnum() for name in names)
    assert {statement["Effect"] for statement in statements} == {"Allow"}


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("s3:ListBuckets", "s3:ListAllMyBuckets"),
        ("s3:GetBucketEncryption", "s3:GetEncryptionConfiguration"),
        ("s3:GetBucketLifecycleConfiguration", "s3:GetLifecycleConfiguration"),
        ("s3:GetBucketReplication", "s3:GetReplicationConfiguration"),
        ("s3:GetBucketNotificationConfiguration", "s3:GetBucketNotification"),
        ("s3:GetBucketCors", "s3:GetBucketCORS"),
        ("s3:GetPublicAccessBlock", "s3:GetBucketPublicAccessBlock"),
        ("s3:GetObjectLockConfiguration", "s3:GetBucketObjectLockConfiguration"),
        ("s3:GetBucketPolicy", "s3:GetBucketPolicy"),
        ("s3control:GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock"),
        ("elb:DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancers"),
        ("elbv2:DescribeListeners", "elasticloadbalancing:DescribeListeners"),
        ("lambda:ListFunctions", "lambda:ListFunctions"),
        ("efs:DescribeFileSystems", "elasticfilesystem:DescribeFileSystems"),
        ("stepfunctions:ListStateMachines", "states:ListStateMachines"),
        ("sts:GetCallerIdentity", None),
    ],
)
def test_the_action_of_an_operation(operation: str, action: str | None) -> None:
    service, _, name = operation.partition(":")
    assert permission_for(service, name) == action


def test_the_identity_that_enters_accounts_may_assume_these_roles_only() -> None:
    document = assume_policy(["arn:aws:iam::2:role/vigie", "arn:aws:iam::1:role/vigie"])
    assert document["Statement"][0]["Resource"] == ["arn:aws:iam::1:role/vigie", "arn:aws:iam::2:role/vigie"]
