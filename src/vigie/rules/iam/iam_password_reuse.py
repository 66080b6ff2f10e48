"""Where old passwords may come back, changing one after a leak is undone by habit."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "iam-password-reuse",
    title="The password policy allows old passwords again",
    applies_to="AWS::IAM::AccountPasswordPolicy",
    severity=Severity.LOW,
    remedy="Set PasswordReusePrevention to 24.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html",),
)
def iam_password_reuse(policy: Revision, estate: Estate, *, remembered: int = 24) -> Iterator[Violation]:
    kept = policy.configuration.get("PasswordReusePrevention") or 0
    if kept < remembered:
        yield Violation(f"{kept} old passwords are remembered", evidence={"PasswordReusePrevention": kept})
