"""Who may write to the services that guard the account can blind it, or take what they keep.

An action counts as writing unless its pattern starts with a verb that only reads (Get, List, Describe…): that needs
no list
of actions, and so cannot go out of date.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.policies import IDENTITY_TYPES, allowances

READING = (
    "get", "list", "describe", "batchget", "search", "lookup", "view", "check", "test", "validate", "preview",
    "simulate", "estimate", "select", "query", "scan", "filter", "read", "decrypt", "verify", "detect",
)  # fmt: skip


@rule(
    "iam-policy-changes-guarded-services",
    title="Policy allows changes in a service that guards the account",
    applies_to=IDENTITY_TYPES,
    severity=Severity.LOW,
    remedy="Keep changes of these services to the roles that run them.",
    references=(
        "https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html",
    ),
    not_reported="Statements that allow every service at once (iam-policy-star, iam-policy-notaction). Services "
    "beyond the parameter: "
    "the predecessor reported writing anywhere, which is nearly every policy.",
    predecessor=("iampolicy.check_mutable_sensitive_services", "policy.check_mutable_sensitive_services"),
)
def iam_policy_changes_guarded_services(
    resource: Revision,
    estate: Estate,
    *,
    services: tuple[str, ...] = ("cloudtrail", "config", "guardduty", "kms", "organizations", "secretsmanager"),
) -> Iterator[Violation]:
    for allowance in allowances(resource):
        for service in services:
            writes = sorted(
                a for a in allowance.statement.actions if _writes(a.lower(), service) and _effective(allowance, a)
            )
            if writes:
                yield allowance.violation(Severity.LOW, f"{', '.join(writes[:4])} may be used", service)


def _writes(pattern: str, service: str) -> bool:
    return pattern.startswith(f"{service}:") and not pattern.partition(":")[2].startswith(READING)


def _effective(allowance: object, pattern: str) -> bool:
    denials = getattr(allowance, "denials", ())
    return not any(denial.speaks_of(pattern) for denial in denials)
