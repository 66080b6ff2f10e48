"""With the block on, no image of the region can be made public, by mistake or on purpose."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-image-block-public-access",
    title="Machine images can be made public in the region",
    applies_to="AWS::EC2::ImageBlockPublicAccess",
    severity=Severity.MEDIUM,
    remedy="Enable block public access for AMIs.",
    references=("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html",),
)
def ec2_image_block_public_access(setting: Revision, estate: Estate) -> Iterator[Violation]:
    state = setting.configuration.get("ImageBlockPublicAccessState")
    if state != "block-new-sharing":
        yield Violation(f"Block public access is {state or 'not set'}", evidence={"State": state})
