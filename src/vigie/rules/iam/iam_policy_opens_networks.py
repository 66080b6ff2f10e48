"""Who may change security groups may open any machine to the internet."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.policies import IDENTITY_TYPES, allowances

ACTIONS = (
    "ec2:AuthorizeSecurityGroupIngress",
    "ec2:AuthorizeSecurityGroupEgress",
    "ec2:ModifySecurityGroupRules",
)


@rule(
    "iam-policy-opens-networks",
    title="Policy allows security groups to be opened",
    applies_to=IDENTITY_TYPES,
    severity=Severity.MEDIUM,
    remedy="Keep these actions to the roles that build networks; name the groups.",
    references=("https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html",),
    predecessor=("iampolicy.check_security_group_permissions", "policy.check_security_group_permissions"),
)
def iam_policy_opens_networks(resource: Revision, estate: Estate) -> Iterator[Violation]:
    for allowance in allowances(resource):
        allowed = [action for action in ACTIONS if allowance.allows(action)]
        if allowed:
            yield allowance.violation(Severity.MEDIUM, f"{', '.join(allowed)} may be used")
