"""An unencrypted volume can be copied with a snapshot by whoever may make one, without any key."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-volume-encryption",
    title="Volume is not encrypted",
    applies_to="AWS::EC2::Volume",
    severity=Severity.MEDIUM,
    remedy="Copy a snapshot of it with encryption, and replace the volume; turn on encryption by default.",
    references=("https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html",),
    not_reported="Which key is used.",
)
def ec2_volume_encryption(volume: Revision, estate: Estate) -> Iterator[Violation]:
    if not volume.configuration.get("Encrypted"):
        severity = Severity.MEDIUM if volume.configuration.get("Attachments") else Severity.LOW
        yield Violation("The volume is not encrypted", evidence={"Encrypted": False}, severity=severity)
