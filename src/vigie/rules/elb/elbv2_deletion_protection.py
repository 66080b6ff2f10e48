"""One call deletes a load balancer, and its address with it; with a flag it takes two."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "elbv2-deletion-protection",
    title="Load balancer is not protected against deletion",
    applies_to="AWS::ElasticLoadBalancingV2::LoadBalancer",
    severity=Severity.INFORMATIONAL,
    remedy="Turn on deletion protection.",
    references=(
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html",
    ),
    predecessor=("alb.check_deletion_protection",),
)
def elbv2_deletion_protection(balancer: Revision, estate: Estate) -> Iterator[Violation]:
    enabled = (balancer.configuration.get("Attributes") or {}).get("deletion_protection.enabled")
    if str(enabled).lower() != "true":
        yield Violation("Deletion protection is off", evidence={"deletion_protection.enabled": enabled})
