"""A database that answers the internet is one weak password, or one flaw, away from being copied and erased."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._world import open_services
from vigie.rules.reached import RESTS_ON


@rule(
    "ec2-sg-open-store",
    title="Security group opens a database or cache to the internet",
    applies_to="AWS::EC2::SecurityGroup",
    severity=Severity.HIGH,
    remedy="Allow only the security groups of the programs that use it.",
    depends_on=RESTS_ON,
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",),
    not_reported="Databases on ports of their own choice. Weighs less where the internet reaches nothing by it.",
)
def ec2_sg_open_store(group: Revision, estate: Estate) -> Iterator[Violation]:
    yield from open_services(group, estate, "store", Severity.HIGH)
