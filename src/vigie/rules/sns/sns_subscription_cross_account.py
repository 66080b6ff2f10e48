"""Who subscribed gets every message: a subscription of another account is a copy that leaves the house."""

from collections.abc import Iterator

from vigie.rules import Estate, Relation, Revision, Severity, Violation, rule


@rule(
    "sns-subscription-cross-account",
    title="Another account is subscribed to the SNS topic",
    applies_to="AWS::SNS::Topic",
    severity=Severity.HIGH,
    remedy="Remove the subscription; if it is meant, name the account with `vigie accounts add`.",
    references=("https://docs.aws.amazon.com/sns/latest/dg/sns-send-message-to-sqs-cross-account.html",),
    not_reported="Subscriptions of the topic's own account. Accounts of ours and third parties are informational.",
    predecessor=("sns.check_subscriptions_crossaccount",),
)
def sns_subscription_cross_account(topic: Revision, estate: Estate) -> Iterator[Violation]:
    for subscription in topic.configuration.get("Subscriptions") or ():
        owner = subscription.get("Owner") or topic.account
        if owner == topic.account:
            continue
        relation = estate.relation(owner)
        severity = Severity.HIGH if relation is Relation.UNKNOWN else Severity.INFORMATIONAL
        endpoint = subscription.get("Endpoint", "")
        text = f"{relation.value} account {owner} gets every message ({subscription.get('Protocol')}: {endpoint})"
        evidence = {key: subscription.get(key) for key in ("Owner", "Protocol", "Endpoint")}
        yield Violation(text, f"{owner}:{endpoint}", evidence, severity)
