"""GuardDuty sees what configurations cannot show: stolen credentials in use, machines that speak to attackers."""

from collections.abc import Iterator

from vigie.rules import Estate, Revision, Severity, Violation, rule
from vigie.rules.account._regions import regions_without

DETECTOR = "AWS::GuardDuty::Detector"


@rule(
    "account-without-guardduty",
    title="GuardDuty is not set up in a region",
    applies_to="AWS::::Account",
    severity=Severity.MEDIUM,
    remedy="Enable GuardDuty in every enabled region, best for the whole organisation; disable regions that are "
    "not used.",
    depends_on=(DETECTOR,),
    references=("https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_regions.html",),
    not_reported="Regions that are not enabled, or not watched. A detector that is suspended: guardduty-suspended.",
)
def account_without_guardduty(account: Revision, estate: Estate) -> Iterator[Violation]:
    for region in regions_without(DETECTOR, account, estate):
        yield Violation(f"{region} has no detector", region, {"region": region})
