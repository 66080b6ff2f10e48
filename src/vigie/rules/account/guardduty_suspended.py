"""A detector that is suspended sees nothing. Suspending it is what an intruder does who knows that it is there."""

from collections.abc import Iterator

from vigie.rules import CannotTell, Estate, Revision, Severity, Violation, rule


@rule(
    "guardduty-suspended",
    title="GuardDuty is suspended",
    applies_to="AWS::GuardDuty::Detector",
    severity=Severity.HIGH,
    remedy="Enable the detector again, and find out who suspended it.",
    references=("https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_suspend-disable.html",),
)
def guardduty_suspended(detector: Revision, estate: Estate) -> Iterator[Violation]:
    facts = detector.configuration.get("Detector")
    if not facts or "Status" not in facts:
        raise CannotTell("the detector was not read")
    if facts["Status"] != "ENABLED":
        yield Violation(f"The detector is {facts['Status'].lower()}", evidence={"Status": facts["Status"]})
