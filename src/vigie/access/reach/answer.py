"""The answer: who on the internet gets a packet in to a resource, along which way, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from typing import Final

from vigie.access.reach.bounds import Bounds, together
from vigie.access.reach.boxes import NOTHING, Boxes, Packet, packet_in

BLIND: Final = "resource"
"""The kind of the one hop of a resource that could not be read."""


class Passage(StrEnum):
    """What a hop does with the packets that were asked about."""

    OPEN = "lets in"
    CLOSED = "stops"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Hop:
    """One thing that a packet must pass."""

    kind: str
    """``address``, ``internet gateway``, ``network ACL``, ``security group``, ``route table``, ``listener``…"""
    resource: str
    """The id of what decides here."""
    passage: Passage
    words: str
    """Why: the rules that matter, as ``rule 100 allows tcp/22 from 0.0.0.0/0``."""


@dataclass(frozen=True, slots=True)
class Path:
    """One way to a resource: to one of its addresses, or through a load balancer."""

    destination: str
    """The address (or name) to which the packet is sent."""
    hops: tuple[Hop, ...]
    certain: Boxes = NOTHING
    """What gets in."""
    possible: Boxes = NOTHING
    """What may get in, as far as could be seen; ``certain`` included."""
    reasons: tuple[str, ...] = ()
    """Why the two differ."""
    through: str = ""
    """The load balancer that hands it on; empty where the packet comes to the resource itself."""
    landing: tuple[str, int] | None = None
    """Protocol and port at the resource, where a load balancer hands on to it."""
    assumed: tuple[str, ...] = ()
    """What was taken for granted and could not be read."""

    @property
    def stopped_by(self) -> Hop | None:
        """The first hop that lets nothing in."""
        return next((hop for hop in self.hops if hop.passage is Passage.CLOSED), None)

    @property
    def bounds(self) -> Bounds:
        return Bounds(self.certain, self.possible, self.reasons)


@dataclass(frozen=True, slots=True)
class Reach:
    """What of the internet gets in to one resource."""

    resource: str
    """How the resource is called in words: its id."""
    type: str
    paths: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    """``not modelled: …``, and whatever else a reader must know."""

    @property
    def direct(self) -> tuple[Path, ...]:
        return tuple(path for path in self.paths if not path.through)

    @property
    def boxes(self) -> Boxes:
        """What gets in to the resource's own addresses."""
        return united(path.certain for path in self.direct)

    @property
    def possible(self) -> Boxes:
        """What may get in to the resource's own addresses."""
        return united(path.possible for path in self.direct)

    @property
    def through(self) -> tuple[Path, ...]:
        """The ways through load balancers along which something gets in, or may."""
        return tuple(path for path in self.paths if path.through and path.possible)

    @property
    def reachable(self) -> bool | None:
        """Whether anything gets in, along any way. None: it could not be decided."""
        if any(path.certain for path in self.paths):
            return True
        return None if any(path.possible for path in self.paths) else False

    @property
    def exact(self) -> bool:
        return not self.unknowns and not self.assumed

    @property
    def unknowns(self) -> tuple[str, ...]:
        """Why something could not be decided: parts that could not be read, or are not modelled."""
        return reduce(together, (path.reasons for path in self.paths), ())

    @property
    def assumed(self) -> tuple[str, ...]:
        return reduce(together, (path.assumed for path in self.paths), ())

    @property
    def blind(self) -> bool:
        """Whether the resource itself could not be read: then no way to it is known."""
        return any(path.hops and path.hops[0].kind == BLIND for path in self.paths)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it can be reached: addresses and names to which something gets in."""
        return tuple(dict.fromkeys(path.destination for path in self.paths if path.certain))

    @property
    def witness(self) -> Packet | None:
        """A packet that gets in."""
        return next((packet_in(path.certain, path.destination) for path in self.paths if path.certain), None)


def united(sets: Iterable[Boxes]) -> Boxes:
    return reduce(lambda one, other: one | other, sets, NOTHING)
