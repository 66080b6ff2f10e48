"""Reach from the internet: an estate of so many network interfaces (and the rules on it), CPU of one core, cold.

VPCs of 50 interfaces: three subnets, a group for each ten interfaces with a dozen rules, network ACLs with ten entries.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from bench.tables import Table
from vigie.access.reach import Network, judge_change, reach
from vigie.access.reach import recorded as known
from vigie.model.change import ChangeKind, Revision
from vigie.model.resource import Resource
from vigie.model.scope import Scope
from vigie.rules.discover import discover
from vigie.rules.estate import Estate
from vigie.rules.inventory import MemoryInventory
from vigie.rules.judging import judge

ACCOUNT, REGION, NOW = "111111111111", "eu-west-1", datetime(2026, 1, 1, tzinfo=UTC)
PER_VPC = 50
COLUMNS = ("", "how many", "CPU s", "a second")


def reaching(resources: int) -> list[Table]:
    """``resources`` interfaces, and as many instances."""
    rows = list(estate(resources))
    inventory = MemoryInventory(rows)
    instances = [row for row in rows if row.type == known.INSTANCE]
    found = [
        _row("reach of every instance", len(instances), lambda: _reaches(inventory, instances)),
        _row("and again, with what was looked up", len(instances), _again(inventory, instances)),
    ]
    rules = [rule for rule in discover(group=None) if rule.depends_on and known.ROUTE_TABLE in rule.depends_on]
    judged = [row for row in rows for rule in rules if row.type in rule.applies_to]
    verdicts = sum(row.type in rule.applies_to for row in rows for rule in rules)
    found.append(_row("verdicts of the rules on reach", verdicts, lambda: _judged(inventory, rules, judged)))
    used = {row.configuration["Groups"][0]["GroupId"] for row in rows if row.type == known.INTERFACE}
    groups = [row for row in rows if row.id in used][:20]
    found.append(_row("verdicts on changed security groups", len(groups), lambda: _changed(inventory, groups)))
    return [Table(f"reach: {resources:,} interfaces, CPU of one core", COLUMNS, found)]


def _row(name: str, count: int, work: Callable[[], object]) -> tuple[str, ...]:
    began = time.process_time()
    work()
    took = time.process_time() - began
    return name, f"{count:,}", f"{took:.2f}", f"{count / took:,.0f}"


def _reaches(inventory: MemoryInventory, instances: list[Revision]) -> None:
    network = Network(inventory)
    assert sum(reach(instance, network).reachable is True for instance in instances) > len(instances) / 2


def _again(inventory: MemoryInventory, instances: list[Revision]) -> Callable[[], object]:
    network = Network(inventory)
    for instance in instances:
        reach(instance, network)
    return lambda: [reach(instance, network) for instance in instances]


def _judged(inventory: MemoryInventory, rules: list[Any], rows: list[Revision]) -> None:
    estate_ = Estate(now=NOW, inventory=inventory)
    for row in {row.resource: row for row in rows}.values():
        for rule in rules:
            if row.type in rule.applies_to:
                judge(rule, row, estate_)


def _changed(inventory: MemoryInventory, groups: list[Revision]) -> None:
    for group in groups:
        closed = _revision(known.GROUP, group.id, {**group.configuration, "IpPermissions": []})
        assert judge_change(inventory, closed, group).gained


def estate(interfaces: int) -> Iterator[Revision]:
    """The network of so many interfaces, each of an instance."""
    yield _revision(known.BLOCK, "block", {"InternetGatewayBlockMode": "off"})
    for vpc in range((interfaces + PER_VPC - 1) // PER_VPC):
        yield from _vpc(vpc)
        for number in range(vpc * PER_VPC, min(interfaces, (vpc + 1) * PER_VPC)):
            yield from _machine(vpc, number)


def _vpc(vpc: int) -> Iterator[Revision]:
    id_ = f"vpc-{vpc}"
    yield _revision(known.GATEWAY, f"igw-{vpc}", {"Attachments": [{"State": "available", "VpcId": id_}]})
    for zone in range(3):
        subnet = f"subnet-{vpc}-{zone}"
        block = {"VpcId": id_, "OwnerId": ACCOUNT, "CidrBlock": f"10.{vpc % 256}.{zone}.0/24"}
        yield _revision(known.SUBNET, subnet, block)
        yield _revision(
            known.ACL,
            f"acl-{vpc}-{zone}",
            {"VpcId": id_, "Associations": [{"SubnetId": subnet}], "Entries": _entries()},
        )
        target = {"GatewayId": f"igw-{vpc}"} if zone < 2 else {"NatGatewayId": f"nat-{vpc}"}
        routes = [{"DestinationCidrBlock": f"10.{vpc % 256}.0.0/16", "GatewayId": "local", "State": "active"},
                  {"DestinationCidrBlock": "0.0.0.0/0", "State": "active", **target}]  # fmt: skip
        yield _revision(
            known.ROUTE_TABLE,
            f"rtb-{vpc}-{zone}",
            {"VpcId": id_, "Associations": [{"SubnetId": subnet}], "Routes": routes},
        )
    for group in range(5):
        yield _revision(known.GROUP, f"sg-{vpc}-{group}", {"VpcId": id_, "IpPermissions": _permissions(group)})


def _entries() -> list[dict[str, Any]]:
    denied = [
        {"RuleNumber": 10 + n, "Protocol": "6", "RuleAction": "deny", "Egress": False, "CidrBlock": f"203.0.{n}.0/24",
         "PortRange": {"From": 20 + n, "To": 30 + n}}
        for n in range(8)
    ]  # fmt: skip
    allowed = [
        {"RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow", "Egress": egress, "CidrBlock": "0.0.0.0/0"}
        for egress in (True, False)
    ]
    return denied + allowed


def _permissions(group: int) -> list[dict[str, Any]]:
    office = [
        {"IpProtocol": "tcp", "FromPort": 8000 + n, "ToPort": 8000 + n, "IpRanges": [{"CidrIp": f"198.51.{n}.0/24"}]}
        for n in range(10)
    ]
    world = {"IpProtocol": "tcp", "FromPort": 440 + group, "ToPort": 443 + group, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    return [*office, world, {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": f"sg-{group}"}]}]


def _machine(vpc: int, number: int) -> Iterator[Revision]:
    instance = f"i-{number}"
    yield _revision(
        known.INSTANCE, instance, {"State": {"Name": "running"}, "VpcId": f"vpc-{vpc}", "NetworkInterfaces": []}
    )
    group = f"sg-{vpc}-{number % PER_VPC // 10}"
    yield _revision(
        known.INTERFACE,
        f"eni-{number}",
        {
            "InterfaceType": "interface", "Status": "in-use", "SubnetId": f"subnet-{vpc}-{number % 3}",
            "VpcId": f"vpc-{vpc}",
            "PrivateIpAddress": f"10.{vpc % 256}.{number % 3}.{number % 250}", "Groups": [{"GroupId": group}],
            "Attachment": {"InstanceId": instance},
            "Association": {"PublicIp": f"198.18.{number // 250}.{number % 250}"},
        },
    )  # fmt: skip


def _revision(type_: str, id_: str, configuration: dict[str, Any]) -> Revision:
    return Revision(Resource(Scope(ACCOUNT, REGION, type_), id_, REGION), 1, ChangeKind.BASELINE, NOW, configuration)
