"""A bucket whose list lets S3's log delivery group write takes logs the old way, and cannot do without lists."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.s3._grantees import LOG_DELIVERY, acls_disabled, granted_to


@rule(
    "s3-bucket-log-delivery-acl",
    title="S3 bucket takes access logs by its access control list",
    applies_to="AWS::S3::Bucket",
    severity=Severity.INFORMATIONAL,
    remedy="Allow logging.s3.amazonaws.com in the bucket policy (with aws:SourceAccount), then disable the lists.",
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html",),
    not_reported="Buckets whose lists are disabled: the grant means nothing there.",
    predecessor=("s3.check_acl_log_delivery",),
)
def s3_bucket_log_delivery_acl(bucket: Revision, estate: Estate) -> Iterator[Violation]:
    if acls_disabled(bucket.configuration):
        return
    for group, permission in granted_to(bucket.configuration.get("Acl"), LOG_DELIVERY):
        evidence = {"group": group, "permission": permission}
        yield Violation(f"The log delivery group has {permission}", f"LogDelivery:{permission}", evidence)
