"""A file system is encrypted when it is made, or never."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "efs-encryption",
    title="EFS file system is not encrypted",
    applies_to="AWS::EFS::FileSystem",
    severity=Severity.MEDIUM,
    remedy="Copy the files to an encrypted file system; one that exists cannot be encrypted afterwards.",
    references=("https://docs.aws.amazon.com/efs/latest/ug/encryption-at-rest.html",),
)
def efs_encryption(files: Revision, estate: Estate) -> Iterator[Violation]:
    if not files.configuration.get("Encrypted"):
        yield Violation("Files rest unencrypted", evidence={"Encrypted": False})
