"""A key that anyone may use protects nothing; one whose policy anyone may change can be taken away."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import public


@rule(
    "kms-key-public",
    title="KMS key is open to everyone",
    applies_to="AWS::KMS::Key",
    severity=Severity.CRITICAL,
    remedy="Name the accounts in Principal, or require kms:CallerAccount or aws:PrincipalOrgID.",
    references=("https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html",),
    not_reported="Keys of AWS, whose policies are AWS's.",
    predecessor=("kms.check_internet_accessible",),
)
def kms_key_public(key: Revision, estate: Estate) -> Iterator[Violation]:
    if (key.configuration.get("Metadata") or {}).get("KeyManager") != "AWS":
        yield from public(key, estate)
