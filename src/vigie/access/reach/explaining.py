"""A reach as one JSON object, for programs: docs/reference/json.md describes it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from vigie.access.reach.answer import Hop, Path, Reach
from vigie.access.reach.boxes import ALL_PORTS, Box, Boxes, Packet, networks, networks_text, ports_text


def explanation(reach: Reach) -> dict[str, Any]:
    """What gets in, in sum and way by way."""
    return {
        "reachable": reach.reachable,
        "exact": reach.exact,
        "boxes": boxes_document(reach.boxes),
        "addresses": list(reach.addresses),
        "witness": _packet(reach.witness),
        "unknowns": list(reach.unknowns),
        "assumed": list(reach.assumed),
        "notes": list(reach.notes),
        "paths": [_path(path) for path in reach.paths],
    }


def boxes_document(boxes: Boxes) -> list[dict[str, Any]]:
    return [_box(box) for box in boxes]


def _box(box: Box) -> dict[str, Any]:
    return {
        "ports": list(ports_text(box)),
        "sources": networks(box.sources),
        "from": networks_text(box.sources),
        "source_ports": None if box.from_ports == ALL_PORTS else [[low, high - 1] for low, high in box.from_ports.runs],
    }


def _packet(packet: Packet | None) -> dict[str, Any] | None:
    return asdict(packet) if packet else None


def _path(path: Path) -> dict[str, Any]:
    return {
        "destination": path.destination or None,
        "through": path.through or None,
        "landing": f"{path.landing[0]}/{path.landing[1]}" if path.landing else None,
        "boxes": boxes_document(path.certain),
        "maybe": boxes_document(path.possible - path.certain),
        "reasons": list(path.reasons),
        "hops": [_hop(hop) for hop in path.hops],
    }


def _hop(hop: Hop) -> dict[str, Any]:
    return {"kind": hop.kind, "resource": hop.resource, "passage": hop.passage.value, "words": hop.words}
