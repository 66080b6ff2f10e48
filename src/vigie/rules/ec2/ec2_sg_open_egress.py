"""Machines that may speak to the whole internet can carry out whatever they hold."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._openings import world_openings


@rule(
    "ec2-sg-open-egress",
    title="Security group lets traffic out to the whole internet",
    applies_to="AWS::EC2::SecurityGroup",
    severity=Severity.INFORMATIONAL,
    remedy="Where it matters, name the networks, or route through a proxy or a network firewall.",
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",),
    not_reported="Nothing; informational, because every new group lets everything out.",
    predecessor=("securitygroup.check_internet_accessible_egress",),
)
def ec2_sg_open_egress(group: Revision, estate: Estate) -> Iterator[Violation]:
    for opening in world_openings(group.configuration.get("IpPermissionsEgress")):
        evidence = {"ports": str(opening), "networks": opening.cidrs}
        yield Violation(f"Traffic may leave to {', '.join(opening.cidrs)} ({opening})", str(opening), evidence)
