"""A detail that fails: its value is kept and marked, everything else is stored, and nothing is invented when it
heals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from vigie.model.change import ChangeKind
from vigie.model.scope import Outcome
from vigie.testing import faults
from vigie.testing.fault_plan import Fault
from vigie.testing.watchtower import Watchtower

Watched = Callable[[str], Watchtower]


@dataclass(frozen=True)
class Sample:
    """A detail that fails, and a change elsewhere in the same resources."""

    type: str
    failing: str
    keys: frozenset[str]
    changing: str
    member: str
    changed: Any
    path: tuple[str, ...]


SAMPLES = {
    "ec2": Sample(
        "AWS::EC2::VPC", "DescribeVpcAttribute", frozenset({"EnableDnsSupport", "EnableDnsHostnames"}),
        "DescribeVpcs", "InstanceTenancy", "changed", ("InstanceTenancy",),
    ),
    "query": Sample(
        "AWS::SNS::Topic", "GetTopicAttributes", frozenset({"Attributes"}),
        "ListTagsForResource", "Value", "changed", ("Tags", "Name"),
    ),
    "json": Sample(
        "AWS::KMS::Key", "GetKeyPolicy", frozenset({"Policy"}),
        "DescribeKey", "Description", "changed", ("Metadata", "Description"),
    ),
    "rest-json": Sample(
        "AWS::Lambda::Function", "GetFunctionCodeSigningConfig", frozenset({"CodeSigning"}),
        "ListFunctions", "Description", "changed", ("Description",),
    ),
    "s3": Sample(
        "AWS::S3::Bucket", "GetBucketPolicy", frozenset({"Policy"}),
        "GetBucketVersioning", "Status", "changed", ("Versioning", "Status"),
    ),
    "sqs": Sample(
        "AWS::SQS::Queue", "ListQueueTags", frozenset({"Tags"}),
        "GetQueueAttributes", "VisibilityTimeout", "4711", ("Attributes", "VisibilityTimeout"),
    ),
}  # fmt: skip


def at(configuration: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        configuration = configuration[key]
    return configuration


FAILING: list[tuple[Fault, Outcome]] = [
    (faults.denied(), Outcome.DENIED),
    (faults.denied_by_scp(), Outcome.DENIED_SCP),
    (faults.throttled(), Outcome.THROTTLED),
    (faults.html_503(), Outcome.ERROR),
    (faults.closed(), Outcome.ERROR),
    (faults.truncated(), Outcome.ERROR),
    (faults.html_200(), Outcome.ERROR),
    (faults.empty_200(), Outcome.ERROR),
]


@pytest.mark.parametrize(("fault", "outcome"), FAILING, ids=lambda value: getattr(value, "what", ""))
@pytest.mark.parametrize("protocol", SAMPLES)
def test_an_unreadable_detail_keeps_its_value_while_the_rest_is_stored(
    watched: Watched, protocol: str, fault: Fault, outcome: Outcome
) -> None:
    """F11, and F02, F10, F15, F19, F20, F24, F25 at a detail."""
    sample = SAMPLES[protocol]
    tower = watched(sample.type)
    aws = tower.here.aws
    before = {id: tower.configuration(sample.type, id) for id in tower.recorded(sample.type)}
    change = faults.edited("", "a change", **{sample.member: sample.changed})
    aws.faults.add(change, operation=sample.changing)
    aws.faults.add(fault, operation=sample.failing)

    result = tower.watch(sample.type)

    assert result.outcome is Outcome.PARTIAL
    assert {change.kind for change in result.changes} == {ChangeKind.CHANGED}
    assert {change.resource.id for change in result.changes} == before.keys()
    for id, old in before.items():
        now = tower.configuration(sample.type, id)
        assert at(now, sample.path) == sample.changed
        assert {key: now[key] for key in sample.keys} == {key: old[key] for key in sample.keys}
        assert tower.heads(sample.type)[id].unreadable.keys() == sample.keys
    problems = [problem for problem in tower.coverage(sample.type).problems if problem.path in sample.keys]
    assert {(problem.outcome, problem.operation.partition(":")[2]) for problem in problems} == {
        (outcome, sample.failing)
    }
    assert all(problem.count == len(before) for problem in problems)

    tower.here.renew(aws.answers)
    aws.faults.add(change, operation=sample.changing)
    healed = tower.watch(sample.type)
    assert (healed.outcome, healed.changes) == (Outcome.COMPLETE, ())
    assert not any(head.unreadable for head in tower.heads(sample.type).values())


@pytest.mark.parametrize("protocol", SAMPLES)
def test_a_detail_that_fails_alone_makes_no_revision(watched: Watched, protocol: str) -> None:
    sample = SAMPLES[protocol]
    tower = watched(sample.type)
    before = tower.recorded(sample.type)
    tower.here.aws.faults.add(faults.denied(), operation=sample.failing)

    result = tower.watch(sample.type)

    assert (result.outcome, result.changes) == (Outcome.PARTIAL, ())
    assert tower.recorded(sample.type) == before


@pytest.mark.parametrize("protocol", SAMPLES)
def test_one_denied_resource_does_not_hide_the_others(watched: Watched, protocol: str) -> None:
    """F12: a resource policy denies us one resource of the list."""
    sample = SAMPLES[protocol]
    tower = watched(sample.type)
    refused, *others = sorted(tower.recorded(sample.type))
    aws = tower.here.aws
    resource = tower.heads(sample.type)[refused].resource
    for value in {refused, resource.name, resource.arn} - {None}:
        aws.faults.add(faults.denied(), operation=sample.failing, resource=value)
    aws.faults.add(faults.edited("", "a change", **{sample.member: sample.changed}), operation=sample.changing)

    result = tower.watch(sample.type)

    assert [hit for hit in aws.faults.hits if hit.fault.id == "F11"]
    assert result.outcome is Outcome.PARTIAL
    assert {change.resource.id for change in result.changes} == {refused, *others}
    assert tower.heads(sample.type)[refused].unreadable.keys() == sample.keys
    assert not any(tower.heads(sample.type)[id].unreadable for id in others)


def test_a_part_that_could_never_be_read_and_then_can_is_no_change_of_the_resource(
    tower: Watchtower,
) -> None:
    type = "AWS::KMS::Key"
    tower.here.aws.faults.add(faults.denied(), operation="GetKeyPolicy")
    assert tower.watch(type).outcome is Outcome.PARTIAL
    assert all("Policy" not in tower.configuration(type, id) for id in tower.recorded(type))

    tower.here.aws.faults.clear()
    result = tower.watch(type)

    assert {change.kind for change in result.changes} == {ChangeKind.BASELINE}
    assert all(tower.configuration(type, id)["Policy"]["Statement"] for id in tower.recorded(type))


def test_an_absent_part_is_a_fact_and_not_a_failure(watched: Watched) -> None:
    """The absent codes of the catalogue: recorded as null, and the look is complete."""
    tower = watched("AWS::S3::Bucket")
    tower.here.aws.faults.add(
        faults.failing("NoSuchBucketPolicy", "The bucket policy does not exist", 404), operation="GetBucketPolicy"
    )

    result = tower.watch("AWS::S3::Bucket")

    assert result.outcome is Outcome.COMPLETE
    assert {change.kind for change in result.changes} == {ChangeKind.CHANGED}
    assert all(tower.configuration("AWS::S3::Bucket", id)["Policy"] is None for id in tower.recorded("AWS::S3::Bucket"))
