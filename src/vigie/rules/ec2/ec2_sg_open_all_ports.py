"""Every port open to the internet: whatever is started on the machine, by anyone, is published with it."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._openings import world_openings
from vigie.rules.ec2._world import violation


@rule(
    "ec2-sg-open-all-ports",
    title="Security group opens every port to the internet",
    applies_to="AWS::EC2::SecurityGroup",
    severity=Severity.CRITICAL,
    remedy="Open the ports that are needed, to those who need them.",
    depends_on=("AWS::EC2::NetworkInterface",),
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",),
    not_reported="Ranges that leave out more than a few ports (ec2-sg-open-other-ports). Weighs less without a "
    "public address.",
    predecessor=("securitygroup.check_internet_accessible_ingress",),
)
def ec2_sg_open_all_ports(group: Revision, estate: Estate) -> Iterator[Violation]:
    for opening in world_openings(group.configuration.get("IpPermissions")):
        if opening.everything:
            yield violation(group, estate, opening, "Every port is", Severity.CRITICAL)
