"""A small network as it would be recorded: one instance with a public address, open to the internet on tcp/22."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from vigie.access.reach import recorded as known
from vigie.model.change import ChangeKind, Revision
from vigie.model.resource import Resource
from vigie.model.scope import Outcome, Problem, Scope

ACCOUNT = "111111111111"
REGION = "eu-west-1"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ARN = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
ANYWHERE = [{"CidrIp": "0.0.0.0/0"}]
ALL_EGRESS = [{"IpProtocol": "-1", "IpRanges": ANYWHERE, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]


def allow(number: int, cidr: str, *, egress: bool = False, protocol: str = "-1", **more: Any) -> dict[str, Any]:
    """An entry of a network ACL."""
    key = "Ipv6CidrBlock" if ":" in cidr else "CidrBlock"
    return {"RuleNumber": number, "Protocol": protocol, "RuleAction": "allow", "Egress": egress, key: cidr, **more}


def tcp(port: int, *cidrs: str, to: int | None = None) -> dict[str, Any]:
    """A rule of a security group."""
    return {
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port if to is None else to,
        "IpRanges": [{"CidrIp": c} for c in cidrs if ":" not in c],
        "Ipv6Ranges": [{"CidrIpv6": c} for c in cidrs if ":" in c],
    }


OPEN_ENTRIES = [allow(100, "0.0.0.0/0"), allow(100, "0.0.0.0/0", egress=True), allow(101, "::/0"),
                allow(101, "::/0", egress=True)]  # fmt: skip

WORLD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "instance": (known.INSTANCE, "i-1", {"State": {"Name": "running"}, "VpcId": "vpc-1", "NetworkInterfaces": []}),
    "interface": (
        known.INTERFACE,
        "eni-1",
        {
            "InterfaceType": "interface",
            "Status": "in-use",
            "SubnetId": "subnet-1",
            "VpcId": "vpc-1",
            "PrivateIpAddress": "10.0.1.10",
            "Groups": [{"GroupId": "sg-1"}],
            "Attachment": {"InstanceId": "i-1", "Status": "attached"},
            "Association": {"PublicIp": "198.51.100.20", "IpOwnerId": "amazon"},
        },
    ),
    "subnet": (
        known.SUBNET,
        "subnet-1",
        {"VpcId": "vpc-1", "OwnerId": ACCOUNT, "CidrBlock": "10.0.1.0/24", "AvailabilityZone": f"{REGION}a"},
    ),
    "gateway": (known.GATEWAY, "igw-1", {"Attachments": [{"State": "available", "VpcId": "vpc-1"}]}),
    "table": (
        known.ROUTE_TABLE,
        "rtb-1",
        {
            "VpcId": "vpc-1",
            "Associations": [{"Main": True, "AssociationState": {"State": "associated"}}],
            "Routes": [
                {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"},
                {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"},
                {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1", "State": "active"},
            ],
        },
    ),
    "acl": (
        known.ACL,
        "acl-1",
        {
            "VpcId": "vpc-1",
            "Associations": [{"SubnetId": "subnet-1"}, {"SubnetId": "subnet-2"}],
            "Entries": OPEN_ENTRIES,
        },
    ),
    "group": (
        known.GROUP,
        "sg-1",
        {"VpcId": "vpc-1", "IpPermissions": [tcp(22, "0.0.0.0/0", "::/0")], "IpPermissionsEgress": ALL_EGRESS},
    ),
    "block": (known.BLOCK, "vpc-block", {"State": "default-state", "InternetGatewayBlockMode": "off"}),
}


def revision(
    type_: str,
    id_: str,
    configuration: Mapping[str, Any],
    *,
    account: str = ACCOUNT,
    unreadable: Sequence[str] = (),
    name: str | None = None,
) -> Revision:
    resource = Resource(
        Scope(account, REGION, type_), id_, REGION, arn=id_ if id_.startswith("arn:") else None, name=name
    )
    denied = {key: Problem(Outcome.DENIED, "test:Read", "AccessDenied", "denied", path=key) for key in unreadable}
    content = {key: value for key, value in configuration.items() if key not in denied}
    return Revision(resource, 1, ChangeKind.BASELINE, NOW, content, unreadable=denied)


@dataclass
class Recording:
    """What is recorded, and where one could not look."""

    rows: list[Revision] = field(default_factory=list)
    unseen: frozenset[str] = frozenset()

    def resources(self, type: str, account: str | None, region: str | None) -> list[Revision]:
        return [r for r in self.rows if r.type == type and account in (None, r.account) and region in (None, r.region)]

    def referring_to(self, token: str, type: str | None) -> list[Revision]:
        return [r for r in self.rows if type in (None, r.type) and (token == r.id or token in str(r.configuration))]

    def gaps(self, type: str, account: str | None, region: str | None) -> list[Scope]:
        return [Scope(account or ACCOUNT, region or REGION, type)] if type in self.unseen else []

    def one(self, id_: str) -> Revision:
        return next(r for r in self.rows if r.id == id_)

    def with_(self, changed: Revision) -> Recording:
        """The same with one resource in another state."""
        kept = [r for r in self.rows if (r.type, r.id) != (changed.type, changed.id)]
        return Recording([*kept, changed], self.unseen)

    def changed(self, id_: str, **configuration: Any) -> Revision:
        """A resource with other parts."""
        found = self.one(id_)
        return replace(found, configuration={**found.configuration, **configuration})


def recording(
    change: Mapping[str, Mapping[str, Any]] | None = None,
    also: Sequence[Mapping[str, Any]] = (),
    without: Sequence[str] = (),
    unseen: Sequence[str] = (),
) -> Recording:
    """The small network, with some of its parts changed, added or left out."""
    rows = []
    for name, (type_, id_, content) in WORLD.items():
        laid = {**deepcopy(content), **(change or {}).get(name, {})}
        lacking = laid.pop("unreadable", ())
        if name not in without:
            rows.append(revision(type_, id_, laid, unreadable=lacking))
    rows += [
        revision(
            row["type"],
            row["id"],
            row.get("configuration", {}),
            account=row.get("account", ACCOUNT),
            unreadable=row.get("unreadable", ()),
            name=row.get("name"),
        )
        for row in also
    ]
    return Recording(rows, frozenset(unseen))
