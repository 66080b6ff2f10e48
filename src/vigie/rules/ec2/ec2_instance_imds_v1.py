"""With version 1 of the metadata service, one forged request through the machine hands out its role's credentials."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-instance-imds-v1",
    title="Instance answers version 1 of the metadata service",
    applies_to="AWS::EC2::Instance",
    severity=Severity.MEDIUM,
    remedy="Set HttpTokens to required (check the metric MetadataNoToken first).",
    references=("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html",),
    not_reported="Instances whose metadata service is off. Without an instance profile there are no credentials "
    "to take: low.",
)
def ec2_instance_imds_v1(instance: Revision, estate: Estate) -> Iterator[Violation]:
    options = instance.configuration.get("MetadataOptions") or {}
    if options.get("HttpEndpoint") == "disabled" or options.get("HttpTokens") == "required":
        return
    severity = Severity.MEDIUM if instance.configuration.get("IamInstanceProfile") else Severity.LOW
    tokens = options.get("HttpTokens", "optional")
    yield Violation(f"Session tokens are {tokens}", "", {"HttpTokens": tokens}, severity)
