"""Who may pass any role to a service can let that service act with the strongest role there is: the commonest
escalation.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.policies import IDENTITY_TYPES, Statement, allowances


@rule(
    "iam-policy-passrole",
    title="Policy allows roles to be passed that it does not name",
    applies_to=IDENTITY_TYPES,
    severity=Severity.HIGH,
    remedy="Name the role in Resource, and the service in the condition iam:PassedToService.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",),
    not_reported="Statements whose resources are single roles, named in full: that is how passing a role should "
    "be allowed.",
    predecessor=("iampolicy.check_iam_passrole", "policy.check_iam_passrole"),
)
def iam_policy_passrole(resource: Revision, estate: Estate) -> Iterator[Violation]:
    for allowance in allowances(resource):
        if allowance.allows("iam:PassRole") and not _names_roles(allowance.statement):
            yield allowance.violation(Severity.HIGH, "iam:PassRole is allowed on roles that are not named")


def _names_roles(statement: Statement) -> bool:
    return bool(statement.resources) and not any("*" in name or "?" in name for name in statement.resources)
