"""The endpoint of a Kubernetes cluster asks for credentials; open to the internet, it asks everybody, flaws and all."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule

EVERYWHERE = ("0.0.0.0/0", "::/0")


@rule(
    "eks-endpoint-public",
    title="EKS endpoint can be reached by everyone",
    applies_to="AWS::EKS::Cluster",
    severity=Severity.MEDIUM,
    remedy="Turn off the public endpoint, or name the networks that need it.",
    references=("https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",),
    not_reported="Endpoints that are public for named networks only.",
)
def eks_endpoint_public(cluster: Revision, estate: Estate) -> Iterator[Violation]:
    network = cluster.configuration.get("resourcesVpcConfig") or {}
    open_to = sorted(set(network.get("publicAccessCidrs") or ()) & set(EVERYWHERE))
    if network.get("endpointPublicAccess") and open_to:
        yield Violation(f"The endpoint answers {', '.join(open_to)}", evidence={"publicAccessCidrs": open_to})
