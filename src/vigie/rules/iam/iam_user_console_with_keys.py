"""A person's password and a program's key in one user: neither can be limited, changed or followed by itself."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.iam._keys import keys


@rule(
    "iam-user-console-with-keys",
    title="User has both a console password and an access key",
    applies_to="AWS::IAM::User",
    severity=Severity.INFORMATIONAL,
    remedy="Give the program a role (or a user) of its own.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",),
    predecessor=("iamuser.check_loginprofile_plus_akeys",),
)
def iam_user_console_with_keys(user: Revision, estate: Estate) -> Iterator[Violation]:
    active = [key["AccessKeyId"] for key in keys(user)]
    if active and user.configuration.get("LoginProfile"):
        yield Violation("A console password and an active access key", evidence={"keys": active})
