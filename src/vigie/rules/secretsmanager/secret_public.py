"""A secret that anyone may read is none."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import public


@rule(
    "secret-public",
    title="Secret is open to everyone",
    applies_to="AWS::SecretsManager::Secret",
    severity=Severity.CRITICAL,
    remedy="Delete the policy or name the accounts in it; then change the secret.",
    references=("https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_resource-policies.html",),
)
def secret_public(secret: Revision, estate: Estate) -> Iterator[Violation]:
    yield from public(secret, estate)
