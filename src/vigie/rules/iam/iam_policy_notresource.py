"""Allow with NotResource reaches every resource but some: also those of other services, and those made tomorrow."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.policies import IDENTITY_TYPES, allowances


@rule(
    "iam-policy-notresource",
    title="Policy reaches every resource but some",
    applies_to=IDENTITY_TYPES,
    severity=Severity.MEDIUM,
    remedy="Name the resources in Resource; deny the exceptions in a statement of their own.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notresource.html",),
    not_reported="NotResource in a denial.",
    predecessor=("iampolicy.check_notresource", "policy.check_notresource"),
)
def iam_policy_notresource(resource: Revision, estate: Estate) -> Iterator[Violation]:
    for allowance in allowances(resource):
        if allowance.statement.not_resources:
            spared = ", ".join(allowance.statement.not_resources[:5])
            yield allowance.violation(Severity.MEDIUM, f"Every resource is reached but {spared}")
