"""Every port open to the internet: whatever is started on the machine, by anyone, is published with it."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._openings import world_openings
from vigie.rules.ec2._world import violation
from vigie.rules.reached import RESTS_ON


@rule(
    "ec2-sg-open-all-ports",
    title="Security group opens every port to the internet",
    applies_to="AWS::EC2::SecurityGroup",
    severity=Severity.CRITICAL,
    remedy="Open the ports that are needed, to those who need them.",
    depends_on=RESTS_ON,
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",),
    not_reported="Ranges that leave out more than a few ports (ec2-sg-open-other-ports). Weighs less where the "
    "internet reaches nothing by it.",
    predecessor=("securitygroup.check_internet_accessible_ingress",),
)
def ec2_sg_open_all_ports(group: Revision, estate: Estate) -> Iterator[Violation]:
    for opening in world_openings(group.configuration.get("IpPermissions")):
        if opening.everything:
            yield violation(group, estate, opening, "Every port is", Severity.CRITICAL)
