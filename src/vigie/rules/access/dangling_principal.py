"""A policy that names the id of a deleted user or role grants nothing to anyone, and hides that something was
forgotten.
"""

from collections.abc import Iterator

from vigie.access import GrantClass
from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import POLICY_TYPES, refuse_doubt


@rule(
    "dangling-principal",
    title="Policy names a deleted user or role",
    applies_to=POLICY_TYPES,
    severity=Severity.LOW,
    remedy="Remove the principal, or name the user or role that took its place.",
    depends_on=("AWS::S3::AccountPublicAccessBlock",),
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",),
)
def dangling_principal(resource: Revision, estate: Estate) -> Iterator[Violation]:
    access = estate.access(resource)
    for grant in access.of(GrantClass.DANGLING):
        yield Violation(f"{grant.who} was deleted", grant.subject, {"who": grant.who})
    refuse_doubt(access)
