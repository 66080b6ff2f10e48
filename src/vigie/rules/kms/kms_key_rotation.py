"""A key that is never changed protects ever more with one secret; KMS changes it by itself, and keeps the old ones
for reading.
"""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule


@rule(
    "kms-key-rotation",
    title="KMS key is not rotated",
    applies_to="AWS::KMS::Key",
    severity=Severity.LOW,
    remedy="Enable automatic rotation of the key.",
    references=("https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html",),
    not_reported="Keys that KMS cannot rotate (asymmetric, HMAC, imported, in a custom store), keys of AWS, "
    "disabled keys and keys that "
    "await their deletion, and replicas, which follow their primary key.",
    predecessor=("kms.check_for_kms_key_rotation",),
)
def kms_key_rotation(key: Revision, estate: Estate) -> Iterator[Violation]:
    facts = key.configuration.get("Metadata")
    if not facts:
        raise CannotTell("the key was not described")
    replica = (facts.get("MultiRegionConfiguration") or {}).get("MultiRegionKeyType") == "REPLICA"
    rotates = facts.get("KeySpec", facts.get("CustomerMasterKeySpec")) == "SYMMETRIC_DEFAULT" and not replica
    ours = facts.get("KeyManager") == "CUSTOMER" and facts.get("Origin", "AWS_KMS") == "AWS_KMS"
    if not (rotates and ours and facts.get("KeyState") == "Enabled"):
        return
    if "RotationEnabled" not in key.configuration:
        raise CannotTell("the rotation of the key was not read")
    if not key.configuration["RotationEnabled"]:
        yield Violation("Automatic rotation is off", evidence={"RotationEnabled": False})
