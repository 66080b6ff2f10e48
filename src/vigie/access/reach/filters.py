"""What security groups and network ACLs let through, as boxes, and in words.

Security groups allow only, keep state, and add up (AWS VPC user guide, "Security group rules"). Network ACLs keep no
state: their entries are taken in the order of their numbers, the first that fits decides, and what fits none is
denied (AWS VPC user guide, "Network ACL rules").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from vigie.access.reach.bounds import ALL, NONE, Bounds, exactly, undecided
from vigie.access.reach.boxes import (
    ALL_PORTS,
    ALL_PROTOCOLS,
    EVERYTHING,
    ICMP,
    ICMPV6,
    NOTHING,
    NUMBERS,
    TCP,
    UDP,
    V4,
    V6,
    Box,
    Boxes,
    addresses,
    joined,
    ports,
    protocol_span,
)
from vigie.access.reach.recorded import (
    AWS_PREFIX_LIST,
    GROUP,
    PREFIX_LIST,
    Network,
    Place,
    Unread,
    number,
    part,
    rows,
    text,
)
from vigie.access.spans import Spans
from vigie.model.change import Revision

_ANY: Final = "-1"


@dataclass(frozen=True, slots=True)
class Said:
    """One rule of a group or entry of an ACL: what it lets through, and how it reads."""

    boxes: Boxes
    words: str


# Security groups


def ingress(network: Network, groups: Iterable[str], place: Place) -> Bounds:
    """What the groups together let in from addresses. What they let in from other groups is not of the internet."""
    found = NONE
    for group in groups:
        found |= _ingress_of(network, group, place)
    return found


def _ingress_of(network: Network, group: str, place: Place) -> Bounds:
    def read() -> Bounds:
        try:
            return _permitted(network, part(network.find(GROUP, group, place), "IpPermissions"), place)
        except Unread as reason:
            return undecided(str(reason))

    return network.kept(("ingress", group, place), read)


def egress(network: Network, groups: Iterable[str], place: Place) -> Bounds:
    """What the groups together let out, to addresses."""
    found = NONE
    for group in groups:
        try:
            found |= _permitted(network, part(network.find(GROUP, group, place), "IpPermissionsEgress"), place)
        except Unread as reason:
            found |= undecided(str(reason))
    return found


def _permitted(network: Network, permissions: Any, place: Place) -> Bounds:
    boxes: list[Box] = []
    doubtful: list[Box] = []
    reasons: list[str] = []
    for permission in rows(permissions):
        protocols, port_span = _of_permission(permission)
        boxes.append(Box(protocols, port_span, sources=addresses(*_cidrs(permission))))
        for list_id in _prefix_lists(permission):
            try:
                boxes.append(Box(protocols, port_span, sources=prefixes(network, list_id, place)))
            except Unread as reason:
                doubtful.append(Box(protocols, port_span))
                reasons.append(str(reason))
    certain = joined(boxes)
    return Bounds(certain, certain | joined(doubtful), tuple(dict.fromkeys(reasons)))


def group_rules(network: Network, groups: Iterable[str], place: Place) -> Iterator[tuple[str, Said]]:
    """The rules of the groups, each with the id of its group: for words."""
    for group in groups:
        try:
            permissions = rows(part(network.find(GROUP, group, place), "IpPermissions"))
        except Unread:
            continue
        for permission in permissions:
            protocols, port_span = _of_permission(permission)
            for cidr in _cidrs(permission):
                box = Box(protocols, port_span, sources=addresses(cidr))
                yield group, Said(joined([box]), f"{permission_text(permission)} from {cidr}")
            for list_id in _prefix_lists(permission):
                try:
                    sources = prefixes(network, list_id, place)
                except Unread:
                    continue
                box = Box(protocols, port_span, sources=sources)
                yield group, Said(joined([box]), f"{permission_text(permission)} from {list_id}")


def permits_groups(network: Network, groups: Iterable[str], senders: Iterable[str], place: Place) -> Boxes:
    """What the groups let in from members of other groups, as protocols and ports."""
    return _among_groups(network, groups, "IpPermissions", frozenset(senders), place)


def lets_out_to_groups(network: Network, groups: Iterable[str], receivers: Iterable[str], place: Place) -> Boxes:
    """What the groups let out to members of other groups, as protocols and ports."""
    return _among_groups(network, groups, "IpPermissionsEgress", frozenset(receivers), place)


def _among_groups(
    network: Network, groups: Iterable[str], direction: str, others: frozenset[str], place: Place
) -> Boxes:
    found: list[Box] = []
    for group in groups:
        try:
            permissions = rows(part(network.find(GROUP, group, place), direction))
        except Unread:
            continue
        for permission in permissions:
            if any(text(pair, "GroupId") in others for pair in rows(permission.get("UserIdGroupPairs"))):
                protocols, port_span = _of_permission(permission)
                found.append(Box(protocols, port_span))
    return joined(found)


def _of_permission(permission: Mapping[str, Any]) -> tuple[Spans, Spans]:
    """Protocols and ports of a rule of a group (EC2 API reference, IpPermission)."""
    said = str(permission.get("IpProtocol", _ANY)).lower()
    if said == _ANY:
        return ALL_PROTOCOLS, ALL_PORTS
    protocol = NUMBERS.get(said, int(said) if said.isdigit() else -1)
    if not 0 <= protocol <= 255:
        return ALL_PROTOCOLS, ALL_PORTS
    first, last = number(permission, "FromPort"), number(permission, "ToPort")
    if protocol in (ICMP, ICMPV6):
        return protocol_span(protocol), icmp_span(first, last)
    if protocol not in (TCP, UDP) or first is None or last is None or first < 0:
        return protocol_span(protocol), ALL_PORTS
    return protocol_span(protocol), ports(first, last)


def icmp_span(type_: int | None, code: int | None) -> Spans:
    """A type and code of ICMP; -1 is any."""
    if type_ is None or type_ < 0:
        return ALL_PORTS
    if code is None or code < 0:
        return ports(type_ * 256, type_ * 256 + 255)
    return ports(type_ * 256 + code, type_ * 256 + code)


def _cidrs(permission: Mapping[str, Any]) -> list[str]:
    four = [text(row, "CidrIp") for row in rows(permission.get("IpRanges"))]
    return four + [text(row, "CidrIpv6") for row in rows(permission.get("Ipv6Ranges"))]


def _prefix_lists(permission: Mapping[str, Any]) -> list[str]:
    return [text(row, "PrefixListId") for row in rows(permission.get("PrefixListIds"))]


def permission_text(permission: Mapping[str, Any]) -> str:
    said = str(permission.get("IpProtocol", _ANY))
    first, last = permission.get("FromPort"), permission.get("ToPort")
    if said == _ANY:
        return "all protocols"
    if said not in ("tcp", "udp", "6", "17") or first is None or first == -1:
        return said
    return f"{said}/{first}" if first == last else f"{said}/{first}-{last}"


def prefixes(network: Network, list_id: str, place: Place) -> Spans:
    """The addresses of a managed prefix list. Raises Unread."""
    cidrs = prefix_cidrs(network, list_id, place)
    return network.kept(("prefixes", list_id, place), lambda: addresses(*cidrs))


def prefix_cidrs(network: Network, list_id: str, place: Place) -> tuple[str, ...]:
    """The entries of a managed prefix list. Raises Unread."""

    def read() -> tuple[str, ...] | Unread:
        try:
            try:
                held = network.find(PREFIX_LIST, list_id, place)
            except Unread:
                held = network.find(AWS_PREFIX_LIST, list_id, place)
            return tuple(text(entry, "Cidr") for entry in rows(part(held, "Entries")))
        except Unread as reason:
            return reason

    found = network.kept(("prefix list", list_id, place), read)
    if isinstance(found, Unread):
        raise Unread(f"the prefix list {found}")
    return found


# Network ACLs


def acl_in(network: Network, acl: Revision) -> Bounds:
    """What an ACL lets in."""
    return network.kept(("acl in", acl.resource.scope, acl.id), lambda: _passed(acl, outbound=False))


def acl_out(network: Network, acl: Revision) -> Bounds:
    """The conversations whose answers an ACL lets out: to the sender, at the port it sent from."""
    return network.kept(("acl out", acl.resource.scope, acl.id), lambda: _passed(acl, outbound=True))


def _passed(acl: Revision, *, outbound: bool) -> Bounds:
    try:
        entries = acl_entries(acl, outbound=outbound)
    except Unread as reason:
        return undecided(str(reason))
    allowed, left = NOTHING, EVERYTHING
    for _, allows, said in entries:
        taken = left & said.boxes
        if allows:
            allowed |= taken
        left -= taken
        if not left:
            break
    return ALL if allowed == EVERYTHING else exactly(allowed)


def acl_entries(acl: Revision, *, outbound: bool) -> list[tuple[int, bool, Said]]:
    """Number, whether it allows, and what it says, in the order of the numbers. Raises Unread."""
    found = []
    for entry in rows(part(acl, "Entries")):
        if bool(entry.get("Egress")) is outbound:
            boxes, words = _of_entry(entry, outbound)
            found.append((number(entry, "RuleNumber") or 0, entry.get("RuleAction") == "allow", Said(boxes, words)))
    return sorted(found, key=lambda row: row[0])


def _of_entry(entry: Mapping[str, Any], outbound: bool) -> tuple[Boxes, str]:
    cidr = text(entry, "CidrBlock") or text(entry, "Ipv6CidrBlock")
    said = str(entry.get("Protocol", _ANY))
    protocol = int(said) if said.isdigit() else NUMBERS.get(said, -1)
    protocols = protocol_span(protocol) if 0 <= protocol <= 255 else ALL_PROTOCOLS
    span, told = (
        ALL_PORTS,
        {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPV6: "icmpv6"}.get(protocol, f"protocol {protocol}"),
    )
    port_range = entry.get("PortRange")
    if protocol in (TCP, UDP) and isinstance(port_range, Mapping):
        first, last = number(port_range, "From"), number(port_range, "To")
        span = ports(0 if first is None else first, 65535 if last is None else last)
        told = f"{told}/{first}" if first == last else f"{told}/{first}-{last}"
    elif protocol in (ICMP, ICMPV6) and isinstance(entry.get("IcmpTypeCode"), Mapping):
        span = icmp_span(number(entry["IcmpTypeCode"], "Type"), number(entry["IcmpTypeCode"], "Code"))
    words = f"{told if 0 <= protocol <= 255 else 'all protocols'} {'to' if outbound else 'from'} {cidr}"
    sources = addresses(cidr)
    box = Box(protocols, from_ports=span, sources=sources) if outbound else Box(protocols, span, sources=sources)
    return joined([box]), words


def family_of(address: str) -> Spans:
    return V6 if ":" in address else V4
