"""Changes made by hand in a local AWS, told by CloudTrail through a queue: recorded at once, with the right actor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from vigie.testing.command import Command
from vigie.testing.local_aws import REGION, LocalAccount
from vigie.testing.trail import Trail, role, user

pytestmark = pytest.mark.slow


@pytest.fixture
def queue(account: LocalAccount) -> str:
    url: str = account("sqs").create_queue(QueueName="vigie-events")["QueueUrl"]
    return url


@pytest.fixture
def vigie(account: LocalAccount, tmp_path: Path, queue: str) -> Command:
    types = json.dumps(["AWS::S3::Bucket", "AWS::EC2::SecurityGroup", "AWS::SQS::Queue", "AWS::IAM::User"])
    settings = f'regions = ["{REGION}"]\ntypes = {types}\n[[events.queues]]\nurl = "{queue}"\n'
    return Command(tmp_path, account.environment, settings)


def group(account: LocalAccount) -> str:
    ec2 = account("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made: str = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    return made


def test_changes_made_by_hand_are_read_at_once_and_name_who_made_them(
    account: LocalAccount, vigie: Command, queue: str
) -> None:
    s3, sqs, ec2, iam = (account(service) for service in ("s3", "sqs", "ec2", "iam"))
    location = {"LocationConstraint": REGION}
    s3.create_bucket(Bucket=f"photos-{account.id}", CreateBucketConfiguration=location)
    old = sqs.create_queue(QueueName="old")["QueueUrl"]
    web = group(account)
    iam.create_user(UserName="app")
    vigie.json("sweep")

    trail = Trail()
    alice, bob = user("alice", account.id), user("bob", account.id)
    deployer = role("deploy", "ci-42", account.id)
    trail.watch(s3, alice)
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=f"photos-{account.id}", Policy=json.dumps(policy))
    trail.watch(ec2, bob)
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=web, IpPermissions=[permission])
    trail.watch(sqs, deployer)
    sqs.create_queue(QueueName="mail")
    sqs.delete_queue(QueueUrl=old)
    trail.unwatch(sqs)
    trail.watch(iam, alice)
    iam.create_access_key(UserName="app")
    with pytest.raises(iam.exceptions.ClientError):
        iam.delete_user(UserName="nobody-of-that-name")
    assert trail.send(sqs, queue) == 6
    sqs.send_message(QueueUrl=queue, MessageBody="no record at all")

    said = vigie.json("listen", "--once")
    assert (said["events"], said["malformed"], said["failed"]) == (6, 1, {})
    assert vigie.json("listen", "--once")["events"] == 0, "what was recorded is off the queue"

    who = {(item["type"], item["kind"]): _who(item) for item in vigie.items("changes")}
    assert who["AWS::S3::Bucket", "changed"] == ("exact", ["user alice"])
    assert who["AWS::EC2::SecurityGroup", "changed"] == ("exact", ["user bob"])
    assert who["AWS::SQS::Queue", "created"] == ("exact", ["role deploy (session ci-42)"])
    assert who["AWS::SQS::Queue", "deleted"] == ("exact", ["role deploy (session ci-42)"])
    assert who["AWS::IAM::User", "changed"][1] == ["user alice"]
    done = vigie.json("actor", "alice")["events"]["items"]
    assert {(one["name"], one["failed"]) for one in done} == {
        ("PutBucketPolicy", False),
        ("CreateAccessKey", False),
        ("DeleteUser", True),
    }
    assert [item["type"] for item in vigie.items("changes", "--actor", bob["arn"])] == ["AWS::EC2::SecurityGroup"]
    known = {item["pk"] for item in vigie.items("changes")}
    vigie.json("sweep")
    later = {item["type"] for item in vigie.items("changes") if item["pk"] not in known}
    assert later == set(), "the sweep finds nothing that was missed"


def _who(item: dict[str, Any]) -> tuple[str, list[str]]:
    attribution = item["attribution"] or {"confidence": "", "actors": []}
    return attribution["confidence"], attribution["actors"]


def test_the_policy_has_what_listening_needs_and_on_the_queue_only(vigie: Command, queue: str) -> None:
    policy = vigie("catalogue", "policy").json
    (statement,) = [one for one in policy["Statement"] if "sqs:DeleteMessage" in one["Action"]]
    assert statement["Action"] == ["sqs:DeleteMessage", "sqs:ReceiveMessage"]
    assert "*" not in statement["Resource"]


def test_without_a_source_one_sentence_says_what_to_set(account: LocalAccount, tmp_path: Path) -> None:
    said = Command(tmp_path, account.environment)("listen", "--once")
    assert said.code == 4
    assert "No source of events is set" in said.err
