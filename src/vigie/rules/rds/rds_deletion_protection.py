"""One call deletes a database that is not protected; with a flag it takes two."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.rds._following import follows_another


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
    if follows_another(database):
        return
    if not database.configuration.get("DeletionProtection"):
        yield Violation("Deletion protection is off", evidence={"DeletionProtection": False})
