"""Messages rest unencrypted on their way through a topic, unless it has a key."""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule


@rule(
    "sns-topic-encryption",
    title="SNS topic is not encrypted",
    applies_to="AWS::SNS::Topic",
    severity=Severity.LOW,
    remedy="Set KmsMasterKeyId; with a key of your own, allow the services that publish to use it.",
    references=("https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html",),
)
def sns_topic_encryption(topic: Revision, estate: Estate) -> Iterator[Violation]:
    attributes = topic.configuration.get("Attributes")
    if not attributes:
        raise CannotTell("the attributes of the topic were not read")
    if not attributes.get("KmsMasterKeyId"):
        yield Violation("The topic has no key", evidence={"KmsMasterKeyId": None})
