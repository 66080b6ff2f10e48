"""While lists are enabled, whoever uploads an object may own it and open it to others, past the bucket policy.

AWS has disabled lists on new buckets since April 2023.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.s3._grantees import acls_disabled


@rule(
    "s3-bucket-acls-enabled",
    title="S3 bucket has access control lists enabled",
    applies_to="AWS::S3::Bucket",
    severity=Severity.LOW,
    remedy="Set object ownership to BucketOwnerEnforced once no client relies on lists.",
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html",),
)
def s3_bucket_acls_enabled(bucket: Revision, estate: Estate) -> Iterator[Violation]:
    if not acls_disabled(bucket.configuration):
        ownership = bucket.configuration.get("Ownership")
        set_to = ownership[0].get("ObjectOwnership") if ownership else "not set (ObjectWriter)"
        yield Violation(f"Object ownership is {set_to}", evidence={"Ownership": ownership})
