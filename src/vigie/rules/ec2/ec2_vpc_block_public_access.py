"""One switch of a region keeps the internet out of every VPC, whatever groups and routes say; exclusions name what is
public on purpose.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-vpc-block-public-access",
    title="VPCs of the region are not kept from the internet",
    applies_to="AWS::EC2::VPCBlockPublicAccessOptions",
    severity=Severity.INFORMATIONAL,
    remedy="Set VPC block public access to block-ingress (or block-bidirectional), with exclusions for what "
    "is public on purpose; `vigie access reachable` tells what that is.",
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html",),
    not_reported="What is reached because of it: rules on instances, databases and balancers say it, and weigh more.",
)
def ec2_vpc_block_public_access(options: Revision, estate: Estate) -> Iterator[Violation]:
    mode = options.configuration.get("InternetGatewayBlockMode")
    if mode == "off":
        yield Violation("VPC block public access is off", evidence={"InternetGatewayBlockMode": mode})
