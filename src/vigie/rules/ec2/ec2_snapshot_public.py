"""A public snapshot is a disk that anyone may mount; public ones are searched for keys all day."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import public


@rule(
    "ec2-snapshot-public",
    title="Snapshot is public",
    applies_to="AWS::EC2::Snapshot",
    severity=Severity.CRITICAL,
    remedy="Remove the group all from its permissions; turn on block public access for snapshots; replace what "
    "was on it.",
    references=("https://docs.aws.amazon.com/ebs/latest/userguide/ebs-modifying-snapshot-permissions.html",),
    predecessor=("ebssnapshot.check_internet_accessible",),
)
def ec2_snapshot_public(snapshot: Revision, estate: Estate) -> Iterator[Violation]:
    yield from public(snapshot, estate)
