"""A peering connection with a VPC of another account joins two networks: what is open inside is open to both."""

from collections.abc import Iterator

from vigie.rules import Estate, Relation, Revision, Severity, Violation, rule


@rule(
    "ec2-peering-cross-account",
    title="VPC is joined with a VPC of another account",
    applies_to="AWS::EC2::VPCPeeringConnection",
    severity=Severity.HIGH,
    remedy="Delete the connection; if it is meant, name the account with `vigie accounts add`.",
    references=("https://docs.aws.amazon.com/vpc/latest/peering/what-is-vpc-peering.html",),
    not_reported="Connections within the account. Accounts of ours and third parties are informational. A connection "
    "that waits to be accepted is reported all the same.",
)
def ec2_peering_cross_account(peering: Revision, estate: Estate) -> Iterator[Violation]:
    for side in ("AccepterVpcInfo", "RequesterVpcInfo"):
        vpc = peering.configuration.get(side) or {}
        account = vpc.get("OwnerId", peering.account)
        if account == peering.account:
            continue
        relation = estate.relation(account)
        severity = Severity.HIGH if relation is Relation.UNKNOWN else Severity.INFORMATIONAL
        text = f"{relation.value} account {account} is joined by its VPC {vpc.get('VpcId', '?')}"
        yield Violation(text, account, {"OwnerId": account, "VpcId": vpc.get("VpcId")}, severity)
