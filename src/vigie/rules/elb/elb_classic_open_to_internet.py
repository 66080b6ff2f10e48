"""What answers the internet should be known: this load balancer does, on these ports, for these networks."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.reached import RESTS_ON, reached_ports, service_at


@rule(
    "elb-classic-open-to-internet",
    title="Classic load balancer answers the internet",
    applies_to="AWS::ElasticLoadBalancing::LoadBalancer",
    severity=Severity.LOW,
    remedy="Make it internal, or close its security groups to the networks that need it; justify public services.",
    depends_on=RESTS_ON,
    references=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-internet-facing-load-balancers.html",
    ),
    not_reported="Internal ones, and those whose subnets the internet does not reach. What comes from less than "
    "a /8 of IPv4 in all. The ports of the web (expected) are informational.",
    predecessor=("elb.check_internet_scheme",),
)
def elb_classic_open_to_internet(
    balancer: Revision, estate: Estate, *, expected: tuple[int, ...] = (80, 443)
) -> Iterator[Violation]:
    def weigh(protocol: str, port: int) -> Severity:
        if port in expected:
            return Severity.INFORMATIONAL
        service = service_at(protocol, port)
        return service.severity if service else Severity.LOW

    yield from reached_ports(estate.reach(balancer), weigh)
