"""Without versions, what is overwritten or deleted, by mistake or by an intruder, is gone."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "s3-bucket-versioning",
    title="S3 bucket keeps no versions",
    applies_to="AWS::S3::Bucket",
    severity=Severity.LOW,
    remedy="Enable versioning, with a lifecycle rule that ends old versions.",
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html",),
)
def s3_bucket_versioning(bucket: Revision, estate: Estate) -> Iterator[Violation]:
    status = (bucket.configuration.get("Versioning") or {}).get("Status")
    if status != "Enabled":
        yield Violation(f"Versioning is {'suspended' if status else 'off'}", evidence={"Status": status})
