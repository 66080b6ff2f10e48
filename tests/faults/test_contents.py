"""Answers that come whole and hold odd things: kept as they are, told apart from changes, never taken for absence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vigie.access.document import parse
from vigie.aws.options import Patience
from vigie.history.store import History
from vigie.model.change import ChangeKind
from vigie.model.scope import Outcome
from vigie.testing import faults
from vigie.testing.conformance import answers_for
from vigie.testing.endpoint import ACCOUNT
from vigie.testing.observatory import REGION, Observatory
from vigie.testing.watchtower import Watchtower

Watched = Callable[[str], Watchtower]

POLICIES = {
    "ec2": ("AWS::EC2::VPCEndpoint", "DescribeVpcEndpoints", "PolicyDocument", ("PolicyDocument",)),
    "query": ("AWS::SNS::Topic", "GetTopicAttributes", "Policy", ("Attributes", "Policy")),
    "json": ("AWS::KMS::Key", "GetKeyPolicy", "Policy", ("Policy",)),
    "rest-json": ("AWS::Lambda::Function", "GetPolicy", "Policy", ("Policy",)),
    "s3": ("AWS::S3::Bucket", "GetBucketPolicy", "Policy", ("Policy",)),
    "sqs": ("AWS::SQS::Queue", "GetQueueAttributes", "Policy", ("Attributes", "Policy")),
}


def at(configuration: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        configuration = configuration[key]
    return configuration


@pytest.mark.parametrize("protocol", POLICIES)
def test_a_policy_that_is_no_json_is_kept_as_the_text_it_is(watched: Watched, protocol: str) -> None:
    """F35: the look is whole, the text is recorded, and it is a change that people are told of."""
    type, operation, member, path = POLICIES[protocol]
    tower = watched(type)
    raw = '{"Version": "2012-10-17", "Statement": ['
    tower.here.aws.faults.add(faults.policy_not_json(member), operation=operation)

    result = tower.watch(type)

    assert result.outcome is Outcome.COMPLETE
    assert {change.kind for change in result.changes} == {ChangeKind.CHANGED}
    assert all(at(tower.configuration(type, id), path) == raw for id in tower.recorded(type))
    assert tower.watch(type).changes == ()


ODD_POLICIES = [
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}}',
    '{"Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":["123456789012"]},"NotAction":["s3:Get*"],"NotResource":"*"}]}',
    '{"Version":"2008-10-17","Id":"x","Statement":[{"Effect":"Allow","Principal":{"AWS":"*","Service":["a","b"]},'
    '"Action":"kms:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":true},"NumericLessThan":{"a:b":[1,2]}}}]}',
    '{"Version":"2012-10-17","Statement":[]}',
    "{}",
]


@pytest.mark.parametrize("policy", ODD_POLICIES)
@pytest.mark.parametrize("protocol", ["json", "s3", "query"])
def test_an_odd_policy_is_recorded_and_understood(watched: Watched, protocol: str, policy: str) -> None:
    """F36: scalars where lists are usual, one statement without a list, negations, numbers and booleans."""
    type, operation, member, path = POLICIES[protocol]
    tower = watched(type)
    tower.here.aws.faults.add(faults.edited("F36", "odd policy", **{member: policy}), operation=operation)

    result = tower.watch(type)

    assert result.outcome is Outcome.COMPLETE
    for id in tower.recorded(type):
        recorded = at(tower.configuration(type, id), path)
        assert isinstance(recorded, dict)
        assert len(parse(recorded).statements) == policy.count('"Effect"')
    assert tower.watch(type).changes == ()


@pytest.mark.parametrize(
    ("type", "operation"),
    [("AWS::EC2::SecurityGroup", "DescribeSecurityGroups"), ("AWS::IAM::Role", "GetAccountAuthorizationDetails")],
    ids=["ec2", "query"],
)
@pytest.mark.parametrize("member", ["Description", "Value"])
def test_a_control_character_costs_nothing_of_the_page(
    watched: Watched, type: str, operation: str, member: str
) -> None:
    """F37: XML forbids it and parsers refuse the page; shown by its picture, the page stays whole."""
    tower = watched(type)
    before = tower.recorded(type)
    tower.here.aws.faults.add(faults.control_character(member), operation=operation)

    result = tower.watch(type)

    assert tower.here.aws.faults.hits
    assert (result.outcome, result.resources) == (Outcome.COMPLETE, len(before))
    assert {change.kind for change in result.changes} <= {ChangeKind.CHANGED}
    assert tower.watch(type).changes == ()


def test_a_control_character_is_recorded_as_its_picture(watched: Watched) -> None:
    tower = watched("AWS::EC2::SecurityGroup")
    tower.here.aws.faults.add(faults.control_character(), operation="DescribeSecurityGroups")

    tower.watch("AWS::EC2::SecurityGroup")

    for id in tower.recorded("AWS::EC2::SecurityGroup"):
        assert tower.configuration("AWS::EC2::SecurityGroup", id)["Description"] == "before␋after"


STRANGE = {
    "ec2": ("AWS::EC2::SecurityGroup", "DescribeSecurityGroups", "Description", ("Description",)),
    "query": ("AWS::SNS::Topic", "GetTopicAttributes", "DisplayName", ("Attributes", "DisplayName")),
    "json": ("AWS::KMS::Key", "DescribeKey", "Description", ("Metadata", "Description")),
    "rest-json": ("AWS::Lambda::Function", "ListFunctions", "Description", ("Description",)),
    "s3": ("AWS::S3::Bucket", "GetBucketTagging", "Value", ("Tags", "Name")),
    "sqs": ("AWS::SQS::Queue", "ListQueueTags", "Name", ("Tags", "Name")),
}


@pytest.mark.parametrize("protocol", STRANGE)
def test_strange_text_is_stored_exactly(watched: Watched, protocol: str) -> None:
    """F38: emoji, a bidirectional override, XML's own characters, a line separator."""
    type, operation, member, path = STRANGE[protocol]
    tower = watched(type)
    tower.here.aws.faults.add(faults.strange_text(member), operation=operation)

    result = tower.watch(type)

    assert result.outcome is Outcome.COMPLETE
    assert {at(tower.configuration(type, id), path) for id in tower.recorded(type)} == {faults.STRANGE}
    assert tower.watch(type).changes == ()


