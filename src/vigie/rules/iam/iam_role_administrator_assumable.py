"""A role that is administrator, and that many may assume, makes as many administrators."""

from collections.abc import Iterator

from vigie.access.power.standing import Standing
from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.iam._standing import (
    FROM_IDENTITY_CENTER,
    GRAPH,
    ORGANIZATION_TYPES,
    path_of,
    refuse_unread,
    short,
    weighed,
)

_SHOWN = 20


@rule(
    "iam-role-administrator-assumable",
    title="Many may assume a role that is administrator",
    applies_to="AWS::IAM::Role",
    severity=Severity.HIGH,
    remedy="Name in the trust policy those who have to be administrators, and demand MFA (aws:MultiFactorAuthPresent).",
    depends_on=(*GRAPH, *ORGANIZATION_TYPES),
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html",),
    not_reported="Roles that at most most_assumers users and roles may assume. Those who are administrators themselves "
    "are not counted: they gain nothing. Trust in identity providers: iam-role-federation-wide; in strangers: "
    "iam-role-trust-public.",
)
def iam_role_administrator_assumable(role: Revision, estate: Estate, *, most_assumers: int = 5) -> Iterator[Violation]:
    if path_of(role).startswith(FROM_IDENTITY_CENTER):
        return
    power = estate.power(role)
    if power.stand.is_administrator:
        who = [short(arn) for arn in estate.powers.assumers(role)]
        if len(who) > most_assumers:
            severity = weighed(Severity.HIGH, sure=power.stand.standing is Standing.ADMINISTRATOR)
            more = f" and {len(who) - 3} more" if len(who) > 3 else ""
            message = f"{len(who)} users and roles may assume it: {', '.join(who[:3])}{more}"
            yield Violation(message, evidence={"assumers": who[:_SHOWN]}, severity=severity)
    refuse_unread(power)
