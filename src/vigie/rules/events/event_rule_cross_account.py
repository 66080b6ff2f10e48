"""A rule that sends events to another account tells it what happens in ours, from now on and by itself."""

from collections.abc import Iterator

from vigie.model.account import is_account
from vigie.rules import Estate, Relation, Revision, Severity, Violation, rule


@rule(
    "event-rule-cross-account",
    title="EventBridge rule sends events to another account",
    applies_to="AWS::Events::Rule",
    severity=Severity.HIGH,
    remedy="Remove the target; if it is meant, name the account with `vigie accounts add`.",
    references=("https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html",),
    not_reported="Rules that are disabled. Accounts of ours and third parties are informational.",
)
def event_rule_cross_account(event_rule: Revision, estate: Estate) -> Iterator[Violation]:
    targets = event_rule.configuration.get("Targets") or ()
    if event_rule.configuration.get("State") == "DISABLED":
        return
    for target in targets:
        arn = target.get("Arn", "")
        account = arn.split(":")[4] if arn.count(":") >= 5 else ""
        if not is_account(account) or account == event_rule.account:
            continue
        relation = estate.relation(account)
        severity = Severity.HIGH if relation is Relation.UNKNOWN else Severity.INFORMATIONAL
        yield Violation(f"{relation.value} account {account} gets the events ({arn})", arn, {"Arn": arn}, severity)
