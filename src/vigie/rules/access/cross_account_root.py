"""Trusting a whole account (its root) leaves it to that account who among its people and programs gets in."""

from collections.abc import Iterator

from vigie.access import Grant, GrantClass
from vigie.access.delivering import service_accounts
from vigie.model.account import is_account
from vigie.rules import Estate, Relation, Revision, Severity, Violation, rule
from vigie.rules.sharing import POLICY_TYPES, actions, refuse_doubt


@rule(
    "cross-account-root",
    title="A whole other account has access",
    applies_to=POLICY_TYPES,
    severity=Severity.MEDIUM,
    remedy="Name the role that needs it, or add a condition on aws:PrincipalArn.",
    depends_on=("AWS::S3::AccountPublicAccessBlock",),
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",),
    not_reported="Snapshots, images and documents, which can only be shared with whole accounts; unknown accounts "
    "(cross-account-unknown); accounts of AWS itself that deliver logs. Accounts of ours weigh low.",
    predecessor=("resourcepolicy.check_root_cross_account",),
)
def cross_account_root(resource: Revision, estate: Estate) -> Iterator[Violation]:
    access = estate.access(resource)
    delivering = service_accounts().services
    for grant in access.of(GrantClass.ACCOUNT):
        if grant.relation is not Relation.UNKNOWN and _whole_account(grant) and grant.account not in delivering:
            severity = Severity.LOW if grant.relation is Relation.OWN else Severity.MEDIUM
            text = (
                f"Anyone whom the {grant.relation.value} account {grant.account or grant.who} lets may {actions(grant)}"
            )
            yield Violation(text, grant.subject, grant, severity)
    refuse_doubt(access)


def _whole_account(grant: Grant) -> bool:
    return grant.who.endswith(":root") or is_account(grant.who)
