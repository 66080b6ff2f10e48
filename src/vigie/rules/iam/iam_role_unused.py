"""A role that nobody assumes keeps its permissions, and those whom it trusts, for whoever finds it."""

from collections.abc import Iterator

from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.times import days, shown, when


@rule(
    "iam-role-unused",
    title="Role is not used",
    applies_to="AWS::IAM::Role",
    severity=Severity.INFORMATIONAL,
    remedy="Delete the role, or take its policies away and delete it when nothing has broken after some weeks.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_finding-unused.html",),
    not_reported="Service-linked roles, roles of IAM Identity Center, and roles younger than unused_days. AWS "
    "tells the use of the "
    "last 400 days.",
)
def iam_role_unused(role: Revision, estate: Estate, *, unused_days: int = 180) -> Iterator[Violation | LookAgain]:
    if str(role.configuration.get("Path", "/")).startswith(("/aws-service-role/", "/aws-reserved/")):
        return
    # a role that was never used has an empty RoleLastUsed, or none
    use = role.configuration.get("RoleLastUsed") or {}
    made = when(role.configuration.get("CreateDate"), "the creation of the role")
    used = when(use["LastUsedDate"]) if use.get("LastUsedDate") else None
    due = max(used or made, made) + days(unused_days)
    if due > estate.now:
        yield LookAgain(due)
        return
    said = f"last used on {shown(used)}" if used else f"made on {shown(made)} and never used"
    yield Violation(f"The role was {said}", evidence={"LastUsedDate": used})
