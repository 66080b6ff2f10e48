"""A group that guards nothing is taken for one that does, and reused with openings that nobody remembers."""

from collections.abc import Iterator

from vigie.access.reach.recorded import INTERFACE
from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._attachment import interfaces


@rule(
    "ec2-sg-unused",
    title="Security group is not in use",
    applies_to="AWS::EC2::SecurityGroup",
    severity=Severity.INFORMATIONAL,
    remedy="Delete it, unless a template names it.",
    depends_on=("AWS::EC2::NetworkInterface", "AWS::EC2::SecurityGroup"),
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",),
    not_reported="The default group, which cannot be deleted, and groups that another group's rules name.",
)
def ec2_sg_unused(group: Revision, estate: Estate) -> Iterator[Violation]:
    if group.configuration.get("GroupName") == "default" or interfaces(group, estate):
        return
    if any(other.id != group.id for other in estate.referring_to(group.id, group.type, whole=False)):
        return
    if estate.inventory.gaps(INTERFACE, group.account, group.region):
        raise CannotTell("the network interfaces of the region were not seen whole")
    yield Violation("No network interface has the group", evidence={"interfaces": 0})
