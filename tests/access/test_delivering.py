"""Accounts of AWS that deliver logs raise no alarm, as long as they only deliver."""

from __future__ import annotations

from typing import Any

import pytest

from vigie.access import Access, judge
from vigie.access.delivering import service_accounts
from vigie.model.account import Relation, is_account

OWN, BALANCERS, REDSHIFT = "111111111111", "127311923021", "193672423079"


def shared_with(account: str, *actions: str, type_: str = "AWS::S3::Bucket") -> Access:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": list(actions),
        "Resource": "*",
    }
    return judge(type_, {"Policy": {"Statement": [statement]}}, account=OWN)


def test_an_account_of_aws_that_delivers_is_known_and_named() -> None:
    access = shared_with(BALANCERS, "s3:PutObject")
    (grant,) = access.grants
    assert grant.relation is Relation.THIRD_PARTY
    assert access.notes == ("127311923021 is an account of AWS itself: Elastic Load Balancing in us-east-1",)


@pytest.mark.parametrize("actions", [["s3:GetObject"], ["s3:PutObject", "s3:GetObject"], ["s3:*"]])
def test_one_that_may_do_more_is_as_unknown_as_any_other(actions: list[str]) -> None:
    (grant,) = shared_with(REDSHIFT, *actions).grants
    assert grant.relation is Relation.UNKNOWN


def test_it_delivers_into_buckets_only() -> None:
    (grant,) = shared_with(REDSHIFT, "kms:Encrypt", type_="AWS::KMS::Key").grants
    assert grant.relation is Relation.UNKNOWN


def test_the_table_names_accounts_once_and_lost_none() -> None:
    known = service_accounts()
    assert all(map(is_account, known.services))
    assert len(known.services) >= 58
    for service in ("Elastic Load Balancing", "Amazon Redshift", "AWS CloudTrail"):
        assert sum(told.startswith(service) for told in known.services.values()) >= 9
