"""Without backups, a mistake or a blackmailer ends the data."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.rds._following import follows_another


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
    if follows_another(database):
        return
    kept = database.configuration.get("BackupRetentionPeriod") or 0
    if kept < minimum_days:
        severity = Severity.MEDIUM if kept == 0 else Severity.LOW
        text = f"Backups are kept for {kept} days" if kept else "There are no automatic backups"
        yield Violation(text, evidence={"BackupRetentionPeriod": kept}, severity=severity)
