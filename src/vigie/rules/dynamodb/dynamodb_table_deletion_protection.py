"""One call deletes a table that is not protected; with a flag it takes two."""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule


@rule(
    "dynamodb-table-deletion-protection",
    title="DynamoDB table is not protected against deletion",
    applies_to="AWS::DynamoDB::Table",
    severity=Severity.INFORMATIONAL,
    remedy="Turn on deletion protection.",
    references=("https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithTables.Basics.html",),
)
def dynamodb_table_deletion_protection(table: Revision, estate: Estate) -> Iterator[Violation]:
    facts = table.configuration.get("Table")
    if not facts:
        raise CannotTell("the table was not described")
    if not facts.get("DeletionProtectionEnabled"):
        yield Violation("Deletion protection is off", evidence={"DeletionProtectionEnabled": False})
