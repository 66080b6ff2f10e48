"""Every log group is encrypted; with a key of your own, reading logs takes two permissions."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "log-group-encryption",
    title="Log group is not encrypted with a key of your own",
    applies_to="AWS::Logs::LogGroup",
    severity=Severity.INFORMATIONAL,
    remedy="Give it a KMS key where who may read the logs matters.",
    references=("https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",),
)
def log_group_encryption(group: Revision, estate: Estate) -> Iterator[Violation]:
    if not group.configuration.get("kmsKeyId"):
        yield Violation("The group has no key", evidence={"kmsKeyId": None})
