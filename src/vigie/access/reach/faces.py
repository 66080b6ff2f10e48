"""What a resource shows to the network: the faces of interfaces, instances, databases and other managed services."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from vigie.access.reach.bounds import NONE, Bounds, exactly, undecided
from vigie.access.reach.boxes import TCP, box_of, ports, protocol_span
from vigie.access.reach.recorded import (
    DATABASE,
    INSTANCE,
    INTERFACE,
    SUBNET,
    Network,
    Place,
    Unread,
    number,
    part,
    place_of,
    rows,
    text,
)
from vigie.access.reach.way import Face
from vigie.model.change import Revision

_TAKES_NO_CONVERSATIONS: Final = {
    "nat_gateway": "a NAT gateway takes only answers to what was asked through it",
    "natGateway": "a NAT gateway takes only answers to what was asked through it",
    "lambda": "an interface of Lambda only sends",
    "quicksight": "an interface of QuickSight only sends",
    "transit_gateway": "an interface of a transit gateway serves its attachment only",
    "gateway_load_balancer": "a gateway load balancer takes packets only from its endpoints",
}
"""Kinds of interfaces that take no conversation (user guides of VPC, "NAT gateways", and Lambda, "VPC"; the list of
kinds is that of the EC2 API reference, NetworkInterface).
"""


# Interfaces


def interface_face(interface: Revision) -> Face:
    """The face of a network interface. Raises Unread."""
    kind = str(part(interface, "InterfaceType") or "interface")
    closed = _TAKES_NO_CONVERSATIONS.get(kind, "")
    if not closed and part(interface, "Status") == "available":
        closed = "it is attached to nothing"
    content = {key: part(interface, key) for key in _OF_INTERFACE}
    return replace(_face(interface.id, place_of(interface), content), closed=closed, closed_by=interface.id)


_OF_INTERFACE: Final = (
    "SubnetId", "Groups", "Association", "PrivateIpAddresses", "Ipv6Addresses", "Ipv6Prefixes", "DenyAllIgwTraffic",
)  # fmt: skip
_EMBEDDED: Final = tuple(key for key in _OF_INTERFACE if key != "DenyAllIgwTraffic")


def _face(id: str, place: Place, content: Mapping[str, Any]) -> Face:
    v4 = _public_addresses(content)
    denied = bool(content.get("DenyAllIgwTraffic"))
    return Face(
        id=id,
        place=place,
        subnet=text(content, "SubnetId"),
        groups=tuple(text(group, "GroupId") for group in rows(content.get("Groups"))),
        v4=tuple(v4),
        v6=tuple(_global_addresses(content)),
        v4_words="; ".join(v4.values()) if len(v4) == 1 else "",
        igw_denied="it takes nothing from internet gateways (DenyAllIgwTraffic)" if denied else "",
    )


def _public_addresses(content: Mapping[str, Any]) -> dict[str, str]:
    """Public IPv4 addresses, each with where it is from."""
    found: dict[str, str] = {}
    associations = [content.get("Association")]
    associations += [address.get("Association") for address in rows(content.get("PrivateIpAddresses"))]
    for association in associations:
        if isinstance(association, Mapping) and text(association, "PublicIp"):
            address = text(association, "PublicIp")
            # AWS names itself as the owner of what it assigned (EC2 API reference, NetworkInterfaceAssociation)
            assigned = text(association, "IpOwnerId").startswith("amazon")
            found.setdefault(address, f"public address {address} ({'assigned by AWS' if assigned else 'elastic'})")
    return found


def _global_addresses(content: Mapping[str, Any]) -> Iterator[str]:
    for row in rows(content.get("Ipv6Addresses")):
        if _is_global(text(row, "Ipv6Address")):
            yield text(row, "Ipv6Address")
    for row in rows(content.get("Ipv6Prefixes")):
        prefix = text(row, "Ipv6Prefix")
        if _is_global(prefix.split("/")[0]):
            yield prefix


_GLOBAL: Final = ipaddress.IPv6Network("2000::/3")


def _is_global(address: str) -> bool:
    try:
        return ipaddress.IPv6Address(address) in _GLOBAL
    except ValueError:
        return False


def belongs_to_another(interface: Revision, network: Network) -> bool:
    """Whether it is an interface of something that is recorded and told itself: an instance, a balancer, a database."""
    if interface.type != INTERFACE:
        return False
    content = interface.configuration
    if text(content, "RequesterId") in _REQUESTERS:
        return True
    attachment = content.get("Attachment")
    instance = text(attachment, "InstanceId") if isinstance(attachment, Mapping) else ""
    return any(row.id == instance for row in network.all(INSTANCE, place_of(interface)))


_REQUESTERS: Final = frozenset({"amazon-elb", "amazon-rds"})
"""Who makes interfaces for balancers and databases (EC2 API reference, NetworkInterface, RequesterId) [K]."""


# Instances


def instance_faces(network: Network, instance: Revision) -> list[Face]:
    """The faces of an instance: its recorded interfaces, else those that it describes itself. Raises Unread."""
    state = part(instance, "State")
    name = text(state, "Name") if isinstance(state, Mapping) else ""
    closed = f"the instance is {name}" if name not in ("", "running", "pending") else ""
    found = {face.id: face for face in _embedded(instance)}
    for interface in interfaces_of(network, instance):
        found[interface.id] = interface_face(interface)
    return [replace(face, closed=closed, closed_by=instance.id) if closed else face for face in found.values()]


def interfaces_of(network: Network, instance: Revision) -> Sequence[Revision]:
    """The recorded interfaces that are attached to an instance."""
    return network.index(INTERFACE, place_of(instance), "instance", _instance_of).get(instance.id, ())


def _instance_of(interface: Revision) -> Iterator[str]:
    attachment = part(interface, "Attachment")
    if isinstance(attachment, Mapping) and text(attachment, "InstanceId"):
        yield text(attachment, "InstanceId")


def _embedded(instance: Revision) -> Iterator[Face]:
    for row in rows(part(instance, "NetworkInterfaces")):
        yield _face(text(row, "NetworkInterfaceId"), place_of(instance), {key: row.get(key) for key in _EMBEDDED})


# Databases


def database_faces(network: Network, database: Revision) -> list[Face]:
    """The faces of a database instance: its port, in each subnet that it may be in. Raises Unread.

    With ``PubliclyAccessible`` its name resolves to a public address (RDS user guide, "Hiding a DB instance in a VPC
    from the internet").
    """
    endpoint = part(database, "Endpoint")
    port = number(endpoint, "Port") if isinstance(endpoint, Mapping) else None
    port = port or number({"Port": part(database, "DbInstancePort")}, "Port")
    name = text(endpoint, "Address") if isinstance(endpoint, Mapping) else ""
    public = bool(part(database, "PubliclyAccessible"))
    groups = tuple(text(g, "VpcSecurityGroupId") for g in rows(part(database, "VpcSecurityGroups")))
    shown = Face(
        id=database.id,
        place=place_of(database),
        subnet="",
        groups=groups,
        v4=(name or database.name or database.id,) if public else (),
        v4_words="it is publicly accessible: its name resolves to a public address",
        listening=_listening(port, database.id),
        listening_words=f"the database answers on tcp/{port}",
    )
    zones = {
        str(part(database, key)) for key in ("AvailabilityZone", "SecondaryAvailabilityZone") if part(database, key)
    }
    return [replace(shown, subnet=subnet) for subnet in _subnets_of(database, zones)]


def _listening(port: int | None, id: str) -> Bounds:
    if not port:
        return undecided(f"the port of {id} is not recorded", box_of(protocols=protocol_span(TCP)))
    return exactly(box_of(protocols=protocol_span(TCP), ports=ports(port, port)))


def _subnets_of(database: Revision, zones: set[str]) -> list[str]:
    group = part(database, "DBSubnetGroup")
    found = rows(group.get("Subnets")) if isinstance(group, Mapping) else []
    in_zone = [s for s in found if not zones or _zone(s) in zones or not _zone(s)] or found
    return [text(subnet, "SubnetIdentifier") for subnet in in_zone] or [""]


def _zone(subnet: Mapping[str, Any]) -> str:
    zone = subnet.get("SubnetAvailabilityZone")
    return text(zone, "Name") if isinstance(zone, Mapping) else ""


def members(network: Network, cluster: Revision) -> list[Revision]:
    """The instances of a database cluster. Raises Unread: some are not recorded."""
    place = place_of(cluster)
    names = {text(m, "DBInstanceIdentifier") for m in rows(part(cluster, "DBClusterMembers"))}
    by_name = network.index(DATABASE, place, "name", lambda row: (row.name or row.id,))
    found = [by_name[name][0] for name in sorted(names) if name in by_name]
    if len(found) < len(names):
        missing = sorted(names - by_name.keys())
        raise Unread(network.gap(DATABASE, place) or f"{missing[0]} is not recorded ({DATABASE})")
    return found


# Services in a VPC that are placed in one of its subnets


def subnets_in(network: Network, vpc: str, zone: str, place: Place) -> list[str]:
    """The subnets of a VPC (in one availability zone, where it is known)."""
    by_vpc = network.index(SUBNET, place, "vpc", lambda row: (str(part(row, "VpcId")),))
    return [row.id for row in by_vpc.get(vpc, ()) if not zone or part(row, "AvailabilityZone") == zone]


def warehouse_faces(network: Network, cluster: Revision) -> list[Face]:
    """The faces of a Redshift cluster: its port, in each subnet that it may be in (one of them is it). Raises Unread.

    With ``PubliclyAccessible`` it has public addresses (Redshift management guide, "Redshift resources in a VPC").
    """
    place = place_of(cluster)
    endpoint = part(cluster, "Endpoint")
    port = number(endpoint, "Port") if isinstance(endpoint, Mapping) else None
    name = text(endpoint, "Address") if isinstance(endpoint, Mapping) else ""
    shown = Face(
        id=cluster.id,
        place=place,
        subnet="",
        groups=tuple(text(g, "VpcSecurityGroupId") for g in rows(part(cluster, "VpcSecurityGroups"))),
        v4=(name or cluster.id,) if part(cluster, "PubliclyAccessible") else (),
        v4_words="it is publicly accessible: its name resolves to a public address",
        listening=_listening(port, cluster.id),
        listening_words=f"the cluster answers on tcp/{port}",
    )
    candidates = subnets_in(
        network, str(part(cluster, "VpcId") or ""), str(part(cluster, "AvailabilityZone") or ""), place
    )
    return [replace(shown, subnet=subnet) for subnet in candidates or ("",)]


_KAFKA_PORTS: Final = (("Tls", 9194), ("Scram", 9196), ("Iam", 9198))
"""What clients on the internet connect to (MSK developer guide, "Port information")."""


def kafka_faces(cluster: Revision) -> list[Face]:
    """The faces of the brokers of MSK, one in each of its subnets. Raises Unread."""
    given = part(cluster, "Provisioned")
    given = given if isinstance(given, Mapping) else {}
    brokers = given.get("BrokerNodeGroupInfo")
    brokers = brokers if isinstance(brokers, Mapping) else {}
    connectivity = brokers.get("ConnectivityInfo")
    access = connectivity.get("PublicAccess") if isinstance(connectivity, Mapping) else None
    public = isinstance(access, Mapping) and access.get("Type") == "SERVICE_PROVIDED_EIPS"
    numbers = _kafka_ports(given.get("ClientAuthentication"))
    listening = NONE
    for port in numbers:
        listening |= _listening(port, cluster.id)
    shown = Face(
        id=cluster.id,
        place=place_of(cluster),
        subnet="",
        groups=tuple(str(group) for group in brokers.get("SecurityGroups") or ()),
        v4=(cluster.name or cluster.id,) if public else (),
        v4_words="its brokers have public addresses",
        listening=listening,
        listening_words=f"brokers answer on {', '.join(f'tcp/{port}' for port in numbers)}",
    )
    return [replace(shown, subnet=str(subnet)) for subnet in brokers.get("ClientSubnets") or ("",)]


def _kafka_ports(authentication: Any) -> list[int]:
    """The ports of the ways to sign in that are switched on; all of them, where that is not told."""
    told = authentication if isinstance(authentication, Mapping) else {}
    sasl = told.get("Sasl") if isinstance(told.get("Sasl"), Mapping) else {}
    ways = {"Tls": told.get("Tls"), **(sasl or {})}
    on = [port for way, port in _KAFKA_PORTS if isinstance(ways.get(way), Mapping) and ways[way].get("Enabled")]
    return on or [port for _, port in _KAFKA_PORTS]
