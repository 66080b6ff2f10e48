"""What a change did to what of the internet gets in: the difference of two answers."""

from __future__ import annotations

from collections.abc import Iterator

from vigie.access.reach.answer import Reach
from vigie.access.reach.bounds import Bounds, exactly
from vigie.access.reach.boxes import ALL_PORTS, NOTHING, Box, Boxes, networks_text, packet_in, ports_text
from vigie.model.verdict import ChangeVerdict, Dimension, Shift, direction_of

_Way = tuple[str, tuple[str, int] | None]


def compare(before: Reach | None, after: Reach | None) -> ChangeVerdict:
    """What of the internet gets in now and did not, and the other way round. None: there was (or is) no such resource.

    Exact by the difference of the boxes: gained is what gets in for certain and could not before. What may have been
    gained or lost, but could not be decided on one side, is no shift: it is a problem, and the direction is *unknown*
    unless something was gained for certain.
    """
    name = (after or before or Reach("", "")).resource
    then, now = _ways(before), _ways(after)
    gained: list[Shift] = []
    lost: list[Shift] = []
    problems: list[str] = []
    for way in dict.fromkeys((*then, *now)):
        old, new = then.get(way, exactly(NOTHING)), now.get(way, exactly(NOTHING))
        gained += _shifts(name, way, new.certain - old.possible, "may now be reached", after)
        lost += _shifts(name, way, old.certain - new.possible, "can no longer be reached", before)
        if _in_doubt(old, new):
            problems += [f"{name}: {reason}" for reason in (*new.reasons, *old.reasons)]
    return ChangeVerdict(
        direction_of(gained=bool(gained), lost=bool(lost), undecided=bool(problems)),
        tuple(gained),
        tuple(lost),
        tuple(dict.fromkeys(problems)),
    )


def _in_doubt(old: Bounds, new: Bounds) -> bool:
    """Whether something may have been gained or lost besides what certainly was.

    What was unknown before, and is for the same reasons now, is not in doubt by this change.
    """
    unknown_then, unknown_now = old.possible - old.certain, new.possible - new.certain
    if old.reasons != new.reasons:
        return bool(unknown_then or unknown_now)
    return bool(unknown_then - unknown_now or unknown_now - unknown_then)


def _ways(reach: Reach | None) -> dict[_Way, Bounds]:
    """Bounds by the way in: to the resource itself, or through a balancer to a port."""
    found: dict[_Way, Bounds] = {}
    for path in reach.paths if reach else ():
        way = (path.through, path.landing)
        found[way] = found[way] | path.bounds if way in found else path.bounds
    return found


def _shifts(name: str, way: _Way, boxes: Boxes, verb: str, side: Reach | None) -> Iterator[Shift]:
    through, landing = way
    where = (
        next((p.destination for p in side.paths if (p.through, p.landing) == way and p.destination), "") if side else ""
    )
    exact = side is None or not side.assumed
    for box in boxes:
        told = ports_text(box)
        what = (f"{landing[0]}/{landing[1]}",) if landing else told
        words = f"{', '.join(what)} of {name} {verb} from {networks_text(box.sources)}{_from_ports(box)}"
        if through:
            words += f" through {through} ({', '.join(told)})"
        packet = packet_in(Boxes((box,)), where)
        witness = {k: v for k, v in _fields(packet).items() if v is not None} if packet else None
        yield Shift(Dimension.REACHABILITY, words, _who(box), what, witness, exact)


def _who(box: Box) -> str:
    text = networks_text(box.sources)
    return "*" if text.startswith("any ") else text


def _from_ports(box: Box) -> str:
    if box.from_ports == ALL_PORTS:
        return ""
    runs = [str(a) if b == a + 1 else f"{a}-{b - 1}" for a, b in box.from_ports.runs]
    return f" (sent from port {', '.join(runs[:3])})"


def _fields(packet: object) -> dict[str, object]:
    names = ("source", "destination", "protocol", "port", "source_port")
    return {name: getattr(packet, name) for name in names}
