"""Remote administration open to the internet is found by scanners within minutes, and guessed at without end."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._world import open_services
from vigie.rules.reached import RESTS_ON


@rule(
    "ec2-sg-open-administration",
    title="Security group opens remote administration to the internet",
    applies_to="AWS::EC2::SecurityGroup",
    severity=Severity.HIGH,
    remedy="Close it; use Session Manager or EC2 Instance Connect Endpoint, or name the networks that need it.",
    depends_on=RESTS_ON,
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",),
    not_reported="What prefix lists hold (the rules on what is reached count them). Weighs less where the group "
    "guards no public address, and low where it is on nothing.",
)
def ec2_sg_open_administration(group: Revision, estate: Estate) -> Iterator[Violation]:
    yield from open_services(group, estate, "administration", Severity.HIGH)
