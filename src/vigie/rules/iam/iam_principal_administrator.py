"""Whoever holds AWS's AdministratorAccess or IAMFullAccess owns the account: such should be few, known, and use MFA."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.policies import is_aws_managed
from vigie.rules.weight import lower

FROM_IDENTITY_CENTER = "/aws-reserved/sso.amazonaws.com/"


@rule(
    "iam-principal-administrator",
    title="Identity holds an administrator policy of AWS",
    applies_to=("AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role"),
    severity=Severity.HIGH,
    remedy="Attach what the work needs; keep administrators to a role that people assume with MFA.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html",),
    not_reported="Policies of your own that allow everything: iam-policy-star reports them where they are "
    "written. Roles that IAM "
    "Identity Center made weigh low: they are the recommended way to be administrator.",
)
def iam_principal_administrator(
    principal: Revision, estate: Estate, *, policies: tuple[str, ...] = ("AdministratorAccess", "IAMFullAccess")
) -> Iterator[Violation]:
    severity = Severity.HIGH
    if str(principal.configuration.get("Path", "")).startswith(FROM_IDENTITY_CENTER):
        severity = Severity.LOW
    elif principal.type != "AWS::IAM::Group" and principal.configuration.get("PermissionsBoundary"):
        severity = lower(severity)
    for attached in principal.configuration.get("AttachedManagedPolicies") or ():
        arn = attached.get("PolicyArn", "")
        name = arn.rpartition("/")[2]
        if is_aws_managed(arn) and name in policies:
            yield Violation(f"{name} is attached", name, {"PolicyArn": arn}, severity)
