"""What changes along, what has to be listed again, and whose it is."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from records import ACCOUNT, record
from vigie.catalogue.loader import Catalogue, declarations, load
from vigie.model.event import Event, EventOutcome
from vigie.model.scope import Scope
from vigie.watch.events import Interpreter, read, scope_of

CATALOGUE = load()
INTERPRETER = Interpreter(CATALOGUE)


def event(*arguments: Any, **more: Any) -> Event:
    [found] = read(record(*arguments, **more), INTERPRETER)
    assert isinstance(found, Event)
    return found


@pytest.mark.parametrize(
    ("source", "name", "request_", "answer", "implied", "scopes"),
    [
        ("ec2", "CreateVpc", {}, {"vpc": {"vpcId": "vpc-1"}}, [], ["SecurityGroup", "NetworkAcl", "RouteTable"]),
        (
            "ec2",
            "TerminateInstances",
            {"instancesSet": {"items": [{"instanceId": "i-1"}]}},
            None,
            [],
            ["NetworkInterface", "Volume", "EIP"],
        ),
        (
            "ec2",
            "RunInstances",
            {},
            {
                "instancesSet": {
                    "items": [
                        {"instanceId": "i-1", "networkInterfaceSet": {"items": [{"networkInterfaceId": "eni-1"}]}}
                    ]
                }
            },
            ["eni-1"],
            ["Volume"],
        ),
        (
            "ec2",
            "AssociateAddress",
            {"allocationId": "eipalloc-1", "instanceId": "i-1"},
            {},
            ["i-1"],
            ["NetworkInterface"],
        ),
        ("ec2", "AssociateAddress", {"allocationId": "eipalloc-1", "networkInterfaceId": "eni-1"}, {}, ["eni-1"], []),
        ("ec2", "AttachInternetGateway", {"internetGatewayId": "igw-1", "vpcId": "vpc-1"}, None, ["vpc-1"], []),
        (
            "iam",
            "AttachRolePolicy",
            {"roleName": "r", "policyArn": "arn:aws:iam::aws:policy/P"},
            None,
            ["arn:aws:iam::aws:policy/P"],
            [],
        ),
        ("iam", "CreateAccessKey", {"userName": "bob"}, None, ["account-summary"], []),
        (
            "elasticloadbalancing",
            "CreateListener",
            {"loadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/lb/5"},
            {"listeners": [{"listenerArn": "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/lb/5/f"}]},
            ["arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/lb/5"],
            [],
        ),
    ],
)
def test_what_changes_along_is_named_or_listed(
    source: str, name: str, request_: Any, answer: Any, implied: list[str], scopes: list[str]
) -> None:
    found = event(source, name, request_, answer)
    assert [subject.id for subject in found.implied] == implied
    assert [type_.rsplit("::", 1)[1] for type_ in found.scopes] == scopes
    assert found.outcome is EventOutcome.SUBJECTS


@pytest.mark.parametrize(
    ("source", "name", "request_", "types"),
    [
        ("ec2", "DisassociateRouteTable", {"associationId": "rtbassoc-1"}, ("AWS::EC2::RouteTable",)),
        ("ec2", "CreateVpc", {}, ("AWS::EC2::VPC",)),
        ("kms", "UpdateKeyDescription", None, ("AWS::KMS::Key",)),
    ],
)
def test_where_the_resource_is_not_named_its_type_is_listed(
    source: str, name: str, request_: Any, types: tuple[str, ...]
) -> None:
    found = event(source, name, request_)
    assert (found.outcome, found.scopes, found.subjects) == (EventOutcome.SCOPE, types, ())


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("quux", "FrobnicateThing"),
        ("ec2", "FrobnicateThing"),
        ("signin", "ConsoleLogin"),
        ("ssm", "StartAutomationExecution"),
    ],
)
def test_an_unknown_call_concludes_nothing(source: str, name: str) -> None:
    assert event(source, name, {"thingId": "x"}).outcome is EventOutcome.NONE


def test_without_a_catalogue_resources_are_named_and_no_type_is_listed() -> None:
    [found] = read(record("ec2", "DisassociateRouteTable", {"associationId": "rtbassoc-1"}))
    assert isinstance(found, Event)
    assert found.outcome is EventOutcome.NONE


def test_a_bucket_is_listed_once_an_account_and_lives_in_a_region() -> None:
    [bucket] = event("s3", "PutBucketAcl", {"bucketName": "b"}, awsRegion="eu-west-3").subjects
    assert bucket.region == "eu-west-3"
    assert scope_of(bucket, CATALOGUE) == Scope(ACCOUNT, "global", "AWS::S3::Bucket")
    [cluster] = event("ecs", "DeleteCluster", {"cluster": "c"}).subjects
    assert (scope_of(cluster, CATALOGUE) is None) is ("AWS::ECS::Cluster" not in CATALOGUE.types)


def test_a_resource_of_another_account_is_that_accounts() -> None:
    owner = "999988887777"
    [key] = event("kms", "DisableKey", {"keyId": f"arn:aws:kms:eu-west-1:{owner}:key/k"}).subjects
    assert (key.account, key.region, key.id) == (owner, "eu-west-1", "k")
    resources = [{"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::b", "accountId": owner}]
    [bucket] = event("s3", "PutBucketAcl", {"bucketName": "b"}, resources=resources).subjects
    assert bucket.account == owner


def test_resources_of_a_record_say_which_key_an_alias_is() -> None:
    arn = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1111"
    resources = [{"ARN": arn, "accountId": ACCOUNT}, {"ARN": f"arn:aws:kms:us-east-1:{ACCOUNT}:alias/app"}]
    key, alias = event("kms", "DeleteAlias", {"aliasName": "alias/app"}, resources=resources).subjects
    assert (key.type, key.id, key.arn) == ("AWS::KMS::Key", "1111", arn)
    assert alias.id == "alias/app"


def test_other_partitions_have_other_arns() -> None:
    identity = {"type": "Root", "arn": f"arn:aws-cn:iam::{ACCOUNT}:root", "accountId": ACCOUNT}
    [instance] = event(
        "ec2",
        "StopInstances",
        {"instancesSet": {"items": [{"instanceId": "i-1"}]}},
        awsRegion="cn-north-1",
        userIdentity=identity,
    ).subjects
    assert instance.arn == f"arn:aws-cn:ec2:cn-north-1:{ACCOUNT}:instance/i-1"
    queue = event("sqs", "CreateQueue", {"queueName": "q"}, awsRegion="cn-north-1", userIdentity=identity).subjects[0]
    assert queue.id == f"https://sqs.cn-north-1.amazonaws.com.cn/{ACCOUNT}/q"


def test_a_service_event_names_its_resource_in_its_details() -> None:
    found = event("kms", "RotateKey", None, None, eventType="AwsServiceEvent", serviceEventDetails={"keyId": "k"})
    assert [subject.id for subject in found.subjects] == ["k"]


def test_at_most_a_thousand_resources_are_named() -> None:
    many = {"instancesSet": {"items": [{"instanceId": f"i-{n}"} for n in range(5_000)]}}
    assert len(event("ec2", "StopInstances", many).subjects) == 1_000


def test_resources_are_identified_as_the_catalogue_does_it() -> None:
    """CloudFormation knows a user of IAM by the name, and a server of Transfer by its ARN; the catalogue may not."""
    text = '_service = "transfer"\n[server]\ncfn = "AWS::Transfer::Server"\nid = "ServerId"\n'
    text += 'list = { op = "ListServers", items = "Servers" }\n'
    [declared] = declarations("transfer.toml", tomllib.loads(text), frozenset())
    given = record("transfer", "DeleteServer", {"serverId": "s-1"})
    [own], [other] = (
        [each.subjects[0].id for each in read(given, interpreter) if isinstance(each, Event)]
        for interpreter in (Interpreter(Catalogue({declared.type: declared})), Interpreter())
    )
    assert (own, other) == ("s-1", f"arn:aws:transfer:us-east-1:{ACCOUNT}:server/s-1")


def test_a_change_of_dns_names_its_record_sets() -> None:
    changes = [
        {"action": "UPSERT", "resourceRecordSet": {"name": "*.example.org", "type": "A", "tTL": 60}},
        {"action": "DELETE", "resourceRecordSet": {"name": "a.example.org.", "type": "A", "setIdentifier": "blue"}},
    ]
    found = event("route53", "ChangeResourceRecordSets", {"hostedZoneId": "Z1", "changeBatch": {"changes": changes}})
    assert [subject.id for subject in found.subjects] == ["Z1"]
    assert [subject.id for subject in found.implied] == [
        "Z1|\\052.example.org.|A|",
        "Z1|a.example.org.|A|blue",
    ]
