"""What a security group guards: read from network interfaces, which every service that lives in a VPC has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vigie.model.change import Revision
from vigie.model.finding import Severity
from vigie.rules.estate import Estate
from vigie.rules.weight import at_most, lower

INTERFACE = "AWS::EC2::NetworkInterface"


def interfaces(group: Revision, estate: Estate) -> Sequence[Revision]:
    """The network interfaces that the group is on, as far as they are recorded."""
    found = estate.referring_to(group.id, INTERFACE, whole=False)
    return [i for i in found if any(g.get("GroupId") == group.id for g in i.configuration.get("Groups") or ())]


def weigh(group: Revision, estate: Estate, severity: Severity) -> tuple[Severity, str]:
    """How an opening of the group weighs, and why: in full with a public address, less without, low on nothing.

    Where network interfaces were not seen whole, nothing is taken off: it never understates.
    """
    attached = interfaces(group, estate)
    if any(_is_public(i.configuration) for i in attached):
        return severity, "guards a public address"
    if estate.inventory.gaps(INTERFACE, group.account, group.region):
        return severity, "what it guards was not seen whole"
    if attached:
        return lower(severity), "guards no public address"
    return at_most(severity, Severity.LOW), "is not in use"


def _is_public(interface: Mapping[str, Any]) -> bool:
    if (interface.get("Association") or {}).get("PublicIp") or interface.get("Ipv6Addresses"):
        return True
    addresses = interface.get("PrivateIpAddresses") or ()
    return any((address.get("Association") or {}).get("PublicIp") for address in addresses)
