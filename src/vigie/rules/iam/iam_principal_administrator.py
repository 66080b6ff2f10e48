"""Who may do everything, what AWS adds tomorrow included, owns the account: such should be few, known, and use MFA.

Decided over all that the principal holds: its policies and those of its groups, its permissions boundary, and the
organisation's policies.
"""

from collections.abc import Iterator

from vigie.access.power.standing import Standing
from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.iam._standing import (
    FROM_IDENTITY_CENTER,
    HELD,
    JOINED,
    ORGANIZATION_TYPES,
    path_of,
    refuse_unread,
    weighed,
)


@rule(
    "iam-principal-administrator",
    title="Identity is administrator",
    applies_to=("AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::Role"),
    severity=Severity.HIGH,
    remedy="Attach what the work needs; keep administrators to a role that people assume with MFA.",
    depends_on=(*JOINED, *ORGANIZATION_TYPES),
    names=HELD,
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html",),
    not_reported="Full access to some services, and PowerUserAccess (all but IAM): these are not administrators, and "
    "become one only by a path, which iam-principal-rewrites-itself and iam-principal-escalates report. Who is "
    "held in by a boundary or an organisation policy. Roles that IAM Identity Center made weigh low: they are the "
    "recommended way to be administrator. Organisation policies that are not recorded are not taken for none: the "
    "evidence says that they are not known.",
)
def iam_principal_administrator(principal: Revision, estate: Estate) -> Iterator[Violation]:
    power = estate.power(principal)
    stand = power.stand
    if stand.is_administrator:
        sure = stand.standing is Standing.ADMINISTRATOR
        severity = weighed(Severity.HIGH, sure=sure)
        if path_of(principal).startswith(FROM_IDENTITY_CENTER):
            severity = Severity.LOW
        conditions = "" if sure else f", if {' and '.join(stand.conditions)}"
        evidence = {
            "statements": stand.statements,
            "if": stand.conditions,
            "exact": stand.exact,
            "not_known": power.notes,
        }
        yield Violation(f"It may do everything{conditions}", evidence=evidence, severity=severity)
    refuse_unread(power)
