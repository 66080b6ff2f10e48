"""Every port of a machine answers the internet: whatever anybody starts on it is published with it."""

from collections.abc import Iterator

from vigie.access.reach.boxes import is_wide, networks_text
from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.reached import RESTS_ON, all_ports, by, cannot_tell, perhaps_all_ports, weighed


@rule(
    "ec2-instance-reachable-all-ports",
    title="Instance can be reached from the internet on every port",
    applies_to="AWS::EC2::Instance",
    severity=Severity.CRITICAL,
    remedy="Open the ports that are needed, to those who need them; `vigie access reachable` shows what lets them in.",
    depends_on=RESTS_ON,
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",),
    not_reported="Single ports (ec2-instance-reachable), and ranges that leave out more than the first and the "
    "last port. What comes from less than a /8 of IPv4 in all. A stopped instance is not reached.",
)
def ec2_instance_reachable_all_ports(instance: Revision, estate: Estate) -> Iterator[Violation]:
    reach = estate.reach(instance)
    doubtful = False
    for protocol in ("tcp", "udp"):
        sources = all_ports(reach, protocol)
        if is_wide(sources):
            text = f"every port of {protocol} is reached from {networks_text(sources)}{by(reach.direct)}"
            evidence = {"ports": protocol, "from": networks_text(sources)}
            weight = Severity.CRITICAL if protocol == "tcp" else Severity.HIGH
            yield Violation(text, protocol, evidence, weighed(weight, sources))
        else:
            doubtful |= perhaps_all_ports(reach, protocol)
    if doubtful:
        raise cannot_tell(reach)
