"""Violations of a security group for what it opens to the internet, in one form for all such rules."""

from __future__ import annotations

from collections.abc import Iterator

from vigie.model.change import Revision
from vigie.model.finding import Severity, Violation
from vigie.rules.ec2._attachment import weigh
from vigie.rules.ec2._openings import Opening, services, world_openings
from vigie.rules.estate import Estate


def violation(group: Revision, estate: Estate, opening: Opening, what: str, severity: Severity) -> Violation:
    """One opening: its subject is protocol and ports; its evidence does not hold the attachment, which comes and
    goes.
    """
    weight, why = weigh(group, estate, severity, opening)
    text = f"{what} open to {', '.join(opening.cidrs)} ({opening}); the group {why}"
    return Violation(text, str(opening), {"ports": str(opening), "networks": opening.cidrs}, weight)


def open_services(group: Revision, estate: Estate, kind: str, severity: Severity) -> Iterator[Violation]:
    """One violation for each opening to the internet that lets in services of a kind of the table of ports."""
    for opening in world_openings(group.configuration.get("IpPermissions")):
        named = services(kind, opening)
        if named:
            more = f" and {len(named) - 4} more" if len(named) > 4 else ""
            yield violation(group, estate, opening, f"{', '.join(named[:4])}{more}", severity)
