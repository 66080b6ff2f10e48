"""What is started without a choice of group lands in the default group: it should let nothing through."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._attachment import interfaces
from vigie.rules.reached import RESTS_ON


@rule(
    "ec2-sg-default-open",
    title="Default security group lets traffic through",
    applies_to="AWS::EC2::SecurityGroup",
    severity=Severity.LOW,
    remedy="Remove all rules of the default group; give machines groups of their own.",
    depends_on=RESTS_ON,
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html",),
    not_reported="Other groups. Medium where something is in the default group.",
)
def ec2_sg_default_open(group: Revision, estate: Estate) -> Iterator[Violation]:
    if group.configuration.get("GroupName") != "default":
        return
    directions = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}
    open_ways = [way for way, key in directions.items() if group.configuration.get(key)]
    if open_ways:
        severity = Severity.MEDIUM if interfaces(group, estate) else Severity.LOW
        yield Violation(
            f"The default group has rules for {' and '.join(open_ways)}", "", {"rules": open_ways}, severity
        )
