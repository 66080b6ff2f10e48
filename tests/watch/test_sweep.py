"""Sweeps of a local AWS into a real store: what is done there is what is recorded, and nothing else."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable

import pytest

from vigie.history.store import History
from vigie.model.account import Account
from vigie.model.change import Change, ChangeKind
from vigie.model.errors import CatalogueError
from vigie.model.paging import Page
from vigie.model.queries import ChangeFilter, ResourceFilter
from vigie.model.scope import GLOBAL, Outcome, Scope
from vigie.testing.local_aws import REGION, LocalAccount
from vigie.watch.summary import SweepSummary
from vigie.watch.sweep import Request, Sweeper

TYPES = (
    "AWS::S3::Bucket",
    "AWS::EC2::SecurityGroup",
    "AWS::IAM::User",
    "AWS::IAM::Role",
    "AWS::SQS::Queue",
    "AWS::KMS::Key",
    "AWS::ElasticLoadBalancingV2::*",
)
MakeSweeper = Callable[[History], Sweeper]


@pytest.fixture
def sweep(sqlite_history: History, make_sweeper: MakeSweeper, account: LocalAccount) -> Callable[..., SweepSummary]:
    sweeper = make_sweeper(sqlite_history)
    return lambda *types: sweeper.sweep(Request((), (REGION,), types or TYPES))


def news(history: History, after: int) -> dict[tuple[str, str], Change]:
    """(kind, name or id) → the changes recorded after the first ones."""
    found = history.archive.changes(ChangeFilter(kinds=tuple(ChangeKind)), Page(1000)).items
    made = [change for change in found if (change.pk or 0) > after]
    return {(change.kind.value, change.resource.name or change.resource.id): change for change in made}


def last(history: History) -> int:
    found = history.archive.changes(ChangeFilter(kinds=tuple(ChangeKind)), Page(1000)).items
    return max((change.pk or 0 for change in found), default=0)


@pytest.fixture
def estate(account: LocalAccount) -> LocalAccount:
    for name in ("plain", "doomed", "open"):
        account("s3").create_bucket(
            Bucket=f"{name}-{account.id}", CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        account("sqs").create_queue(QueueName=name)
    account("iam").create_user(UserName="anna")
    trust = {
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]
    }
    account("iam").create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(trust))
    account("kms").create_key(Description="of the tests")
    return account


def test_an_unchanged_estate_is_recorded_once(
    sqlite_history: History, estate: LocalAccount, sweep: Callable[..., SweepSummary]
) -> None:
    first, second = sweep(), sweep()

    assert set(first.changes) == {ChangeKind.BASELINE}
    assert first.resources == second.resources == first.changes.total()
    assert second.changes == Counter()
    names = {found.name for found in sqlite_history.archive.resources(ResourceFilter(), Page(500)).items}
    assert {"anna", "worker", "plain", f"open-{estate.id}"} <= names


def test_what_is_done_is_what_is_recorded(
    sqlite_history: History, estate: LocalAccount, sweep: Callable[..., SweepSummary]
) -> None:
    sweep()
    before = last(sqlite_history)
    ec2, sqs = estate("ec2"), estate("sqs")
    (group,) = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"]
    ec2.authorize_security_group_ingress(
        GroupId=group["GroupId"],
        IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
    )
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}
    estate("s3").put_bucket_policy(Bucket=f"open-{estate.id}", Policy=json.dumps(policy))
    estate("s3").delete_bucket(Bucket=f"doomed-{estate.id}")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="doomed")["QueueUrl"])
    estate("iam").create_access_key(UserName="anna")
    estate("kms").create_key(Description="new")

    sweep()
    made = news(sqlite_history, before)

    created = [name for kind, name in made if kind == "created"]
    assert {key for key in made if key[0] != "created"} == {
        ("changed", "default"),
        ("changed", f"open-{estate.id}"),
        ("changed", "anna"),
        ("deleted", f"doomed-{estate.id}"),
        ("deleted", "doomed"),
    }
    assert len(created) == 1
    paths = [entry.path for entry in made["changed", "default"].diff]
    assert any(path.startswith("/IpPermissions[") for path in paths)
    assert "/Policy" in {entry.path for entry in made["changed", f"open-{estate.id}"].diff}
    assert sweep().changes == Counter()


def test_a_role_that_is_made_again_is_recreated(
    sqlite_history: History, estate: LocalAccount, sweep: Callable[..., SweepSummary]
) -> None:
    sweep("AWS::IAM::Role")
    before = last(sqlite_history)
    iam = estate("iam")
    document = iam.get_role(RoleName="worker")["Role"]["AssumeRolePolicyDocument"]
    iam.delete_role(RoleName="worker")
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(document))

    sweep("AWS::IAM::Role")
    assert set(news(sqlite_history, before)) == {("recreated", "worker")}

    iam.delete_role(RoleName="worker")
    assert sweep("AWS::IAM::Role").changes == Counter({ChangeKind.DELETED: 1})
    iam.create_role(RoleName="worker", AssumeRolePolicyDocument=json.dumps(document))
    assert sweep("AWS::IAM::Role").changes == Counter({ChangeKind.RECREATED: 1})


def test_only_the_types_that_are_asked_for_are_read(
    sqlite_history: History, estate: LocalAccount, sweep: Callable[..., SweepSummary]
) -> None:
    summary = sweep("AWS::SQS::Queue")

    assert summary.scopes == 1
    assert {coverage.scope.type for coverage in sqlite_history.archive.coverage()} == {"AWS::SQS::Queue"}
    # identity (twice), regions (twice: moto has no account service), the listing, attributes and tags of three queues
    assert summary.calls <= 12


def test_everything_gone_at_once_is_read_twice_and_told(
    sqlite_history: History, account: LocalAccount, sweep: Callable[..., SweepSummary]
) -> None:
    sqs = account("sqs")
    urls = [sqs.create_queue(QueueName=f"queue-{number}")["QueueUrl"] for number in range(6)]
    sweep("AWS::SQS::Queue")
    for url in urls:
        sqs.delete_queue(QueueUrl=url)

    summary = sweep("AWS::SQS::Queue")

    assert summary.changes == Counter({ChangeKind.DELETED: 6})
    (notice,) = summary.notices
    assert "6 of 6 resources of the type AWS::SQS::Queue" in notice


def test_an_account_that_cannot_be_entered_is_noted_and_touched_not(
    sqlite_history: History, estate: LocalAccount, make_sweeper: MakeSweeper
) -> None:
    sweeper = make_sweeper(sqlite_history)
    sweeper.sweep(Request((), (REGION,), ("AWS::SQS::Queue", "AWS::IAM::User")))
    stranger = Account("999999999999")

    summary = sweeper.sweep(Request((stranger,), (REGION,), ("AWS::SQS::Queue", "AWS::IAM::User")))

    assert "not of 999999999999" in summary.failed_accounts["999999999999"]
    noted = sqlite_history.archive.scope_coverage(Scope("999999999999", GLOBAL, "AWS::IAM::User"))
    assert noted is not None
    assert noted.status is Outcome.CREDENTIALS
    assert len(sqlite_history.archive.resources(ResourceFilter(account=estate.id), Page(100)).items) == 4


def test_a_region_that_is_not_enabled_is_noted(
    sqlite_history: History, account: LocalAccount, make_sweeper: MakeSweeper
) -> None:
    summary = make_sweeper(sqlite_history).sweep(Request((), ("xx-nowhere-1",), ("AWS::SQS::Queue",)))

    assert [outcome for outcome, _ in summary.not_whole.values()] == [Outcome.REGION_DISABLED]


def test_a_pattern_that_matches_no_type_is_one_sentence(sweep: Callable[..., SweepSummary]) -> None:
    with pytest.raises(CatalogueError, match="AWS::Nothing"):
        sweep("AWS::Nothing")


def test_progress_ends_at_the_total(sqlite_history: History, estate: LocalAccount, make_sweeper: MakeSweeper) -> None:
    told: list[tuple[int, int, str]] = []

    summary = make_sweeper(sqlite_history).sweep(Request((), (REGION,), TYPES), lambda *what: told.append(what))

    assert told[-1][:2] == (summary.scopes, summary.scopes)
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
