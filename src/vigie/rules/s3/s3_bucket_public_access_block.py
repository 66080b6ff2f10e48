"""Block public access is what keeps one wrong policy or list from publishing a bucket."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.s3._blocks import off


@rule(
    "s3-bucket-public-access-block",
    title="S3 bucket does not block public access",
    applies_to="AWS::S3::Bucket",
    severity=Severity.MEDIUM,
    remedy="Turn on all four switches of block public access on the bucket, or for the whole account.",
    depends_on=("AWS::S3::AccountPublicAccessBlock",),
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",),
    not_reported="Switches that are on for the whole account: they hold for the bucket too.",
)
def s3_bucket_public_access_block(bucket: Revision, estate: Estate) -> Iterator[Violation]:
    own = bucket.configuration.get("PublicAccessBlock")
    if not off(own):
        return
    account = estate.setting("AWS::S3::AccountPublicAccessBlock", bucket.account).configuration
    missing = off(own, account)
    if missing:
        yield Violation(f"Neither the bucket nor the account turns on {', '.join(missing)}", evidence={"off": missing})
