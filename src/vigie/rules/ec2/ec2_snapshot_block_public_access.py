"""With the block on, no snapshot of the region can be made public, by mistake or on purpose."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-snapshot-block-public-access",
    title="Snapshots can be made public in the region",
    applies_to="AWS::EC2::SnapshotBlockPublicAccess",
    severity=Severity.MEDIUM,
    remedy="Enable block public access for EBS snapshots (block-all-sharing).",
    references=("https://docs.aws.amazon.com/ebs/latest/userguide/block-public-access-snapshots.html",),
    not_reported="block-new-sharing, which leaves snapshots public that are: ec2-snapshot-public reports each.",
)
def ec2_snapshot_block_public_access(setting: Revision, estate: Estate) -> Iterator[Violation]:
    state = setting.configuration.get("State")
    if state not in ("block-all-sharing", "block-new-sharing"):
        yield Violation(f"Block public access is {state or 'not set'}", evidence={"State": state})
