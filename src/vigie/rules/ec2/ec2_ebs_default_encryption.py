"""With encryption by default no new volume is ever forgotten."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-ebs-default-encryption",
    title="New volumes are not encrypted by default",
    applies_to="AWS::EC2::EBSEncryptionByDefault",
    severity=Severity.LOW,
    remedy="Turn on EBS encryption by default in the region.",
    references=("https://docs.aws.amazon.com/ebs/latest/userguide/encryption-by-default.html",),
)
def ec2_ebs_default_encryption(setting: Revision, estate: Estate) -> Iterator[Violation]:
    if not setting.configuration.get("EbsEncryptionByDefault"):
        yield Violation("Encryption by default is off in the region", evidence={"EbsEncryptionByDefault": False})
