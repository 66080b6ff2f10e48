"""An inactive key can be switched on again by whoever may; one that was meant to go should be gone."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.iam._keys import keys


@rule(
    "iam-user-key-inactive",
    title="Inactive access key is still there",
    applies_to="AWS::IAM::User",
    severity=Severity.INFORMATIONAL,
    remedy="Delete the key once nothing needs it.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",),
    predecessor=("iamuser.check_inactive_access_keys",),
)
def iam_user_key_inactive(user: Revision, estate: Estate) -> Iterator[Violation]:
    for key in keys(user, "Inactive"):
        yield Violation(f"Access key {key['AccessKeyId']} is inactive", key["AccessKeyId"], {"key": key["AccessKeyId"]})
