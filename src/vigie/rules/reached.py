"""Violations for what the internet reaches, in one form for all rules on reachability (see vigie.access.reach)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from vigie.access.reach import NETWORK_TYPES, Passage, Path, Reach
from vigie.access.reach.boxes import (
    INTERNET,
    NUMBERS,
    V4,
    V6,
    Boxes,
    is_wide,
    networks_text,
    sources_at,
    sources_of_all_ports,
)
from vigie.access.spans import Spans
from vigie.model.finding import Severity, Violation
from vigie.rules.declare import CannotTell
from vigie.rules.tables import rows
from vigie.rules.weight import lower

RESTS_ON: Final = NETWORK_TYPES
"""What rules on reachability depend on."""
_MOST: Final = 100
"""Listeners are single ports that may touch each other; a wider range means that the listeners are not known."""
KINDS: Final = ("administration", "store", "internal")


@dataclass(frozen=True, slots=True)
class Service:
    """A port of the table of services that are not meant for the internet."""

    name: str
    protocol: str
    port: int
    severity: Severity

    @property
    def subject(self) -> str:
        return f"{self.protocol}/{self.port}"


def services() -> Iterator[Service]:
    """The ports of the table, one by one."""
    for kind in KINDS:
        for name, row in rows("ports")[kind].items():
            severity = Severity(row.get("weight", "high"))
            for port in row["ports"]:
                first, last = port if isinstance(port, list) else (port, port)
                for number in range(first, last + 1):
                    yield Service(name, row.get("protocol", "tcp"), number, severity)


def service_at(protocol: str, port: int) -> Service | None:
    return next((s for s in services() if (s.protocol, s.port) == (protocol, port)), None)


def reached_services(reach: Reach) -> Iterator[Violation]:
    """One violation for each service that the internet at large reaches at the resource's own addresses.

    Not where every port is reached: that is told as such.

    Raises:
        CannotTell: after what is certain, where more may be reached.
    """
    everything = {protocol for protocol in ("tcp", "udp") if is_wide(all_ports(reach, protocol))}
    boxes, possible = reach.boxes, reach.possible
    doubtful = None
    for service in services():
        number = NUMBERS[service.protocol]
        sources = sources_at(boxes, number, service.port)
        if is_wide(sources):
            if service.protocol not in everything:
                yield _violation(reach, service, sources)
        elif doubtful is None and is_wide(sources_at(possible, number, service.port)):
            doubtful = service
    if doubtful is not None:
        raise cannot_tell(reach)


def reached_ports(reach: Reach, weigh: Callable[[str, int], Severity]) -> Iterator[Violation]:
    """One violation for each port that the internet at large reaches, where it is known on which something listens.

    ``weigh`` gives the severity of (protocol, port) where the whole internet gets in.

    Raises:
        CannotTell: after what is certain, where more may be reached.
    """
    certain = set(_single_ports(reach.boxes))
    for protocol, port in sorted(certain):
        sources = sources_at(reach.boxes, NUMBERS[protocol], port)
        text = f"{protocol}/{port} is reached from {networks_text(sources)}{by(reach.direct)}"
        evidence = {"ports": f"{protocol}/{port}", "from": networks_text(sources)}
        yield Violation(text, f"{protocol}/{port}", evidence, weighed(weigh(protocol, port), sources))
    if reach.blind or set(_single_ports(reach.possible)) - certain:
        raise cannot_tell(reach)


def _single_ports(boxes: Boxes) -> Iterator[tuple[str, int]]:
    """Ports that are reached from so much of the internet that it comes to all of it. A range counts by its first."""
    for box in boxes:
        for protocol in ("tcp", "udp"):
            if box.protocols.holds(str(NUMBERS[protocol])):
                for low, high in box.ports.runs:
                    listed = range(low, min(high, low + _MOST))
                    yield from (
                        (protocol, port) for port in listed if is_wide(sources_at(boxes, NUMBERS[protocol], port))
                    )


def _violation(reach: Reach, service: Service, sources: Spans) -> Violation:
    text = f"{service.name} ({service.subject}) is reached from {networks_text(sources)}{by(reach.direct)}"
    evidence = {"ports": service.subject, "from": networks_text(sources)}
    return Violation(text, service.subject, evidence, weighed(service.severity, sources))


def all_ports(reach: Reach, protocol: str) -> Spans:
    """From where every port of a protocol is reached for certain."""
    return sources_of_all_ports(reach.boxes, NUMBERS[protocol])


def perhaps_all_ports(reach: Reach, protocol: str) -> bool:
    """Whether every port of a protocol may be reached from the internet at large, as far as could be seen."""
    return reach.blind or is_wide(sources_of_all_ports(reach.possible, NUMBERS[protocol]))


def weighed(severity: Severity, sources: Spans) -> Severity:
    """In full where the whole internet of a family gets in; a step less from a large piece of it."""
    whole = any(sources.common(family).covers(INTERNET.common(family)) for family in (V4, V6))
    return severity if whole else lower(severity)


def by(paths: Iterable[Path]) -> str:
    """What lets it in, where a security group does: for the message only, since groups and addresses come and go."""
    groups = {hop.resource for path in paths if path.certain for hop in path.hops if hop.kind == "security group"}
    return f" (by {', '.join(sorted(groups))})" if groups else ""


def cannot_tell(reach: Reach) -> CannotTell:
    own = dict.fromkeys(reason for path in reach.direct for reason in path.reasons)
    return CannotTell(
        "; ".join(own) or "; ".join(reach.unknowns) or "what of the internet gets in could not be decided"
    )


_OF_THE_WAY: Final = ("internet gateway", "block public access", "gateway route table", "route table", "address")


def has_way_in(reach: Reach, only: Path | None = None) -> bool | None:
    """Whether a way leads from the internet to an address of its own, whatever groups and ACLs stop on it.

    None: it could not be decided.
    """
    found: bool | None = False
    for path in reach.direct:
        if not path.destination or only not in (None, path):
            continue
        stops = {hop.passage for hop in path.hops if hop.kind in _OF_THE_WAY}
        if Passage.CLOSED in stops:
            continue
        if Passage.UNKNOWN not in stops and any(hop.kind == "route table" for hop in path.hops):
            return True
        found = None
    return found
