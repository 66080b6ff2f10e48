"""Rotation that is on but does not happen is worse than none: everybody relies on it."""

from collections.abc import Iterator

from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.times import days, shown, when


@rule(
    "secret-rotation-failed",
    title="Rotation of the secret is overdue",
    applies_to="AWS::SecretsManager::Secret",
    severity=Severity.MEDIUM,
    remedy="Look into the log of the rotation function; rotate by hand.",
    references=("https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot_rotation.html",),
    not_reported="The first grace_days after the planned day. Secrets without rotation: secret-rotation.",
)
def secret_rotation_failed(secret: Revision, estate: Estate, *, grace_days: int = 2) -> Iterator[Violation | LookAgain]:
    configuration = secret.configuration
    if not configuration.get("RotationEnabled") or configuration.get("DeletedDate"):
        return
    planned = configuration.get("NextRotationDate")
    if not planned:
        return
    overdue = when(planned) + days(grace_days)
    if overdue > estate.now:
        yield LookAgain(overdue)
    else:
        yield Violation(f"Rotation was planned for {shown(when(planned))}", evidence={"NextRotationDate": planned})
