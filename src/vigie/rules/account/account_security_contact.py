"""When AWS finds leaked keys or abuse, it writes to the security contact; without one, to whoever reads the root
user's mail.
"""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule


@rule(
    "account-security-contact",
    title="The account has no security contact",
    applies_to="AWS::::Account",
    severity=Severity.LOW,
    remedy="Set the alternate contact for security, best for all accounts from the organisation's management account.",
    references=("https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-update-contact-alternate.html",),
)
def account_security_contact(account: Revision, estate: Estate) -> Iterator[Violation]:
    if "SecurityContact" not in account.configuration:
        raise CannotTell("the security contact was not read")
    if not account.configuration["SecurityContact"]:
        yield Violation("There is no security contact", evidence={"SecurityContact": None})
