from __future__ import annotations

import pytest

from vigie.aws.accounts import Entrances
from vigie.aws.caller import Line
from vigie.aws.errors import CallFailed
from vigie.model.account import Account
from vigie.model.scope import Outcome
from vigie.testing import faults
from vigie.testing.endpoint import ACCOUNT, Endpoint, access_key

OTHER = "222222222222"
ROLE = f"arn:aws:iam::{OTHER}:role/vigie"


def identity(aws: Endpoint) -> None:
    aws.answers.script(
        "sts",
        "GetCallerIdentity",
        lambda call: {"UserId": "x", "Account": call.account, "Arn": f"arn:aws:iam::{call.account}:user/x"},
    )


def test_without_any_settings_it_is_the_account_of_the_credentials(aws: Endpoint, line: Line) -> None:
    identity(aws)

    assert Entrances(line).current() == Account(ACCOUNT)


def test_credentials_of_another_account_count_for_nothing(aws: Endpoint, line: Line) -> None:
    identity(aws)

    with pytest.raises(CallFailed, match=f"of the account {ACCOUNT}") as caught:
        Entrances(line).enter(Account(OTHER))

    assert caught.value.outcome is Outcome.CREDENTIALS


def test_a_role_is_assumed_with_its_external_id(aws: Endpoint, line: Line) -> None:
    identity(aws)

    caller = Entrances(line).enter(Account(OTHER, role_arn=ROLE, external_id="our-secret-word"))
    caller.call("kms", "eu-west-1", "ListKeys")

    (assumed,) = aws.called("sts:AssumeRole")
    assert assumed.parameters["ExternalId"] == "our-secret-word"
    assert assumed.region == "eu-west-1", "regional STS"
    assert aws.called("kms:ListKeys")[0].account == OTHER


def test_a_role_that_may_not_be_assumed_says_so(aws: Endpoint, line: Line) -> None:
    identity(aws)
    aws.faults.add(faults.assume_role_denied(ROLE), operation="AssumeRole")

    with pytest.raises(CallFailed, match="cannot be assumed") as caught:
        Entrances(line).enter(Account(OTHER, role_arn=ROLE))

    assert (caught.value.outcome, caught.value.operation) == (Outcome.CREDENTIALS, "sts:AssumeRole")


def test_a_session_that_expires_is_assumed_again(aws: Endpoint, line: Line) -> None:
    identity(aws)
    caller = Entrances(line).enter(Account(OTHER, role_arn=ROLE))
    aws.faults.add(faults.expired(), access_key=aws.sessions[0])

    assert caller.call("kms", "eu-west-1", "ListKeys")
    assert len(aws.sessions) == 2


def test_regions_are_those_that_the_account_service_lists(aws: Endpoint, line: Line) -> None:
    identity(aws)
    aws.answers.script(
        "account",
        "ListRegions",
        {"Regions": [{"RegionName": name, "RegionOptStatus": "ENABLED"} for name in ("eu-west-1", "af-south-1")]},
    )
    entrances = Entrances(line)

    regions = entrances.regions(entrances.enter(Account(ACCOUNT)))

    assert (regions.names, regions.certain) == (("af-south-1", "eu-west-1"), True)


def test_without_the_account_service_ec2_is_asked(aws: Endpoint, line: Line) -> None:
    identity(aws)
    aws.faults.add(faults.denied(), operation="ListRegions")
    aws.answers.script("ec2", "DescribeRegions", {"Regions": [{"RegionName": "eu-west-1"}]})
    entrances = Entrances(line)

    assert entrances.regions(entrances.enter(Account(ACCOUNT))).names == ("eu-west-1",)


def test_where_nobody_says_the_known_regions_are_tried_and_that_is_told(aws: Endpoint, line: Line) -> None:
    identity(aws)
    aws.faults.add(faults.denied(), operation="ListRegions")
    aws.faults.add(faults.denied(), operation="DescribeRegions")
    entrances = Entrances(line)

    regions = entrances.regions(entrances.enter(Account(ACCOUNT)))

    assert "eu-west-1" in regions.names
    assert not regions.certain
    assert [problem.operation for problem in regions.problems] == ["account:ListRegions", "ec2:DescribeRegions"]


def test_a_key_of_the_other_partitions_enters_there(aws: Endpoint, line: Line) -> None:
    aws.answers.script(
        "sts",
        "GetCallerIdentity",
        {"UserId": "x", "Account": OTHER, "Arn": f"arn:aws-cn:sts::{OTHER}:assumed-role/vigie/vigie"},
    )

    caller = Entrances(line).enter(Account(OTHER, role_arn=f"arn:aws-cn:iam::{OTHER}:role/vigie"))

    assert (caller.partition, caller.trusted_region) == ("aws-cn", "cn-north-1")
    assert aws.called("sts:AssumeRole")[0].access_key == access_key(ACCOUNT)
