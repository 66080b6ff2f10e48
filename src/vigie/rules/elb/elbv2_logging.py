"""Without access logs nobody can say afterwards what was asked of a service, and by whom."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "elbv2-logging",
    title="Load balancer keeps no access log",
    applies_to="AWS::ElasticLoadBalancingV2::LoadBalancer",
    severity=Severity.LOW,
    remedy="Enable access logs into a bucket.",
    references=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html",),
    not_reported="Gateway load balancers, which have none. Network load balancers log TLS listeners only: "
    "informational.",
    predecessor=("alb.check_logging",),
)
def elbv2_logging(balancer: Revision, estate: Estate) -> Iterator[Violation]:
    kind = balancer.configuration.get("Type", "application")
    enabled = (balancer.configuration.get("Attributes") or {}).get("access_logs.s3.enabled")
    if kind != "gateway" and str(enabled).lower() != "true":
        severity = Severity.LOW if kind == "application" else Severity.INFORMATIONAL
        yield Violation("Access logs are off", evidence={"access_logs.s3.enabled": enabled}, severity=severity)
