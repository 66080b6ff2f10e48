"""A topic open to everyone lets strangers listen in, or speak to its subscribers in your name."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import public


@rule(
    "sns-topic-public",
    title="SNS topic is open to everyone",
    applies_to="AWS::SNS::Topic",
    severity=Severity.CRITICAL,
    remedy="Name the accounts in Principal, or require aws:PrincipalOrgID or aws:SourceArn.",
    references=("https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",),
    not_reported="The policy that SNS gives to a new topic, which names everyone under AWS:SourceOwner: it means "
    "the owner.",
    predecessor=("sns.check_internet_accessible",),
)
def sns_topic_public(topic: Revision, estate: Estate) -> Iterator[Violation]:
    yield from public(topic, estate)
