"""An unencrypted database snapshot can be shared and copied without any key."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "rds-snapshot-encryption",
    title="Database snapshot is not encrypted",
    applies_to=("AWS::RDS::DBSnapshot", "AWS::RDS::DBClusterSnapshot"),
    severity=Severity.LOW,
    remedy="Copy it with a key and delete the original.",
    references=("https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html",),
)
def rds_snapshot_encryption(snapshot: Revision, estate: Estate) -> Iterator[Violation]:
    # an instance's snapshot says Encrypted, a cluster's StorageEncrypted
    key = "Encrypted" if snapshot.type == "AWS::RDS::DBSnapshot" else "StorageEncrypted"
    if not snapshot.configuration.get(key):
        yield Violation("The snapshot is not encrypted", evidence={key: False})
