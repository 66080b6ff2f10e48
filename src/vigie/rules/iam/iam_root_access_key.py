"""An access key of the root user is unlimited power in a file, past MFA and past every policy."""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule


@rule(
    "iam-root-access-key",
    title="The root user has an access key",
    applies_to="AWS::IAM::AccountSummary",
    severity=Severity.CRITICAL,
    remedy="Delete the root user's access keys; use a role for whatever they were for.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html",),
)
def iam_root_access_key(summary: Revision, estate: Estate) -> Iterator[Violation]:
    present = summary.configuration.get("AccountAccessKeysPresent")
    if present is None:
        raise CannotTell("the account summary does not say whether the root user has access keys")
    if present:
        yield Violation("The root user has an access key", evidence={"AccountAccessKeysPresent": present})
