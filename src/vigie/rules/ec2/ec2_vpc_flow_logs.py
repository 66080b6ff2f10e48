"""Without flow logs nobody can say afterwards who spoke with whom, and how much was carried out."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-vpc-flow-logs",
    title="VPC keeps no flow log",
    applies_to="AWS::EC2::VPC",
    severity=Severity.MEDIUM,
    remedy="Make a flow log for the VPC (traffic type ALL or REJECT) into S3 or CloudWatch Logs.",
    depends_on=("AWS::EC2::FlowLog", "AWS::EC2::NetworkInterface"),
    references=("https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html",),
    not_reported="Flow logs of single subnets and interfaces do not make up for the VPC's. A VPC without any "
    "network interface weighs "
    "informational: nothing is in it.",
    predecessor=("vpc.check_flow_logs_enabled",),
)
def ec2_vpc_flow_logs(vpc: Revision, estate: Estate) -> Iterator[Violation]:
    logs = estate.resources("AWS::EC2::FlowLog", account=vpc.account, region=vpc.region)
    own = [log.configuration for log in logs if log.configuration.get("ResourceId") == vpc.id]
    if any(log.get("FlowLogStatus") == "ACTIVE" for log in own):
        return
    inside = estate.referring_to(vpc.id, "AWS::EC2::NetworkInterface", whole=False)
    unseen = estate.inventory.gaps("AWS::EC2::NetworkInterface", vpc.account, vpc.region)
    severity = Severity.MEDIUM if inside or unseen else Severity.INFORMATIONAL
    text = "The flow log is not active" if own else "There is no flow log"
    yield Violation(text, evidence={"active": False}, severity=severity)
