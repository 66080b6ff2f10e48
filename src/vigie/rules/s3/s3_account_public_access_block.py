"""The account's block public access covers every bucket there is and every bucket to come."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.s3._blocks import off


@rule(
    "s3-account-public-access-block",
    title="The account does not block public access to S3",
    applies_to="AWS::S3::AccountPublicAccessBlock",
    severity=Severity.MEDIUM,
    remedy="Turn on all four switches for the account; host public sites in an account of their own, or behind "
    "CloudFront.",
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/configuring-block-public-access-account.html",),
)
def s3_account_public_access_block(setting: Revision, estate: Estate) -> Iterator[Violation]:
    missing = off(setting.configuration)
    if missing:
        yield Violation(f"Off for the account: {', '.join(missing)}", evidence={"off": missing})
