"""With point-in-time recovery a table can be brought back as it was at any second of the last weeks."""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule


@rule(
    "dynamodb-table-recovery",
    title="DynamoDB table cannot be brought back",
    applies_to="AWS::DynamoDB::Table",
    severity=Severity.LOW,
    remedy="Enable point-in-time recovery.",
    references=("https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html",),
    not_reported="Backups on demand and of AWS Backup: they are not recorded.",
)
def dynamodb_table_recovery(table: Revision, estate: Estate) -> Iterator[Violation]:
    backups = table.configuration.get("ContinuousBackups")
    if not backups:
        raise CannotTell("the backups of the table were not read")
    status = (backups.get("PointInTimeRecoveryDescription") or {}).get("PointInTimeRecoveryStatus")
    if status != "ENABLED":
        yield Violation("Point-in-time recovery is off", evidence={"PointInTimeRecoveryStatus": status})
