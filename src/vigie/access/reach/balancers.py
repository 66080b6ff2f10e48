"""Load balancers: where they listen, and to what they hand on.

An application load balancer, and a network one that keeps no addresses of clients, sends to its targets from its own
private addresses; a network one that keeps them sends the client's packet on, and the groups of the target judge the
client (Network Load Balancers user guide, "Client IP preservation").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from vigie.access.reach.answer import Hop, Passage, Path
from vigie.access.reach.bounds import ALL, NONE, Bounds, exactly, undecided
from vigie.access.reach.boxes import (
    ALL_ADDRESSES,
    EVERYTHING,
    FROM_INTERNET,
    NOTHING,
    NUMBERS,
    TCP,
    UDP,
    Boxes,
    addresses,
    box_of,
    networks_text,
    ports,
    protocol_span,
)
from vigie.access.reach.faces import instance_faces, interface_face
from vigie.access.reach.filters import (
    acl_in,
    acl_out,
    egress,
    ingress,
    lets_out_to_groups,
    permits_groups,
)
from vigie.access.reach.recorded import (
    BALANCER,
    CLASSIC,
    INSTANCE,
    INTERFACE,
    LISTENER,
    SUBNET,
    TARGET_GROUP,
    Network,
    Place,
    Unread,
    number,
    part,
    place_of,
    rows,
    text,
)
from vigie.access.reach.way import Face, acl_of, paths_to
from vigie.access.spans import Spans
from vigie.model.change import Revision

_CARRIED: Final = {
    "UDP": (UDP,), "QUIC": (UDP,), "TCP_UDP": (TCP, UDP), "TCP_QUIC": (TCP, UDP), "GENEVE": (),
}  # fmt: skip
"""Protocols of listeners that are not TCP (Elastic Load Balancing API reference, CreateListener)."""
_EPHEMERAL: Final = (1024, 65535)
"""From which ports a balancer sends to targets (Elastic Load Balancing user guides, network ACLs)."""
_SOME_NODES: Final = "the balancer gets through from some of its subnets only"
_NAMES: Final = {TCP: "tcp", UDP: "udp"}


UNSEEN: Final = "a load balancer that was not seen"
"""Stands for balancers that there may be."""


@dataclass(frozen=True, slots=True)
class Ear:
    """One port on which a balancer listens."""

    id: str
    protocol: int
    port: int
    to: tuple[str, ...] = ()
    """ARNs of target groups that it may hand on to."""

    @property
    def boxes(self) -> Boxes:
        return box_of(protocols=protocol_span(self.protocol), ports=ports(self.port, self.port))

    def __str__(self) -> str:
        return f"{_NAMES[self.protocol]}/{self.port}"


@dataclass(frozen=True, slots=True)
class Target:
    """Something that a balancer hands on to, as its security groups and subnet judge it."""

    id: str
    face: Face | None
    """None: what has no interface of its own (a function)."""
    addresses: tuple[str, ...] = ()


# Where it listens


def balancer_paths(network: Network, balancer: Revision, asked: Boxes, depth: int = 0) -> list[Path]:
    """The ways to a balancer itself. Raises Unread."""
    try:
        ears = ears_of(network, balancer)
        listening = _listening(ears)
    except Unread as reason:
        ears, listening = [], undecided(str(reason))
    words = f"it listens on {', '.join(sorted({str(e) for e in ears}))}" if ears else "it has no listener"
    found = [
        path
        for face in balancer_faces(balancer)
        for path in paths_to(network, replace(face, listening=listening, listening_words=words), asked)
    ]
    if balancer.type == BALANCER and depth == 0:
        target = Target(balancer.id, _target_face(network, balancer))
        found += through(network, target, place_of(balancer), asked, depth + 1)
    return _held_back(network, balancer, found)


def _listening(ears: Sequence[Ear]) -> Bounds:
    found = NONE
    for ear in ears:
        found |= exactly(ear.boxes)
    return found


def balancer_faces(balancer: Revision) -> list[Face]:
    """One face for each of its subnets. Raises Unread."""
    classic = balancer.type == CLASSIC
    scheme = part(balancer, "Scheme")
    name = str(part(balancer, "DNSName") or balancer.name or balancer.id)
    kind = "classic" if classic else str(part(balancer, "Type") or "application")
    stack = "" if classic else str(part(balancer, "IpAddressType") or "ipv4")
    groups = tuple(str(g) for g in part(balancer, "SecurityGroups") or ())
    facing = scheme == "internet-facing"
    attributes = None if classic else part(balancer, "Attributes")
    denied = isinstance(attributes, Mapping) and attributes.get("ipv6.deny_all_igw_traffic") == "true"
    face = Face(
        id=balancer.id,
        place=place_of(balancer),
        subnet="",
        groups=groups if groups or kind not in ("network", "gateway") else None,
        v4=(name,) if facing and stack != "dualstack-without-public-ipv4" else (),
        v6=(name,) if facing and stack.startswith("dualstack") else (),
        v4_words=f"internet-facing, as {name}",
        closed="a gateway load balancer takes packets only from its endpoints" if kind == "gateway" else "",
        closed_by=balancer.id,
        igw_denied="it takes nothing from internet gateways (ipv6.deny_all_igw_traffic)" if denied else "",
    )
    return [replace(face, subnet=subnet) for subnet in balancer_subnets(balancer) or ("",)]


def balancer_subnets(balancer: Revision) -> tuple[str, ...]:
    """Raises Unread."""
    if balancer.type == CLASSIC:
        return tuple(str(s) for s in part(balancer, "Subnets") or ())
    return tuple(text(zone, "SubnetId") for zone in rows(part(balancer, "AvailabilityZones")) if text(zone, "SubnetId"))


def ears_of(network: Network, balancer: Revision) -> list[Ear]:
    """The ports on which it listens. Raises Unread."""
    if balancer.type == CLASSIC:
        return list(_classic_ears(balancer))
    place = place_of(balancer)
    own = network.index(LISTENER, place, "balancer", lambda row: (str(part(row, "LoadBalancerArn")),)).get(
        balancer.id, ()
    )
    gap = network.gap(LISTENER, place)
    if gap and not own:
        raise Unread(gap)
    return [ear for listener in own for ear in _ears(listener)]


def _ears(listener: Revision) -> Iterator[Ear]:
    port = number({"Port": part(listener, "Port")}, "Port")
    if port is not None:
        to = tuple(dict.fromkeys(_handed_to(listener)))
        for protocol in _CARRIED.get(str(part(listener, "Protocol")), (TCP,)):
            yield Ear(listener.id, protocol, port, to)


def _handed_to(listener: Revision) -> Iterator[str]:
    yield from _groups_of(rows(part(listener, "DefaultActions")))
    for rule in rows(part(listener, "Rules")):
        yield from _groups_of(rows(rule.get("Actions")))


def _groups_of(actions: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for action in actions:
        if text(action, "TargetGroupArn"):
            yield text(action, "TargetGroupArn")
        forward = action.get("ForwardConfig")
        if isinstance(forward, Mapping):
            yield from (text(group, "TargetGroupArn") for group in rows(forward.get("TargetGroups")))


def _classic_ears(balancer: Revision) -> Iterator[Ear]:
    for description in rows(part(balancer, "ListenerDescriptions")):
        listener = description.get("Listener")
        port = number(listener, "LoadBalancerPort") if isinstance(listener, Mapping) else None
        if port is not None:
            yield Ear(balancer.id, TCP, port)


# What stands behind it


def through(network: Network, target: Target, place: Place, asked: Boxes, depth: int = 0) -> list[Path]:
    """The ways to a target through the balancers of its account."""
    found = []
    for group, port in _groups_with(network, target, place):
        for balancer, ear in _handing_on(network, group, place):
            found += list(_handed_on(network, target, group, port, balancer, ear, asked, depth))
    if target.face is not None:
        found += list(_through_classic(network, target, place, asked))
    reasons = _unseen(network, place, classic=target.id.startswith("i-"))
    return [*found, _in_doubt(reasons, asked)] if reasons else found


def _unseen(network: Network, place: Place, *, classic: bool) -> tuple[str, ...]:
    """Why balancers may hand on to something without our knowing: what of them was not seen."""

    def look() -> tuple[str, ...]:
        found = [network.gap(type_, place) for type_ in (BALANCER, LISTENER, TARGET_GROUP)]
        for type_, read in ((TARGET_GROUP, _targets_of), (LISTENER, _handed_to)):
            for row in network.all(type_, place):
                try:
                    list(read(row))
                except Unread as reason:
                    found.append(str(reason))
        return tuple(dict.fromkeys(reason for reason in found if reason))

    found = network.kept(("unseen", place), look)
    gap = network.gap(CLASSIC, place) if classic else ""
    return (*found, gap) if gap else found


def _in_doubt(
    reasons: tuple[str, ...], clients: Boxes, balancer: str = UNSEEN, landing: tuple[str, int] | None = None
) -> Path:
    """A way that there may be."""
    hop = Hop("load balancer", balancer, Passage.UNKNOWN, "; ".join(reasons))
    return Path("", (hop,), NOTHING, clients & FROM_INTERNET, reasons, balancer, landing)


def _groups_with(network: Network, target: Target, place: Place) -> Iterator[tuple[Revision, int | None]]:
    """The target groups that hold the target, with the port to which they send."""
    by_target = network.index(TARGET_GROUP, place, "target", lambda row: _safely(_targets_of, row))
    for id_ in (target.id, *target.addresses):
        for group in by_target.get(id_, ()):
            if part(group, "TargetType") == "ip" and not _same_vpc(network, group, target, place):
                continue
            for row in rows(part(group, "Targets")):
                if text(row, "Id") == id_:
                    yield group, number(row, "Port") or number({"Port": part(group, "Port")}, "Port")


def _targets_of(group: Revision) -> Iterator[str]:
    return (text(row, "Id") for row in rows(part(group, "Targets")))


def _safely(read: Callable[[Revision], Iterator[str]], row: Revision) -> list[str]:
    """What could not be read is told by ``_unseen``."""
    try:
        return list(read(row))
    except Unread:
        return []


def _same_vpc(network: Network, group: Revision, target: Target, place: Place) -> bool:
    """Private addresses are unique within a VPC only."""
    if target.face is None:
        return False
    try:
        subnet = network.find(SUBNET, target.face.subnet, place)
    except Unread:
        return True
    return bool(part(subnet, "VpcId") == part(group, "VpcId"))


def _handing_on(network: Network, group: Revision, place: Place) -> Iterator[tuple[Revision, Ear]]:
    listeners = network.index(LISTENER, place, "handed to", lambda row: _safely(_handed_to, row))
    for listener in listeners.get(group.id, ()):
        try:
            balancer = network.find(BALANCER, str(part(listener, "LoadBalancerArn")), place)
        except Unread:
            continue
        for ear in _ears(listener):
            yield balancer, ear


def _handed_on(
    network: Network,
    target: Target,
    group: Revision,
    port: int | None,
    balancer: Revision,
    ear: Ear,
    asked: Boxes,
    depth: int,
) -> Iterator[Path]:
    landing = (_NAMES[ear.protocol], port or ear.port)
    try:
        fronts = _fronts(network, balancer, depth)
        lets, words = _onward(network, balancer, group, target, ear.protocol, landing[1])
    except Unread as reason:
        yield _in_doubt((str(reason),), _onto(asked, landing), balancer.id, landing)
        return
    where = f"{ear} of {balancer.name or balancer.id}"
    onward = Hop("target group", group.id, Passage.OPEN, f"{where} hands on to {target.id}, {landing[0]}/{landing[1]}")
    yield from _joined_to(fronts, ear, _onto(asked, landing), lets, (onward, target.id, words, balancer.id, landing))


def _onto(asked: Boxes, landing: tuple[str, int]) -> Boxes:
    """From which clients, where what was asked speaks of the port at the target."""
    return _any_port(asked.at(NUMBERS[landing[0]], landing[1]))


def _joined_to(
    fronts: Iterable[Path],
    ear: Ear,
    clients: Boxes,
    lets: Bounds,
    what: tuple[Hop, str, str, str, tuple[str, int]],
) -> Iterator[Path]:
    """Each way to the balancer's port, gone on to the target."""
    onward, target, words, balancer, landing = what
    for front in fronts:
        if front.through:
            mine = front.bounds if front.landing == (_NAMES[ear.protocol], ear.port) else NONE
        else:
            mine = front.bounds & exactly(ear.boxes)
        mine &= exactly(clients)
        if not mine.possible:
            continue
        got = mine & lets
        passage = Passage.OPEN if got.certain else Passage.UNKNOWN if got.possible else Passage.CLOSED
        told = "; ".join(lets.reasons) if passage is Passage.UNKNOWN and lets.reasons else words
        hops = (*front.hops, onward, Hop("target", target, passage, told))
        reasons = got.reasons if got.certain != got.possible else ()
        yield Path(front.destination, hops, got.certain, got.possible, reasons, balancer, landing, front.assumed)


