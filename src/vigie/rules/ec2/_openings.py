"""What the rules of a security group let through: protocol, ports, addresses; and which known services are among
them.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from vigie.rules.tables import rows

ALL_PROTOCOLS: Final = "-1"
_NUMBERS: Final = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6"}
_WIDE: Final = {4: 8, 6: 32}
"""A network larger than these is the internet in pieces: /8 in IPv4, /32 in IPv6."""
_PRIVATE: Final = tuple(
    ipaddress.ip_network(cidr)
    for cidr in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",
                 "224.0.0.0/4", "fc00::/7", "fe80::/10", "::1/128", "ff00::/8")
)  # fmt: skip
"""Addresses that the internet does not carry (IANA special-purpose registries; AWS VPC user guide)."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One protocol and range of ports, and the networks that it is open to."""

    protocol: str
    first: int
    last: int
    cidrs: tuple[str, ...]

    @property
    def everything(self) -> bool:
        """Whether it is all ports: all protocols, or all of TCP or UDP."""
        return self.protocol == ALL_PROTOCOLS or (self.has_ports and self.first <= 1 and self.last >= 65534)

    @property
    def has_ports(self) -> bool:
        return self.protocol in ("tcp", "udp", ALL_PROTOCOLS)

    def holds(self, port: int, protocol: str = "tcp") -> bool:
        return self.protocol in (protocol, ALL_PROTOCOLS) and self.first <= port <= self.last

    def __str__(self) -> str:
        """``tcp/22``, ``tcp/0-65535``, ``all``, ``icmp``: stable, so it is a subject."""
        if self.protocol == ALL_PROTOCOLS:
            return "all"
        if not self.has_ports:
            return self.protocol
        return f"{self.protocol}/{self.first}" + (f"-{self.last}" if self.last != self.first else "")


def openings(permissions: Iterable[Mapping[str, Any]] | None) -> list[Opening]:
    """The openings to networks (not to groups or prefix lists) of IpPermissions or IpPermissionsEgress."""
    found: dict[tuple[str, int, int], set[str]] = defaultdict(set)
    for permission in permissions or ():
        cidrs = [r.get("CidrIp", "") for r in permission.get("IpRanges") or ()]
        cidrs += [r.get("CidrIpv6", "") for r in permission.get("Ipv6Ranges") or ()]
        if cidrs:
            found[protocol_and_ports(permission)].update(cidrs)
    return [Opening(*key, tuple(sorted(cidrs))) for key, cidrs in sorted(found.items())]


def protocol_and_ports(permission: Mapping[str, Any]) -> tuple[str, int, int]:
    """(protocol, first port, last port); a protocol without ports, or with all, has 0 to 65535."""
    protocol = str(permission.get("IpProtocol", ALL_PROTOCOLS))
    protocol = _NUMBERS.get(protocol, protocol)
    first, last = permission.get("FromPort"), permission.get("ToPort")
    if protocol not in ("tcp", "udp") or first is None or last is None or first < 0:
        return protocol, 0, 65535
    return protocol, first, last


def world_openings(permissions: Iterable[Mapping[str, Any]] | None) -> list[Opening]:
    """The openings to the internet at large, each with only those of its networks that are."""
    found = []
    for opening in openings(permissions):
        wide = tuple(cidr for cidr in opening.cidrs if is_world(cidr))
        if wide:
            found.append(Opening(opening.protocol, opening.first, opening.last, wide))
    return found


@cache
def is_world(cidr: str) -> bool:
    """Whether a network is the internet, or a piece of it so large that it comes to the same (0.0.0.0/1)."""
    network = _parsed(cidr)
    return network is not None and network.prefixlen < _WIDE[network.version] and not is_private(cidr)


@cache
def is_private(cidr: str) -> bool:
    """Whether all of it is addresses that the internet does not carry."""
    network = _parsed(cidr)
    if network is None:
        return False
    return any(network.version == p.version and network.subnet_of(p) for p in _PRIVATE)  # type: ignore[arg-type]


def _parsed(cidr: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return None


def services(group: str, opening: Opening) -> list[str]:
    """The services of a group of the table of ports that the opening lets in, as ``ssh (tcp/22)``."""
    found = []
    for name, row in rows("ports")[group].items():
        protocol = row.get("protocol", "tcp")
        ports = [port for port in _each(row["ports"]) if opening.holds(port, protocol)]
        if ports:
            found.append(f"{name} ({protocol}/{', '.join(str(port) for port in ports[:3])})")
    return found


def _each(ports: Sequence[int | list[int]]) -> Iterator[int]:
    for port in ports:
        if isinstance(port, int):
            yield port
        else:
            yield from range(port[0], port[1] + 1)
