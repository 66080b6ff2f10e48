"""A network on a local AWS, swept, and what of the internet gets in: before and after it is closed by hand."""

from __future__ import annotations

from typing import Any

import pytest

from vigie.testing.command import Command
from vigie.testing.local_aws import LocalAccount

pytestmark = pytest.mark.slow

TYPES = [
    "Instance", "NetworkInterface", "Subnet", "RouteTable", "InternetGateway", "NetworkAcl", "SecurityGroup", "VPC",
]  # fmt: skip
NETWORK = [word for type_ in TYPES for word in ("--type", f"AWS::EC2::{type_}")]
BALANCED = ["--type", "AWS::ElasticLoadBalancing::LoadBalancer"] + [
    word for type_ in ("LoadBalancer", "Listener", "TargetGroup")
    for word in ("--type", f"AWS::ElasticLoadBalancingV2::{type_}")
]  # fmt: skip


def build(account: LocalAccount) -> dict[str, str]:
    """A public subnet with an instance that takes SSH from everywhere, and a balancer in front of its Redis."""
    ec2, elb = account("ec2"), account("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="eu-west-1a")["Subnet"]["SubnetId"]
    other = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.2.0/24", AvailabilityZone="eu-west-1b")["Subnet"]["SubnetId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    for one in (subnet, other):
        ec2.associate_route_table(RouteTableId=table, SubnetId=one)
    group = ec2.create_security_group(GroupName="shop", Description="shop", VpcId=vpc)["GroupId"]
    permissions = [rule(22, "0.0.0.0/0"), rule(6379, "10.0.0.0/16"), rule(80, "203.0.113.0/24")]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions)
    image = ec2.describe_images(MaxResults=10)["Images"][0]["ImageId"]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, SubnetId=subnet, SecurityGroupIds=[group])
    instance = made["Instances"][0]["InstanceId"]
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=instance)
    balancer = elb.create_load_balancer(Name="front", Type="network", Scheme="internet-facing", Subnets=[subnet, other])
    front = balancer["LoadBalancers"][0]["LoadBalancerArn"]
    targets = elb.create_target_group(Name="redis", Protocol="TCP", Port=6379, VpcId=vpc, TargetType="instance")
    arn = targets["TargetGroups"][0]["TargetGroupArn"]
    elb.modify_target_group_attributes(
        TargetGroupArn=arn, Attributes=[{"Key": "preserve_client_ip.enabled", "Value": "false"}]
    )
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": instance, "Port": 6379}])
    elb.create_listener(
        LoadBalancerArn=front, Protocol="TCP", Port=7000, DefaultActions=[{"Type": "forward", "TargetGroupArn": arn}]
    )
    return {"instance": instance, "group": group, "table": table, "front": front, "address": address["PublicIp"]}


def rule(port: int, cidr: str) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr}]}


def test_what_gets_in_is_told_hop_by_hop_and_what_stops_it_once_it_is_closed(
    account: LocalAccount, vigie: Command
) -> None:
    made = build(account)
    vigie.json("sweep", "--type", "AWS::EC2::Instance", "--type", "AWS::EC2::NetworkInterface")
    ran = vigie("access", "reachable", made["instance"])
    assert ran.code == 3, "what was not looked at is unknown"
    assert "it could not be decided" in ran.out
    assert "Not decided: subnet-" in ran.out

    vigie.json("sweep", *NETWORK, *BALANCED)
    answer = vigie.json("access", "reachable", made["instance"], "--port", "22")
    assert answer["reachable"] is True
    assert [(box["ports"], box["from"]) for box in answer["boxes"]] == [
        (["tcp/22"], "any IPv4 address of the internet")
    ]
    assert answer["witness"]["destination"] == made["address"]
    (path,) = [path for path in answer["paths"] if path["boxes"]]
    assert [hop["kind"] for hop in path["hops"]] == [
        "address", "internet gateway", "network ACL", "security group", "network ACL, answers", "route table",
    ]  # fmt: skip
    assert f"{made['group']}: tcp/22 from 0.0.0.0/0" in path["hops"][3]["words"]

    behind = vigie.json("access", "reachable", made["instance"], "--port", "6379")
    assert behind["reachable"] is True
    assert {(p["through"], p["landing"]) for p in behind["paths"] if p["boxes"]} == {(made["front"], "tcp/6379")}

    everything = vigie("access", "reachable")
    assert everything.code == 0, everything.err
    assert made["instance"] in everything.out
    assert "tcp/7000 from any IPv4 address" in everything.out
    assert "NetworkInterface" not in everything.out, "told as the instance's"

    ec2 = account("ec2")
    ec2.delete_route(RouteTableId=made["table"], DestinationCidrBlock="0.0.0.0/0")
    vigie.json("sweep", "--type", "AWS::EC2::RouteTable")
    closed = vigie("access", "reachable", made["instance"], "--port", "22")
    assert closed.code == 0
    assert "cannot be reached from the internet" in closed.out
    assert f"✗ route table {made['table']}: stops: no route leads to an attached internet gateway" in closed.out