def _fronts(network: Network, balancer: Revision, depth: int) -> list[Path]:
    def walk() -> list[Path]:
        ears = ears_of(network, balancer)
        listening = _listening(ears)
        found = [
            path
            for face in balancer_faces(balancer)
            for path in paths_to(
                network, replace(face, listening=listening, listening_words="it listens there"), EVERYTHING
            )
        ]
        if depth == 0:
            # a network load balancer can stand in front of an application one
            target = Target(balancer.id, _target_face(network, balancer))
            found += through(network, target, place_of(balancer), EVERYTHING, depth + 1)
        return found

    return network.kept(("fronts", balancer.resource.scope, balancer.id, depth), walk)


def _target_face(network: Network, balancer: Revision) -> Face | None:
    """A balancer as the target of another one. Raises Unread."""
    faces = balancer_faces(balancer)
    return replace(faces[0], listening=_listening(ears_of(network, balancer))) if faces else None


def _onward(
    network: Network, balancer: Revision, group: Revision, target: Target, protocol: int, port: int
) -> tuple[Bounds, str]:
    """From which clients the balancer gets through to the target, and why. Raises Unread."""
    if target.face is None:
        return ALL, "the balancer invokes it"
    keeps = keeps_clients(balancer, group, protocol)
    return _to_face(network, balancer, target, protocol, port, keeps)


