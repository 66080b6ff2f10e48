"""What is sent in plain HTTP over the internet can be read and changed on the way."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "elb-classic-plain-http",
    title="Classic load balancer listens without TLS",
    applies_to="AWS::ElasticLoadBalancing::LoadBalancer",
    severity=Severity.LOW,
    remedy="Use HTTPS or SSL listeners; a classic load balancer cannot redirect, the program behind it must.",
    references=("https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-https-load-balancers.html",),
    not_reported="Internal load balancers, and TCP listeners, which may carry TLS of their own.",
)
def elb_classic_plain_http(balancer: Revision, estate: Estate) -> Iterator[Violation]:
    if balancer.configuration.get("Scheme") != "internet-facing":
        return
    for description in balancer.configuration.get("ListenerDescriptions") or ():
        listener = description.get("Listener") or {}
        if listener.get("Protocol") == "HTTP":
            port = listener.get("LoadBalancerPort")
            yield Violation(f"Port {port} is plain HTTP", f"port {port}", {"port": port, "Protocol": "HTTP"})
