"""A public image gives everyone the programs on it, and whatever was forgotten there: keys, histories, addresses."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import public


@rule(
    "ec2-image-public",
    title="Machine image is public",
    applies_to="AWS::EC2::Image",
    severity=Severity.HIGH,
    remedy="Make it private; turn on block public access for images.",
    references=("https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/sharingamis-intro.html",),
    predecessor=("ec2image.check_internet_accessible",),
)
def ec2_image_public(image: Revision, estate: Estate) -> Iterator[Violation]:
    yield from public(image, estate)
