"""A bucket that anyone may read or write has been behind most of the large leaks from AWS.

Judged over everything that decides it together: policy, access control list, object ownership, and the block of public
access on the bucket and on the account.
"""

from collections.abc import Iterator
from dataclasses import replace

from vigie.access import Grant
from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import public

READING = frozenset({"s3:getobject", "s3:getobjectversion"})


@rule(
    "s3-bucket-public",
    title="S3 bucket is open to everyone",
    applies_to="AWS::S3::Bucket",
    severity=Severity.CRITICAL,
    remedy="Turn on block public access for the bucket; serve public files through CloudFront with origin access "
    "control.",
    depends_on=("AWS::S3::AccountPublicAccessBlock",),
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",),
    not_reported="A public policy or list that block public access or object ownership makes void "
    "(see s3-bucket-public-held-back).",
    predecessor=("s3.check_acl_internet_accessible", "s3.check_internet_accessible"),
)
def s3_bucket_public(bucket: Revision, estate: Estate) -> Iterator[Violation]:
    for violation in public(bucket, estate):
        grant = violation.evidence
        only_reading = isinstance(grant, Grant) and {a.lower() for a in grant.actions} <= READING
        yield replace(violation, severity=Severity.HIGH) if only_reading else violation
