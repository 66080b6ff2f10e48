"""Old protocols and weak ciphers let someone on the way read or change what is sent."""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule
from vigie.rules.elb._tls import judge_policy


@rule(
    "elbv2-tls-policy",
    title="Listener accepts weak TLS",
    applies_to="AWS::ElasticLoadBalancingV2::Listener",
    severity=Severity.MEDIUM,
    remedy="Set a policy of TLS 1.2 and 1.3, such as ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09.",
    references=("https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html",),
    not_reported="Listeners without TLS. A policy that the table does not know gives no verdict, not a pass.",
    predecessor=("alb.check_ssl_policy",),
)
def elbv2_tls_policy(listener: Revision, estate: Estate) -> Iterator[Violation]:
    if listener.configuration.get("Protocol") not in ("HTTPS", "TLS"):
        return
    policy = listener.configuration.get("SslPolicy")
    if not policy:
        raise CannotTell("the listener names no TLS policy")
    yield from judge_policy(policy, "v2", "")
