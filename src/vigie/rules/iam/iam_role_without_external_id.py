"""A vendor serves many customers: without an external id, another customer can have the vendor act in your account."""

from collections.abc import Iterator, Mapping
from typing import Any

from vigie.model.account import is_account
from vigie.rules import CannotTell, Estate, Relation, Revision, Severity, Violation, rule
from vigie.rules.policies import texts


@rule(
    "iam-role-without-external-id",
    title="Third party assumes the role without an external id",
    applies_to="AWS::IAM::Role",
    severity=Severity.MEDIUM,
    remedy="Require sts:ExternalId in the trust policy, with the value that the vendor gave to you alone.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",),
    not_reported="Accounts of ours; accounts that are not known (cross-account-unknown reports them).",
)
def iam_role_without_external_id(role: Revision, estate: Estate) -> Iterator[Violation]:
    trust = role.configuration.get("AssumeRolePolicyDocument")
    if not isinstance(trust, Mapping):
        raise CannotTell("the trust policy could not be read")
    written = trust.get("Statement", ())
    for statement in [written] if isinstance(written, Mapping) else written:
        if statement.get("Effect") != "Allow" or _asks_for_external_id(statement):
            continue
        for account in sorted(_accounts(statement)):
            if estate.relation(account) is Relation.THIRD_PARTY:
                yield Violation(f"Third party {account} needs no external id", account, {"statement": statement})


def _asks_for_external_id(statement: Mapping[str, Any]) -> bool:
    tests = (statement.get("Condition") or {}).items()
    return any(
        key.lower() == "sts:externalid"
        for operator, values in tests
        if operator.lower().startswith(("stringequals", "stringlike"))
        for key in values
    )


def _accounts(statement: Mapping[str, Any]) -> set[str]:
    principal = statement.get("Principal")
    named = texts(principal.get("AWS")) if isinstance(principal, Mapping) else ()
    found = {name if name.isdigit() else (name.split(":") + [""] * 5)[4] for name in named}
    return {account for account in found if is_account(account)}
