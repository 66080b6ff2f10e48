"""One call deletes a database that is not protected; with a flag it takes two."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "rds-deletion-protection",
    title="Database is not protected against deletion",
    applies_to=("AWS::RDS::DBInstance", "AWS::RDS::DBCluster"),
    severity=Severity.LOW,
    remedy="Turn on deletion protection.",
    references=("https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html",),
    not_reported="Members of a cluster, which its protection covers, and read replicas.",
)
def rds_deletion_protection(database: Revision, estate: Estate) -> Iterator[Violation]:
    configuration = database.configuration
    member = database.type == "AWS::RDS::DBInstance" and configuration.get("DBClusterIdentifier")
    if member or configuration.get("ReadReplicaSourceDBInstanceIdentifier"):
        return
    if not configuration.get("DeletionProtection"):
        yield Violation("Deletion protection is off", evidence={"DeletionProtection": False})
