"""A warehouse on the internet is one password away from everyone."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "redshift-cluster-public",
    title="Redshift cluster has a public address",
    applies_to="AWS::Redshift::Cluster",
    severity=Severity.HIGH,
    remedy="Make it private, and reach it through a VPC endpoint or a bastion.",
    references=("https://docs.aws.amazon.com/redshift/latest/mgmt/rs-security-group-public-private.html",),
)
def redshift_cluster_public(cluster: Revision, estate: Estate) -> Iterator[Violation]:
    if cluster.configuration.get("PubliclyAccessible"):
        yield Violation(
            "It can be reached from the internet, where its security groups allow it",
            evidence={"PubliclyAccessible": True},
        )
