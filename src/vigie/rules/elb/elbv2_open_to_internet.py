"""What answers the internet should be known: this load balancer does, on these ports, for these networks."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._guarded import world_ports

LISTENER = "AWS::ElasticLoadBalancingV2::Listener"
PROTOCOLS = {"UDP": ("udp",), "TCP_UDP": ("tcp", "udp"), "QUIC": ("udp",), "TCP_QUIC": ("tcp", "udp")}


@rule(
    "elbv2-open-to-internet",
    title="Load balancer answers the internet",
    applies_to="AWS::ElasticLoadBalancingV2::LoadBalancer",
    severity=Severity.LOW,
    remedy="Make it internal, or close its security groups to the networks that need it; justify public services.",
    depends_on=("AWS::EC2::SecurityGroup", LISTENER),
    references=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-update-security-groups.html",
    ),
    not_reported="Internal ones. The ports of the web (expected) are informational. A network load balancer "
    "without security groups is open on all its listeners.",
    predecessor=("alb.check_internet_facing",),
)
def elbv2_open_to_internet(
    balancer: Revision, estate: Estate, *, expected: tuple[int, ...] = (80, 443)
) -> Iterator[Violation]:
    if balancer.configuration.get("Scheme") != "internet-facing":
        return
    listeners = estate.resources(LISTENER, account=balancer.account, region=balancer.region)
    own = [li.configuration for li in listeners if li.configuration.get("LoadBalancerArn") == balancer.id]
    ports = sorted(
        {(p, li["Port"]) for li in own if "Port" in li for p in PROTOCOLS.get(li.get("Protocol", ""), ("tcp",))}
    )
    groups = balancer.configuration.get("SecurityGroups") or ()
    if not groups:
        for protocol, port in ports:
            evidence = {"port": port, "protocol": protocol, "group": None}
            yield Violation(
                f"{protocol}/{port} is open, without a security group",
                f":{protocol}/{port}",
                evidence,
                _weight(port, expected),
            )
        return
    for protocol, port, group, opening in world_ports(balancer, groups, ports, estate):
        text = f"{protocol}/{port} is open to {', '.join(opening.cidrs)} ({group})"
        evidence = {"port": port, "protocol": protocol, "group": group, "networks": opening.cidrs}
        yield Violation(text, f"{group}:{protocol}/{port}", evidence, _weight(port, expected))


def _weight(port: int, expected: tuple[int, ...]) -> Severity:
    return Severity.INFORMATIONAL if port in expected else Severity.LOW
