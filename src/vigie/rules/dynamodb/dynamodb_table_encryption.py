"""Every table is encrypted; with a key of KMS, who may decrypt is yours to say and to see."""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule


@rule(
    "dynamodb-table-encryption",
    title="DynamoDB table is not encrypted with a key of KMS",
    applies_to="AWS::DynamoDB::Table",
    severity=Severity.INFORMATIONAL,
    remedy="Choose a customer managed key where who may decrypt matters.",
    references=("https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/EncryptionAtRest.html",),
    not_reported="Which key of KMS it is.",
)
def dynamodb_table_encryption(table: Revision, estate: Estate) -> Iterator[Violation]:
    facts = table.configuration.get("Table")
    if not facts:
        raise CannotTell("the table was not described")
    if (facts.get("SSEDescription") or {}).get("Status") not in ("ENABLED", "ENABLING", "UPDATING"):
        yield Violation("The key is DynamoDB's own", evidence={"SSEDescription": None})
