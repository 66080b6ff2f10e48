"""Without access logs nobody can say afterwards what was asked of a service, and by whom."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "elb-classic-logging",
    title="Classic load balancer keeps no access log",
    applies_to="AWS::ElasticLoadBalancing::LoadBalancer",
    severity=Severity.LOW,
    remedy="Enable access logs into a bucket.",
    references=("https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/access-log-collection.html",),
    predecessor=("elb.check_logging",),
)
def elb_classic_logging(balancer: Revision, estate: Estate) -> Iterator[Violation]:
    log = (balancer.configuration.get("Attributes") or {}).get("AccessLog") or {}
    if not log.get("Enabled"):
        yield Violation("Access logs are off", evidence={"Enabled": False})
