"""A public policy or list that only block public access holds back is one click away from a leak."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.s3._grantees import ANY_AWS_USER, EVERYBODY, acls_disabled, granted_to
from vigie.rules.sharing import refuse_doubt


@rule(
    "s3-bucket-public-held-back",
    title="Only block public access keeps the bucket from being public",
    applies_to="AWS::S3::Bucket",
    severity=Severity.LOW,
    remedy="Remove the public statement or grant itself; keep block public access on as the second line.",
    depends_on=("AWS::S3::AccountPublicAccessBlock",),
    references=("https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",),
    not_reported="Buckets that are public in effect (s3-bucket-public says so), and lists that object ownership voids.",
)
def s3_bucket_public_held_back(bucket: Revision, estate: Estate) -> Iterator[Violation]:
    configuration = bucket.configuration
    status = configuration.get("PolicyStatus") or {}
    groups = [] if acls_disabled(configuration) else list(granted_to(configuration.get("Acl"), EVERYBODY, ANY_AWS_USER))
    if not status.get("IsPublic") and not groups:
        return
    access = estate.access(bucket)
    if access.public():
        return
    refuse_doubt(access)
    if status.get("IsPublic"):
        yield Violation(
            "The policy is public; only block public access voids it", "policy", configuration.get("Policy")
        )
    for group, permission in groups:
        name = group.rpartition("/")[2]
        text = f"The access control list grants {permission} to {name}; only block public access voids it"
        yield Violation(text, f"acl:{name}:{permission}", {"group": group, "permission": permission})
