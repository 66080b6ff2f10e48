"""Buckets that are elsewhere than was thought: followed, or told; never missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vigie.model.scope import Outcome
from vigie.testing import faults
from vigie.testing.fault_plan import Fault
from vigie.testing.watchtower import Watchtower

Watched = Callable[[str], Watchtower]
BUCKET = "AWS::S3::Bucket"


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (0, faults.redirected("sa-east-1")),
        (1, faults.malformed_region("sa-east-1")),
        (2, faults.illegal_location("sa-east-1")),
    ],
    ids=["F32 redirect", "F33 wrong region", "F34 illegal location"],
)
def test_a_bucket_that_is_elsewhere_is_followed_or_its_details_are_unknown(
    watched: Watched, number: int, fault: Fault
) -> None:
    """F32, F33, F34 at the details of one bucket: nothing of it is lost, and the others are read."""
    tower = watched(BUCKET)
    before = tower.recorded(BUCKET)
    moved = sorted(before)[number]  # another one each time: clients remember where a bucket was found
    region = tower.heads(BUCKET)[moved].resource.region
    tower.here.aws.faults.add(fault, service="s3", region=region, resource=moved)

    result = tower.watch(BUCKET)

    assert tower.here.aws.faults.hits
    assert result.outcome in (Outcome.COMPLETE, Outcome.PARTIAL)
    assert (result.changes, tower.recorded(BUCKET)) == ((), before)
    assert not any(head.unreadable for id, head in tower.heads(BUCKET).items() if id != moved)
    assert tower.here.aws.called("s3:HeadBucket") == []  # which no declaration names


@pytest.mark.parametrize(
    "fault",
    [faults.illegal_location(), faults.illegal_location("eu-south-2"), faults.redirected("eu-south-2")],
    ids=["F34 without a region", "F34", "F32"],
)
def test_a_list_of_buckets_that_is_refused_for_its_region_deletes_none(watched: Watched, fault: Fault) -> None:
    """F34 on ListBuckets is a TypeError inside botocore, which is caught like any failure of a call."""
    tower = watched(BUCKET)
    before = tower.recorded(BUCKET)
    tower.here.aws.faults.add(fault, operation="ListBuckets")

    result = tower.watch(BUCKET)

    assert not result.outcome.listed_everything
    assert (result.changes, tower.recorded(BUCKET)) == ((), before)
    assert tower.coverage(BUCKET).problems[0].operation == "s3:ListBuckets"
