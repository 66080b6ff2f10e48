"""A database with a public address is one rule of a security group away from the internet."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "rds-instance-public",
    title="Database instance has a public address",
    applies_to="AWS::RDS::DBInstance",
    severity=Severity.MEDIUM,
    remedy="Set PubliclyAccessible to false; reach it through the VPC.",
    references=("https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html",),
    not_reported="Whether its security groups let the internet in: rds-open-to-internet says so, and weighs more.",
)
def rds_instance_public(instance: Revision, estate: Estate) -> Iterator[Violation]:
    if instance.configuration.get("PubliclyAccessible"):
        yield Violation("The instance has a public address", evidence={"PubliclyAccessible": True})
