"""A share that may leave the organisation leaves it the day somebody adds an account number to it."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ram-share-external",
    title="RAM share may be joined from outside the organisation",
    applies_to="AWS::RAM::ResourceShare",
    severity=Severity.LOW,
    remedy="Allow sharing within the organisation only; make a share of its own for those outside.",
    references=("https://docs.aws.amazon.com/ram/latest/userguide/working-with-sharing-create.html",),
    not_reported="With whom it is shared now: the rules on access of other accounts say that.",
)
def ram_share_external(share: Revision, estate: Estate) -> Iterator[Violation]:
    if share.configuration.get("allowExternalPrincipals"):
        outside = sorted(p.get("id", "") for p in share.configuration.get("Principals") or () if p.get("external"))
        said = f"{', '.join(outside)} are outside already" if outside else "Nobody from outside has joined yet"
        yield Violation(
            f"Accounts outside the organisation may be added. {said}", evidence={"allowExternalPrincipals": True}
        )
