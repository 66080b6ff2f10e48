"""One look at one scope, as the catalogue declares it, over AWS's own protocols."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from vigie.catalogue.declaration import Call, Describe, Listing, Reach, TypeDeclaration
from vigie.catalogue.expression import Expression
from vigie.catalogue.loader import Catalogue, load
from vigie.model.scope import Outcome
from vigie.testing import faults
from vigie.testing.answers import Pages
from vigie.testing.observatory import REGION, Observatory
from vigie.watch.read import Look

KEY = "AWS::KMS::Key"
CLUSTER = TypeDeclaration(
    type="Test::Cluster",
    service="ecs",
    table="cluster",
    scope=Reach.REGIONAL,
    id=Expression("clusterArn"),
    listing=Listing(Expression("clusterArns"), Call("ecs", "ListClusters"), wrap="clusterArn"),
    describe=Describe(
        Call("ecs", "DescribeClusters"),
        param="clusters",
        item=Expression("clusterArn"),
        size=2,
        items=Expression("clusters"),
        key=Expression("clusterArn"),
    ),
)


@pytest.fixture(scope="module")
def observatory() -> Iterator[Observatory]:
    types = {**load().types, CLUSTER.type: CLUSTER}
    with Observatory(catalogue=Catalogue(types)) as found:
        yield found


@pytest.fixture
def here(observatory: Observatory) -> Observatory:
    """With two keys, and nothing in the way."""
    observatory.renew()
    aws = observatory.aws
    aws.answers.script("kms", "ListKeys", {"Keys": [{"KeyId": "one"}, {"KeyId": "two"}]})
    aws.answers.script("kms", "ListAliases", {"Aliases": [{"AliasName": "alias/a", "TargetKeyId": "one"}]})
    aws.answers.script("kms", "GetKeyPolicy", {"Policy": '{"Statement": []}'})
    aws.answers.script("kms", "GetKeyRotationStatus", {"KeyRotationEnabled": True})
    aws.answers.script("kms", "ListGrants", {"Grants": []})
    aws.answers.script("kms", "ListResourceTags", {"Tags": [{"TagKey": "owner", "TagValue": "anna"}]})
    aws.answers.script(
        "kms",
        "DescribeKey",
        lambda call: {
            "KeyMetadata": {
                "KeyId": call.parameters["KeyId"],
                "Arn": f"arn:aws:kms:eu-west-1:111111111111:key/{call.parameters['KeyId']}",
                "KeyManager": "CUSTOMER",
                "KeySpec": "SYMMETRIC_DEFAULT",
                "Origin": "AWS_KMS",
                "KeyState": "Enabled",
            }
        },
    )
    return observatory


def configurations(look: Look) -> dict[str, Any]:
    return {one.resource.id: one.configuration for one in look.reading.observations}


def test_a_resource_has_its_details_joins_and_tags(here: Observatory) -> None:
    look = here.look(KEY)

    assert look.reading.outcome is Outcome.COMPLETE
    one = configurations(look)["one"]
    assert one["Policy"] == {"Statement": []}
    assert one["RotationEnabled"] is True
    assert [alias["AliasName"] for alias in one["Aliases"]] == ["alias/a"]
    assert configurations(look)["two"]["Aliases"] == []
    assert one["Tags"] == {"owner": "anna"}
    assert "ResponseMetadata" not in str(one)


def test_a_detail_that_is_denied_is_left_out_and_told(here: Observatory) -> None:
    here.aws.faults.add(faults.denied(), operation="GetKeyPolicy")

    look = here.look(KEY)

    assert look.reading.outcome is Outcome.PARTIAL
    assert all("Policy" not in one for one in configurations(look).values())
    (problem,) = look.reading.problems
    assert (problem.path, problem.count, problem.outcome) == ("Policy", 2, Outcome.DENIED)
    assert {tuple(one.unreadable) for one in look.reading.observations} == {("Policy",)}


def test_what_depends_on_an_unreadable_detail_is_unknown_too(here: Observatory) -> None:
    """Its condition cannot be told: to leave the key out would read as a change."""
    here.aws.faults.add(faults.denied(), operation="DescribeKey")

    (one, _) = here.look(KEY).reading.observations

    assert {"Metadata", "RotationEnabled", "Grants", "Tags"} <= set(one.unreadable)
    assert "Policy" not in one.unreadable


def test_a_join_that_fails_is_unknown_for_every_resource(here: Observatory) -> None:
    here.aws.faults.add(faults.denied(), operation="ListAliases")

    look = here.look(KEY)

    assert look.reading.outcome is Outcome.PARTIAL
    assert [set(one.unreadable) for one in look.reading.observations] == [{"Aliases"}, {"Aliases"}]


def test_a_resource_that_vanished_meanwhile_is_dropped_and_the_rest_stays(here: Observatory) -> None:
    here.aws.faults.add(faults.gone("NotFoundException"), operation="DescribeKey", resource="one")

    look = here.look(KEY)

    assert set(configurations(look)) == {"two"}


def test_duplicates_null_elements_and_elements_without_an_id(here: Observatory) -> None:
    here.aws.answers.script(
        "kms", "ListKeys", Pages([{"Keys": [{"KeyId": "one"}]}, {"Keys": [{"KeyId": "one"}, {"KeyArn": "arn:…"}]}])
    )

    reading = here.look(KEY).reading

    assert [one.resource.id for one in reading.observations] == ["one"]
    assert reading.outcome is Outcome.PARTIAL
    assert not reading.whole_listing, "something is there that could not be identified"


def test_what_comes_before_an_id_is_cut_off_where_it_is_declared(here: Observatory) -> None:
    """CloudFormation and CloudTrail name a zone ``Z1``, Route 53 itself ``/hostedzone/Z1``."""
    zone = {"Id": "/hostedzone/Z1", "Name": "example.org."}
    here.aws.answers.script("route53", "ListHostedZones", {"HostedZones": [zone]})
    here.aws.answers.script(
        "route53", "ListResourceRecordSets", {"ResourceRecordSets": [{"Name": "a.example.org.", "Type": "A"}]}
    )

    zones = here.look("AWS::Route53::HostedZone", region="global").reading.observations
    records = here.look("AWS::Route53::RecordSet", region="global").reading.observations

    assert [one.resource.id for one in zones] == ["Z1"]
    assert [one.resource.id for one in records] == ["Z1|a.example.org.|A|"]


def test_a_listing_that_is_ended_early_says_so(here: Observatory) -> None:
    capped = replace(here.catalogue.types[KEY], cap=1)
    reader = replace(here.reader(KEY), declaration=capped)

    reading = reader.read().reading

    assert len(reading.observations) == 1
    assert (reading.outcome, reading.whole_listing) == (Outcome.PARTIAL, False)


def test_resources_are_described_in_batches_and_those_that_nobody_describes_are_gone(here: Observatory) -> None:
    here.aws.answers.script("ecs", "ListClusters", {"clusterArns": ["a", "b", "c"]})
    here.aws.answers.script(
        "ecs",
        "DescribeClusters",
        lambda call: {
            "clusters": [
                {"clusterArn": name, "status": "ACTIVE"} for name in call.parameters["clusters"] if name != "b"
            ]
        },
    )

    look = here.look("Test::Cluster")

    assert configurations(look) == {name: {"clusterArn": name, "status": "ACTIVE"} for name in ("a", "c")}
    assert len(here.aws.called("ecs:DescribeClusters")) == 2


def test_children_are_described_with_their_own_parent(here: Observatory) -> None:
    here.aws.answers.script("ecs", "ListClusters", {"clusterArns": ["a", "b"]})
    here.aws.answers.script(
        "ecs",
        "DescribeClusters",
        lambda call: {"clusters": [{"clusterArn": name, "clusterName": name} for name in call.parameters["clusters"]]},
    )
    here.aws.answers.script(
        "ecs", "ListServices", lambda call: {"serviceArns": [f"{call.parameters['cluster']}/{n}" for n in "12"]}
    )
    here.aws.answers.script(
        "ecs",
        "DescribeServices",
        lambda call: {
            "services": [
                {"serviceArn": name, "clusterArn": call.parameters["cluster"]}
                for name in call.parameters["services"]
                if name.startswith(call.parameters["cluster"])
            ]
        },
    )

    services = configurations(here.look("AWS::ECS::Service"))

    assert {id_: content["clusterArn"] for id_, content in services.items()} == {
        "a/1": "a", "a/2": "a", "b/1": "b", "b/2": "b",
    }  # fmt: skip


def test_resources_that_could_not_be_described_are_not_missing(here: Observatory) -> None:
    here.aws.answers.script("ecs", "ListClusters", {"clusterArns": ["a", "b", "c"]})
    here.aws.faults.add(faults.denied(), operation="DescribeClusters")

    reading = here.look("Test::Cluster").reading

    assert reading.outcome is Outcome.PARTIAL
    assert reading.unread == {"a", "b", "c"}


def test_children_of_a_parent_that_cannot_be_listed_are_protected(here: Observatory) -> None:
    arn = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/app/{}/1"
    here.aws.answers.script(
        "elbv2",
        "DescribeLoadBalancers",
        {"LoadBalancers": [{"LoadBalancerArn": arn.format(name), "LoadBalancerName": name} for name in "ab"]},
    )
    here.aws.answers.script(
        "elbv2",
        "DescribeListeners",
        lambda call: {"Listeners": [{"ListenerArn": call.parameters["LoadBalancerArn"] + "/listener"}]},
    )
    here.aws.faults.add(faults.denied(), operation="DescribeListeners", resource=arn.format("a"))

    reading = here.look("AWS::ElasticLoadBalancingV2::Listener").reading

    assert reading.outcome is Outcome.PARTIAL
    assert reading.unread_parents == {arn.format("a")}
    assert [one.parent for one in reading.observations] == [arn.format("b")]


def test_details_of_a_bucket_are_asked_for_in_its_own_region(here: Observatory) -> None:
    here.aws.answers.script("s3", "ListBuckets", {"Buckets": [{"Name": "there", "BucketRegion": "eu-north-1"}]})

    (bucket,) = here.look("AWS::S3::Bucket").reading.observations

    assert (bucket.resource.region, bucket.resource.scope.region) == ("eu-north-1", "global")
    assert {call.region for call in here.aws.called("s3:GetBucketAcl")} == {"eu-north-1"}


def test_a_second_look_asks_for_one_resource_by_name_where_it_can(here: Observatory) -> None:
    group = {"GroupId": "sg-1", "GroupName": "a", "OwnerId": "111111111111"}
    here.aws.answers.script("ec2", "DescribeSecurityGroups", {"SecurityGroups": [group]})
    reader = here.reader("AWS::EC2::SecurityGroup")

    look = reader.read_again({"sg-1"}, {"sg-1": group})

    assert [one.resource.id for one in look.reading.observations] == ["sg-1"]
    (call,) = here.aws.called("ec2:DescribeSecurityGroups")
    assert "sg-1" in str(call.parameters)


def test_a_call_that_finds_no_time_left_is_a_timeout(here: Observatory) -> None:
    reader = here.reader(KEY, deadline=-1.0)

    assert reader.read().reading.outcome is Outcome.TIMEOUT
    assert here.aws.called() == []


def test_the_region_of_a_regional_scope_is_where_calls_go(here: Observatory) -> None:
    here.look(KEY)

    assert {call.region for call in here.aws.called()} == {REGION}