def keeps_clients(balancer: Revision, group: Revision, protocol: int) -> bool:
    """Whether targets see the client's address.

    By default for targets by instance id and for UDP, not for addresses with TCP or TLS; always for an application
    load balancer behind a network one (Network Load Balancers user guide, "Client IP preservation").
    """
    if part(balancer, "Type") != "network":
        return False
    kind = part(group, "TargetType")
    if kind == "alb" or protocol == UDP:
        return True
    attributes = part(group, "Attributes")
    said = attributes.get("preserve_client_ip.enabled") if isinstance(attributes, Mapping) else None
    return said == "true" if said in ("true", "false") else bool(kind == "instance")


def _to_face(
    network: Network, balancer: Revision, target: Target, protocol: int, port: int, keeps: bool
) -> tuple[Bounds, str]:
    face = target.face
    assert face is not None  # noqa: S101 - the caller has looked
    if face.closed:
        return NONE, face.closed
    if not (face.listening & exactly(lands_on(protocol, port))).possible:
        return NONE, f"nothing listens on {_NAMES[protocol]}/{port} there"
    own = tuple(str(g) for g in part(balancer, "SecurityGroups") or ())
    place = face.place
    lands = lands_on(protocol, port)
    subnets = balancer_subnets(balancer)
    sources = ALL_ADDRESSES if keeps else _blocks(network, subnets, place_of(balancer))
    by_group = bool(face.groups is None or permits_groups(network, face.groups, own, place) & lands)
    seen = ALL if by_group else ingress(network, face.groups or (), place) & exactly(lands)
    lets = _clients(seen, sources, keeps)
    verb = "let in" if lets.possible else "do not let in"
    words = f"its security groups {verb} {'clients' if keeps else 'the balancer'} on {_NAMES[protocol]}/{port}"
    lets &= _own_way_out(network, own, face, lands, balancer)
    if face.subnet not in subnets:
        lets &= _subnet_bounds(network, face, lands, sources, keeps)
        lets &= _out_of_subnets(network, subnets, face, (protocol, port), place_of(balancer))
    if not lets.possible and by_group:
        words = "the balancer's own groups, or a network ACL between them, stop it"
    elif lets.possible and not lets.possible.sources.covers(ALL_ADDRESSES):
        words += f", from {networks_text(lets.possible.sources)}"
    return lets, words


