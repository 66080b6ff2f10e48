"""A role that trusts an identity provider without saying whose identity lets in everybody who has an account there.

``repo:octo-org*`` also trusts octo-org-evil; a provider that anyone may register with (GitHub, Google, Cognito)
trusts anyone.
"""

from collections.abc import Iterator

from vigie.access import GrantClass
from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import conditions, refuse_doubt


@rule(
    "iam-role-federation-wide",
    title="Role trusts everyone of a public identity provider",
    applies_to="AWS::IAM::Role",
    severity=Severity.CRITICAL,
    remedy="Require the sub claim (for GitHub repo:OWNER/REPO:…, with the slash) and the aud claim in the trust "
    "policy.",
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html",),
    not_reported="Providers of your own (SAML, a private OIDC issuer): who gets in there is your provider's decision.",
)
def iam_role_federation_wide(role: Revision, estate: Estate) -> Iterator[Violation]:
    access = estate.access(role)
    for grant in access.of(GrantClass.FEDERATED_PUBLIC):
        yield Violation(
            f"Anyone with an account at {grant.who} may assume the role{conditions(grant)}", grant.subject, grant
        )
    refuse_doubt(access)
