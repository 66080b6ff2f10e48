"""Short passwords are guessed; without a policy of its own an account takes eight characters."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "iam-password-length",
    title="The password policy allows short passwords",
    applies_to="AWS::IAM::AccountPasswordPolicy",
    severity=Severity.MEDIUM,
    remedy="Set a password policy with a minimum length of 14 or more.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html",),
)
def iam_password_length(policy: Revision, estate: Estate, *, minimum: int = 14) -> Iterator[Violation]:
    length = policy.configuration.get("MinimumPasswordLength")
    if length is None:
        yield Violation("There is no password policy: eight characters are enough", evidence={"policy": None})
    elif length < minimum:
        yield Violation(f"Passwords may have {length} characters", evidence={"MinimumPasswordLength": length})
