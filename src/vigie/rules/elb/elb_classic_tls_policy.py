"""Old protocols and weak ciphers let someone on the way read or change what is sent."""

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule
from vigie.rules.elb._tls import judge_policy
from vigie.rules.tables import rows

PROTOCOLS = {"protocol-sslv2": Severity.HIGH, "protocol-sslv3": Severity.HIGH, "protocol-tlsv1": Severity.MEDIUM,
             "protocol-tlsv1.1": Severity.MEDIUM}  # fmt: skip


@rule(
    "elb-classic-tls-policy",
    title="Classic load balancer accepts weak TLS",
    applies_to="AWS::ElasticLoadBalancing::LoadBalancer",
    severity=Severity.MEDIUM,
    remedy="Set ELBSecurityPolicy-TLS-1-2-2017-01, or move to an application or network load balancer.",
    references=("https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/elb-security-policy-table.html",),
    not_reported="Listeners without TLS (elb-classic-plain-http). Policies that no listener uses.",
    predecessor=("elb.check_listener_reference_policy",),
)
def elb_classic_tls_policy(balancer: Revision, estate: Estate) -> Iterator[Violation]:
    policies = {p.get("PolicyName"): p for p in balancer.configuration.get("Policies") or ()}
    for description in balancer.configuration.get("ListenerDescriptions") or ():
        listener = description.get("Listener") or {}
        if listener.get("Protocol") not in ("HTTPS", "SSL"):
            continue
        for name in description.get("PolicyNames") or ():
            if name not in policies:
                raise CannotTell(f"the policy {name} of the load balancer was not read")
            if policies[name].get("PolicyTypeName") == "SSLNegotiationPolicyType":
                yield from _judge(policies[name], f"port {listener.get('LoadBalancerPort')}")


def _judge(policy: Mapping[str, Any], subject: str) -> Iterator[Violation]:
    attributes = {
        a.get("AttributeName", ""): a.get("AttributeValue") for a in policy.get("PolicyAttributeDescriptions") or ()
    }
    reference = attributes.get("Reference-Security-Policy")
    if reference:
        yield from judge_policy(reference, "classic", subject)
        return
    # the API gives every value as text: "false" is not true
    on = {name for name, value in attributes.items() if str(value).lower() == "true"}
    if "Server-Defined-Cipher-Order" not in on:
        text = "Clients choose the cipher: the weakest that both know, if they like"
        yield Violation(text, f"{subject}: order", {"order": "client"}, Severity.LOW)
    protocols = sorted(name for name in on if name.lower() in PROTOCOLS)
    broken = sorted(name for name in on if any(part in name.upper() for part in _broken()))
    if protocols or broken:
        severity = max((PROTOCOLS[p.lower()] for p in protocols), key=lambda s: s.rank, default=Severity.HIGH)
        said = [p.removeprefix("Protocol-") for p in protocols] + broken
        evidence = {"protocols": protocols, "ciphers": broken}
        text = f"A policy of its own accepts {', '.join(said)}"
        yield Violation(text, subject, evidence, Severity.HIGH if broken else severity)


def _broken() -> list[str]:
    return list(rows("tls_policies")["ciphers"]["broken"])
