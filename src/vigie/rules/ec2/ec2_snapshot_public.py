"""A public snapshot is a disk that anyone may mount; public ones are searched for keys all day."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import public

BLOCK = "AWS::EC2::SnapshotBlockPublicAccess"


@rule(
    "ec2-snapshot-public",
    title="Snapshot is public",
    applies_to="AWS::EC2::Snapshot",
    severity=Severity.CRITICAL,
    remedy="Remove the group all from its permissions; turn on block public access for snapshots; replace what "
    "was on it.",
    depends_on=(BLOCK,),
    not_reported="Snapshots in a region whose block of public access is block-all-sharing: AWS takes them for private "
    "then, as long as it stands.",
    references=("https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html",),
    predecessor=("ebssnapshot.check_internet_accessible",),
)
def ec2_snapshot_public(snapshot: Revision, estate: Estate) -> Iterator[Violation]:
    blocks = estate.resources(BLOCK, account=snapshot.account, region=snapshot.region, whole=False)
    if any(block.configuration.get("State") == "block-all-sharing" for block in blocks):
        return
    yield from public(snapshot, estate)
