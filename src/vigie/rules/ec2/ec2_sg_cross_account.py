"""A rule that names a group of another account trusts whatever that account puts into the group."""

from collections.abc import Iterator

from vigie.rules import Estate, Relation, Revision, Severity, Violation, rule
from vigie.rules.ec2._openings import Opening, protocol_and_ports

DIRECTIONS = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}


@rule(
    "ec2-sg-cross-account",
    title="Security group trusts a group of another account",
    applies_to="AWS::EC2::SecurityGroup",
    severity=Severity.HIGH,
    remedy="Remove the rule; if it is meant, name the account with `vigie accounts add`.",
    references=("https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-security-groups.html",),
    not_reported="Groups of the same account. Accounts of ours and third parties are informational. AWS's own "
    "load balancer group "
    "(amazon-elb) is no account of anybody's.",
    predecessor=(
        "securitygroup.check_friendly_cross_account_ingress",
        "securitygroup.check_friendly_cross_account_egress",
        "securitygroup.check_thirdparty_cross_account_ingress",
        "securitygroup.check_thirdparty_cross_account_egress",
        "securitygroup.check_unknown_cross_account_ingress",
        "securitygroup.check_unknown_cross_account_egress",
    ),
)
def ec2_sg_cross_account(group: Revision, estate: Estate) -> Iterator[Violation]:
    for direction, key in DIRECTIONS.items():
        for permission in group.configuration.get(key) or ():
            ports = str(Opening(*protocol_and_ports(permission), ()))
            for pair in permission.get("UserIdGroupPairs") or ():
                owner = pair.get("UserId") or group.account
                if owner in (group.account, "amazon-elb"):
                    continue
                relation = estate.relation(owner)
                severity = Severity.HIGH if relation is Relation.UNKNOWN else Severity.INFORMATIONAL
                text = f"{direction} {ports} with {pair.get('GroupId')} of {relation.value} account {owner}"
                subject = f"{direction}:{owner}/{pair.get('GroupId')}:{ports}"
                yield Violation(text, subject, {"pair": pair, "ports": ports}, severity)
