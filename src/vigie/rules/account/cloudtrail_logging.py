"""A trail that is stopped records nothing. Stopping it is the first thing that many intruders do."""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule


@rule(
    "cloudtrail-logging",
    title="Trail is stopped",
    applies_to="AWS::CloudTrail::Trail",
    severity=Severity.HIGH,
    remedy="Start logging again, and find out who stopped it; delete a trail that is not needed.",
    references=("https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-turning-off-logging.html",),
    predecessor=("cloudtrail.check_is_enabled",),
)
def cloudtrail_logging(trail: Revision, estate: Estate) -> Iterator[Violation]:
    status = trail.configuration.get("Status") or {}
    if "IsLogging" not in status:
        raise CannotTell("the status of the trail was not read")
    if not status["IsLogging"]:
        yield Violation("The trail is not logging", evidence={"IsLogging": False})
