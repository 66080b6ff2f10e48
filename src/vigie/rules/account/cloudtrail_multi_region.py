"""Intruders go where nobody looks: a trail of one region does not see the others, nor all of the global services."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "cloudtrail-multi-region",
    title="Trail records one region only",
    applies_to="AWS::CloudTrail::Trail",
    severity=Severity.MEDIUM,
    remedy="Make it a trail of all regions.",
    depends_on=("AWS::CloudTrail::Trail",),
    references=(
        "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/receive-cloudtrail-log-files-from-multiple-regions.html",
    ),
    not_reported="Trails beside another trail of all regions that is logging: they are extra.",
    predecessor=("cloudtrail.check_if_cloudtrail_in_all_regions",),
)
def cloudtrail_multi_region(trail: Revision, estate: Estate) -> Iterator[Violation]:
    if trail.configuration.get("IsMultiRegionTrail"):
        return
    others = estate.resources("AWS::CloudTrail::Trail", account=trail.account, whole=False)
    if not any(_covers(other) for other in others if other.id != trail.id):
        yield Violation("The trail records one region only", evidence={"IsMultiRegionTrail": False})


def _covers(trail: Revision) -> bool:
    logging = (trail.configuration.get("Status") or {}).get("IsLogging")
    return bool(trail.configuration.get("IsMultiRegionTrail") and logging)
