"""Who may change who may do what (policies, shares, keys' grants) can open what the policy itself does not allow."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.iam._powers import allowed_of, is_everything
from vigie.rules.policies import IDENTITY_TYPES, allowances
from vigie.rules.tables import rows

STRONGEST = ("iam", "sso")
ELSEWHERE = {"iam": {"passrole"}}
"""Actions that another rule judges better."""
TELLING = ("put", "attach", "create", "set", "add", "update", "modify")
SHOWN = 4


@rule(
    "iam-policy-permissions-management",
    title="Policy allows permissions to be changed",
    applies_to=IDENTITY_TYPES,
    severity=Severity.HIGH,
    remedy="Keep these actions to the roles that manage access; name the resources.",
    references=(
        "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
    ),
    not_reported="Single services where the statement allows all services at once (one violation for all of them "
    "then); "
    "iam:PassRole (iam-policy-passrole). High for IAM and Identity Center; medium for other services.",
    predecessor=("iampolicy.check_permissions", "policy.check_permissions"),
)
def iam_policy_permissions_management(resource: Revision, estate: Estate) -> Iterator[Violation]:
    for allowance in allowances(resource):
        if is_everything(allowance):
            if allowance.allows("iam:PutRolePolicy"):
                yield allowance.violation(Severity.HIGH, "Permissions of every service may be changed", "*")
            continue
        for service, allowed in allowed_of(allowance, rows("permissions")).items():
            actions = [action for action in allowed if action.lower() not in ELSEWHERE.get(service, ())]
            if actions:
                severity = Severity.HIGH if service in STRONGEST else Severity.MEDIUM
                yield allowance.violation(severity, f"{service}: {_shown(actions)} may be used", service)


def _shown(actions: list[str]) -> str:
    """The most telling actions first, and how many more."""
    ordered = sorted(actions, key=lambda action: (not action.lower().startswith(TELLING), action))
    return ", ".join(ordered[:SHOWN]) + (f" and {len(actions) - SHOWN} more" if len(actions) > SHOWN else "")
