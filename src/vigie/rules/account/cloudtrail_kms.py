"""With a key of your own, reading the log takes two permissions: the bucket's and the key's."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "cloudtrail-kms",
    title="Trail is not encrypted with a key of your own",
    applies_to="AWS::CloudTrail::Trail",
    severity=Severity.LOW,
    remedy="Give the trail a KMS key whose policy lets CloudTrail encrypt and the investigators decrypt.",
    references=(
        "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/encrypting-cloudtrail-log-files-with-aws-kms.html",
    ),
    not_reported="The bucket's own encryption, which is always on.",
)
def cloudtrail_kms(trail: Revision, estate: Estate) -> Iterator[Violation]:
    if not trail.configuration.get("KmsKeyId"):
        yield Violation("The trail has no key", evidence={"KmsKeyId": None})
