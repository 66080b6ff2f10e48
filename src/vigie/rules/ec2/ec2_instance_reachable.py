"""A service for administrators or programs that anybody on the internet can speak to is scanned within minutes, and
broken into by the first who knows a password or a flaw.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.reached import RESTS_ON, reached_services


@rule(
    "ec2-instance-reachable",
    title="Instance can be reached from the internet on a port that is not for it",
    applies_to="AWS::EC2::Instance",
    severity=Severity.HIGH,
    remedy="Close the port in its security groups, or take its public address away; `vigie access "
    "reachable` shows every hop. Administer it with Session Manager.",
    depends_on=RESTS_ON,
    references=(
        "https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Internet_Gateway.html",
        "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",
    ),
    not_reported="What comes from less than a /8 of IPv4 (or a /32 of IPv6) in all; ports of the web, and ports "
    "that the table of services does not name (ec2-sg-open-other-ports). What a load balancer hands "
    "on (ec2-instance-reachable-through-balancer); every port at once "
    "(ec2-instance-reachable-all-ports). Whether a program listens is not known. A stopped instance "
    "is not reached.",
)
def ec2_instance_reachable(instance: Revision, estate: Estate) -> Iterator[Violation]:
    yield from reached_services(estate.reach(instance))
