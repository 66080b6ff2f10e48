"""Containers, appliances and services have interfaces of their own; an open one is as open as a machine."""

from collections.abc import Iterator

from vigie.access.reach.boxes import is_wide, networks_text
from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.reached import RESTS_ON, all_ports, by, reached_services, weighed

TOLD_ELSEWHERE = ("amazon-elb", "amazon-rds")


@rule(
    "ec2-interface-reachable",
    title="Network interface can be reached from the internet on a port that is not for it",
    applies_to="AWS::EC2::NetworkInterface",
    severity=Severity.HIGH,
    remedy="Close the port in its security groups, or run what has it (a container, an appliance) in a "
    "private subnet; `vigie access reachable` shows every hop.",
    depends_on=RESTS_ON,
    references=("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html",),
    not_reported="Interfaces of instances, load balancers and databases: rules on those say it. What comes from "
    "less than a /8 of IPv4 in all; ports of the web, and ports that the table of services does not "
    "name. Interfaces that take no conversation (NAT gateways, Lambda), or are attached to nothing.",
)
def ec2_interface_reachable(interface: Revision, estate: Estate) -> Iterator[Violation]:
    attachment = interface.configuration.get("Attachment") or {}
    if attachment.get("InstanceId") or interface.configuration.get("RequesterId") in TOLD_ELSEWHERE:
        return
    reach = estate.reach(interface)
    sources = all_ports(reach, "tcp")
    if is_wide(sources):
        text = f"every port of tcp is reached from {networks_text(sources)}{by(reach.direct)}"
        yield Violation(
            text, "tcp", {"ports": "tcp", "from": networks_text(sources)}, weighed(Severity.CRITICAL, sources)
        )
    yield from reached_services(reach)