def lands_on(protocol: int, port: int) -> Boxes:
    return box_of(protocols=protocol_span(protocol), ports=ports(port, port))


def _clients(seen: Bounds, sources: Spans, keeps: bool) -> Bounds:
    """What groups let in, said of the clients of the balancer (whatever the port they came to)."""
    if keeps:
        return Bounds(_any_port(seen.certain), _any_port(seen.possible), seen.reasons)
    certain, possible = seen.certain.sources, seen.possible.sources
    if sources.runs and certain.covers(sources):
        return ALL
    if possible.common(sources).runs:
        return undecided("the addresses of the balancer in its subnets are not all let in")
    return NONE


def _any_port(boxes: Boxes) -> Boxes:
    found = NOTHING
    for box in boxes:
        found |= box_of(sources=box.sources)
    return found


def _blocks(network: Network, subnets: Iterable[str], place: Place) -> Spans:
    """The addresses that a balancer can have in its subnets. Raises Unread."""
    blocks: list[str] = []
    for subnet in subnets:
        found = network.find(SUBNET, subnet, place)
        blocks.append(str(part(found, "CidrBlock") or ""))
    return addresses(*blocks)


def _own_way_out(network: Network, own: tuple[str, ...], face: Face, lands: Boxes, balancer: Revision) -> Bounds:
    """What the balancer's own groups let out to the target."""
    if not own:
        return ALL
    place = place_of(balancer)
    if lets_out_to_groups(network, own, face.groups or (), place) & lands:
        return ALL
    out = egress(network, own, place) & exactly(lands)
    try:
        there = _blocks(network, (face.subnet,), face.place)
    except Unread as reason:
        return undecided(str(reason))
    if out.certain.sources.covers(there):
        return ALL
    if out.possible.sources.common(there).runs:
        return undecided("the balancer's own groups let out to a part of the target's subnet")
    return NONE


