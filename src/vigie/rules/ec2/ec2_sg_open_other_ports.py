"""Each port open to the internet should be there on purpose; all but the web's deserve a look."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._openings import ALL_PROTOCOLS, Opening, services, world_openings
from vigie.rules.ec2._world import violation
from vigie.rules.reached import RESTS_ON

KINDS = ("administration", "store", "internal")


@rule(
    "ec2-sg-open-other-ports",
    title="Security group opens a port to the internet",
    applies_to="AWS::EC2::SecurityGroup",
    severity=Severity.MEDIUM,
    remedy="Close it, or justify it; put public services behind a load balancer.",
    depends_on=RESTS_ON,
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",),
    not_reported="All ports at once, and openings with services that other rules name (administration, store, "
    "internal). The ports of the web "
    "(expected) and ICMP are informational.",
    predecessor=("securitygroup.check_internet_accessible_ingress",),
)
def ec2_sg_open_other_ports(
    group: Revision, estate: Estate, *, expected: tuple[int, ...] = (80, 443)
) -> Iterator[Violation]:
    for opening in world_openings(group.configuration.get("IpPermissions")):
        if opening.everything or any(services(kind, opening) for kind in KINDS):
            continue
        plain = not opening.has_ports or _only(opening, expected)
        severity = Severity.INFORMATIONAL if plain else Severity.MEDIUM
        yield violation(group, estate, opening, "A port is" if opening.has_ports else "It is", severity)


def _only(opening: Opening, expected: tuple[int, ...]) -> bool:
    return opening.protocol != ALL_PROTOCOLS and opening.first == opening.last and opening.first in expected
