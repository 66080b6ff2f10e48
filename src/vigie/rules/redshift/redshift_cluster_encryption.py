"""What a warehouse holds rests in clear, and so do its snapshots."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "redshift-cluster-encryption",
    title="Redshift cluster is not encrypted",
    applies_to="AWS::Redshift::Cluster",
    severity=Severity.MEDIUM,
    remedy="Encrypt it, best with a key of your own: it can be done while it runs.",
    references=("https://docs.aws.amazon.com/redshift/latest/mgmt/working-with-db-encryption.html",),
)
def redshift_cluster_encryption(cluster: Revision, estate: Estate) -> Iterator[Violation]:
    if not cluster.configuration.get("Encrypted"):
        yield Violation("Its tables and snapshots rest unencrypted", evidence={"Encrypted": False})
