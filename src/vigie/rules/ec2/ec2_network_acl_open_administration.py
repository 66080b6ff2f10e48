"""A network ACL is the second line: where it lets the whole internet administer, the security group stands alone."""

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._openings import Opening, is_world, services

PROTOCOLS = {"-1": "-1", "6": "tcp", "17": "udp"}


@rule(
    "ec2-network-acl-open-administration",
    title="Network ACL lets the internet in to remote administration",
    applies_to="AWS::EC2::NetworkAcl",
    severity=Severity.LOW,
    remedy="Deny SSH and RDP from 0.0.0.0/0 and ::/0 in an entry with a lower number than the one that allows.",
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html",),
    not_reported="ACLs that no subnet has; the default ACL as AWS makes it weighs informational (it lets "
    "everything through by design). "
    "An entry that an earlier denial of the same ports from everywhere shadows.",
)
def ec2_network_acl_open_administration(acl: Revision, estate: Estate) -> Iterator[Violation]:
    if not acl.configuration.get("Associations"):
        return
    severity = Severity.INFORMATIONAL if acl.configuration.get("IsDefault") else Severity.LOW
    entries = sorted(acl.configuration.get("Entries") or (), key=lambda entry: entry.get("RuleNumber", 0))
    denied: list[tuple[str, Opening]] = []
    for entry in entries:
        opening = _opening(entry)
        cidr = entry.get("CidrBlock") or entry.get("Ipv6CidrBlock") or ""
        if entry.get("Egress") or opening is None or not is_world(cidr):
            continue
        if entry.get("RuleAction") == "deny":
            denied.append((cidr, opening))
            continue
        named = [s for s in services("administration", opening) if not _shadowed(s, cidr, denied)]
        if named:
            text = f"Entry {entry.get('RuleNumber')} lets {cidr} in to {', '.join(named[:4])}"
            yield Violation(text, f"{cidr}:{opening}", {"ports": str(opening), "network": cidr}, severity)


def _opening(entry: Mapping[str, Any]) -> Opening | None:
    protocol = PROTOCOLS.get(str(entry.get("Protocol")))
    if protocol is None:
        return None
    ports = entry.get("PortRange") or {}
    return Opening(protocol, ports.get("From", 0), ports.get("To", 65535), ())


def _shadowed(service: str, cidr: str, denied: list[tuple[str, Opening]]) -> bool:
    """Whether denials from everywhere, numbered before, take in all that ``services`` names of this service."""
    return any(length == cidr and service in services("administration", opening) for length, opening in denied)
