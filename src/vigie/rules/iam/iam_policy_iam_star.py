"""Who may do everything in IAM may give himself everything else."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.policies import IDENTITY_TYPES, allowances


@rule(
    "iam-policy-iam-star",
    title="Policy allows every action of IAM",
    applies_to=IDENTITY_TYPES,
    severity=Severity.CRITICAL,
    remedy="Allow the IAM actions that are needed, on a path of names, under a permissions boundary.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",),
    not_reported="Policies that allow every action of every service: iam-policy-star.",
    predecessor=("iampolicy.check_iam_star_privileges", "policy.check_iam_star_privileges"),
)
def iam_policy_iam_star(resource: Revision, estate: Estate) -> Iterator[Violation]:
    for allowance in allowances(resource):
        every = any(action.lower() == "iam:*" for action in allowance.statement.actions)
        denied = any(d.actions and {a.lower() for a in d.actions} & {"*", "iam:*"} for d in allowance.denials)
        if every and not denied:
            yield allowance.violation(Severity.CRITICAL, "Every action of IAM is allowed")
