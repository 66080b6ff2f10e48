"""Power as JSON objects, for programs: docs/reference/power.md describes them."""

from __future__ import annotations

from typing import Any

from vigie.access.power.deciding import Decision
from vigie.access.power.paths import Hop, Path
from vigie.access.power.standing import Stand


def decision_document(decision: Decision) -> dict[str, Any]:
    """A decision. ``witness`` is a request that is allowed by it."""
    return {
        "action": decision.action,
        "resources": list(decision.resources),
        "extent": decision.extent.value,
        "freely": decision.freely,
        "statements": list(decision.statements),
        "targets": list(decision.targets),
        "conditions": list(decision.conditions),
        "exceptions": list(decision.exceptions),
        "own_policies": decision.own_policies,
        "exact": decision.exact,
        "why_not_exact": decision.why_not_exact or None,
        "notes": list(decision.notes),
        "witness": decision.witness,
    }


def stand_document(stand: Stand) -> dict[str, Any]:
    """A standing, and what it rests on."""
    return {
        "standing": stand.standing.value,
        "statements": list(stand.statements),
        "conditions": list(stand.conditions),
        "exact": stand.exact,
        "why_not_exact": stand.everything.why_not_exact or None,
    }


def path_document(path: Path) -> dict[str, Any]:
    """A path to an administrator, hop by hop."""
    return {"end": path.end, "sure": path.sure, "hops": [hop_document(hop) for hop in path.hops]}


def hop_document(hop: Hop) -> dict[str, Any]:
    return {
        "from": hop.source,
        "to": hop.target,
        "method": hop.method.id,
        "title": hop.method.title,
        "by": hop.by or None,
        "sure": hop.sure,
        "conditions": list(hop.conditions),
        "statements": list(hop.statements),
        "source": hop.method.source,
        "steps": [decision_document(step) for step in hop.steps],
    }
