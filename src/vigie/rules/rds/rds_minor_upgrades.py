"""Minor versions of a database engine are where its security fixes come."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "rds-minor-upgrades",
    title="Database does not take minor versions by itself",
    applies_to="AWS::RDS::DBInstance",
    severity=Severity.LOW,
    remedy="Turn on AutoMinorVersionUpgrade, with a maintenance window that suits.",
    references=("https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Upgrading.html",),
)
def rds_minor_upgrades(instance: Revision, estate: Estate) -> Iterator[Violation]:
    if not instance.configuration.get("AutoMinorVersionUpgrade"):
        yield Violation("Minor versions are not taken", evidence={"AutoMinorVersionUpgrade": False})
