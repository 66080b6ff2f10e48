"""Who takes over the account deletes its backups first, unless the vault is locked."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "backup-vault-unlocked",
    title="Backup vault can be emptied",
    applies_to="AWS::Backup::BackupVault",
    severity=Severity.LOW,
    remedy="Lock the vault in compliance mode, with a retention that you can live with: it cannot be undone.",
    references=("https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html",),
    not_reported="Vaults that are locked in governance mode, which some principals can unlock.",
)
def backup_vault_unlocked(vault: Revision, estate: Estate) -> Iterator[Violation]:
    if not vault.configuration.get("Locked"):
        yield Violation("Its backups can be deleted before their time", evidence={"Locked": False})
