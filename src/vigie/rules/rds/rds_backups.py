"""Without backups, a mistake or a blackmailer ends the data."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "rds-backups",
    title="Database keeps too few backups",
    applies_to=("AWS::RDS::DBInstance", "AWS::RDS::DBCluster"),
    severity=Severity.MEDIUM,
    remedy="Set the backup retention period to seven days or more.",
    references=("https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithAutomatedBackups.html",),
    not_reported="Read replicas, and members of a cluster: their source or cluster keeps the backups.",
)
def rds_backups(database: Revision, estate: Estate, *, minimum_days: int = 7) -> Iterator[Violation]:
    configuration = database.configuration
    follows = configuration.get("ReadReplicaSourceDBInstanceIdentifier") or configuration.get("ReplicationSourceIdentifier")
    member = database.type == "AWS::RDS::DBInstance" and configuration.get("DBClusterIdentifier")
    kept = configuration.get("BackupRetentionPeriod") or 0
    if not follows and not member and kept < minimum_days:
        severity = Severity.MEDIUM if kept == 0 else Severity.LOW
        text = f"Backups are kept for {kept} days" if kept else "There are no automatic backups"
        yield Violation(text, evidence={"BackupRetentionPeriod": kept}, severity=severity)
