"""CloudShell with file transfer is a way to carry data out with credentials that never leave a trace on a laptop."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule

POLICY = ":aws:policy/AWSCloudShellFullAccess"


@rule(
    "iam-cloudshell-full-access",
    title="Identity has full access to CloudShell",
    applies_to=("AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role"),
    severity=Severity.LOW,
    remedy="Replace AWSCloudShellFullAccess by a policy that denies cloudshell:GetFileDownloadUrls and "
    "GetFileUploadUrls.",
    references=("https://docs.aws.amazon.com/cloudshell/latest/userguide/sec-auth-with-identities.html",),
)
def iam_cloudshell_full_access(principal: Revision, estate: Estate) -> Iterator[Violation]:
    for attached in principal.configuration.get("AttachedManagedPolicies") or ():
        if str(attached.get("PolicyArn", "")).endswith(POLICY):
            yield Violation("AWSCloudShellFullAccess is attached", evidence={"PolicyArn": attached["PolicyArn"]})
