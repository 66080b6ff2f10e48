"""The root user can do anything and cannot be limited: its password alone must not be enough."""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule


@rule(
    "iam-root-mfa",
    title="The root user has no MFA",
    applies_to="AWS::IAM::AccountSummary",
    severity=Severity.CRITICAL,
    remedy="Register an MFA device (best: two hardware keys) for the root user, or remove root's credentials in "
    "the organisation.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-best-practices.html",),
    not_reported="Whether the device is of hardware: the summary does not tell.",
)
def iam_root_mfa(summary: Revision, estate: Estate) -> Iterator[Violation]:
    enabled = summary.configuration.get("AccountMFAEnabled")
    if enabled is None:
        raise CannotTell("the account summary does not say whether the root user has MFA")
    if not enabled:
        yield Violation("The root user signs in with a password alone", evidence={"AccountMFAEnabled": enabled})
