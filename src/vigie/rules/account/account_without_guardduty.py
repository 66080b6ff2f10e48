"""GuardDuty sees what configurations cannot show: stolen credentials in use, machines that speak to attackers."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.account._regions import IN_EVERY_REGION, absence

DETECTOR = "AWS::GuardDuty::Detector"


@rule(
    "account-without-guardduty",
    title="GuardDuty is not set up in a region",
    applies_to="AWS::::Account",
    severity=Severity.MEDIUM,
    remedy="Enable GuardDuty in every enabled region, best for the whole organisation; disable regions that are "
    "not used.",
    depends_on=(DETECTOR, IN_EVERY_REGION),
    references=("https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_regions.html",),
    not_reported="Regions that are not enabled, or that vigie does not look at. A detector that is suspended: "
    "guardduty-suspended.",
)
def account_without_guardduty(account: Revision, estate: Estate) -> Iterator[Violation]:
    yield from absence(DETECTOR, account, estate).violations("detector")
