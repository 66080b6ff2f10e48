"""The way of a packet from the internet to one face of the network, hop by hop, and of its answer back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from vigie.access.reach.answer import Hop, Passage, Path
from vigie.access.reach.bounds import ALL, NONE, Bounds, exactly, undecided
from vigie.access.reach.boxes import (
    FROM_INTERNET,
    INTERNET,
    NOTHING,
    V4,
    V6,
    Boxes,
    addresses,
    box_of,
)
from vigie.access.reach.filters import acl_entries, acl_in, acl_out, group_rules, ingress
from vigie.access.reach.recorded import (
    ACL,
    BLOCK,
    EXCLUSION,
    SUBNET,
    Network,
    Place,
    Unread,
    part,
    rows,
    text,
)
from vigie.access.reach.routes import detours, edge_table, gateways, routing, table_of
from vigie.access.spans import Spans
from vigie.model.change import Revision

MOST_RULES: Final = 4
"""How many rules a hop names."""


@dataclass(frozen=True, slots=True)
class Face:
    """Where packets would come to: a network interface, or what stands for those of a managed service."""

    id: str
    place: Place
    subnet: str
    groups: tuple[str, ...] | None
    """Security groups; None where there are none that could stop anything."""
    v4: tuple[str, ...] = ()
    """Public addresses, or the name that stands for them."""
    v6: tuple[str, ...] = ()
    v4_words: str = ""
    """What is said of the address."""
    listening: Bounds = ALL
    """Where something answers, as far as that is known."""
    listening_words: str = ""
    closed: str = ""
    """Why nothing answers at all: it is stopped, not attached, takes no conversations…"""
    closed_by: str = ""
    igw_denied: str = ""
    """Why it takes nothing from an internet gateway."""


@dataclass
class Walk:
    """The hops so far, and what got through all of them."""

    asked: Boxes
    state: Bounds
    hops: list[Hop] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    stopped: bool = False

    def pass_(self, kind: str, resource: str, lets: Bounds, say: Callable[[Boxes], str]) -> None:
        """One hop: narrow what got so far to what it lets through, and note it.

        After the hop that stops everything, the others are judged on what was asked: one learns what else stops it.
        """
        before = exactly(self.asked) if self.stopped else self.state
        after = before & lets
        if not after.possible:
            passage = Passage.CLOSED
        elif before.certain and not after.certain:
            passage = Passage.UNKNOWN
        else:
            passage = (
                Passage.OPEN if after.certain or before.certain else Passage.UNKNOWN if lets.reasons else Passage.OPEN
            )
        words = "; ".join(lets.reasons) if passage is Passage.UNKNOWN and lets.reasons else say(after.possible)
        if (
            passage is Passage.CLOSED
            and (before.possible & lets.possible) == NOTHING
            and self._lets_other(lets, before)
        ):
            words = f"{words}; of what got here nothing" if words else "of what got here nothing"
        self.hops.append(Hop(kind, resource, passage, words))
        if passage is Passage.CLOSED:
            self.stopped = True
            self.state = NONE
        elif not self.stopped:
            self.state = after

    def _lets_other(self, lets: Bounds, before: Bounds) -> bool:
        return bool(lets.possible & self.asked) and before.possible != self.asked

    def path(self, destination: str) -> Path:
        state = NONE if self.stopped else self.state
        reasons = state.reasons if state.possible != state.certain else ()
        return Path(destination, tuple(self.hops), state.certain, state.possible, reasons, assumed=tuple(self.assumed))


def paths_to(network: Network, face: Face, asked: Boxes) -> Iterator[Path]:
    """The ways over the internet to a face: one for each of its addresses, or one that says that there is none."""
    for family, addresses_ in ((V4, face.v4), (V6, face.v6)):
        within = asked & FROM_INTERNET & box_of(sources=family)
        if addresses_ and within:
            first, *others = addresses_
            path = _path(network, face, family, first, within)
            yield path
            for other in others:
                yield Path(other, (_address_hop(face, other, family), *path.hops[1:]), path.certain, path.possible,
                           path.reasons, assumed=path.assumed)  # fmt: skip
    if not face.v4 and not face.v6:
        yield _private(network, face, asked)


def _private(network: Network, face: Face, asked: Boxes) -> Path:
    """It has no address on the internet: that stops everything; the other hops are told as for IPv4."""
    within = asked & FROM_INTERNET & box_of(sources=V4) or asked & FROM_INTERNET
    family = V4 if within.sources.common(V4).runs else V6
    words = "it has no public IPv4 address and no global IPv6 address"
    walked = _walked(network, face, family, within)
    return Path("", (Hop("address", face.id, Passage.CLOSED, words), *walked.hops), assumed=walked.assumed)


def _path(network: Network, face: Face, family: Spans, address: str, within: Boxes) -> Path:
    walked = _walked(network, face, family, within)
    return replace(walked, destination=address, hops=(_address_hop(face, address, family), *walked.hops))


def _walked(network: Network, face: Face, family: Spans, within: Boxes) -> Path:
    """The way after the address, which many interfaces of one subnet and the same groups share."""
    own = "" if face.listening == ALL and not face.closed and not face.igw_denied else face.id

    def walk() -> Path:
        steps = Walk(within, exactly(within))
        _walk(network, face, family, steps)
        return steps.path("")

    return network.kept(("walked", face.place, face.subnet, face.groups, family.runs, within, own), walk)


def _address_hop(face: Face, address: str, family: Spans) -> Hop:
    words = (
        face.v4_words if family is V4 and face.v4_words else f"{'IPv4' if family is V4 else 'IPv6'} address {address}"
    )
    return Hop("address", face.id, Passage.OPEN, words)


def _walk(network: Network, face: Face, family: Spans, walk: Walk) -> None:
    if face.closed:
        walk.pass_("state", face.closed_by or face.id, NONE, lambda _: face.closed)
    try:
        subnet = network.find(SUBNET, face.subnet, face.place)
        vpc = str(part(subnet, "VpcId") or "")
        owner = part(subnet, "OwnerId")
    except Unread as reason:
        walk.pass_("subnet", face.subnet, undecided(str(reason)), lambda _: "")
        _groups_hop(network, face, walk)
        _listening_hop(face, walk)
        return
    # a subnet that another account shares is routed and filtered by what that account has
    home = Place(owner, face.place.region) if isinstance(owner, str) and owner else face.place
    attached = _gateway_hop(network, vpc, home, walk)
    if face.igw_denied:
        walk.pass_("address", face.id, NONE, lambda _: face.igw_denied)
    _block_hop(network, subnet, vpc, home, walk)
    _edge_hop(network, attached, subnet, home, walk)
    acl = _acl_hop(network, face, home, walk)
    _groups_hop(network, face, walk)
    _listening_hop(face, walk)
    if acl is not None:
        _answer_acl_hop(network, acl, walk)
    _route_hop(network, face, vpc, home, attached, family, walk)


# The hops


def _gateway_hop(network: Network, vpc: str, place: Place, walk: Walk) -> frozenset[str]:
    try:
        attached = gateways(network, vpc, place)
    except Unread as reason:
        walk.pass_("internet gateway", vpc, undecided(str(reason)), lambda _: "")
        return frozenset()
    if attached:
        walk.pass_("internet gateway", ", ".join(sorted(attached)), ALL, lambda _: f"attached to {vpc}")
    else:
        walk.pass_("internet gateway", vpc, NONE, lambda _: f"no internet gateway is attached to {vpc}")
    return attached


def _block_hop(network: Network, subnet: Revision, vpc: str, place: Place, walk: Walk) -> None:
    """VPC block public access: of the region, unless the VPC or the subnet is excluded (AWS VPC user guide, "Block
    public access to VPCs and subnets").
    """
    options = network.all(BLOCK, place)
    try:
        mode = part(options[0], "InternetGatewayBlockMode") if options else None
    except Unread:
        mode = None
    if mode is None:
        mode = _mode_of_subnet(subnet)
        if mode is None:
            walk.assumed.append("VPC block public access was not read: taken to be off, as AWS has it by default")
            return
    if mode == "off":
        return
    excluded = _exclusion(network, subnet, vpc, place)
    words = f"VPC block public access is {mode}"
    if excluded:
        walk.pass_("block public access", excluded, ALL, lambda _: f"{words}; {excluded} excludes this network from it")
        return
    gap = network.gap(EXCLUSION, place)
    if gap:
        walk.pass_("block public access", place.region, undecided(f"{words}, and {gap}"), lambda _: "")
    else:
        walk.pass_("block public access", f"{place.account}/{place.region}", NONE, lambda _: words)


def _mode_of_subnet(subnet: Revision) -> str | None:
    try:
        states = part(subnet, "BlockPublicAccessStates")
    except Unread:
        return None
    mode = states.get("InternetGatewayBlockMode") if hasattr(states, "get") else None
    return mode if isinstance(mode, str) else None


def _exclusion(network: Network, subnet: Revision, vpc: str, place: Place) -> str:
    """The exclusion that lets conversations in to this subnet; empty where there is none."""
    for row in network.all(EXCLUSION, place):
        arn, mode, state = (
            str(part(row, key) or "") for key in ("ResourceArn", "InternetGatewayExclusionMode", "State")
        )
        lives = not state.startswith(("delete", "disable", "create-failed"))
        if lives and mode == "allow-bidirectional" and arn.rsplit("/", 1)[-1] in (subnet.id, vpc):
            return row.id
    return ""


def _edge_hop(network: Network, attached: frozenset[str], subnet: Revision, place: Place, walk: Walk) -> None:
    """A route table of the gateway itself, which sends what comes in to an appliance first."""
    for gateway in sorted(attached):
        table = edge_table(network, gateway, place)
        if table is None:
            continue
        for destination, hop in detours(table):
            if _meets(destination, subnet):
                reason = f"not modelled: {hop}, to which {table.id} of {gateway} sends what comes in for {destination}"
                walk.pass_("gateway route table", table.id, undecided(reason), lambda _: "")
                return


def _meets(destination: str, subnet: Revision) -> bool:
    blocks = [str(part(subnet, "CidrBlock") or "")]
    blocks += [text(row, "Ipv6CidrBlock") for row in rows(part(subnet, "Ipv6CidrBlockAssociationSet"))]
    return bool(addresses(destination).common(addresses(*blocks)).runs)


def _acl_hop(network: Network, face: Face, place: Place, walk: Walk) -> Revision | None:
    found = network.index(ACL, place, "subnet", _subnets_of_acl).get(face.subnet)
    if not found:
        reason = network.gap(ACL, place) or f"the network ACL of {face.subnet} is not recorded"
        walk.pass_("network ACL", face.subnet, undecided(reason), lambda _: "")
        return None
    acl = found[0]
    walk.pass_("network ACL", acl.id, acl_in(network, acl), lambda through: _entries_text(acl, through, outbound=False))
    return acl


def _subnets_of_acl(acl: Revision) -> Iterator[str]:
    return (text(row, "SubnetId") for row in rows(part(acl, "Associations")))


def acl_of(network: Network, subnet: str, place: Place) -> Revision | None:
    found = network.index(ACL, place, "subnet", _subnets_of_acl).get(subnet)
    return found[0] if found else None


def _entries_text(acl: Revision, through: Boxes, *, outbound: bool) -> str:
    try:
        entries = acl_entries(acl, outbound=outbound)
    except Unread as reason:
        return str(reason)
    told = [
        f"{'outbound ' if outbound else ''}rule {number_} {'allows' if allows else 'denies'} {said.words}"
        for number_, allows, said in entries
        if (allows and said.boxes & through) or (not through and not allows)
    ]
    return _some(told) or "no rule allows it"


def _groups_hop(network: Network, face: Face, walk: Walk) -> None:
    if face.groups is None:
        return
    groups = face.groups

    def say(through: Boxes) -> str:
        told = [
            f"{group}: {said.words}" for group, said in group_rules(network, groups, face.place) if said.boxes & through
        ]
        return _some(told) or "no rule lets it in"

    walk.pass_("security group", ", ".join(groups) or "none", ingress(network, groups, face.place), say)


def _listening_hop(face: Face, walk: Walk) -> None:
    if face.listening != ALL:
        walk.pass_("listener", face.id, face.listening, lambda _: face.listening_words)


def _answer_acl_hop(network: Network, acl: Revision, walk: Walk) -> None:
    out = acl_out(network, acl)
    if out == ALL:
        return
    walk.pass_("network ACL, answers", acl.id, out, lambda through: _entries_text(acl, through, outbound=True))


def _route_hop(
    network: Network, face: Face, vpc: str, place: Place, attached: frozenset[str], family: Spans, walk: Walk
) -> None:
    if not attached and not walk.stopped:
        walk.pass_("route table", face.subnet, undecided(f"the gateways of {vpc} are not known"), lambda _: "")
        return
    try:
        table = table_of(network, face.subnet, vpc, place)
        found = routing(network, table, attached, place)
    except Unread as reason:
        walk.pass_("route table", face.subnet, undecided(str(reason)), lambda _: "")
        return
    lets = Bounds(box_of(sources=found.certain), box_of(sources=found.possible), found.reasons)

    def say(through: Boxes) -> str:
        leading = [r.words for r in found.routes if through.sources.common(Spans(INTERNET.line, (r.run,))).runs]
        mine = [r.words for r in found.routes if family.common(Spans(INTERNET.line, (r.run,))).runs]
        return _some(dict.fromkeys(leading)) or (
            f"answers go out for others only: {_some(mine)}"
            if mine
            else "no route leads to an attached internet gateway"
        )

    walk.pass_("route table", table.id, lets, say)


def _some(told: Iterable[str]) -> str:
    texts = list(told)
    more = f"; and {len(texts) - MOST_RULES} more" if len(texts) > MOST_RULES else ""
    return "; ".join(texts[:MOST_RULES]) + more
