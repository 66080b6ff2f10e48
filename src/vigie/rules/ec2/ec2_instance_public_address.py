"""A machine with a public address is one open port away from the internet; load balancers and NAT can stand before
it.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-instance-public-address",
    title="Instance has a public address",
    applies_to="AWS::EC2::Instance",
    severity=Severity.LOW,
    remedy="Move it to a private subnet, behind a load balancer; administer it with Session Manager.",
    references=("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html",),
    not_reported="IPv6 addresses: whether they are reachable is a matter of routes.",
)
def ec2_instance_public_address(instance: Revision, estate: Estate) -> Iterator[Violation]:
    address = instance.configuration.get("PublicIpAddress")
    if address:
        # the address itself may change with every start: the finding is that there is one
        yield Violation(f"The public address is {address}", evidence={"public": True})
