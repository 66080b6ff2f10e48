"""Sets of packets as boxes: protocols × ports × ports of the sender × addresses of the sender.

A conversation is named by its first packet. IPv4 and IPv6 lie on one line of addresses and never meet. What has no
ports has all of them; of ICMP the "port" is type × 256 + code, so that ``8/0`` (echo request) is 2048.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from vigie.access.spans import WIDEST_V4, WIDEST_V6, Line, Spans, network_run, united

TCP: Final = 6
UDP: Final = 17
ICMP: Final = 1
ICMPV6: Final = 58
NAMES: Final = {TCP: "tcp", UDP: "udp", ICMP: "icmp", ICMPV6: "icmpv6"}
"""IANA protocol numbers; the names are those of security groups (EC2 API reference, IpPermission)."""
NUMBERS: Final = {name: number for number, name in NAMES.items()}

ALL_PORTS: Final = Spans(Line.PORT, Line.PORT.whole)
ALL_PROTOCOLS: Final = Spans(Line.PROTOCOL, Line.PROTOCOL.whole)
ALL_ADDRESSES: Final = Spans(Line.ADDRESS, Line.ADDRESS.whole)
V4: Final = Spans(Line.ADDRESS, ((0, 2**32),))
V6: Final = Spans(Line.ADDRESS, ((2**32, 2**32 + 2**128),))

_NOT_CARRIED: Final = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16",
    "224.0.0.0/3",
)  # fmt: skip
"""IANA IPv4 Special-Purpose Address Registry, without the documentation networks, which serve as examples here."""
_CARRIED_V6: Final = "2000::/3"
"""The global unicast addresses (IANA IPv6 Global Unicast Address Assignments)."""


def addresses(*cidrs: str) -> Spans:
    """The addresses of these networks. Texts that are no network are left out."""
    return united(Line.ADDRESS, [run for cidr in cidrs if (run := network_run(cidr)) is not None])


def ports(first: int, last: int) -> Spans:
    """Ports, both ends included, cut to those that exist."""
    return united(Line.PORT, [(max(first, 0), min(last, 65535) + 1)] if first <= last else [])


INTERNET: Final = united(
    Line.ADDRESS, [*addresses(*_NOT_CARRIED).others().common(V4).runs, *addresses(_CARRIED_V6).runs]
)
"""The addresses from which a packet can come over the internet, and to which its answer goes."""


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a conversation."""

    source: str
    """An address."""
    destination: str
    """An address, or a name where the address is not known."""
    protocol: str
    """``tcp``, ``udp``, ``icmp``, ``icmpv6``, or a number."""
    port: int | None = None
    """None for what has no ports."""
    source_port: int | None = None

    def __str__(self) -> str:
        port = "" if self.port is None else f" port {self.port}"
        return f"{self.protocol} from {self.source} to {self.destination}{port}"


@dataclass(frozen=True, slots=True)
class Box:
    """All combinations of its four sides."""

    protocols: Spans = ALL_PROTOCOLS
    ports: Spans = ALL_PORTS
    from_ports: Spans = ALL_PORTS
    sources: Spans = ALL_ADDRESSES

    @property
    def sides(self) -> tuple[Spans, Spans, Spans, Spans]:
        return self.protocols, self.ports, self.from_ports, self.sources

    @property
    def empty(self) -> bool:
        return not all(side.runs for side in self.sides)

    def common(self, other: Box) -> Box | None:
        """What is in both; None where nothing is."""
        found = []
        for mine, theirs in zip(self.sides, other.sides, strict=True):
            both = mine if mine == theirs else mine.common(theirs)
            if not both.runs:
                return None
            found.append(both)
        return _box(found)

    def minus(self, other: Box) -> Iterator[Box]:
        """What is left of it, as boxes that do not meet."""
        if self.common(other) is None:
            yield self
            return
        kept = list(self.sides)
        for side, theirs in enumerate(other.sides):
            outside = kept[side].common(theirs.others())
            if outside.runs:
                yield _box([*kept[:side], outside, *kept[side + 1 :]])
            kept[side] = kept[side].common(theirs)

    def holds(self, protocol: int, port: int, from_port: int, source: int) -> bool:
        values = (protocol, port, from_port, source)
        return all(any(a <= v < b for a, b in side.runs) for side, v in zip(self.sides, values, strict=True))


def _box(sides: Sequence[Spans]) -> Box:
    protocols, ports_, from_ports, sources = sides
    return Box(protocols, ports_, from_ports, sources)


