"""An elastic address on nothing costs money, and names that still point to it are waiting for its next owner."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-address-unused",
    title="Elastic address is not in use",
    applies_to="AWS::EC2::EIP",
    severity=Severity.INFORMATIONAL,
    remedy="Remove DNS names that point to it, then release it.",
    references=("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/elastic-ip-addresses-eip.html",),
)
def ec2_address_unused(address: Revision, estate: Estate) -> Iterator[Violation]:
    keys = ("AssociationId", "InstanceId", "NetworkInterfaceId")
    if not any(address.configuration.get(key) for key in keys):
        yield Violation("The address points to nothing", evidence={"PublicIp": address.configuration.get("PublicIp")})
