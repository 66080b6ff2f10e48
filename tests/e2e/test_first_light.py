"""As a new user would try it: sweep a local AWS, change something by hand, sweep again, and ask what was done."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from vigie.testing.command import Command
from vigie.testing.local_aws import REGION, LocalAccount

pytestmark = pytest.mark.slow


def public_policy(bucket: str) -> str:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def fill(account: LocalAccount) -> dict[str, str]:
    s3, sqs, ec2, iam = (account(service) for service in ("s3", "sqs", "ec2", "iam"))
    for name in ("letters", "photos"):
        location = {"LocationConstraint": REGION}
        s3.create_bucket(Bucket=f"{name}-{account.id}", CreateBucketConfiguration=location)
    queue = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    iam.create_user(UserName="alice")
    iam.create_role(RoleName="app", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')
    return {"queue": queue, "vpc": vpc, "group": group}


def open_to_the_world(ec2: Any, group: str, port: int) -> None:
    permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


def test_what_was_done_between_two_sweeps_is_told_exactly(account: LocalAccount, vigie: Command) -> None:
    made = fill(account)
    first = vigie.json("sweep")
    assert first["resources"] >= 7
    assert first["changes"]["baseline"] >= 7
    assert vigie.items("changes") == [], "a first look is a baseline: nobody did anything"

    again = vigie.json("sweep")
    assert sum(again["changes"].values()) == 0, "a second sweep of an unchanged estate records nothing"

    before = datetime.now(UTC)
    time.sleep(1.1)
    photos = f"photos-{account.id}"
    open_to_the_world(account("ec2"), made["group"], 22)
    account("s3").put_bucket_policy(Bucket=photos, Policy=public_policy(photos))
    account("sqs").delete_queue(QueueUrl=made["queue"])
    account("iam").create_access_key(UserName="alice")
    account("sqs").create_queue(QueueName="mail")
    vigie.json("sweep")

    done = {(item["type"], item["kind"], item["name"] or item["id"]): item for item in vigie.items("changes")}
    assert set(done) == {
        ("AWS::EC2::SecurityGroup", "changed", "web"),
        ("AWS::S3::Bucket", "changed", photos),
        ("AWS::SQS::Queue", "deleted", "jobs"),
        ("AWS::SQS::Queue", "created", "mail"),
        ("AWS::IAM::User", "changed", "alice"),
    } | {key for key in done if key[0] in ("AWS::IAM::AccountSummary", "AWS::IAM::CredentialReport")}
    opened = done["AWS::EC2::SecurityGroup", "changed", "web"]
    assert opened["account"] == account.id
    assert opened["region"] == REGION
    assert [(d["path"], d["op"]) for d in opened["diff"]] == [("/IpPermissions[tcp,22,22]", "add")]
    assert opened["changed_after"] < opened["observed_at"]

    shown = vigie.json("show", made["group"], "--at", before.isoformat())
    assert shown["configuration"]["IpPermissions"] == []
    assert shown["certainty"] in ("exact", "changed_in_window")
    now = vigie.json("show", made["group"])
    assert now["configuration"]["IpPermissions"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    assert vigie.json("show", "jobs")["present"] is False

    findings = vigie.items("findings")
    found = {(item["rule"], item["id"]) for item in findings if item["status"] == "open"}
    assert any(rule.startswith("ec2-") and id == made["group"] for rule, id in found), found
    assert any(rule.startswith("s3-") and "public" in rule and id == photos for rule, id in found), found


def test_the_same_on_postgresql(account: LocalAccount, tmp_path: Path, postgres: Any, postgres_history: Any) -> None:
    url = postgres_history.engine.url.render_as_string(hide_password=False)
    vigie = Command(tmp_path, account.environment | {"VIGIE_DATABASE_URL": url}, f'regions = ["{REGION}"]\n')
    test_what_was_done_between_two_sweeps_is_told_exactly(account, vigie)
    assert not (tmp_path / "data" / "vigie.sqlite").exists()


def test_a_secret_never_reaches_the_store(account: LocalAccount, vigie: Command) -> None:
    secret, other = "hunter2-correct-horse", "hunter3-battery-staple"
    role = account("iam").create_role(RoleName="app", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    functions = account("lambda")
    functions.create_function(
        FunctionName="job",
        Runtime="python3.12",
        Role=role,
        Handler="a.b",
        Code={"ZipFile": b"any"},
        Environment={"Variables": {"PASSWORD": secret}},
    )
    vigie.json("sweep", "--type", "AWS::Lambda::Function")
    functions.update_function_configuration(FunctionName="job", Environment={"Variables": {"PASSWORD": other}})
    vigie.json("sweep", "--type", "AWS::Lambda::Function")
    (changed,) = vigie.items("changes")
    assert "/Environment/Variables/PASSWORD" in [entry["path"] for entry in changed["diff"]], "that it changed is seen"
    printed = vigie("history", "job", "--json").out + vigie("show", "job", "--revision", "1", "--json").out
    printed += vigie("show", "job", "--json").out
    kept = b"".join(file.read_bytes() for file in (vigie.folder / "data").glob("vigie.sqlite*"))
    for text in (secret, other):
        assert text not in printed and text.encode() not in kept


def test_a_finding_is_resolved_when_its_cause_is_gone_and_opens_again_when_it_returns(
    account: LocalAccount, vigie: Command
) -> None:
    ec2 = account("ec2")
    group = ec2.create_security_group(GroupName="bastion", Description="bastion")["GroupId"]
    vigie.json("sweep", "--type", "AWS::EC2::SecurityGroup")
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}

    def statuses() -> list[tuple[str, str]]:
        rows = vigie.items("findings", "--all", "--resource", group)
        return sorted((row["status"], row["first_seen"]) for row in rows if "22" in json.dumps(row["message"]))

    assert statuses() == []
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    vigie.json("sweep", "--type", "AWS::EC2::SecurityGroup")
    opened = statuses()
    assert {status for status, _ in opened} == {"open"}
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[permission])
    vigie.json("sweep", "--type", "AWS::EC2::SecurityGroup")
    assert {status for status, _ in statuses()} == {"resolved"}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    vigie.json("sweep", "--type", "AWS::EC2::SecurityGroup")
    assert statuses() == opened, "reopened, it keeps its identity and age"


def test_wrong_credentials_say_so_in_one_sentence_and_delete_nothing(account: LocalAccount, vigie: Command) -> None:
    account("sqs").create_queue(QueueName="jobs")
    vigie.json("sweep", "--type", "AWS::SQS::Queue")
    ran = vigie("sweep", "--json", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_SESSION_TOKEN="")
    assert ran.code == 4
    assert ran.err.startswith("vigie: ")
    assert len(ran.err.strip().splitlines()) == 1
    assert [row["name"] for row in vigie.items("resources", "--type", "AWS::SQS::Queue")] == ["jobs"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("show", "nothing-of-that-name"), 2, "No recorded resource has the ARN, id or name 'nothing-of-that-name'"),
        (("sweep", "--region", "eu-wset-1"), 2, "did you mean eu-west-1?"),
        (("sweep", "--type", "AWS::S3::Bucke"), 2, "AWS::S3::Bucke"),
        (("changes", "--since", "yesterday-ish"), 2, "is not a time"),
        (("--data-dir", "/proc/nowhere", "resources"), 4, "/proc/nowhere"),
        (("--database-url", "postgresql://127.0.0.1:1/none", "resources"), 4, "127.0.0.1"),
        (("--database-url", "mysql://x/y", "resources"), 4, "mysql"),
        (("--config", "/none.toml", "resources"), 4, "There is no settings file"),
    ],
)
def test_a_users_mistake_gets_a_sentence_and_its_exit_code(
    vigie: Command, words: tuple[str, ...], code: int, sentence: str
) -> None:
    ran = vigie(*words)
    assert sentence in ran.err
    assert ran.code == code
