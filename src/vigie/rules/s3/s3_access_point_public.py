"""An access point is another door to a bucket: with a public policy of its own it opens what the bucket's page does
not show.

Judged by what AWS itself says of the policy (PolicyStatus), and by the blocks of the point, its bucket and the account.
"""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule

BUCKET = "AWS::S3::Bucket"
ACCOUNT = "AWS::S3::AccountPublicAccessBlock"


@rule(
    "s3-access-point-public",
    title="S3 access point has a public policy",
    applies_to="AWS::S3::AccessPoint",
    severity=Severity.HIGH,
    remedy="Name the accounts in its policy; access points with block public access on cannot be public.",
    depends_on=(BUCKET, ACCOUNT),
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html",),
    not_reported="Access points of a VPC, which the internet does not reach. Whether the bucket's policy lets the same "
    "requests through is not decided: a policy of a point works only where it does.",
)
def s3_access_point_public(point: Revision, estate: Estate) -> Iterator[Violation]:
    configuration = point.configuration
    if configuration.get("NetworkOrigin") == "VPC" or not (configuration.get("PolicyStatus") or {}).get("IsPublic"):
        return
    facts = configuration.get("AccessPoint")
    if not facts:
        raise CannotTell("the access point was not described")
    blocks = [facts.get("PublicAccessBlockConfiguration"), estate.setting(ACCOUNT, point.account).configuration]
    name = configuration.get("Bucket")
    buckets = estate.resources(BUCKET, account=point.account, whole=False)
    blocks += [b.configuration.get("PublicAccessBlock") for b in buckets if name in (b.id, b.name)]
    if not any((block or {}).get("RestrictPublicBuckets") for block in blocks):
        text = f"The access point lets everyone in to {name}, as far as the bucket's policy agrees"
        yield Violation(text, evidence={"Policy": configuration.get("Policy"), "bucket": name})
