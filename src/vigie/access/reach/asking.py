"""Asking: one resource, all packets of the internet or some of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import reduce
from typing import Final

from vigie.access.reach.answer import BLIND, Hop, Passage, Path, Reach, united
from vigie.access.reach.balancers import Target, balancer_paths, private_addresses, through
from vigie.access.reach.boxes import (
    ALL_ADDRESSES,
    ALL_PORTS,
    ALL_PROTOCOLS,
    EVERYTHING,
    FROM_INTERNET,
    NUMBERS,
    Boxes,
    addresses,
    box_of,
    ports,
    protocol_span,
)
from vigie.access.reach.faces import (
    database_faces,
    instance_faces,
    interface_face,
    interfaces_of,
    kafka_faces,
    members,
    warehouse_faces,
)
from vigie.access.reach.recorded import (
    BALANCER,
    CLASSIC,
    CLUSTER,
    DATABASE,
    FUNCTION,
    HTTP_API,
    INSTANCE,
    INTERFACE,
    KAFKA,
    KUBERNETES,
    REST_API,
    SEARCH,
    WAREHOUSE,
    Network,
    Unread,
    place_of,
)
from vigie.access.reach.services import (
    function_paths,
    http_api_paths,
    kubernetes_paths,
    rest_api_paths,
    search_paths,
)
from vigie.access.reach.way import paths_to
from vigie.model.change import Revision

Question = Boxes
"""The packets that are asked about."""
_Asking = Callable[[Revision, Network, Question], Iterable[Path]]


def question(protocol: str | None = None, port: int | None = None, source: str | None = None) -> Question:
    """The packets of a protocol, to a port, from a network; of all, where it is not said.

    Raises:
        ValueError: there is no such protocol, port or network.
    """
    protocols, port_span, sources = ALL_PROTOCOLS, ALL_PORTS, ALL_ADDRESSES
    if protocol is not None:
        known = NUMBERS.get(protocol.lower(), int(protocol) if protocol.isdigit() else -1)
        if not 0 <= known <= 255:
            raise ValueError(f"there is no protocol {protocol!r}")
        protocols = protocol_span(known)
    if port is not None:
        if not 0 <= port <= 65535:
            raise ValueError(f"there is no port {port}")
        port_span = ports(port, port)
    if source is not None:
        sources = addresses(source)
        if not sources.runs:
            raise ValueError(f"{source!r} is no network")
    return box_of(protocols=protocols, ports=port_span, sources=sources)


def reach(revision: Revision, network: Network, asked: Question = EVERYTHING) -> Reach:
    """What of the internet gets in to a resource, or of the packets that are asked about. Never raises.

    What could not be read, or is not modelled, is *unknown*: in ``possible`` and not in ``boxes``, with its reason.
    """
    ask = _ASKING.get(revision.type)
    if ask is None:
        return Reach(revision.id, revision.type, notes=(f"{revision.type} is not modelled",))
    if not revision.resource.present:
        return Reach(revision.id, revision.type)
    try:
        paths = tuple(ask(revision, network, asked))
    except Unread as reason:
        paths = (_unknown(revision, asked, str(reason)),)
    return Reach(revision.id, revision.type, paths, _notes(paths))


def _unknown(revision: Revision, asked: Question, reason: str) -> Path:
    hop = Hop(BLIND, revision.id, Passage.UNKNOWN, reason)
    return Path("", (hop,), possible=asked & FROM_INTERNET, reasons=(reason,))


def _notes(paths: Iterable[Path]) -> tuple[str, ...]:
    reasons = [reason for path in paths for reason in path.reasons if reason.startswith("not modelled: ")]
    return tuple(dict.fromkeys(reasons))


def _interface(interface: Revision, network: Network, asked: Question) -> list[Path]:
    face = interface_face(interface)
    found = list(paths_to(network, face, asked))
    target = Target(interface.id, face, tuple(private_addresses(interface)))
    return found + through(network, target, place_of(interface), asked)


def _instance(instance: Revision, network: Network, asked: Question) -> list[Path]:
    faces = instance_faces(network, instance)
    if not faces:
        return [Path("", (Hop("address", instance.id, Passage.CLOSED, "it has no network interface"),))]
    found = [path for face in faces for path in paths_to(network, face, asked)]
    own = {row.id: row for row in interfaces_of(network, instance)}
    for number, face in enumerate(faces):
        private = private_addresses(own[face.id]) if face.id in own else []
        # by its id, a balancer sends to the first interface
        target = Target(instance.id if number == 0 else face.id, face, tuple(private))
        found += through(network, target, place_of(instance), asked)
    return found


def _database(database: Revision, network: Network, asked: Question) -> list[Path]:
    return [path for face in database_faces(network, database) for path in paths_to(network, face, asked)]


def _cluster(cluster: Revision, network: Network, asked: Question) -> list[Path]:
    found: list[Path] = []
    for member in members(network, cluster):
        paths = _database(member, network, asked)
        name = member.name or member.id
        found += [
            replace(path, hops=(Hop("member", member.id, Passage.OPEN, f"its member {name}"), *path.hops))
            for path in paths
        ]
    return found


def _warehouse(cluster: Revision, network: Network, asked: Question) -> list[Path]:
    """It is in one of its subnets: certain is what gets in to each of them."""
    ways = [list(paths_to(network, face, asked)) for face in warehouse_faces(network, cluster)]
    everywhere = reduce(lambda one, other: one & other, (united(p.certain for p in way) for way in ways))
    found = []
    for path in (path for way in ways for path in way):
        certain = path.certain & everywhere
        doubt = () if certain == path.certain else (f"in which of its subnets {cluster.id} is, is not recorded",)
        found.append(replace(path, certain=certain, reasons=(*path.reasons, *doubt)))
    return found


def _kafka(cluster: Revision, network: Network, asked: Question) -> list[Path]:
    return [path for face in kafka_faces(cluster) for path in paths_to(network, face, asked)]


def _by_flag(paths: Callable[[Revision, Boxes], Iterable[Path]]) -> _Asking:
    return lambda revision, network, asked: paths(revision, asked)


def _function(function: Revision, network: Network, asked: Question) -> list[Path]:
    found = list(function_paths(function, asked))
    target = Target(function.arn or function.id, None)
    found += through(network, target, place_of(function), asked)
    if not found:
        words = "it has no function URL, and no balancer hands on to it"
        return [Path("", (Hop("address", function.id, Passage.CLOSED, words),))]
    return found


def _balancer(balancer: Revision, network: Network, asked: Question) -> list[Path]:
    return balancer_paths(network, balancer, asked)


_ASKING: Final[dict[str, _Asking]] = {
    INSTANCE: _instance,
    INTERFACE: _interface,
    DATABASE: _database,
    CLUSTER: _cluster,
    BALANCER: _balancer,
    CLASSIC: _balancer,
    FUNCTION: _function,
    WAREHOUSE: _warehouse,
    KAFKA: _kafka,
    KUBERNETES: _by_flag(kubernetes_paths),
    SEARCH: _by_flag(search_paths),
    REST_API: _by_flag(rest_api_paths),
    HTTP_API: _by_flag(http_api_paths),
}
REACHED_TYPES: Final = tuple(_ASKING)
"""The types that can be asked about."""
