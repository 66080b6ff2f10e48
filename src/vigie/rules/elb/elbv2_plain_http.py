"""What is sent in plain HTTP over the internet can be read and changed on the way; a redirect costs nothing."""

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.rules import Estate, Revision, Severity, Violation, rule

BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"


@rule(
    "elbv2-plain-http",
    title="Listener serves plain HTTP",
    applies_to="AWS::ElasticLoadBalancingV2::Listener",
    severity=Severity.MEDIUM,
    remedy="Make the default action a redirect to HTTPS.",
    depends_on=(BALANCER,),
    references=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/create-https-listener.html",),
    not_reported="Listeners whose default action redirects to HTTPS or gives a fixed answer. Internal load "
    "balancers weigh low. "
    "Further rules of the listener are not recorded.",
)
def elbv2_plain_http(listener: Revision, estate: Estate) -> Iterator[Violation]:
    if listener.configuration.get("Protocol") != "HTTP":
        return
    if any(_harmless(action) for action in listener.configuration.get("DefaultActions") or ()):
        return
    balancer = estate.by_arn(listener.configuration.get("LoadBalancerArn", ""))
    internal = balancer is not None and balancer.configuration.get("Scheme") == "internal"
    port = listener.configuration.get("Port")
    severity = Severity.LOW if internal else Severity.MEDIUM
    yield Violation(f"Port {port} serves plain HTTP", "", {"Port": port, "Protocol": "HTTP"}, severity)


def _harmless(action: Mapping[str, Any]) -> bool:
    if action.get("Type") == "fixed-response":
        return True
    return action.get("Type") == "redirect" and (action.get("RedirectConfig") or {}).get("Protocol") == "HTTPS"
