"""Unencrypted, a database's disks, backups and snapshots can be read and shared without any key."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "rds-encryption",
    title="Database is not encrypted",
    applies_to=("AWS::RDS::DBInstance", "AWS::RDS::DBCluster"),
    severity=Severity.MEDIUM,
    remedy="Restore an encrypted copy of a snapshot and move over: encryption cannot be turned on in place.",
    references=("https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.Encryption.html",),
    not_reported="Which key is used. Members of a cluster: the cluster says it for them.",
)
def rds_encryption(database: Revision, estate: Estate) -> Iterator[Violation]:
    member = database.type == "AWS::RDS::DBInstance" and database.configuration.get("DBClusterIdentifier")
    if not member and not database.configuration.get("StorageEncrypted"):
        yield Violation("The storage is not encrypted", evidence={"StorageEncrypted": False})
