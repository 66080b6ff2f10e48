"""Without access logs nobody can say afterwards who read what from a bucket."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "s3-bucket-logging",
    title="S3 bucket keeps no access log",
    applies_to="AWS::S3::Bucket",
    severity=Severity.LOW,
    remedy="Enable server access logging into a bucket for logs, or CloudTrail data events for the bucket.",
    depends_on=("AWS::CloudTrail::Trail",),
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html",),
    not_reported="Buckets that are themselves the target of access logs or of a trail: their log would feed itself.",
)
def s3_bucket_logging(bucket: Revision, estate: Estate) -> Iterator[Violation]:
    if bucket.configuration.get("Logging"):
        return
    name = bucket.name or bucket.id
    if not _takes_logs(name, estate):
        yield Violation("Server access logging is off", evidence={"Logging": None})


def _takes_logs(name: str, estate: Estate) -> bool:
    buckets = estate.referring_to(name, "AWS::S3::Bucket", whole=False)
    if any((b.configuration.get("Logging") or {}).get("TargetBucket") == name for b in buckets if b.id != name):
        return True
    trails = estate.referring_to(name, "AWS::CloudTrail::Trail", whole=False)
    return any(trail.configuration.get("S3BucketName") == name for trail in trails)
