"""What runs with an administrator's role gives the account to whoever gets in, or may change its code."""

from collections.abc import Iterator

from vigie.access.power.standing import Standing
from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.declare import CannotTell
from vigie.rules.iam._standing import HELD, ORGANIZATION_TYPES, short, weighed

ROLE_AT = {"AWS::EC2::Instance": "IamInstanceProfile", "AWS::Lambda::Function": "Role"}


@rule(
    "iam-compute-administrator",
    title="Instance or function runs as administrator",
    applies_to=("AWS::EC2::Instance", "AWS::Lambda::Function"),
    severity=Severity.HIGH,
    remedy="Give it a role with what it does, and no more.",
    depends_on=("AWS::IAM::Role", *HELD, *ORGANIZATION_TYPES),
    names=("AWS::IAM::InstanceProfile",),
    references=("https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html",),
    not_reported="Roles that are no administrators and can become one: iam-principal-rewrites-itself and "
    "iam-principal-escalates report the role.",
)
def iam_compute_administrator(resource: Revision, estate: Estate) -> Iterator[Violation]:
    problems: list[str] = []
    resource.configuration.get(ROLE_AT[resource.type])  # unknown, where it could not be read
    for arn in estate.powers.roles_of(resource):
        role = estate.by_arn(arn)
        if role is None:
            problems.append(f"the role {arn} is not recorded")
            continue
        power = estate.power(role)
        problems += power.problems
        if power.stand.is_administrator:
            severity = weighed(Severity.HIGH, sure=power.stand.standing is Standing.ADMINISTRATOR)
            evidence = {"role": arn, "statements": power.stand.statements, "if": power.stand.conditions}
            yield Violation(f"It runs with {short(arn)}, which is administrator", arn, evidence, severity)
    if problems:
        raise CannotTell("; ".join(problems))
