"""A listing that fails, in every protocol: nothing is deleted, nothing is changed, coverage says why, and it heals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from vigie.model.scope import Outcome
from vigie.testing import faults
from vigie.testing.fault_plan import Fault
from vigie.testing.watchtower import Watchtower

Watched = Callable[[str], Watchtower]

LISTINGS = {
    "ec2": ("AWS::EC2::VPC", "DescribeVpcs"),
    "query": ("AWS::SNS::Topic", "ListTopics"),
    "json": ("AWS::KMS::Key", "ListKeys"),
    "rest-json": ("AWS::Lambda::Function", "ListFunctions"),
    "s3": ("AWS::S3::Bucket", "ListBuckets"),
    "sqs": ("AWS::SQS::Queue", "ListQueues"),
    "cbor": ("Test::EventBus", "ListEventBuses"),
}
"""Protocol → a type, and the operation that lists it."""


@dataclass(frozen=True)
class Failing:
    fault: Fault
    outcome: Outcome
    code: str = ""
    """What the code in the coverage begins with, where it is the same in all protocols."""

    def __str__(self) -> str:
        return f"{self.fault.id} {self.fault.what}"


FAILING = [
    Failing(faults.throttled(), Outcome.THROTTLED),
    Failing(faults.limit_exceeded(), Outcome.THROTTLED, "LimitExceededException"),
    Failing(faults.opt_in_required(), Outcome.UNAVAILABLE, "OptInRequired"),
    Failing(faults.denied_by_scp(), Outcome.DENIED_SCP),
    Failing(faults.denied(), Outcome.DENIED),
    Failing(faults.subscription_required(), Outcome.UNAVAILABLE, "SubscriptionRequiredException"),
    Failing(faults.html_503(), Outcome.ERROR, "503"),
    Failing(faults.empty_500(), Outcome.ERROR, "500"),
    Failing(faults.internal_failure(), Outcome.ERROR),
    Failing(faults.reset(), Outcome.ERROR, "ConnectionClosedError"),
    Failing(faults.closed(), Outcome.ERROR, "ConnectionClosedError"),
    Failing(faults.truncated(), Outcome.ERROR, "ConnectionClosedError"),
    Failing(faults.html_200(), Outcome.ERROR, "NotAnAnswer"),
    Failing(faults.empty_200(), Outcome.ERROR, "NotAnAnswer"),
]


@pytest.mark.parametrize("failing", FAILING, ids=str)
@pytest.mark.parametrize("protocol", LISTINGS)
def test_a_listing_that_fails_deletes_nothing_changes_nothing_and_is_told(
    watched: Watched, protocol: str, failing: Failing
) -> None:
    type, listing = LISTINGS[protocol]
    tower = watched(type)
    before = tower.recorded(type)
    tower.here.aws.faults.add(failing.fault, operation=listing)

    result = tower.watch(type)

    assert tower.here.aws.faults.hits
    assert (result.outcome, result.changes) == (failing.outcome, ())
    assert tower.recorded(type) == before
    coverage = tower.coverage(type)
    assert coverage.status is failing.outcome
    assert coverage.last_ok is not None
    assert coverage.last_ok < coverage.since
    assert (coverage.problems[0].operation.partition(":")[2], coverage.problems[0].path) == (listing, "")
    assert coverage.problems[0].code.startswith(failing.code)

    tower.here.renew(tower.here.aws.answers)
    result = tower.watch(type)
    assert (result.outcome, result.changes) == (Outcome.COMPLETE, ())
    assert tower.recorded(type) == before


@pytest.mark.parametrize("protocol", sorted(LISTINGS.keys() - {"s3", "sqs"}))
def test_an_answer_without_its_result_member_is_no_empty_list(watched: Watched, protocol: str) -> None:
    """F40. S3's and SQS' lists vanish when they are empty: see the tests of mass losses for these."""
    type, listing = LISTINGS[protocol]
    tower = watched(type)
    before = tower.recorded(type)
    tower.here.aws.faults.add(faults.without(), operation=listing)

    result = tower.watch(type)

    assert (result.outcome, result.changes, result.problems[0].code) == (Outcome.ERROR, (), "MissingMember")
    assert tower.recorded(type) == before


@pytest.mark.parametrize("protocol", LISTINGS)
def test_a_share_of_throttles_loses_nothing(watched: Watched, protocol: str) -> None:
    """F01: 30 % of all calls are throttled, in whatever order."""
    type, _ = LISTINGS[protocol]
    tower = watched(type)
    before = tower.recorded(type)
    tower.here.aws.faults.add(faults.throttled(), share=0.3)

    result = tower.watch(type)

    assert tower.here.aws.faults.hits
    assert (result.outcome, result.changes, result.problems) == (Outcome.COMPLETE, (), ())
    assert tower.recorded(type) == before


@pytest.mark.parametrize("protocol", LISTINGS)
@pytest.mark.parametrize(
    "fault",
    [faults.internal_failure(), faults.reset(), faults.truncated(), faults.html_200()],
    ids=lambda fault: fault.what,
)
def test_what_fails_once_is_asked_again(watched: Watched, protocol: str, fault: Fault) -> None:
    """F15–F20, F24: each call of the listing fails at its first attempt only."""
    type, listing = LISTINGS[protocol]
    tower = watched(type)
    tower.here.aws.faults.add(fault, operation=listing, times=1)

    result = tower.watch(type)

    assert len(tower.here.aws.faults.hits) == 1
    assert (result.outcome, result.changes) == (Outcome.COMPLETE, ())


@pytest.mark.parametrize("protocol", sorted(LISTINGS.keys() - {"s3", "sqs"}))
def test_a_throttle_in_the_middle_of_a_page_run_goes_on_from_there(watched: Watched, protocol: str) -> None:
    type, listing = LISTINGS[protocol]
    tower = watched(type)
    tower.here.aws.faults.add(faults.throttled(), operation=listing, page=2, times=3)

    result = tower.watch(type)

    assert (result.outcome, result.changes) == (Outcome.COMPLETE, ())
    calls = [call for call in tower.here.aws.called() if call.operation == listing]
    assert [call.page for call in calls] == [1, 2, 2, 2, 2]


@pytest.mark.parametrize("protocol", sorted(LISTINGS.keys() - {"s3", "sqs"}))
@pytest.mark.parametrize(
    "fault",
    [faults.throttled(), faults.denied(), faults.truncated(), faults.empty_200(), faults.internal_failure()],
    ids=lambda fault: fault.what,
)
def test_a_second_page_that_fails_leaves_no_shorter_list(watched: Watched, protocol: str, fault: Fault) -> None:
    type, listing = LISTINGS[protocol]
    tower = watched(type)
    before = tower.recorded(type)
    tower.here.aws.faults.add(fault, operation=listing, page=2)

    result = tower.watch(type)

    assert not result.outcome.listed_everything
    assert (result.changes, tower.recorded(type)) == ((), before)


def test_a_quota_is_not_tried_for_ever(watched: Watched) -> None:
    """F04: LimitExceededException may be a quota, which no waiting helps."""
    tower = watched("AWS::KMS::Key")
    tower.here.aws.faults.add(faults.limit_exceeded(), operation="ListKeys")

    tower.watch("AWS::KMS::Key")

    assert len(tower.here.aws.called("kms:ListKeys")) == 3


def test_only_the_throttled_account_slows_down(watched: Watched) -> None:
    """F03: a token bucket by account; the other account's calls are not held back for it."""
    tower = watched("AWS::KMS::Key")
    clock = tower.here.line.clock
    tower.here.aws.faults.add(faults.token_bucket(rate=5, burst=10, clock=clock), account="111111111111")

    result = tower.watch("AWS::KMS::Key")
    slowed = clock()
    other = tower.watch("AWS::KMS::Key", account="333333333333")

    assert {hit.call.account for hit in tower.here.aws.faults.hits} == {"111111111111"}
    assert (result.outcome, other.outcome) == (Outcome.COMPLETE, Outcome.COMPLETE)
    assert result.changes == ()
    assert clock() - slowed < 0.5
