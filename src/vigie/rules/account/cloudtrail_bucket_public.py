"""The log of everything that is done shows an intruder what there is, and who watches. Nobody else should read it."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import refuse_doubt


@rule(
    "cloudtrail-bucket-public",
    title="Trail's bucket is open to everyone",
    applies_to="AWS::CloudTrail::Trail",
    severity=Severity.CRITICAL,
    remedy="Turn on block public access for the bucket.",
    depends_on=("AWS::S3::Bucket", "AWS::S3::AccountPublicAccessBlock"),
    references=("https://docs.aws.amazon.com/awscloudtrail/latest/userguide/best-practices-security.html",),
    not_reported="Buckets of accounts that vigie does not watch: they are not recorded.",
)
def cloudtrail_bucket_public(trail: Revision, estate: Estate) -> Iterator[Violation]:
    name = trail.configuration.get("S3BucketName", "")
    for bucket in estate.referring_to(name, "AWS::S3::Bucket", whole=False):
        if name not in (bucket.id, bucket.name):
            continue
        access = estate.access(bucket)
        for grant in access.public():
            yield Violation(f"The bucket {name} is open to everyone", grant.subject, {"bucket": name, "grant": grant})
        refuse_doubt(access)
