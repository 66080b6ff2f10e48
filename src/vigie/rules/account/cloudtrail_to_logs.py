"""Alarms on what is done need the trail in CloudWatch Logs (or events by EventBridge); files in a bucket alarm
nobody.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "cloudtrail-to-logs",
    title="Trail does not go to CloudWatch Logs",
    applies_to="AWS::CloudTrail::Trail",
    severity=Severity.INFORMATIONAL,
    remedy="Give the trail a log group with metric filters, or make rules of EventBridge on its events.",
    references=(
        "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/send-cloudtrail-events-to-cloudwatch-logs.html",
    ),
    not_reported="Trails of the organisation seen from a member account: the log group is in the account that "
    "owns the trail.",
)
def cloudtrail_to_logs(trail: Revision, estate: Estate) -> Iterator[Violation]:
    owner = (trail.arn or trail.id).split(":")[4:5]
    if owner == [trail.account] and not trail.configuration.get("CloudWatchLogsLogGroupArn"):
        yield Violation("The trail has no log group", evidence={"CloudWatchLogsLogGroupArn": None})
