"""When a key is gone, everything that was encrypted with it is gone. Until then, it can be called back."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.times import shown, when

STATES = ("PendingDeletion", "PendingReplicaDeletion")


@rule(
    "kms-key-pending-deletion",
    title="KMS key is about to be deleted",
    applies_to="AWS::KMS::Key",
    severity=Severity.MEDIUM,
    remedy="Make sure that nothing needs the key any more; else cancel the deletion.",
    references=("https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html",),
)
def kms_key_pending_deletion(key: Revision, estate: Estate) -> Iterator[Violation]:
    facts = key.configuration.get("Metadata") or {}
    if facts.get("KeyState") in STATES:
        date = facts.get("DeletionDate")
        text = (
            f"The key will be deleted on {shown(when(date))}" if date else "The key will be deleted with its replicas"
        )
        yield Violation(text, evidence={"KeyState": facts["KeyState"], "DeletionDate": date})
