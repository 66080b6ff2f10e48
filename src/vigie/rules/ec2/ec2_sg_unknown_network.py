"""An address that nobody can place has been let in: a former office, a contractor's home, or a stranger.

Addresses are placed by the known networks of the settings, and by what is recorded: elastic addresses, NAT gateways and
network interfaces of ours.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.ec2._openings import is_private, is_world, openings


@rule(
    "ec2-sg-unknown-network",
    title="Security group trusts a network that nobody has named",
    applies_to="AWS::EC2::SecurityGroup",
    severity=Severity.LOW,
    remedy="Remove the rule, or name the network in the settings.",
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",),
    not_reported="Private addresses (whose they are cannot be told from the number), the internet at large (other"
    " rules), and all networks "
    "while no network is named in the settings: everything would be unknown then. Traffic out is informational.",
    predecessor=(
        "securitygroup.check_unknown_cross_account_ingress",
        "securitygroup.check_unknown_cross_account_egress",
        "securitygroup.check_friendly_cross_account_ingress",
        "securitygroup.check_friendly_cross_account_egress",
        "securitygroup.check_thirdparty_cross_account_ingress",
        "securitygroup.check_thirdparty_cross_account_egress",
    ),
)
def ec2_sg_unknown_network(group: Revision, estate: Estate) -> Iterator[Violation]:
    if not estate.networks:
        return
    directions = (("ingress", "IpPermissions", Severity.LOW), ("egress", "IpPermissionsEgress", Severity.INFORMATIONAL))
    for direction, key, severity in directions:
        for opening in openings(group.configuration.get(key)):
            for cidr in opening.cidrs:
                if not _placed(cidr, estate):
                    evidence = {"network": cidr, "ports": str(opening)}
                    subject = f"{direction}:{cidr}:{opening}"
                    yield Violation(
                        f"{direction} {opening} with {cidr}, which is not known", subject, evidence, severity
                    )


def _placed(cidr: str, estate: Estate) -> bool:
    if is_world(cidr) or is_private(cidr) or estate.network_of(cidr) is not None:
        return True
    address, _, length = cidr.partition("/")
    return length in ("", "32", "128") and estate.owner_of("address", address) is not None
