"""An unencrypted snapshot can be shared and copied without any key: one permission is enough to lose it."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-snapshot-encryption",
    title="Snapshot is not encrypted",
    applies_to="AWS::EC2::Snapshot",
    severity=Severity.LOW,
    remedy="Copy it with encryption and delete the original.",
    references=("https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption.html",),
)
def ec2_snapshot_encryption(snapshot: Revision, estate: Estate) -> Iterator[Violation]:
    if not snapshot.configuration.get("Encrypted"):
        yield Violation("The snapshot is not encrypted", evidence={"Encrypted": False})
