"""A public database snapshot is the whole database, for anyone with an AWS account to restore."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.sharing import public


@rule(
    "rds-snapshot-public",
    title="Database snapshot is public",
    applies_to=("AWS::RDS::DBSnapshot", "AWS::RDS::DBClusterSnapshot"),
    severity=Severity.CRITICAL,
    remedy="Remove all from the restore attribute; treat the data as lost.",
    references=("https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ShareSnapshot.html",),
    not_reported="Automatic snapshots: they cannot be shared.",
    predecessor=("rdssnapshot.check_internet_accessible",),
)
def rds_snapshot_public(snapshot: Revision, estate: Estate) -> Iterator[Violation]:
    yield from public(snapshot, estate)
