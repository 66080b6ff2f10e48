"""Headers that two programs read differently let one request hide in another (request smuggling)."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "elbv2-invalid-headers",
    title="Load balancer passes invalid headers on",
    applies_to="AWS::ElasticLoadBalancingV2::LoadBalancer",
    severity=Severity.LOW,
    remedy="Set routing.http.drop_invalid_header_fields.enabled, or the desync mitigation mode strictest.",
    references=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html",
    ),
    not_reported="Network and gateway load balancers, which read no headers; application load balancers in the "
    "strictest desync mode.",
)
def elbv2_invalid_headers(balancer: Revision, estate: Estate) -> Iterator[Violation]:
    attributes = balancer.configuration.get("Attributes") or {}
    if balancer.configuration.get("Type", "application") != "application":
        return
    dropped = attributes.get("routing.http.drop_invalid_header_fields.enabled")
    strict = attributes.get("routing.http.desync_mitigation_mode") == "strictest"
    if str(dropped).lower() != "true" and not strict:
        yield Violation("Invalid header fields are passed on", evidence={"dropped": dropped})
