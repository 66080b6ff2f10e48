"""A policy that allows every action makes an administrator of whoever gets it, often without meaning it."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.policies import IDENTITY_TYPES, allowances


@rule(
    "iam-policy-star",
    title="Policy allows every action",
    applies_to=IDENTITY_TYPES,
    severity=Severity.CRITICAL,
    remedy="Name the actions that are needed; start from what was used (IAM Access Analyzer, last accessed services).",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",),
    not_reported="NotAction with Allow (iam-policy-notaction reports it). A statement that a denial of everything"
    " in the same document "
    "takes back. Policies of AWS weigh informational here: iam-principal-administrator reports who holds them.",
    predecessor=(
        "iampolicy.check_star_privileges",
        "policy.check_star_privileges",
    ),
)
def iam_policy_star(resource: Revision, estate: Estate) -> Iterator[Violation]:
    for allowance in allowances(resource):
        everything = any(action in ("*", "*:*") for action in allowance.statement.actions)
        if everything and not any(set(denial.actions) & {"*", "*:*"} for denial in allowance.denials):
            yield allowance.violation(Severity.CRITICAL, "Every action is allowed")
