"""Which addresses a channel may talk to: not this machine's, not private networks', never those of cloud metadata."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

from vigie.notify.channels.base import ChannelFailed

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
"""Host and port → the addresses it has."""

_METADATA = tuple(
    ipaddress.ip_network(network)
    for network in (
        "169.254.0.0/16",  # link-local: AWS, GCP, Azure instances; ECS and EKS credentials
        "fe80::/10",
        "fd00:ec2::/32",  # AWS, IPv6
        "100.100.100.200/32",  # Alibaba Cloud
        "168.63.129.16/32",  # Azure's host
        "192.0.0.192/32",  # Oracle Cloud
    )
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, by the system's resolver. Raises ``OSError``."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def allowed_address(host: str, port: int, *, allow_private: bool, resolver: Resolve = resolve) -> str:
    """An address of the host that may be talked to: the first. Connect to it, and not to the name again.

    One forbidden address among them forbids all: a name that points at both is up to no good.

    Raises:
        ChannelFailed: the name has no address (may pass), or a forbidden one (permanent).
    """
    try:
        found = [ipaddress.ip_address(text.partition("%")[0]) for text in resolver(host, port)]
    except (OSError, UnicodeError) as error:
        raise ChannelFailed(permanent=False, reason=f"{host} cannot be resolved: {error}") from None
    if not found:
        raise ChannelFailed(permanent=False, reason=f"{host} has no address")
    for address in found:
        refusal = _refusal(address, allow_private)
        if refusal:
            raise ChannelFailed(permanent=True, reason=f"{host} is at {address}, {refusal}")
    return str(found[0])


def _refusal(address: Address, allow_private: bool) -> str | None:
    inner = _embedded(address)
    if any(inner.version == network.version and inner in network for network in _METADATA):
        return "where clouds keep credentials: vigie never sends there"
    if inner.is_multicast or inner.is_unspecified:
        return "which is no address of one machine"
    if not allow_private and not inner.is_global:
        return "a private address: set allow_private = true if that is meant"
    return None


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else address)
