"""A table with a policy for everyone gives its rows to any AWS account."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import public


@rule(
    "dynamodb-table-public",
    title="DynamoDB table is open to everyone",
    applies_to="AWS::DynamoDB::Table",
    severity=Severity.CRITICAL,
    remedy="Delete the policy or name the accounts in it.",
    references=("https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html",),
)
def dynamodb_table_public(table: Revision, estate: Estate) -> Iterator[Violation]:
    yield from public(table, estate)
