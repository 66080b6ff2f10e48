"""Messages to an http address cross the internet for everyone on the way to read."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "sns-subscription-plain-http",
    title="SNS topic sends messages over plain HTTP",
    applies_to="AWS::SNS::Topic",
    severity=Severity.LOW,
    remedy="Subscribe an https address instead.",
    references=("https://docs.aws.amazon.com/sns/latest/dg/sns-security-best-practices.html",),
)
def sns_subscription_plain_http(topic: Revision, estate: Estate) -> Iterator[Violation]:
    for subscription in topic.configuration.get("Subscriptions") or ():
        if subscription.get("Protocol") == "http":
            endpoint = subscription.get("Endpoint", "")
            yield Violation(f"Messages go to {endpoint}", endpoint, {"Endpoint": endpoint})
