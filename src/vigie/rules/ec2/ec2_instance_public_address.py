"""A machine with a public address is one open port away from the internet; load balancers and NAT can stand before
it.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.reached import RESTS_ON, cannot_tell, has_way_in


@rule(
    "ec2-instance-public-address",
    title="Instance has a public address",
    applies_to="AWS::EC2::Instance",
    severity=Severity.LOW,
    remedy="Move it to a private subnet, behind a load balancer; administer it with Session Manager.",
    depends_on=RESTS_ON,
    references=("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html",),
    not_reported="Global IPv6 addresses without a way to the internet, as every machine of an IPv6 subnet has "
    "one. A public IPv4 address without such a way (gateway, route, block public access) is "
    "informational. Ports: ec2-instance-reachable.",
)
def ec2_instance_public_address(instance: Revision, estate: Estate) -> Iterator[Violation]:
    reach = estate.reach(instance)
    address = instance.configuration.get("PublicIpAddress")
    # the address itself may change with every start: the finding is that there is one
    evidence = {"public": True}
    if address:
        way = has_way_in(reach)
        severity = Severity.INFORMATIONAL if way is False else Severity.LOW
        said = ", to which no way leads from the internet" if way is False else ""
        yield Violation(f"The public address is {address}{said}", evidence=evidence, severity=severity)
        return
    ways = {path.destination: has_way_in(reach, path) for path in reach.direct if path.destination}
    others = [destination for destination, way in ways.items() if way]
    if others:
        yield Violation(f"The public address is {', '.join(others)}", evidence=evidence)
    elif reach.blind or None in ways.values():
        raise cannot_tell(reach)
