"""Whoever finds a flaw, or a leaked token, for an API server that the whole internet reaches has the cluster."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.reached import reached_ports


@rule(
    "eks-endpoint-public",
    title="API server of Kubernetes answers the internet",
    applies_to="AWS::EKS::Cluster",
    severity=Severity.HIGH,
    remedy="Switch the public endpoint off (endpointPublicAccess), or name the networks that need it in "
    "publicAccessCidrs.",
    references=("https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",),
    not_reported="A public endpoint for named networks of less than a /8 of IPv4 in all. Whom the cluster lets do "
    "what is not looked at.",
)
def eks_endpoint_public(cluster: Revision, estate: Estate) -> Iterator[Violation]:
    yield from reached_ports(estate.reach(cluster), lambda protocol, port: Severity.HIGH)
