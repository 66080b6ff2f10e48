"""Passwords of one kind of character are guessed faster. Length matters more: see iam-password-length."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule

KINDS = {
    "RequireUppercaseCharacters": "upper case",
    "RequireLowercaseCharacters": "lower case",
    "RequireNumbers": "numbers",
    "RequireSymbols": "symbols",
}


@rule(
    "iam-password-complexity",
    title="The password policy does not ask for all kinds of characters",
    applies_to="AWS::IAM::AccountPasswordPolicy",
    severity=Severity.INFORMATIONAL,
    remedy="Require all four kinds of characters, or a minimum length of 20 and more.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_passwords_account-policy.html",),
    not_reported="Policies that ask for long_enough characters or more: length makes up for kinds (NIST SP 800-63B).",
)
def iam_password_complexity(policy: Revision, estate: Estate, *, long_enough: int = 20) -> Iterator[Violation]:
    configuration = policy.configuration
    if (configuration.get("MinimumPasswordLength") or 0) >= long_enough:
        return
    missing = [name for key, name in KINDS.items() if not configuration.get(key)]
    if missing:
        yield Violation(f"Not asked for: {', '.join(missing)}", evidence={"missing": missing})
