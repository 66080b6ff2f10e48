"""What a security group guards: read from network interfaces, which every service that lives in a VPC has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from vigie.access.reach.boxes import ALL_PROTOCOLS, NUMBERS, Boxes, addresses, box_of, ports, protocol_span
from vigie.access.reach.recorded import INTERFACE
from vigie.model.change import Revision
from vigie.model.finding import Severity
from vigie.rules.ec2._openings import ALL_PROTOCOLS as ANY
from vigie.rules.ec2._openings import Opening
from vigie.rules.estate import Estate
from vigie.rules.weight import at_most, lower

_WORDS: Final = {
    True: "guards a public address that the internet reaches by it",
    None: "guards a public address",
}


def interfaces(group: Revision, estate: Estate) -> Sequence[Revision]:
    """The network interfaces that the group is on, as far as they are recorded."""
    found = estate.referring_to(group.id, INTERFACE, whole=False)
    return [i for i in found if any(g.get("GroupId") == group.id for g in i.configuration.get("Groups") or ())]


def weigh(group: Revision, estate: Estate, severity: Severity, opening: Opening) -> tuple[Severity, str]:
    """How an opening of the group weighs, and why: in full where the internet gets in by it (or may), less where
    something else stops it, low on nothing.

    Where network interfaces were not seen whole, nothing is taken off: it never understates.
    """
    attached = interfaces(group, estate)
    reached = [_reached(interface, estate, opening) for interface in attached]
    for certain in (True, None):
        if certain in reached:
            return severity, _WORDS[certain]
    if estate.inventory.gaps(INTERFACE, group.account, group.region):
        return severity, "what it guards was not seen whole"
    if attached:
        return lower(severity), "guards nothing that the internet reaches by it"
    return at_most(severity, Severity.LOW), "is not in use"


def _reached(interface: Revision, estate: Estate, opening: Opening) -> bool | None:
    """Whether the internet reaches the interface on a port of the opening, by itself or through a load balancer."""
    reach = estate.reach(interface)
    opened = _boxes(opening)
    if reach.boxes & opened or any(path.certain and _lands(path.landing, opening) for path in reach.through):
        return True
    if reach.possible & opened or any(path.landing is None or _lands(path.landing, opening) for path in reach.through):
        return None
    return False


def _boxes(opening: Opening) -> Boxes:
    sources = addresses(*opening.cidrs)
    if opening.protocol == ANY:
        return box_of(protocols=ALL_PROTOCOLS, sources=sources)
    number = NUMBERS.get(opening.protocol, int(opening.protocol) if opening.protocol.isdigit() else -1)
    protocols = protocol_span(number) if 0 <= number <= 255 else ALL_PROTOCOLS
    return box_of(protocols=protocols, ports=ports(opening.first, opening.last), sources=sources)


def _lands(landing: tuple[str, int] | None, opening: Opening) -> bool:
    return landing is not None and opening.holds(landing[1], landing[0])
