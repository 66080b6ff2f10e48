"""Who may write its own permissions is administrator whenever it wants to be.

Its own policies, those of its groups, another user's or role's together with the way in, a new user or role: one step
of IAM, allowed by what it holds, leads to an administrator. The step and the statements that allow it are the evidence.
"""

from collections.abc import Iterator

from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.iam._standing import BESIDE, GRAPH, ORGANIZATION_TYPES
from vigie.rules.iam._walks import rewriting, told


@rule(
    "iam-principal-rewrites-itself",
    title="Identity can make itself administrator",
    applies_to=("AWS::IAM::User", "AWS::IAM::Role"),
    severity=Severity.HIGH,
    remedy="Take the action away, or allow it on named users, roles and policies only, none of which it may use; where "
    "it has to create roles, demand a permissions boundary (iam:PermissionsBoundary).",
    depends_on=(*GRAPH, *ORGANIZATION_TYPES),
    names=BESIDE,
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html",),
    not_reported="Administrators themselves: iam-principal-administrator. Longer ways, over roles that are passed, "
    "assumed or taken over: iam-principal-escalates. Roles that only AWS can take (service-linked ones).",
)
def iam_principal_rewrites_itself(principal: Revision, estate: Estate) -> Iterator[Violation | LookAgain]:
    return told(principal, estate, lambda power: power.first(rewriting, most_hops=1))
