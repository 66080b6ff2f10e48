"""Permissions given to users one by one are forgotten one by one; groups and roles are reviewed together."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "iam-user-own-permissions",
    title="User has permissions of its own",
    applies_to="AWS::IAM::User",
    severity=Severity.LOW,
    remedy="Move the policy to a group (or better to a role that the user assumes).",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",),
)
def iam_user_own_permissions(user: Revision, estate: Estate) -> Iterator[Violation]:
    for policy in user.configuration.get("UserPolicyList") or ():
        name = policy.get("PolicyName", "")
        yield Violation(f"Inline policy {name} is on the user", f"inline:{name}", {"inline": name})
    for policy in user.configuration.get("AttachedManagedPolicies") or ():
        name, arn = policy.get("PolicyName", ""), policy.get("PolicyArn", "")
        yield Violation(f"Managed policy {name} is attached to the user", arn, {"attached": arn})