@pytest.mark.parametrize("protocol", STRANGE)
def test_members_that_this_botocore_does_not_know_make_no_revision(watched: Watched, protocol: str) -> None:
    """F42: AWS answers more than the installed model says; botocore drops it, and so nothing has changed for us."""
    type = STRANGE[protocol][0]
    tower = watched(type)
    tower.here.aws.faults.add(faults.unknown_members())

    result = tower.watch(type)

    assert tower.here.aws.faults.hits
    assert (result.outcome, result.changes) == (Outcome.COMPLETE, ())


@pytest.mark.parametrize("protocol", STRANGE)
def test_an_enum_value_that_this_botocore_does_not_know_is_recorded_as_it_is(watched: Watched, protocol: str) -> None:
    """F42: an enum is a text."""
    type = "AWS::KMS::Key"
    tower = watched(type)
    tower.here.aws.faults.add(faults.edited("F42", "new enum value", KeyState="Hibernating"), operation="DescribeKey")

    result = tower.watch(type)

    assert result.outcome is Outcome.COMPLETE
    assert {tower.configuration(type, id)["Metadata"]["KeyState"] for id in tower.recorded(type)} == {"Hibernating"}


def test_only_ephemeral_changes_are_recorded_as_such(watched: Watched) -> None:
    tower = watched("AWS::KMS::Key")
    tower.here.aws.faults.add(faults.edited("", "grants come and go", GrantId="another"), operation="ListGrants")

    result = tower.watch("AWS::KMS::Key")

    assert {change.kind for change in result.changes} == {ChangeKind.EPHEMERAL}


@pytest.mark.parametrize(
    ("type", "operation", "megabytes"),
    [
        ("AWS::Lambda::Function", "ListFunctions", 4),
        pytest.param("AWS::EC2::SecurityGroup", "DescribeSecurityGroups", 50, marks=pytest.mark.slow),
    ],
    ids=["JSON, 4 MB", "XML, 50 MB"],
)
def test_a_very_large_answer_is_read_and_recorded_whole(
    sqlite_history: History, type: str, operation: str, megabytes: int
) -> None:
    with Observatory(patience=Patience()) as here:
        here.aws.answers = answers_for([here.catalogue.types[type]], size=1)
        here.aws.faults.add(faults.big("Description", megabytes * 1_000_000), operation=operation)
        tower = Watchtower(here, sqlite_history)

        assert tower.watch(type).outcome is Outcome.COMPLETE

        (only,) = tower.recorded(type)
        assert len(tower.configuration(type, only)["Description"]) == megabytes * 1_000_000


def test_equal_contents_in_another_order_record_nothing(watched: Watched) -> None:
    """Order of statements' actions, tags and lists: shuffled by AWS, unchanged for people."""
    tower = watched("AWS::EC2::SecurityGroup")
    groups = tower.here.aws.answers.generated("ec2", "DescribeSecurityGroups", account=ACCOUNT, region=REGION)[
        "SecurityGroups"
    ]
    groups.reverse()
    for group in groups:
        group["Tags"].reverse()
        group["IpPermissions"].reverse()
        for permission in group["IpPermissions"]:
            permission["IpRanges"].reverse()

    assert tower.watch("AWS::EC2::SecurityGroup").changes == ()