def _subnet_bounds(network: Network, face: Face, lands: Boxes, sources: Spans, keeps: bool) -> Bounds:
    """What the network ACL of the target's subnet does with what comes from the balancer's."""
    acl = acl_of(network, face.subnet, face.place)
    if acl is None:
        return undecided(f"the network ACL of {face.subnet} is not recorded")
    passed = acl_in(network, acl) & exactly(lands) & acl_out(network, acl)
    return _clients(passed, sources, keeps)


def _out_of_subnets(network: Network, subnets: Iterable[str], face: Face, to: tuple[int, int], place: Place) -> Bounds:
    """What the network ACLs of the balancer's subnets do with what it sends to the target, and with the answers."""
    protocol, port = to
    try:
        there = _blocks(network, (face.subnet,), face.place)
    except Unread as reason:
        return undecided(str(reason))
    sent = exactly(box_of(protocols=protocol_span(protocol), from_ports=ports(port, port)))
    answered = exactly(box_of(protocols=protocol_span(protocol), ports=ports(*_EPHEMERAL)))
    passed = []
    for subnet in subnets:
        acl = acl_of(network, subnet, place)
        if acl is None:
            passed.append(undecided(f"the network ACL of {subnet} is not recorded"))
        else:
            both = (acl_out(network, acl) & sent, acl_in(network, acl) & answered)
            passed.append(ALL if all(b.certain.sources.covers(there) for b in both) else _partly(both, there, subnet))
    if all(bounds == ALL for bounds in passed):
        return ALL
    if not any(bounds.possible for bounds in passed):
        return NONE
    return undecided("; ".join(dict.fromkeys(reason for bounds in passed for reason in bounds.reasons)) or _SOME_NODES)


def _partly(both: Iterable[Bounds], there: Spans, subnet: str) -> Bounds:
    if all(bounds.possible.sources.common(there).runs for bounds in both):
        return undecided(f"the network ACL of {subnet} lets through a part of what the balancer sends")
    return NONE


# Classic load balancers


def _through_classic(network: Network, target: Target, place: Place, asked: Boxes) -> Iterator[Path]:
    by_instance = network.index(CLASSIC, place, "instance", _instances_of)
    for balancer in by_instance.get(target.id, ()):
        for description in rows(part(balancer, "ListenerDescriptions")):
            listener = description.get("Listener")
            if not isinstance(listener, Mapping):
                continue
            outer, inner = number(listener, "LoadBalancerPort"), number(listener, "InstancePort")
            if outer is not None and inner is not None:
                yield from _classic_path(network, balancer, target, (outer, inner), asked)


