"""A password is phished or guessed sooner or later; with MFA that alone is not enough."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "iam-user-console-without-mfa",
    title="User signs in to the console without MFA",
    applies_to="AWS::IAM::User",
    severity=Severity.HIGH,
    remedy="Register an MFA device for the user, or delete the console password.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa.html",),
    not_reported="Users without a console password.",
    predecessor=("iamuser.check_no_mfa",),
)
def iam_user_console_without_mfa(user: Revision, estate: Estate) -> Iterator[Violation]:
    if user.configuration.get("LoginProfile") and not user.configuration.get("MFADevices"):
        yield Violation("A console password and no MFA device", evidence={"MFADevices": []})
