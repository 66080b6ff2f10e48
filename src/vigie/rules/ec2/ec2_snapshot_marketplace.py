"""A snapshot shared with the marketplace's group is in the hands of AWS Marketplace, to be sold with a product."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "ec2-snapshot-marketplace",
    title="Snapshot is shared with AWS Marketplace",
    applies_to="AWS::EC2::Snapshot",
    severity=Severity.HIGH,
    remedy="Remove the permission unless the snapshot belongs to a product that you sell.",
    references=("https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html",),
    not_reported="The group all (ec2-snapshot-public).",
    predecessor=("ebssnapshot.check_marketplace_access",),
)
def ec2_snapshot_marketplace(snapshot: Revision, estate: Estate) -> Iterator[Violation]:
    for permission in snapshot.configuration.get("CreateVolumePermissions") or ():
        group = permission.get("Group")
        if group and group != "all":
            yield Violation(f"The group {group} may make volumes of it", group, {"Group": group})
