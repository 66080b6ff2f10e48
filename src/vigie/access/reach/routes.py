"""Where answers go: the effective route table of a subnet, by the longest prefix (AWS VPC user guide, "Route
priority").

Of routes of one length a static one comes first, then one of a prefix list, then a propagated one. A route whose
target is gone (``blackhole``) drops what it takes. Only an attached internet gateway answers the internet: an
egress-only one, a NAT gateway and a peering carry no answer to a conversation that came in elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from vigie.access.reach.boxes import ALL_ADDRESSES, INTERNET
from vigie.access.reach.filters import prefix_cidrs
from vigie.access.reach.recorded import GATEWAY, ROUTE_TABLE, Network, Place, Unread, part, rows, text
from vigie.access.spans import Line, Spans, network_run, united
from vigie.model.change import Revision


class Way(Enum):
    """Where a route leads."""

    INTERNET = "to the internet"
    NOWHERE = "not to the internet"
    UNKNOWN = "cannot be told"


@dataclass(frozen=True, slots=True)
class Route:
    """One destination of a route table."""

    run: tuple[int, int]
    rank: tuple[int, int]
    """Later ones are laid over earlier ones: (length of the prefix, static over listed over propagated)."""
    way: Way
    words: str
    reason: str = ""
    """Why the way cannot be told."""


@dataclass(frozen=True, slots=True)
class Routing:
    """To which addresses answers go out through the internet gateway."""

    table: str
    certain: Spans
    possible: Spans
    reasons: tuple[str, ...] = ()
    routes: tuple[Route, ...] = ()
    """Those that lead to the internet, or may."""


_NO_ADDRESS: Final = Spans(Line.ADDRESS, ())
_NOT_MODELLED: Final = {
    "TransitGatewayId": "transit gateway",
    "LocalGatewayId": "local gateway",
    "CarrierGatewayId": "carrier gateway",
    "CoreNetworkArn": "core network",
    "OdbNetworkArn": "database network",
    "NetworkInterfaceId": "appliance",
    "InstanceId": "appliance",
}
_STATIC, _LISTED, _PROPAGATED = 2, 1, 0


def gateways(network: Network, vpc: str, place: Place) -> frozenset[str]:
    """The internet gateways that are attached to the VPC.

    Raises:
        Unread: none was found, and gateways were not seen whole.
    """
    by_vpc = network.index(GATEWAY, place, "vpc", _attached_to)
    found = frozenset(row.id for row in by_vpc.get(vpc, ()))
    gap = "" if found else network.gap(GATEWAY, place)
    if gap:
        raise Unread(gap)
    return found


def _attached_to(gateway: Revision) -> Iterator[str]:
    for attachment in rows(part(gateway, "Attachments")):
        # AWS says "available" for gateways (EC2 API reference, InternetGatewayAttachment)
        if attachment.get("State") in ("attached", "available"):
            yield text(attachment, "VpcId")


def table_of(network: Network, subnet: str, vpc: str, place: Place) -> Revision:
    """The route table of a subnet: its own, or the main one of its VPC.

    Raises:
        Unread: it is not recorded.
    """
    own = network.index(ROUTE_TABLE, place, "subnet", _subnets).get(subnet)
    if own:
        return own[0]
    gap = network.gap(ROUTE_TABLE, place)
    if gap:
        raise Unread(gap)
    main = network.index(ROUTE_TABLE, place, "main", _main_of).get(vpc)
    if main:
        return main[0]
    raise Unread(f"the main route table of {vpc} is not recorded")


def _associations(table: Revision) -> Iterator[Mapping[str, Any]]:
    for association in rows(part(table, "Associations")):
        state = association.get("AssociationState")
        if not isinstance(state, Mapping) or state.get("State") in ("associated", "associating", None):
            yield association


def _subnets(table: Revision) -> Iterator[str]:
    return (text(a, "SubnetId") for a in _associations(table) if text(a, "SubnetId"))


def _main_of(table: Revision) -> Iterator[str]:
    if any(a.get("Main") for a in _associations(table)):
        yield str(part(table, "VpcId"))


def edge_table(network: Network, gateway: str, place: Place) -> Revision | None:
    """The route table of a gateway itself, which can send what comes in through a firewall first (AWS VPC user guide,
    "Gateway route tables").
    """
    found = network.index(ROUTE_TABLE, place, "gateway", _gateways_of).get(gateway)
    return found[0] if found else None


def _gateways_of(table: Revision) -> Iterator[str]:
    return (text(a, "GatewayId") for a in _associations(table) if text(a, "GatewayId"))


def detours(table: Revision) -> Iterator[tuple[str, str]]:
    """(destination, next hop) of the routes of a gateway's own table that leave the straight way."""
    for route in rows(part(table, "Routes")):
        hop = text(route, "NetworkInterfaceId") or text(route, "GatewayId")
        if hop and hop != "local" and route.get("State") != "blackhole":
            yield text(route, "DestinationCidrBlock") or text(route, "DestinationIpv6CidrBlock"), hop


