"""A secret that never changes stays good for whoever once saw it: former colleagues, old logs, lost laptops."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "secret-rotation",
    title="Secret is not rotated",
    applies_to="AWS::SecretsManager::Secret",
    severity=Severity.LOW,
    remedy="Set up rotation (managed, or by a function), or let the service use a role instead of a secret.",
    references=("https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html",),
    not_reported="Secrets that another service owns and rotates, replicas in other regions, and secrets that are "
    "being deleted.",
)
def secret_rotation(secret: Revision, estate: Estate) -> Iterator[Violation]:
    configuration = secret.configuration
    replica = configuration.get("PrimaryRegion") not in (None, secret.region)
    if configuration.get("OwningService") or configuration.get("DeletedDate") or replica:
        return
    if not configuration.get("RotationEnabled"):
        yield Violation("Rotation is off", evidence={"RotationEnabled": False})
