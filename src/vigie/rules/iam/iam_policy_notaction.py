"""Allow with NotAction allows every action but some: also all that AWS will invent tomorrow."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.policies import IDENTITY_TYPES, allowances


@rule(
    "iam-policy-notaction",
    title="Policy allows every action but some",
    applies_to=IDENTITY_TYPES,
    severity=Severity.HIGH,
    remedy="Name what is allowed in Action; keep NotAction for denials.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html",),
    not_reported="NotAction in a denial, where it is the right tool.",
    predecessor=("iampolicy.check_notaction", "policy.check_notaction"),
)
def iam_policy_notaction(resource: Revision, estate: Estate) -> Iterator[Violation]:
    for allowance in allowances(resource):
        if allowance.statement.not_actions:
            spared = ", ".join(allowance.statement.not_actions[:5])
            yield allowance.violation(Severity.HIGH, f"Every action is allowed but {spared}")