def routing(network: Network, table: Revision, attached: frozenset[str], place: Place) -> Routing:
    """To which addresses the table sends answers out through one of the attached gateways. Raises Unread."""
    key = ("routing", table.resource.scope, table.id, attached)
    return network.kept(key, lambda: _routing(network, table, attached, place))


def _routing(network: Network, table: Revision, attached: frozenset[str], place: Place) -> Routing:
    routes = [route for row in rows(part(table, "Routes")) for route in _read(network, row, attached, place)]
    certain = possible = _NO_ADDRESS
    for route in sorted(routes, key=lambda route: route.rank):
        taken = Spans(Line.ADDRESS, (route.run,))
        rest_certain, rest_possible = certain.common(taken.others()), possible.common(taken.others())
        certain = _with(rest_certain, route.run) if route.way is Way.INTERNET else rest_certain
        possible = rest_possible if route.way is Way.NOWHERE else _with(rest_possible, route.run)
    doubtful = tuple(dict.fromkeys(r.reason for r in routes if r.reason))
    leading = tuple(r for r in routes if r.way is not Way.NOWHERE)
    doubts = possible.common(certain.others()).common(INTERNET)
    return Routing(table.id, certain, possible, doubtful if doubts.runs else (), leading)


def _with(spans: Spans, run: tuple[int, int]) -> Spans:
    return united(Line.ADDRESS, [*spans.runs, run])


def _read(network: Network, row: Mapping[str, Any], attached: frozenset[str], place: Place) -> Iterator[Route]:
    way, target, reason = _way_of(row, attached)
    cidr = text(row, "DestinationCidrBlock") or text(row, "DestinationIpv6CidrBlock")
    priority = _PROPAGATED if row.get("Origin") == "EnableVgwRoutePropagation" else _STATIC
    if cidr:
        run = network_run(cidr)
        if run is not None:
            yield Route(run, (_length(run), priority), way, f"{cidr} leads to {target}", reason)
        return
    list_id = text(row, "DestinationPrefixListId")
    words = f"{list_id} leads to {target}"
    try:
        for listed in prefix_cidrs(network, list_id, place):
            run = network_run(listed)
            if run is not None:
                yield Route(run, (_length(run), _LISTED), way, words, reason)
    except Unread as unread:
        # the lists of gateway endpoints hold the addresses of the service itself: no stranger sends from there
        if not (way is Way.NOWHERE and target.startswith("vpce-")):
            # more answers may go to the internet than the others say, or fewer
            rank = -1 if way is Way.INTERNET else 10_000
            yield Route(ALL_ADDRESSES.runs[0], (rank, _LISTED), Way.UNKNOWN, words, str(unread))


def _way_of(row: Mapping[str, Any], attached: frozenset[str]) -> tuple[Way, str, str]:
    """Where a route leads: the way, its target, and why that cannot be told."""
    gateway = text(row, "GatewayId")
    if row.get("State") == "blackhole":
        target = gateway or next(
            (str(v) for k, v in row.items() if k.endswith("Id") and k != "DestinationPrefixListId"), ""
        )
        return Way.NOWHERE, f"nothing (blackhole {target})".replace(" )", ")"), ""
    if gateway.startswith("igw-"):
        if gateway in attached:
            return Way.INTERNET, gateway, ""
        return Way.NOWHERE, f"{gateway}, which is not attached to the VPC", ""
    if gateway.startswith("vpce-") and not text(row, "DestinationPrefixListId"):
        return Way.UNKNOWN, gateway, f"not modelled: the firewall endpoint {gateway}"
    if gateway.startswith("vgw-"):
        return Way.UNKNOWN, gateway, f"not modelled: the virtual private gateway {gateway}"
    for key, name in _NOT_MODELLED.items():
        if text(row, key):
            return Way.UNKNOWN, text(row, key), f"not modelled: the {name} {text(row, key)}"
    closed = ("EgressOnlyInternetGatewayId", "NatGatewayId", "VpcPeeringConnectionId")
    target = next((text(row, key) for key in closed if text(row, key)), gateway)
    return Way.NOWHERE, target or "nowhere", ""


def _length(run: tuple[int, int]) -> int:
    """The length of the prefix of a network, counted in IPv6's bits so that lengths of a family compare."""
    return 128 - (run[1] - run[0]).bit_length() + 1
