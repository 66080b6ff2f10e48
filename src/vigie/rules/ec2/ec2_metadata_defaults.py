"""A default for the region makes every new instance ask for session tokens, whoever starts it and however."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-metadata-defaults",
    title="New instances may answer version 1 of the metadata service",
    applies_to="AWS::EC2::InstanceMetadataDefaults",
    severity=Severity.LOW,
    remedy="Set the region's instance metadata default HttpTokens to required.",
    references=("https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataDefaults.html",),
)
def ec2_metadata_defaults(setting: Revision, estate: Estate) -> Iterator[Violation]:
    tokens = setting.configuration.get("HttpTokens")
    if tokens != "required":
        yield Violation(f"The default is {tokens or 'not set'}", evidence={"HttpTokens": tokens})
