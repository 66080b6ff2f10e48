"""Logs that end too early are missing when a break-in is found, which takes months; logs that never end hold secrets
forever.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "log-group-retention",
    title="Log group keeps its logs too short, or forever",
    applies_to="AWS::Logs::LogGroup",
    severity=Severity.LOW,
    remedy="Set a retention: a year is what most standards ask for.",
    references=("https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",),
    not_reported="Groups that keep their logs forever weigh informational: they cost, but nothing is lost.",
)
def log_group_retention(group: Revision, estate: Estate, *, minimum_days: int = 365) -> Iterator[Violation]:
    kept = group.configuration.get("retentionInDays")
    if kept is None:
        yield Violation("Logs are kept forever", evidence={"retentionInDays": None}, severity=Severity.INFORMATIONAL)
    elif kept < minimum_days:
        yield Violation(f"Logs are kept for {kept} days", evidence={"retentionInDays": kept})
