"""A transit gateway that takes in every attachment joins whoever it is shared with to all that is joined already."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-transit-gateway-auto-accept",
    title="Transit gateway takes in attachments unasked",
    applies_to="AWS::EC2::TransitGateway",
    severity=Severity.MEDIUM,
    remedy="Turn off AutoAcceptSharedAttachments, and accept attachments by hand.",
    references=("https://docs.aws.amazon.com/vpc/latest/tgw/tgw-transit-gateways.html",),
    not_reported="With whom it is shared: the rules on access of other accounts say that of its RAM share.",
)
def ec2_transit_gateway_auto_accept(gateway: Revision, estate: Estate) -> Iterator[Violation]:
    if (gateway.configuration.get("Options") or {}).get("AutoAcceptSharedAttachments") == "enable":
        yield Violation("Attachments of other accounts are accepted by themselves", evidence={"AutoAccept": "enable"})
