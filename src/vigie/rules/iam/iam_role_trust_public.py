"""A role that anyone may assume hands its permissions to the world."""

from collections.abc import Iterator

from vigie.access import GrantClass
from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import conditions, refuse_doubt


@rule(
    "iam-role-trust-public",
    title="Role can be assumed by everyone",
    applies_to="AWS::IAM::Role",
    severity=Severity.CRITICAL,
    remedy="Name the accounts or roles in the trust policy's Principal, or require aws:PrincipalOrgID.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-user.html",),
    not_reported="An external id is a password that anyone may try: it does not make a role private, and such "
    "roles are reported. "
    "Trust of identity providers is for iam-role-federation-wide.",
    predecessor=("iamrole.check_internet_accessible",),
)
def iam_role_trust_public(role: Revision, estate: Estate) -> Iterator[Violation]:
    access = estate.access(role)
    for grant in access.public():
        if grant.kind is not GrantClass.FEDERATED_PUBLIC:
            yield Violation(f"Anyone may assume the role{conditions(grant)}", grant.subject, grant)
    refuse_doubt(access)
