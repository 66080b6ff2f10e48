"""A function that anyone may call is run at your cost, with your role, on what strangers send.

Policies of the function, of its aliases and of its versions are judged alike.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import public


@rule(
    "lambda-function-public",
    title="Lambda function can be called by everyone",
    applies_to="AWS::Lambda::Function",
    severity=Severity.CRITICAL,
    remedy="Name the accounts in Principal; for services add aws:SourceAccount or aws:SourceArn.",
    references=("https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html",),
    predecessor=("lambda.check_internet_accessible",),
)
def lambda_function_public(function: Revision, estate: Estate) -> Iterator[Violation]:
    yield from public(function, estate)
