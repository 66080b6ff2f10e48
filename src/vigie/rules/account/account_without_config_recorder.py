"""AWS Config keeps the configurations of resources, and is asked in every investigation and audit. vigie does not
replace it for auditors.
"""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.account._regions import IN_EVERY_REGION, absence

RECORDER = "AWS::Config::ConfigurationRecorder"


@rule(
    "account-without-config-recorder",
    title="AWS Config is not set up in a region",
    applies_to="AWS::::Account",
    severity=Severity.LOW,
    remedy="Set up a configuration recorder in every enabled region, or disable the region.",
    depends_on=(RECORDER, IN_EVERY_REGION),
    references=("https://docs.aws.amazon.com/config/latest/developerguide/stop-start-recorder.html",),
    not_reported="Regions that are not enabled, or that vigie does not look at.",
)
def account_without_config_recorder(account: Revision, estate: Estate) -> Iterator[Violation]:
    yield from absence(RECORDER, account, estate).violations("configuration recorder")
