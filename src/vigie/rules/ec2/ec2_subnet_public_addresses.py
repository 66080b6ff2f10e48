"""Whatever is started in such a subnet gets a public address without anybody having asked for it."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-subnet-public-addresses",
    title="Subnet gives out public addresses by itself",
    applies_to="AWS::EC2::Subnet",
    severity=Severity.LOW,
    remedy="Turn off MapPublicIpOnLaunch; ask for an address where one is needed.",
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/subnet-public-ip.html",),
    not_reported="Default subnets weigh informational: AWS makes them so.",
)
def ec2_subnet_public_addresses(subnet: Revision, estate: Estate) -> Iterator[Violation]:
    if subnet.configuration.get("MapPublicIpOnLaunch"):
        severity = Severity.INFORMATIONAL if subnet.configuration.get("DefaultForAz") else Severity.LOW
        yield Violation("New interfaces get a public address", "", {"MapPublicIpOnLaunch": True}, severity)
