"""A packet at a time, through the configurations as they are recorded: slow, simple, and independent of the boxes."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from networks import Recording

NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}


@dataclass(frozen=True)
class Sent:
    """The first packet of a conversation; ``answer_port`` is that from which it was sent."""

    source: str
    protocol: int
    port: int
    answer_port: int

    @property
    def version(self) -> int:
        return ipaddress.ip_address(self.source).version


def within(address: str, cidr: str) -> bool:
    network = ipaddress.ip_network(cidr, strict=False)
    return network.version == ipaddress.ip_address(address).version and ipaddress.ip_address(address) in network


def conversation(known: Recording, packet: Sent) -> bool:
    """Whether the packet gets in to ``eni-1`` of the small network, and its answer out."""
    interface = known.one("eni-1").configuration
    if not carried(packet.source):
        return False
    if not (interface.get("Association") if packet.version == 4 else interface.get("Ipv6Addresses")):
        return False
    entries = known.one("acl-1").configuration["Entries"]
    groups = [known.one(g["GroupId"]).configuration for g in interface["Groups"]]
    return (
        entry_decides(entries, packet, outbound=False)
        and any(rule_allows(rule, packet) for group in groups for rule in group["IpPermissions"])
        and entry_decides(entries, packet, outbound=True)
        and answered(known, packet)
    )


def carried(address: str) -> bool:
    found = ipaddress.ip_address(address)
    if found.version == 6:
        return within(address, "2000::/3")
    private = ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
               "192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4")  # fmt: skip
    return not any(within(address, cidr) for cidr in private)


def rule_allows(rule: dict[str, Any], packet: Sent) -> bool:
    said = rule["IpProtocol"]
    if said != "-1" and NUMBERS.get(said, said) not in (packet.protocol, str(packet.protocol)):
        return False
    if said != "-1" and packet.protocol in (6, 17) and not rule["FromPort"] <= packet.port <= rule["ToPort"]:
        return False
    cidrs = [r["CidrIp"] for r in rule.get("IpRanges", ())] + [r["CidrIpv6"] for r in rule.get("Ipv6Ranges", ())]
    return any(within(packet.source, cidr) for cidr in cidrs)


def entry_decides(entries: list[dict[str, Any]], packet: Sent, *, outbound: bool) -> bool:
    port = packet.answer_port if outbound else packet.port
    for entry in sorted(entries, key=lambda e: e["RuleNumber"]):
        if entry["Egress"] is not outbound or not within(
            packet.source, entry.get("CidrBlock") or entry["Ipv6CidrBlock"]
        ):
            continue
        if entry["Protocol"] not in ("-1", str(packet.protocol)):
            continue
        ports = entry.get("PortRange")
        if entry["Protocol"] != "-1" and ports and not ports["From"] <= port <= ports["To"]:
            continue
        return bool(entry["RuleAction"] == "allow")
    return False


def answered(known: Recording, packet: Sent) -> bool:
    tables = [r.configuration for r in known.rows if r.type.endswith("RouteTable")]
    own = [t for t in tables if any(a.get("SubnetId") == "subnet-1" for a in t["Associations"])]
    table = (own or [t for t in tables if any(a.get("Main") for a in t["Associations"])])[0]
    fitting = []
    for route in table["Routes"]:
        cidr = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock")
        if cidr and within(packet.source, cidr):
            fitting.append((ipaddress.ip_network(cidr, strict=False).prefixlen, route))
    if not fitting:
        return False
    best = max(fitting, key=lambda pair: pair[0])[1]
    return bool(best["State"] == "active" and best.get("GatewayId") == "igw-1")
