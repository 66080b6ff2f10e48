"""What the internet may reach of a thing that security groups guard: ports of its own, through the groups it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from vigie.model.change import Revision
from vigie.rules.declare import CannotTell
from vigie.rules.ec2._openings import Opening, world_openings
from vigie.rules.estate import Estate

GROUP = "AWS::EC2::SecurityGroup"


def world_ports(
    owner: Revision, groups: Iterable[str], ports: Iterable[tuple[str, int]], estate: Estate
) -> Iterator[tuple[str, int, str, Opening]]:
    """(protocol, port, group id, opening) for each port that a group lets the internet in to.

    Raises:
        CannotTell: after what was found, where one of the groups is not recorded.
    """
    wanted, known = (
        list(ports),
        {group.id: group for group in estate.resources(GROUP, region=owner.region, whole=False)},
    )
    missing = []
    for group in groups:
        if group not in known:
            missing.append(group)
            continue
        for opening in world_openings(known[group].configuration.get("IpPermissions")):
            yield from ((protocol, port, group, opening) for protocol, port in wanted if opening.holds(port, protocol))
    if missing:
        raise CannotTell(f"the security group {missing[0]} is not recorded")
