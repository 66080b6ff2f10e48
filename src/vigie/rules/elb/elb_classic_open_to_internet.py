"""What answers the internet should be known: this load balancer does, on these ports, for these networks."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._guarded import world_ports


@rule(
    "elb-classic-open-to-internet",
    title="Classic load balancer answers the internet",
    applies_to="AWS::ElasticLoadBalancing::LoadBalancer",
    severity=Severity.LOW,
    remedy="Make it internal, or close its security groups to the networks that need it; justify public services.",
    depends_on=("AWS::EC2::SecurityGroup",),
    references=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-internet-facing-load-balancers.html",
    ),
    not_reported="Internal ones. The ports of the web (expected) are informational.",
    predecessor=("elb.check_internet_scheme",),
)
def elb_classic_open_to_internet(
    balancer: Revision, estate: Estate, *, expected: tuple[int, ...] = (80, 443)
) -> Iterator[Violation]:
    if balancer.configuration.get("Scheme") != "internet-facing":
        return
    listeners = [d.get("Listener") or {} for d in balancer.configuration.get("ListenerDescriptions") or ()]
    ports = sorted({("tcp", listener["LoadBalancerPort"]) for listener in listeners if "LoadBalancerPort" in listener})
    groups = balancer.configuration.get("SecurityGroups") or ()
    for _, port, group, opening in world_ports(balancer, groups, ports, estate):
        severity = Severity.INFORMATIONAL if port in expected else Severity.LOW
        evidence = {"port": port, "group": group, "networks": opening.cidrs}
        yield Violation(
            f"Port {port} is open to {', '.join(opening.cidrs)} ({group})", f"{group}:{port}", evidence, severity
        )