def _classic_path(
    network: Network, balancer: Revision, target: Target, at: tuple[int, int], asked: Boxes
) -> Iterator[Path]:
    outer, inner = at
    ear = Ear(balancer.id, TCP, outer)
    try:
        fronts = _fronts(network, balancer, 1)
        lets, words = _to_face(network, balancer, target, TCP, inner, False)
    except Unread as reason:
        yield _in_doubt((str(reason),), _onto(asked, ("tcp", inner)), balancer.id, ("tcp", inner))
        return
    landing = ("tcp", inner)
    onward = Hop("listener", balancer.id, Passage.OPEN, f"{ear} hands on to {target.id}, tcp/{inner}")
    yield from _joined_to(fronts, ear, _onto(asked, landing), lets, (onward, target.id, words, balancer.id, landing))


def _instances_of(balancer: Revision) -> Iterator[str]:
    return (text(row, "InstanceId") for row in rows(part(balancer, "Instances")))


# Network load balancers without groups


def _held_back(network: Network, balancer: Revision, paths: list[Path]) -> list[Path]:
    """Without groups of its own, and with clients' addresses kept, a network load balancer is as open as its targets.

    Where some target is not known, it is taken to be open.
    """
    if balancer.type != BALANCER or part(balancer, "Type") != "network" or part(balancer, "SecurityGroups"):
        return paths
    try:
        limits = _limits(network, balancer)
    except Unread:
        return paths
    return [path if path.through else _limited(path, limits) for path in paths]


def _limited(path: Path, limits: Sequence[tuple[Ear, Bounds]]) -> Path:
    held = Bounds(path.certain, path.possible, path.reasons)
    stopped = []
    for ear, lets in limits:
        mine = held & exactly(ear.boxes)
        rest = Bounds(held.certain - ear.boxes, held.possible - ear.boxes, held.reasons)
        let = mine & lets
        if mine.possible and not let.possible:
            stopped.append(Hop("targets", ear.id, Passage.CLOSED, f"no target of {ear} lets the clients in"))
        held = rest | let
    hops = (*path.hops, *stopped) if not held.possible else path.hops
    reasons = held.reasons if held.certain != held.possible else ()
    return replace(path, certain=held.certain, possible=held.possible, reasons=reasons, hops=hops)


def _limits(network: Network, balancer: Revision) -> list[tuple[Ear, Bounds]]:
    """For each port that hands on with the clients' addresses: from which clients any of its targets takes packets.

    Raises Unread.
    """
    place = place_of(balancer)
    found = []
    for ear in ears_of(network, balancer):
        lets: Bounds | None = NONE
        for arn in ear.to:
            one = _of_targets(network, balancer, network.find(TARGET_GROUP, arn, place), ear)
            lets = None if one is None or lets is None else lets | one
        if lets is not None and ear.to:
            found.append((ear, lets))
    return found


def _of_targets(network: Network, balancer: Revision, group: Revision, ear: Ear) -> Bounds | None:
    """From which clients the targets of a group take packets; None where that is not theirs to say. Raises Unread."""
    if not keeps_clients(balancer, group, ear.protocol) or part(group, "TargetType") == "alb":
        return None
    targets = rows(part(group, "Targets"))
    found: Bounds | None = NONE if targets else None
    for row in targets:
        face = face_of_target(network, text(row, "Id"), place_of(balancer))
        if face is None or found is None:
            return None
        port = number(row, "Port") or number({"Port": part(group, "Port")}, "Port") or ear.port
        found |= _to_face(network, balancer, Target(face.id, face), ear.protocol, port, True)[0]
    return found


def face_of_target(network: Network, id_: str, place: Place) -> Face | None:
    """The face of a target by instance id or private address; None where it is not recorded."""
    try:
        if id_.startswith("i-"):
            faces = instance_faces(network, network.find(INSTANCE, id_, place))
            return faces[0] if faces else None
        found = network.index(INTERFACE, place, "address", private_addresses).get(id_, ())
        return interface_face(found[0]) if len(found) == 1 else None
    except Unread:
        return None


def private_addresses(interface: Revision) -> list[str]:
    """The private addresses of an interface. Raises Unread."""
    found = [text(row, "PrivateIpAddress") for row in rows(part(interface, "PrivateIpAddresses"))]
    own = part(interface, "PrivateIpAddress")
    return list(dict.fromkeys(([own] if isinstance(own, str) and own else []) + found))
