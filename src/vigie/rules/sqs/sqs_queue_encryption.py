"""Messages lie on AWS's disks until they are fetched: unencrypted unless the queue says otherwise."""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule


@rule(
    "sqs-queue-encryption",
    title="SQS queue is not encrypted",
    applies_to="AWS::SQS::Queue",
    severity=Severity.LOW,
    remedy="Turn on SSE-SQS (free), or SSE-KMS where who may decrypt matters.",
    references=(
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html",
    ),
)
def sqs_queue_encryption(queue: Revision, estate: Estate) -> Iterator[Violation]:
    attributes = queue.configuration.get("Attributes")
    if not attributes:
        raise CannotTell("the attributes of the queue were not read")
    if not attributes.get("KmsMasterKeyId") and str(attributes.get("SqsManagedSseEnabled", "")).lower() != "true":
        yield Violation("Neither SSE-SQS nor SSE-KMS is on", evidence={"encrypted": False})
