"""A queue open to everyone can be read, emptied or flooded by strangers."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import public


@rule(
    "sqs-queue-public",
    title="SQS queue is open to everyone",
    applies_to="AWS::SQS::Queue",
    severity=Severity.CRITICAL,
    remedy="Name the accounts in Principal, or require aws:PrincipalOrgID or aws:SourceArn.",
    references=(
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html",
    ),
    predecessor=("sqs.check_internet_accessible",),
)
def sqs_queue_public(queue: Revision, estate: Estate) -> Iterator[Violation]:
    yield from public(queue, estate)
