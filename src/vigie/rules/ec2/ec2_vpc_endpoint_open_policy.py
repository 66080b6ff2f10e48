"""An endpoint whose policy allows everything lets data out to buckets and tables of any account, past the firewall."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.policies import statements


@rule(
    "ec2-vpc-endpoint-open-policy",
    title="VPC endpoint allows everything to everywhere",
    applies_to="AWS::EC2::VPCEndpoint",
    severity=Severity.LOW,
    remedy="Allow the resources of your organisation (aws:ResourceOrgID) and the buckets of AWS that are needed.",
    references=("https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html",),
    not_reported="Endpoints of services without endpoint policies, and gateway load balancer endpoints.",
)
def ec2_vpc_endpoint_open_policy(endpoint: Revision, estate: Estate) -> Iterator[Violation]:
    policy = endpoint.configuration.get("PolicyDocument")
    if not policy:
        return
    spoken = list(statements(policy, "the endpoint's policy"))
    if any(not statement.allows for statement in spoken):
        return
    for statement in spoken:
        if statement.everywhere and "*" in statement.actions and not statement.conditions:
            yield Violation("Every action on every resource is allowed", evidence=statement.evidence)
            return
