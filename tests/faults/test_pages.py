"""Pages that go wrong: what is listed twice, late, or not at all for a moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vigie.model.change import ChangeKind
from vigie.model.scope import Outcome
from vigie.testing import faults
from vigie.testing.fault_plan import Fault
from vigie.testing.watchtower import Watchtower
from vigie.testing.wire.replies import Error
from vigie.testing.wire.requests import Call

Watched = Callable[[str], Watchtower]

PAGED = {
    "ec2": ("AWS::EC2::VPC", "DescribeVpcs"),
    "query": ("AWS::SNS::Topic", "ListTopics"),
    "json": ("AWS::KMS::Key", "ListKeys"),
    "rest-json": ("AWS::Lambda::Function", "ListFunctions"),
    "s3": ("AWS::S3::Bucket", "ListBuckets"),
    "sqs": ("AWS::SQS::Queue", "ListQueues"),
    "cbor": ("Test::EventBus", "ListEventBuses"),
}

each_protocol = pytest.mark.parametrize("protocol", PAGED)


@each_protocol
def test_a_rejected_page_token_begins_the_listing_again(watched: Watched, protocol: str) -> None:
    """F26, once: the partial list is thrown away."""
    type, listing = PAGED[protocol]
    tower = watched(type)
    tower.here.aws.faults.add(_token_rejected(protocol), operation=listing, page=2, times=1)

    result = tower.watch(type)

    assert (result.outcome, result.changes) == (Outcome.COMPLETE, ())
    pages = [call.page for call in tower.here.aws.called() if call.operation == listing]
    assert pages == [1, 2, 1, 2]


@each_protocol
def test_a_page_token_that_is_always_rejected_is_no_complete_listing(watched: Watched, protocol: str) -> None:
    """F26."""
    type, listing = PAGED[protocol]
    tower = watched(type)
    before = tower.recorded(type)
    tower.here.aws.faults.add(_token_rejected(protocol), operation=listing, page=2)

    result = tower.watch(type)

    assert (result.outcome, result.changes) == (Outcome.ERROR, ())
    assert tower.recorded(type) == before


def _token_rejected(protocol: str) -> Fault:
    if protocol == "sqs":  # SQS API reference, ListQueues: an invalid token is an InvalidAddress or a plain value error
        return faults.failing("InvalidParameterValue", "Value for parameter NextToken is invalid.", 400, id="F26")
    return faults.token_rejected()


@each_protocol
def test_what_is_listed_twice_is_one_resource(watched: Watched, protocol: str) -> None:
    """F27."""
    type, listing = PAGED[protocol]
    tower = watched(type)
    tower.here.aws.faults.add(faults.duplicated(), operation=listing)

    result = tower.watch(type)

    assert tower.here.aws.faults.hits
    assert (result.outcome, result.changes, result.resources) == (Outcome.COMPLETE, (), 3)


@each_protocol
def test_what_slips_through_a_page_boundary_once_is_not_deleted(watched: Watched, protocol: str) -> None:
    """F28: the listing ends well, and one resource was on no page of it."""
    type, listing = PAGED[protocol]
    tower = watched(type)
    before = tower.recorded(type)
    tower.here.aws.faults.add(faults.shifted(), operation=listing, page=2, times=1)

    result = tower.watch(type)

    assert tower.here.aws.faults.hits
    assert (result.outcome, result.changes) == (Outcome.COMPLETE, ())
    assert tower.recorded(type) == before


@each_protocol
def test_what_two_looks_miss_is_deleted_and_comes_back(watched: Watched, protocol: str) -> None:
    """The other side of F28: what is gone is recorded as gone, and nothing else is."""
    type, listing = PAGED[protocol]
    tower = watched(type)
    before = tower.recorded(type)
    listed = _listed(tower, type, listing)
    lost = listed.pop()

    result = tower.watch(type)

    assert [change.kind for change in result.changes] == [ChangeKind.DELETED]
    after = tower.recorded(type)
    gone = result.changes[0].resource.id
    assert after == {id: one for id, one in before.items() if id != gone}

    listed.append(lost)
    assert [change.kind for change in tower.watch(type).changes] == [ChangeKind.RECREATED]
    assert tower.watch(type).changes == ()


def _listed(tower: Watchtower, type: str, listing: str) -> list[Any]:
    """The list that the endpoint cuts into pages: tests change it in place."""
    service = next(
        service for service, operation in tower.here.catalogue.types[type].operations if operation == listing
    )
    reader = tower.here.reader(type)
    call = reader.declaration.listing.answered_by if reader.declaration.listing else None
    assert call is not None
    answer = tower.here.aws.answers.generated(
        service, listing, account=reader.scope.account, region=reader.caller.region, **call.args
    )
    found: list[Any] = answer[reader.declaration.listing.items.text]  # type: ignore[union-attr]
    return found


@each_protocol
def test_the_same_page_token_twice_ends_the_listing_and_not_the_sweep(watched: Watched, protocol: str) -> None:
    """F29."""
    type, listing = PAGED[protocol]
    tower = watched(type)
    before = tower.recorded(type)
    tower.here.aws.faults.add(faults.same_token(), operation=listing)

    result = tower.watch(type)

    assert (result.outcome, result.changes) == (Outcome.ERROR, ())
    assert "token" in result.problems[0].message
    assert len([call for call in tower.here.aws.called() if call.operation == listing]) < 5
    assert tower.recorded(type) == before


@each_protocol
@pytest.mark.parametrize("page", [1, 2])
def test_an_empty_page_is_not_the_last(watched: Watched, protocol: str, page: int) -> None:
    """F30."""
    type, listing = PAGED[protocol]
    tower = watched(type)
    tower.here.aws.faults.add(faults.empty_page(), operation=listing, page=page, times=1)

    result = tower.watch(type)

    assert tower.here.aws.faults.hits
    assert (result.outcome, result.changes, result.resources) == (Outcome.COMPLETE, (), 3)


VANISHING = {
    "ec2": ("VpcId", "DescribeVpcAttribute", "InvalidVpcID.NotFound"),
    "query": ("TopicArn", "GetTopicAttributes", "NotFound"),
    "json": ("KeyId", "DescribeKey", "NotFoundException"),
    "s3": ("Bucket", "GetBucketPolicy", "NoSuchBucket"),
    "sqs": ("QueueUrl", "GetQueueAttributes", "AWS.SimpleQueueService.NonExistentQueue"),
}


@pytest.mark.parametrize("protocol", VANISHING)
def test_what_vanishes_between_list_and_look_concerns_only_itself(watched: Watched, protocol: str) -> None:
    """F31: the resource is deleted while it is being read; the second look does not list it any more."""
    type, listing = PAGED[protocol]
    parameter, detail, code = VANISHING[protocol]
    tower = watched(type)
    before = tower.recorded(type)
    listed = _listed(tower, type, listing)
    taken: list[str] = []

    def vanish(call: Call) -> Error:
        if listed and not taken:
            taken.append(call.parameters[parameter])
            listed[:] = [one for one in listed if taken[0] not in (one if isinstance(one, str) else one.values())]
        return Error(code, "It does not exist", 404)

    fault = Fault(
        "F31", "gone", error=vanish, unless=lambda call: bool(taken) and taken[0] not in call.parameters.values()
    )
    tower.here.aws.faults.add(fault, operation=detail)

    result = tower.watch(type)

    assert result.outcome is Outcome.COMPLETE
    assert [(change.kind, change.resource.id) for change in result.changes] == [(ChangeKind.DELETED, taken[0])]
    after = tower.recorded(type)
    assert after == {id: one for id, one in before.items() if id != taken[0]}


@pytest.mark.parametrize(("type", "listing"), [PAGED["s3"], PAGED["sqs"]], ids=["s3", "sqs"])
def test_a_list_that_may_be_missing_when_empty_and_is_so_once_deletes_nothing(
    watched: Watched, type: str, listing: str
) -> None:
    """F40 where AWS leaves out the list when it is empty: a second look has to agree."""
    tower = watched(type)
    before = tower.recorded(type)
    tower.here.aws.faults.add(faults.without(), operation=listing, times=1)

    result = tower.watch(type)

    assert tower.here.aws.faults.hits
    assert result.changes == ()
    assert tower.recorded(type) == before


def test_a_mass_disappearance_is_read_again_and_then_accepted_with_one_notice(tower: Watchtower) -> None:
    type = "AWS::SQS::Queue"
    urls = {"QueueUrls": [f"https://sqs.eu-west-1.amazonaws.com/111111111111/q{n}" for n in range(6)]}
    tower.here.aws.answers.script("sqs", "ListQueues", urls, urls, {}, urls, {})
    assert tower.watch(type).resources == 6
    assert tower.watch(type).changes == ()

    once = tower.watch(type)  # {} and then, at the second look, all of them again
    assert (once.changes, once.notices) == ((), ())

    twice = tower.watch(type)
    assert {change.kind for change in twice.changes} == {ChangeKind.DELETED}
    assert len(twice.changes) == 6
    assert len(twice.notices) == 1
    assert "6 of 6" in twice.notices[0]


@pytest.mark.parametrize("protocol", ["json", "rest-json"])
def test_a_null_in_the_list_is_passed_over(watched: Watched, protocol: str) -> None:
    """F41 (XML has no null: there it is an empty element, below)."""
    type, listing = PAGED[protocol]
    tower = watched(type)
    tower.here.aws.faults.add(faults.null_element(), operation=listing)

    result = tower.watch(type)

    assert (result.outcome, result.changes, result.resources) == (Outcome.COMPLETE, (), 3)


@pytest.mark.parametrize("protocol", ["ec2", "query"])
def test_an_element_without_an_id_deletes_nothing_and_is_told(watched: Watched, protocol: str) -> None:
    """F41 in XML: an empty element. Which resource it was is unknown, so no other may be called gone."""
    type, listing = PAGED[protocol]
    tower = watched(type)
    before = tower.recorded(type)
    tower.here.aws.faults.add(faults.shifted(), operation=listing, page=2)
    tower.here.aws.faults.add(faults.null_element(), operation=listing)

    result = tower.watch(type)

    assert (result.outcome, result.changes) == (Outcome.PARTIAL, ())
    assert result.problems[0].code == "UnidentifiedResource"
    assert tower.recorded(type) == before
