"""A password that nobody uses belongs to somebody who has left or forgotten it."""

from collections.abc import Iterator

from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.times import days, shown, when


@rule(
    "iam-user-password-unused",
    title="Console password is not used",
    applies_to="AWS::IAM::User",
    severity=Severity.LOW,
    remedy="Delete the console password, or the user.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_finding-unused.html",),
    not_reported="Passwords younger than unused_days that were not used yet.",
)
def iam_user_password_unused(
    user: Revision, estate: Estate, *, unused_days: int = 90
) -> Iterator[Violation | LookAgain]:
    profile = user.configuration.get("LoginProfile")
    if not profile:
        return
    used = user.configuration.get("PasswordLastUsed")
    made = when(profile.get("CreateDate"), "the creation of the console password")
    last = max(when(used), made) if used else made
    if last + days(unused_days) > estate.now:
        yield LookAgain(last + days(unused_days))
        return
    said = f"was last used on {shown(when(used))}" if used else f"was never used since {shown(made)}"
    yield Violation(f"The console password {said}", evidence={"PasswordLastUsed": used})
