"""Default encryption makes sure that no object is ever stored in the clear.

S3 has encrypted new objects everywhere since January 2023; an answer without a rule is an old or foreign endpoint.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule

ALGORITHMS = ("AES256", "aws:kms", "aws:kms:dsse")


@rule(
    "s3-bucket-encryption",
    title="S3 bucket has no default encryption",
    applies_to="AWS::S3::Bucket",
    severity=Severity.MEDIUM,
    remedy="Set a default encryption (SSE-KMS with a key of your own where who may decrypt matters).",
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html",),
    not_reported="Which kind of key is used.",
)
def s3_bucket_encryption(bucket: Revision, estate: Estate) -> Iterator[Violation]:
    rules = bucket.configuration.get("Encryption") or ()
    used = [(r.get("ApplyServerSideEncryptionByDefault") or {}).get("SSEAlgorithm") for r in rules]
    if not any(algorithm in ALGORITHMS for algorithm in used):
        yield Violation("Objects are not encrypted by default", evidence={"Encryption": list(rules)})
