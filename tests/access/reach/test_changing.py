"""What a change of one part of the network did to what of the internet gets in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from networks import Recording, allow, recording, revision, tcp
from vigie.access.reach import compare, judge_change
from vigie.access.reach import recorded as known
from vigie.model.change import Revision
from vigie.model.verdict import ChangeVerdict, Dimension, Direction

BALANCER = "arn:aws:elasticloadbalancing:eu-west-1:111111111111:loadbalancer/net/front/1"
SSH = "tcp/22 of i-1 may now be reached from any IPv4 address of the internet"
NO_SSH = "tcp/22 of i-1 can no longer be reached from any IPv4 address of the internet"


def changed(id_: str, before: dict[str, Any] | None = None, **after: Any) -> ChangeVerdict:
    """The verdict on a change of one part of the small network, to ``after`` (or from ``before``)."""
    known_now = recording()
    now = known_now.one(id_)
    if before is not None:
        return judge_change(known_now, replace(now, configuration={**now.configuration, **before}), now)
    return judge_change(known_now, now, replace(now, configuration={**now.configuration, **after}))


def told(verdict: ChangeVerdict) -> tuple[Direction, list[str], list[str]]:
    return verdict.direction, [s.words for s in verdict.gained], [s.words for s in verdict.lost]


@pytest.mark.parametrize(
    ("id_", "before"),
    [
        ("sg-1", {"IpPermissions": []}),
        ("acl-1", {"Entries": []}),
        ("rtb-1", {"Routes": []}),
        ("igw-1", {"Attachments": []}),
        ("eni-1", {"Association": None}),
        ("eni-1", {"Groups": []}),
        ("i-1", {"State": {"Name": "stopped"}}),
        ("vpc-block", {"InternetGatewayBlockMode": "block-ingress"}),
    ],
)
def test_each_part_that_opens_the_way_is_a_gain_of_the_instance_told_once(id_: str, before: dict[str, Any]) -> None:
    verdict = changed(id_, before)
    assert told(verdict) == (Direction.WIDENED, [SSH], [])
    (shift,) = verdict.gained
    assert shift.dimension is Dimension.REACHABILITY
    assert (shift.who, shift.what, shift.exact) == ("*", ("tcp/22",), True)
    assert shift.witness is not None
    assert (shift.witness["destination"], shift.witness["port"]) == ("198.51.100.20", 22)


@pytest.mark.parametrize(
    ("id_", "after"),
    [
        ("sg-1", {"IpPermissions": []}),
        ("acl-1", {"Entries": [allow(1, "0.0.0.0/0")]}),
        ("rtb-1", {"Routes": []}),
        ("igw-1", {"Attachments": []}),
        ("eni-1", {"Association": None}),
    ],
)
def test_each_part_that_closes_the_way_is_a_loss(id_: str, after: dict[str, Any]) -> None:
    assert told(changed(id_, **after)) == (Direction.NARROWED, [], [NO_SSH])


def test_what_is_wider_for_some_and_narrower_for_others_is_told_of_both_and_is_widened() -> None:
    verdict = changed("sg-1", IpPermissions=[tcp(22, "128.0.0.0/1"), tcp(443, "203.0.113.0/24")])
    assert verdict.direction is Direction.WIDENED
    assert [s.words for s in verdict.gained] == ["tcp/443 of i-1 may now be reached from 203.0.113.0/24"]
    (lost,) = verdict.lost
    assert lost.words.startswith("tcp/22 of i-1 can no longer be reached from 1.0.0.0/8")


def test_what_changes_nothing_of_what_gets_in_is_neutral() -> None:
    assert told(changed("sg-1", Description="web")) == (Direction.NEUTRAL, [], [])
    assert told(changed("sg-1", IpPermissions=[tcp(22, "0.0.0.0/1", "128.0.0.0/1")])) == (Direction.NEUTRAL, [], [])
    assert told(changed("sg-1", IpPermissionsEgress=[])) == (Direction.NEUTRAL, [], [])


def test_a_group_on_nothing_changes_nothing() -> None:
    group = revision(known.GROUP, "sg-9", {"VpcId": "vpc-1", "IpPermissions": [tcp(22, "0.0.0.0/0")]})
    known_now = recording().with_(group)
    assert judge_change(known_now, None, group).direction is Direction.NEUTRAL


def test_an_instance_that_is_new_gains_and_one_that_is_gone_loses() -> None:
    known_now = recording()
    instance = known_now.one("i-1")
    assert told(judge_change(known_now, None, instance)) == (Direction.WIDENED, [SSH], [])
    gone = replace(instance, resource=replace(instance.resource, present=False), configuration={})
    assert told(judge_change(known_now, instance, gone)) == (Direction.NARROWED, [], [NO_SSH])


def test_what_cannot_be_decided_on_one_side_is_unknown_and_never_neutral() -> None:
    verdict = changed("rtb-1", Routes=[{"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "vpce-1", "State": "active"}])
    assert verdict.direction is Direction.UNKNOWN
    assert verdict.problems == ("i-1: not modelled: the firewall endpoint vpce-1",)
    lost = judge_change(recording(), recording().one("sg-1"), None)
    assert lost.direction is Direction.UNKNOWN, "the interface still names it"


def test_what_was_unknown_and_still_is_for_the_same_reason_is_no_doubt_about_this_change() -> None:
    known_now = recording(without=["table"])
    group = known_now.one("sg-1")
    verdict = judge_change(known_now, group, replace(group, configuration={**group.configuration, "Description": "x"}))
    assert verdict.direction is Direction.NEUTRAL
    opened = replace(group, configuration={**group.configuration, "IpPermissions": [tcp(443, "0.0.0.0/0")]})
    assert judge_change(known_now, group, opened).direction is Direction.UNKNOWN


def balanced() -> Recording:
    """A private instance behind a network load balancer that hands on to Redis."""
    return recording(
        {"interface": {"Association": None}, "group": {"IpPermissions": [tcp(6379, "0.0.0.0/0")]}},
        [
            {
                "type": known.BALANCER,
                "id": BALANCER,
                "configuration": {
                    "Type": "network",
                    "Scheme": "internet-facing",
                    "DNSName": "front.example",
                    "VpcId": "vpc-1",
                    "AvailabilityZones": [{"SubnetId": "subnet-1"}],
                },
            },
            {
                "type": known.LISTENER,
                "id": "arn:listener",
                "configuration": {
                    "LoadBalancerArn": BALANCER,
                    "Port": 7000,
                    "Protocol": "TCP",
                    "DefaultActions": [{"Type": "forward", "TargetGroupArn": "arn:targets"}],
                },
            },
            {
                "type": known.TARGET_GROUP,
                "id": "arn:targets",
                "configuration": {
                    "TargetType": "instance",
                    "Port": 6379,
                    "VpcId": "vpc-1",
                    "LoadBalancerArns": [BALANCER],
                    "Targets": [{"Id": "i-1", "Port": 6379}],
                    "Attributes": {},
                },
            },
        ],
    )


THROUGH = f"tcp/6379 of i-1 may now be reached from any IPv4 address of the internet through {BALANCER} (tcp/7000)"


def without(known_now: Recording, id_: str, **parts: Any) -> tuple[Revision, Revision]:
    now = known_now.one(id_)
    return replace(now, configuration={**now.configuration, **parts}), now


@pytest.mark.parametrize(
    ("id_", "parts"),
    [
        ("arn:targets", {"Targets": []}),
        ("arn:listener", {"DefaultActions": []}),
        (BALANCER, {"Scheme": "internal"}),
        ("sg-1", {"IpPermissions": []}),
    ],
)
def test_a_way_through_a_balancer_is_told_of_what_stands_behind_it(id_: str, parts: dict[str, Any]) -> None:
    known_now = balanced()
    before, now = without(known_now, id_, **parts)
    verdict = judge_change(known_now, before, now)
    assert verdict.direction is Direction.WIDENED
    assert THROUGH in [shift.words for shift in verdict.gained]


def test_a_new_listener_opens_the_balancer_and_what_is_behind_it() -> None:
    known_now = balanced()
    verdict = judge_change(known_now, None, known_now.one("arn:listener"))
    assert sorted(shift.words for shift in verdict.gained) == sorted(
        [THROUGH, f"tcp/7000 of {BALANCER} may now be reached from any IPv4 address of the internet"]
    )


def test_types_that_do_not_matter_are_neutral_and_nothing_against_nothing_too() -> None:
    queue = revision("AWS::SQS::Queue", "jobs", {})
    assert judge_change(recording(), None, queue).direction is Direction.NEUTRAL
    assert judge_change(recording(), None, None).direction is Direction.NEUTRAL
    assert compare(None, None).direction is Direction.NEUTRAL
