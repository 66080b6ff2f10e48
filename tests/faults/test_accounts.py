"""Accounts and regions that cannot be entered: they say nothing about their resources, and nothing about others'."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from vigie.model.account import Account
from vigie.model.change import ChangeKind
from vigie.model.scope import Outcome
from vigie.testing import faults
from vigie.testing.endpoint import ACCOUNT, access_key
from vigie.testing.observatory import HOME, REGION, Observatory
from vigie.testing.watchtower import Recorded, Watchtower
from vigie.testing.wire.replies import Error

OTHER = "222222222222"
OURS = Account(ACCOUNT, regions=(REGION, "ap-southeast-2"))
THEIRS = Account(OTHER, role_arn=f"arn:aws:iam::{OTHER}:role/vigie", external_id="a secret word", regions=(REGION,))
KEYS, TOPICS, USERS = "AWS::KMS::Key", "AWS::SNS::Topic", "AWS::IAM::Group"
TYPES = (KEYS, TOPICS, USERS)


@pytest.fixture(autouse=True)
def ambient_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", access_key(ACCOUNT))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")


@pytest.fixture
def swept(tower: Watchtower) -> Watchtower:
    """Two accounts, seen once, whole: ours in two regions, theirs through a role."""
    summary = tower.sweep(OURS, THEIRS, types=TYPES)
    assert (summary.failed_accounts, dict(summary.not_whole)) == ({}, {})
    tower.here.renew(tower.here.aws.answers)
    return tower


def everything(tower: Watchtower) -> dict[str, dict[str, Recorded]]:
    places = [(ACCOUNT, REGION), (ACCOUNT, "ap-southeast-2"), (OTHER, REGION)]
    return {
        f"{account} {region} {type}": tower.recorded(type, account=account, region=region)
        for account, region in places
        for type in TYPES
    }


def statuses(tower: Watchtower, account: str, region: str = REGION) -> set[Outcome]:
    return {tower.coverage(type, account=account, region=region).status for type in TYPES}


def test_a_role_that_cannot_be_assumed_skips_its_account_with_the_reason(swept: Watchtower) -> None:
    """F07."""
    before = everything(swept)
    swept.here.aws.faults.add(faults.assume_role_denied(str(THEIRS.role_arn)), service="sts", operation="AssumeRole")

    summary = swept.sweep(OURS, THEIRS, types=TYPES)

    assert summary.failed_accounts.keys() == {OTHER}
    assert "sts:AssumeRole" in summary.failed_accounts[OTHER]
    assert everything(swept) == before
    assert summary.change_counts == {}
    assert statuses(swept, OTHER) == {Outcome.CREDENTIALS}
    assert "external id" in str(swept.coverage(KEYS, account=OTHER).error)
    assert statuses(swept, ACCOUNT) == {Outcome.COMPLETE}


def test_the_external_id_is_sent(swept: Watchtower) -> None:
    swept.sweep(THEIRS, types=(KEYS,))
    assert swept.here.aws.called("sts:AssumeRole")[0].parameters["ExternalId"] == "a secret word"


def test_a_session_that_expires_in_the_middle_is_assumed_again_once(swept: Watchtower) -> None:
    """F05: half of the keys are read with the first session, the rest with the second."""
    before = everything(swept)
    aws = swept.here.aws
    first = f"ASIA{OTHER}{len(aws.sessions) + 1:04d}"
    aws.faults.add(faults.expired(), access_key=first, service="kms", calls=range(2, 1_000))
    aws.faults.add(faults.expired(), access_key=first, service="sns", calls=range(2, 1_000))

    summary = swept.sweep(THEIRS, types=TYPES)

    assert len(aws.called("sts:AssumeRole")) == 2
    assert {call.access_key for call in aws.called("kms:DescribeKey")} >= {aws.sessions[-1]}
    assert (summary.failed_accounts, dict(summary.not_whole), summary.change_counts) == ({}, {}, {})
    assert everything(swept) == before


def test_a_session_that_cannot_be_renewed_ends_the_account_and_is_no_denial(swept: Watchtower) -> None:
    """F05."""
    before = everything(swept)
    aws = swept.here.aws
    aws.faults.add(faults.expired(), account=OTHER, service="kms", operation="GetKeyPolicy")
    aws.faults.add(faults.assume_role_denied(), operation="AssumeRole", calls=range(2, 100))

    summary = swept.sweep(OURS, THEIRS, types=(KEYS,))

    assert summary.failed_accounts.keys() == {OTHER}
    assert swept.coverage(KEYS, account=OTHER).status is Outcome.CREDENTIALS
    assert swept.coverage(KEYS).status is Outcome.COMPLETE
    assert summary.change_counts == {}
    assert everything(swept) == before


@pytest.mark.parametrize("calls", [range(1, 10_000), range(2, 10_000)], ids=["at once", "in the middle"])
def test_an_unknown_key_or_a_suspended_account_ends_the_account_wherever_the_sweep_is(
    swept: Watchtower, calls: range
) -> None:
    """F06, at the first call of all operations, or at their second (the listings are still read): one reason."""
    before = everything(swept)
    swept.here.aws.faults.add(faults.unknown_key(), account=OTHER, calls=calls)

    summary = swept.sweep(OURS, THEIRS, types=TYPES)

    assert summary.failed_accounts.keys() == {OTHER}
    assert summary.change_counts == {}
    assert everything(swept) == before
    assert statuses(swept, ACCOUNT) == {Outcome.COMPLETE}
    assert Outcome.CREDENTIALS in statuses(swept, OTHER)


def test_a_region_that_is_not_opted_in_is_told_apart_from_a_bad_key(swept: Watchtower) -> None:
    """F08: the same codes as F06 in every protocol; STS in a region that cannot be disabled says that the key is
    good."""
    before = everything(swept)
    swept.here.aws.faults.add(faults.region_off(), region="ap-southeast-2")

    summary = swept.sweep(OURS, THEIRS, types=TYPES)

    assert summary.failed_accounts == {}
    assert swept.coverage(KEYS, region="ap-southeast-2").status is Outcome.REGION_DISABLED
    assert swept.coverage(TOPICS, region="ap-southeast-2").status is Outcome.REGION_DISABLED
    assert statuses(swept, ACCOUNT) == {Outcome.COMPLETE}
    assert summary.change_counts == {}
    assert everything(swept) == before


def test_a_region_that_was_disabled_says_so_and_loses_nothing(swept: Watchtower) -> None:
    before = everything(swept)
    swept.here.aws.answers.script("account", "ListRegions", {"Regions": [{"RegionName": REGION}, {"RegionName": HOME}]})

    summary = swept.sweep(Account(ACCOUNT), types=TYPES)

    assert swept.coverage(KEYS, region="ap-southeast-2").status is Outcome.REGION_DISABLED
    assert everything(swept) == before
    assert ChangeKind.DELETED not in summary.changes


def test_a_region_that_is_newly_enabled_is_a_baseline(tower: Watchtower) -> None:
    aws = tower.here.aws
    aws.answers.script(
        "account",
        "ListRegions",
        {"Regions": [{"RegionName": REGION}]},
        {"Regions": [{"RegionName": REGION}, {"RegionName": "ap-southeast-2"}]},
    )
    tower.sweep(Account(ACCOUNT), types=(KEYS,))

    summary = tower.sweep(Account(ACCOUNT), types=(KEYS,))

    assert summary.change_counts == {"baseline": 3}
    assert tower.coverage(KEYS, region="ap-southeast-2").status is Outcome.COMPLETE


def test_where_regions_may_not_be_listed_ec2_is_asked(tower: Watchtower) -> None:
    tower.here.aws.faults.add(faults.denied(), service="account")

    summary = tower.sweep(Account(ACCOUNT), types=(KEYS,))

    assert tower.here.aws.called("ec2:DescribeRegions")
    assert summary.whole == summary.scopes >= 3


def test_credentials_of_another_account_than_expected_count_for_nothing(swept: Watchtower) -> None:
    before = everything(swept)
    swept.here.aws.answers.script(
        "sts", "GetCallerIdentity", {"Account": "999999999999", "Arn": "arn:aws:iam::999999999999:root"}
    )

    summary = swept.sweep(OURS, types=TYPES)

    assert "999999999999" in summary.failed_accounts[ACCOUNT]
    assert swept.here.aws.called("kms:ListKeys") == []
    assert everything(swept) == before


def test_a_service_without_a_subscription_is_asked_once_and_then_left_alone(swept: Watchtower) -> None:
    """F09, F14: permanent for (service, region), until someone subscribes."""
    aws = swept.here.aws
    aws.faults.add(faults.opt_in_required(), service="kms", region=REGION)

    swept.sweep(OURS, types=(KEYS, TOPICS))
    swept.sweep(OURS, types=(KEYS, TOPICS))

    assert swept.coverage(KEYS).status is Outcome.UNAVAILABLE
    assert len([call for call in aws.called("kms:ListKeys") if call.region == REGION]) == 1
    assert swept.coverage(KEYS, region="ap-southeast-2").status is Outcome.COMPLETE
    assert swept.coverage(TOPICS).status is Outcome.COMPLETE


def test_a_service_that_is_not_enabled_is_unavailable_and_not_denied(watched_detector: Watchtower) -> None:
    """F13: told with the code of a denial; the message says it."""
    type = "AWS::GuardDuty::Detector"
    before = watched_detector.recorded(type)
    watched_detector.here.aws.faults.add(faults.not_enabled("GuardDuty is not enabled."), operation="ListDetectors")

    result = watched_detector.watch(type)

    assert (result.outcome, result.changes) == (Outcome.UNAVAILABLE, ())
    assert result.problems[0].permission is None
    assert watched_detector.recorded(type) == before


@pytest.fixture
def watched_detector(tower: Watchtower) -> Watchtower:
    assert tower.watch("AWS::GuardDuty::Detector").outcome is Outcome.COMPLETE
    return tower


def test_a_denial_by_the_organisation_leaves_the_region_unknown_and_not_empty(swept: Watchtower) -> None:
    """F10: everything in one region."""
    before = everything(swept)
    swept.here.aws.faults.add(faults.denied_by_scp(), region="ap-southeast-2")

    summary = swept.sweep(OURS, types=TYPES)

    assert swept.coverage(KEYS, region="ap-southeast-2").status is Outcome.DENIED_SCP
    assert swept.coverage(KEYS, region="ap-southeast-2").missing_permission is None
    assert summary.change_counts == {}
    assert everything(swept) == before


def test_a_denial_names_the_permission_that_lacks(swept: Watchtower) -> None:
    swept.here.aws.faults.add(faults.denied(), operation="ListKeys")

    swept.sweep(OURS, types=(KEYS,))

    assert swept.coverage(KEYS).missing_permission == "kms:ListKeys"


@pytest.mark.parametrize("service", ["sns", "kms"])
def test_a_wrong_clock_is_named_as_the_cause(swept: Watchtower, here: Observatory, service: str) -> None:
    """F39: one problem of this host, and nothing about anybody's resources."""
    before = everything(swept)
    here.aws.faults.add(faults.skewed(), service=service)
    here.line.now = lambda: datetime.now(UTC) + timedelta(hours=1)

    summary = swept.sweep(OURS, types=TYPES)

    assert everything(swept) == before
    assert summary.change_counts == {}
    type = TOPICS if service == "sns" else KEYS
    assert swept.coverage(type).status is Outcome.CREDENTIALS
    assert "60 minutes ahead of AWS's" in str(swept.coverage(type).error)


@pytest.mark.parametrize("code", ["ReportInProgress", "ReportNotPresent", "ReportExpired"])
def test_a_credential_report_that_is_not_there_yet_is_waited_for(tower: Watchtower, code: str) -> None:
    tower.here.aws.faults.add(faults.failing(code, "wait", 410), operation="GetCredentialReport", times=2)

    result = tower.watch("AWS::IAM::CredentialReport")

    assert (result.outcome, result.resources) == (Outcome.COMPLETE, 3)
    assert len(tower.here.aws.called("iam:GenerateCredentialReport")) == 2


def test_a_credential_report_that_never_comes_concludes_nothing(tower: Watchtower) -> None:
    type = "AWS::IAM::CredentialReport"
    tower.watch(type)
    before = tower.recorded(type)
    tower.here.aws.answers.script("iam", "GetCredentialReport", Error("ReportInProgress", "wait", 404))

    result = tower.watch(type)

    assert (result.outcome, result.changes) == (Outcome.ERROR, ())
    assert tower.recorded(type) == before