@dataclass(frozen=True, slots=True)
class Boxes:
    """A set of packets."""

    boxes: tuple[Box, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.boxes)

    def __iter__(self) -> Iterator[Box]:
        return iter(self.boxes)

    def __or__(self, other: Boxes) -> Boxes:
        if not other.boxes or self.boxes == other.boxes:
            return self
        return joined((*self.boxes, *other.boxes)) if self.boxes else other

    def __and__(self, other: Boxes) -> Boxes:
        if self == EVERYTHING:
            return other
        if other == EVERYTHING:
            return self
        return joined(both for a in self.boxes for b in other.boxes if (both := a.common(b)) is not None)

    def __sub__(self, other: Boxes) -> Boxes:
        left: list[Box] = list(self.boxes)
        for taken in other.boxes:
            left = [part for box in left for part in box.minus(taken)]
        return joined(left)

    @property
    def sources(self) -> Spans:
        return united(Line.ADDRESS, [run for box in self.boxes for run in box.sources.runs])

    @property
    def from_ports(self) -> Spans:
        return united(Line.PORT, [run for box in self.boxes for run in box.from_ports.runs])

    def of(self, protocol: int) -> Boxes:
        """Only what is of this protocol."""
        return self & box_of(protocols=Spans(Line.PROTOCOL, ((protocol, protocol + 1),)))

    def at(self, protocol: int, port: int) -> Boxes:
        """Only what comes to this port."""
        return self.of(protocol) & box_of(ports=ports(port, port))


def joined(boxes: Iterable[Box]) -> Boxes:
    """The set of these boxes, in fewer where two differ in one side only. The order does not depend on theirs."""
    left = [box for box in dict.fromkeys(boxes) if not box.empty]
    merging = True
    while merging:
        merging = False
        for side in (3, 1, 2, 0):
            fewer = _joined_along(side, left)
            merging |= len(fewer) < len(left)
            left = fewer
    return Boxes(tuple(sorted(left, key=lambda box: tuple(s.runs for s in box.sides))))


def _joined_along(side: int, boxes: list[Box]) -> list[Box]:
    if len(boxes) < 2:
        return boxes
    alike: dict[tuple[Spans, ...], list[Box]] = {}
    for box in boxes:
        alike.setdefault((*box.sides[:side], *box.sides[side + 1 :]), []).append(box)
    if len(alike) == len(boxes):
        return boxes
    found = []
    for others, same in alike.items():
        line = same[0].sides[side].line
        whole = united(line, [run for box in same for run in box.sides[side].runs]) if len(same) > 1 else None
        found.append(_box([*others[:side], whole, *others[side:]]) if whole is not None else same[0])
    return found


def box_of(
    *,
    protocols: Spans = ALL_PROTOCOLS,
    ports: Spans = ALL_PORTS,
    from_ports: Spans = ALL_PORTS,
    sources: Spans = ALL_ADDRESSES,
) -> Boxes:
    """One box as a set; the empty set where a side is empty."""
    box = Box(protocols, ports, from_ports, sources)
    return NOTHING if box.empty else Boxes((box,))


NOTHING: Final = Boxes()
EVERYTHING: Final = Boxes((Box(),))
FROM_INTERNET: Final = Boxes((Box(sources=INTERNET),))


def sources_at(boxes: Boxes, protocol: int, port: int) -> Spans:
    """From where a port is reached. Cheaper than ``at``, for asking about many ports."""
    runs = [
        run for box in boxes if _holds(box.protocols, protocol) and _holds(box.ports, port) for run in box.sources.runs
    ]
    return united(Line.ADDRESS, runs)


def sources_of_all_ports(boxes: Boxes, protocol: int) -> Spans:
    """From where every port of a protocol is reached (but for a few at the ends, which nobody means to leave out)."""
    own = boxes.of(protocol)
    edges = {port for box in own for run in box.ports.runs for port in run if 1 <= port <= 65534}
    found = sources_at(own, protocol, 1)
    for port in edges:
        found = found.common(sources_at(own, protocol, port))
    return found


def _holds(spans: Spans, value: int) -> bool:
    return any(low <= value < high for low, high in spans.runs)


def protocol_span(number: int) -> Spans:
    return Spans(Line.PROTOCOL, ((number, number + 1),))


