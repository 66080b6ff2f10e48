"""Without digests nobody can prove that the log files are whole: an intruder may have taken his own lines out."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule


@rule(
    "cloudtrail-validation",
    title="Trail's log files are not validated",
    applies_to="AWS::CloudTrail::Trail",
    severity=Severity.LOW,
    remedy="Enable log file validation.",
    references=(
        "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-validation-intro.html",
    ),
)
def cloudtrail_validation(trail: Revision, estate: Estate) -> Iterator[Violation]:
    if not trail.configuration.get("LogFileValidationEnabled"):
        yield Violation("Log file validation is off", evidence={"LogFileValidationEnabled": False})
