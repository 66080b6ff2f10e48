"""File shares, directories and message brokers were never made for the internet; many answer without any password."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._world import open_services
from vigie.rules.reached import RESTS_ON


@rule(
    "ec2-sg-open-internal",
    title="Security group opens an internal service to the internet",
    applies_to="AWS::EC2::SecurityGroup",
    severity=Severity.HIGH,
    remedy="Name the networks or security groups that need it.",
    depends_on=RESTS_ON,
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",),
    not_reported="Services on ports of their own choice. Weighs less where the internet reaches nothing by it.",
)
def ec2_sg_open_internal(group: Revision, estate: Estate) -> Iterator[Violation]:
    yield from open_services(group, estate, "internal", Severity.HIGH)
