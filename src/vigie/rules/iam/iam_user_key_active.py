"""Every long-lived key is a secret that can leak; a list of them is where to start replacing them by roles."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.iam._keys import keys


@rule(
    "iam-user-key-active",
    title="User has an active access key",
    applies_to="AWS::IAM::User",
    severity=Severity.INFORMATIONAL,
    remedy="Replace it by a role: IAM Identity Center for people, instance or task roles, IAM Roles Anywhere, or "
    "OIDC for programs.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",),
    predecessor=("iamuser.check_active_access_keys",),
)
def iam_user_key_active(user: Revision, estate: Estate) -> Iterator[Violation]:
    for key in keys(user):
        yield Violation(f"Access key {key['AccessKeyId']} is active", key["AccessKeyId"], {"key": key["AccessKeyId"]})
