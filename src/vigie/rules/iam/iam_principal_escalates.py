"""Who may pass a strong role to a service, change what runs with one, or reach somebody who may, has that role's power.

The way is walked over everybody who is recorded: roles that both sides let one assume, and the methods of the table of
escalation whose every step is allowed and whose prerequisite is there. The path is the evidence, hop by hop.
"""

from collections.abc import Iterator

from vigie.access.power.paths import Path
from vigie.rules import Estate, LookAgain, Revision, Severity, Violation, rule
from vigie.rules.iam._standing import BESIDE, GRAPH, ORGANIZATION_TYPES
from vigie.rules.iam._walks import escalating, rewriting, told
from vigie.rules.power import Power


@rule(
    "iam-principal-escalates",
    title="Identity can become administrator by way of others",
    applies_to=("AWS::IAM::User", "AWS::IAM::Role"),
    severity=Severity.HIGH,
    remedy="Break one hop of the path: name the roles that may be passed and the service (iam:PassedToService), keep "
    "strong roles off functions and instances that many may change, or take the permission away.",
    depends_on=(*GRAPH, *ORGANIZATION_TYPES),
    names=BESIDE,
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",),
    not_reported="Administrators, and who can make itself one in one step of IAM: iam-principal-administrator and "
    "iam-principal-rewrites-itself. Ways that only assume roles: somebody set them up, and "
    "iam-role-administrator-assumable reports those that are open to many. Methods whose prerequisite is of a type "
    "that is not recorded: `vigie access paths` lists them. A function or an instance that comes to be with a "
    "strong role is reported at once by iam-compute-administrator, and here within a day.",
)
def iam_principal_escalates(principal: Revision, estate: Estate) -> Iterator[Violation | LookAgain]:
    return told(principal, estate, _first)


def _first(power: Power) -> Path | None:
    return power.first(escalating) if power.first(rewriting, most_hops=1) is None else None