def narrowed(boxes: Boxes, sources: Spans) -> Boxes:
    """Only what comes from these addresses."""
    return Boxes(tuple(replace(b, sources=both) for b in boxes if (both := b.sources.common(sources)).runs))


# Words


def networks_text(spans: Spans, most: int = 3) -> str:
    """Addresses for people: ``any address of the internet``, ``192.0.2.0/24``, or some networks and how many more."""
    four, six = spans.common(V4), spans.common(V6)
    parts = []
    for family, mine, name in ((V4, four, "IPv4"), (V6, six, "IPv6")):
        if mine.runs and mine.covers(INTERNET.common(family)):
            parts.append(f"any {name} address of the internet")
        elif mine.runs:
            named = networks(mine, most + 1)
            more = " and more" if len(named) > most else ""
            parts.append(", ".join(named[:most]) + more)
    if len(parts) == 2 and all(part.startswith("any ") for part in parts):
        return "any address of the internet"
    return " and ".join(parts) or "nowhere"


def networks(spans: Spans, most: int | None = None) -> list[str]:
    """The networks that come to exactly these addresses; at most so many."""
    found: list[str] = []
    for low, high in (*spans.common(V4).runs, *spans.common(V6).runs):
        kind, offset = (ipaddress.IPv4Address, 0) if high <= 2**32 else (ipaddress.IPv6Address, 2**32)
        first, last = kind(low - offset), kind(high - 1 - offset)
        for network in ipaddress.summarize_address_range(first, last):
            found.append(str(network))
            if most is not None and len(found) >= most:
                return found
    return found


def size(spans: Spans, family: Spans) -> int:
    """How many addresses of a family."""
    return sum(int(high - low) for low, high in spans.common(family).runs)


def is_wide(spans: Spans) -> bool:
    """Whether it comes to the internet: more addresses than a /8 of IPv4 or a /32 of IPv6 has, in one piece or many.

    The same measure as for policies (vigie.access.spans.WIDEST_V4).
    """
    return size(spans, V4) > 1 << (32 - WIDEST_V4) or size(spans, V6) > 1 << (128 - WIDEST_V6)


def ports_text(box: Box) -> tuple[str, ...]:
    """Protocols and ports: ``tcp/22``, ``udp/0-65535``, ``icmp``, ``all protocols``."""
    if box.protocols == ALL_PROTOCOLS:
        return ("all protocols",) if box.ports == ALL_PORTS else tuple(f"any/{r}" for r in _runs_text(box.ports))
    found = []
    for low, high in box.protocols.runs:
        numbers = range(low, high)
        if len(numbers) > 8:
            found.append(f"protocols {low}-{high - 1}")
            continue
        for number in numbers:
            found += _of_protocol(number, box.ports)
    return tuple(found)


def _of_protocol(number: int, found: Spans) -> list[str]:
    name = NAMES.get(number, f"protocol {number}")
    if number in (TCP, UDP):
        return [f"{name}/{text}" for text in _runs_text(found)]
    if number in (ICMP, ICMPV6) and found != ALL_PORTS:
        return [f"{name} type {low // 256}" for low, _ in found.runs]
    return [name]


def _runs_text(spans: Spans) -> list[str]:
    return [str(low) if high == low + 1 else f"{low}-{high - 1}" for low, high in spans.runs]


def boxes_text(boxes: Boxes, most: int = 4) -> str:
    """``tcp/22 from 192.0.2.0/24; tcp/443 from any address of the internet``."""
    told = [f"{', '.join(ports_text(box))} from {networks_text(box.sources)}" for box in boxes]
    more = f"; and {len(told) - most} more" if len(told) > most else ""
    return "; ".join(told[:most]) + more if told else "nothing"


def packet_in(boxes: Boxes, destination: str = "") -> Packet | None:
    """Some packet of the set; an ordinary one where there is one (TCP, a high port of the sender)."""
    if not boxes:
        return None
    usual = boxes.of(TCP) or boxes.of(UDP) or boxes
    usual = usual & box_of(from_ports=ports(1024, 65535)) or usual
    box = usual.boxes[0]
    number = box.protocols.runs[0][0]
    with_ports = number in (TCP, UDP)
    low = box.from_ports.runs[0][0]
    return Packet(
        source=box.sources.text() or "",
        destination=destination,
        protocol=NAMES.get(number, str(number)),
        port=box.ports.runs[0][0] if with_ports else None,
        source_port=(50000 if box.from_ports.holds("50000") else low) if with_ports else None,
    )
