"""With MFA delete, nobody with stolen credentials alone can destroy versions or switch versioning off."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "s3-bucket-mfa-delete",
    title="S3 bucket lets versions be destroyed without MFA",
    applies_to="AWS::S3::Bucket",
    severity=Severity.INFORMATIONAL,
    remedy="Enable MFA delete as the root user, or use object lock, which protects better and is easier to live with.",
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/MultiFactorAuthenticationDelete.html",),
    not_reported="Buckets without versioning (s3-bucket-versioning says so) and buckets with object lock.",
)
def s3_bucket_mfa_delete(bucket: Revision, estate: Estate) -> Iterator[Violation]:
    versioning = bucket.configuration.get("Versioning") or {}
    lock = bucket.configuration.get("ObjectLock") or {}
    if versioning.get("Status") != "Enabled" or lock.get("ObjectLockEnabled") == "Enabled":
        return
    if versioning.get("MFADelete") != "Enabled":
        yield Violation("MFA delete is not enabled", evidence={"MFADelete": versioning.get("MFADelete")})
